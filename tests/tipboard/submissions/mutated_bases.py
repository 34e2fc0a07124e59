"""Honest submissions as ``tipbench submit`` makes them: one of every task on tiny, two of a sealed round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from guesses import guess
from tipbench.cli import main
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipboard.rounds.folds import blank_answers

DATA, ROUND, CLOSES = "0.4.0/tiny", "spring", "2999-12-31"
ROUND_TASKS = {
    "round-risk": ("prevalence", "advert_risk"),
    "round-streams": ("recruitment_onset", "route_forecast"),
}
"""By base of the sealed round, the tasks that it answers."""
ABOUT = (
    "summary=Guesses by lot.",
    "authors=A. Author, Acme University",
    "hardware=2 cores",
    "--quiet",
)


def bases(into: Path, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Honest folders by the name of their task, or of what they answer of a round, of these names or of all."""
    found = {}
    for task in tasks().values():
        if names is None or task.name in names:
            answers = prepare(task, release=DATA).answers
            given = {f"{task.name}/{task.splits[0]}/s0": guess(answers)}
            found[task.name] = _packed(into, task.name, given, [task], (f"data={DATA}",))
    for name, answered in ROUND_TASKS.items():
        if names is None or name in names:
            given = {f"{one}/sealed/s0": guess(blank_answers(one, into / "public")) for one in answered}
            about = (f"round={into / 'public'}",)
            found[name] = _packed(into, name, given, [tasks()[one] for one in answered], about)
    return found


def host_round(into: Path) -> None:
    """Make the round of ``ROUND_TASKS``: ``public`` and ``secret`` below the folder."""
    words = ["seal", "new", ROUND, "release=tiny", f"closes={CLOSES}", "engine.workers=1", "--quiet"]
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
        f"labels={labels}",
        "access=public",
        "team=acme",
        f"method={name.replace('_', '-')}",
    )
    to = into / "honest" / f"acme--{name.replace('_', '-')}"
    _call(["submit", *words, "--to", str(to), *data, *declared, *ABOUT, "check=false"])
    return to


def _call(words: list[str]) -> None:
    if code := main(words):
        raise RuntimeError(f"tipbench {' '.join(words)} ended with {code}")
