"""Honest submissions as ``tipbench submit pack`` makes them: one of every task on tiny, two of a sealed round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from tipbench.cli import main
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipboard.rounds.folds import blank_answers

DATA, ROUND, CLOSES = "0.3.0/tiny", "spring", "2999-12-31"
ROUND_TASKS = {
    "round-risk": ("prevalence", "advert_risk"),
    "round-streams": ("recruitment_onset", "route_forecast"),
}
"""By base of the sealed round, the tasks that it answers."""
ABOUT = (
    "--summary",
    "Guesses by lot.",
    "--author",
    "A. Author, Acme University",
    "--hardware",
    "2 cores",
    "--quiet",
)
FEW = 3
"""Candidates of a query."""


def _per_unit(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    return answers.frame.select(answers.unit).with_columns(score=pl.Series(draw.random(answers.frame.height)))


def _clusters(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    names = pl.Series(draw.integers(0, 50, answers.frame.height)).cast(pl.String)
    return answers.frame.select(answers.unit).with_columns(cluster="c" + names)


def _candidates(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    units = answers.frame[answers.unit]
    places = np.arange(len(units))
    lists = [
        pl.DataFrame({"query": units, "candidate": units.gather((places + step) % len(units))})
        for step in range(1, FEW + 1)
    ]
    return pl.concat(lists).with_columns(score=pl.Series(draw.random(FEW * len(units))))


def _forecasts(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    few = answers.candidates.group_by("region", maintain_order=True).head(FEW)
    asked = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
    found = asked.join(few, on="region", maintain_order="left").drop("region")
    return found.with_columns(score=pl.Series(draw.random(found.height)))


def _alarms(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    step = pl.when(pl.Series(draw.random(answers.frame.height)) < 0.3).then(1).cast(pl.Int32)
    return answers.frame.select(answers.unit, step=step)


def _labelsets(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    rows, kind = answers.frame.height, answers.kind
    scores = {name: pl.Series(draw.random(rows)) for name in kind.expected(answers)[1:]}
    return answers.frame.select(answers.unit).with_columns(**scores)


def _estimates(answers: Answers, draw: np.random.Generator) -> pl.DataFrame:
    value = pl.Series(1.0 + draw.random(answers.frame.height))
    return answers.frame.select(answers.unit, estimate=value, lower=value / 2, upper=value * 2)


GUESSES: dict[str, Callable[[Answers, np.random.Generator], pl.DataFrame]] = {
    "scores": _per_unit,
    "clusters": _clusters,
    "candidates": _candidates,
    "forecasts": _forecasts,
    "alarms": _alarms,
    "labelsets": _labelsets,
    "estimates": _estimates,
}
"""By kind of prediction, lawful predictions by lot."""


def guess(kind: PredictionKind, answers: Answers) -> pl.DataFrame:
    return GUESSES[kind.name](answers, np.random.default_rng(0))


def bases(into: Path, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Honest folders by the name of their task, or of what they answer of a round, of these names or of all."""
    found = {}
    for task in tasks().values():
        if names is None or task.name in names:
            answers = prepare(task, release=DATA).answers
            given = {f"{task.name}/{task.splits[0]}/s0": guess(task.kind, answers)}
            found[task.name] = _packed(into, task.name, given, [task], ("--data", DATA))
    for name, answered in ROUND_TASKS.items():
        if names is None or name in names:
            given = {
                f"{one}/sealed/s0": guess(tasks()[one].kind, blank_answers(one, into / "public"))
                for one in answered
            }
            about = ("--round", str(into / "public"))
            found[name] = _packed(into, name, given, [tasks()[one] for one in answered], about)
    return found


def host_round(into: Path) -> None:
    """Make the round of ``ROUND_TASKS``: ``public`` and ``secret`` below the folder."""
    words = ["seal", "new", ROUND, "--size", "tiny", "--closes", CLOSES, "--workers", "1", "--quiet"]
    asked = sorted(one for answered in ROUND_TASKS.values() for one in answered)
    _call([*words, "--secret", str(into / "secret"), "--to", str(into / "public"), *asked])


def _packed(
    into: Path, name: str, given: dict[str, pl.DataFrame], answered: Sequence[Task], data: tuple[str, ...]
) -> Path:
    """Pack predictions. Several tasks of a round are declared with the labels that they have in common."""
    plain = into / "plain" / name
    plain.mkdir(parents=True)
    words = []
    for number, (place, frame) in enumerate(given.items()):
        frame.write_parquet(plain / f"{number}.parquet")
        words.append(f"{place}={plain / f'{number}.parquet'}")
    [labels, *_] = [one for one in answered[0].labels if all(one in task.labels for task in answered)]
    declared = (
        "--labels",
        labels,
        "--access",
        "public",
        "--team",
        "acme",
        "--method",
        name.replace("_", "-"),
    )
    to = into / "honest" / f"acme--{name.replace('_', '-')}"
    _call(
        ["submit", "pack", "--predictions", *words, "--to", str(to), *data, *declared, *ABOUT, "--no-check"]
    )
    return to


def _call(words: list[str]) -> None:
    if code := main(words):
        raise RuntimeError(f"tipbench {' '.join(words)} ended with {code}")
