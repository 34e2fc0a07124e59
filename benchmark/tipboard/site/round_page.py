"""``rounds/<name>.html``: a sealed round that has closed, its terms, and everything that was handed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tipbench.console import Column
from tipbench.metrics.harm import SILENT
from tipbench.metrics.registry import metric_of
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, interval
from tipbench.tasks import task_of

from tipboard.board.columns import BESIDE, OF_METRIC
from tipboard.board.ranks import ranks
from tipboard.board.rounds import Closed
from tipboard.board.tables import METHOD
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size
from tipboard.site.tables import of_records, with_filters

HEADINGS = (
    Column("task", name="task", about="What was predicted."),
    Column(
        "place", True, name="place", unit="1 is the best",
        about="Among the last submissions of all teams to the task; seeds stand together.",
    ),
    METHOD,
    Column("score", True, name="score", about="Three decimals, shown after the close.", unit=OF_METRIC),
    Column("95% interval", True, name="bounds", about="Cluster bootstrap.", unit=OF_METRIC),
    Column("team", name="team", about="Who handed it in."),
    Column(
        "submission", True, name="submission", unit="number",
        about="Of the team's three; the last one to a task counts.",
    ),
    Column("counts", name="counts", about="Whether it is the team's last to this task."),
    Column("seed", name="seed", about="Of the method."),
    Column("metric", name="metric", about="The task's primary metric."),
    *BESIDE,
    Column("access", name="access", about="As declared: all tiers are published and nobody can check it."),
)  # fmt: skip


def round_page(closed: Closed, sizes: Sequence[Size], publication: Publication) -> SitePage:
    """Return the page of a round."""
    described = closed.round
    path = f"rounds/{described.name}.html"
    records = sorted(_records(closed), key=lambda one: (one["task"], one["place"] or 1e9, one["team"]))
    caption = f"Sealed round {described.name}: all submissions. Release {described.release}."
    table = with_filters(
        of_records(caption, HEADINGS, records), ("task", "team", "counts", "access"), fewest=0
    )
    view = replace(
        table, id="round", title="Everything that was handed in", path=f"data/rounds/{described.name}"
    )
    html = page(
        "round.html", "../", publication, path=path, current="", closed=closed, facts=_facts(closed), view=view,
        release=f"{described.release}, evaluator {closed.scores.evaluator}", size=sizes[0],
    )  # fmt: skip
    return SitePage(path, html, [view], [])


def _facts(closed: Closed) -> list[tuple[str, str]]:
    described, teams = closed.round, {entry.team for entry in closed.scores.entries}
    return [
        ("Opened", str(described.opens)),
        ("Closed", str(described.closes)),
        ("Regions", f"{described.regions:,}, of a world of their own"),
        ("Tasks", f"{len(described.tasks):,}"),
        ("Submissions", f"{len(closed.scores.entries):,} of {len(teams):,} teams"),
        ("Commitment", described.commitment),
        ("Seed", closed.revealed.seed if closed.revealed else "sealed: not revealed yet"),
        ("State", "revealed and retired" if closed.revealed else "closed"),
    ]


def _records(closed: Closed) -> Iterator[dict[str, Any]]:
    """Yield one row per submission, task and seed; ``silent``: the reasons that are read in the place of a number."""
    places = _places(closed)
    for entry in closed.scores.entries:
        if entry.note is not None:
            yield {
                "task": ", ".join(sorted({name.partition("/")[0] for name in entry.files})),
                "place": None,
                "team": entry.team,
                "method": entry.method,
                "submission": entry.turn,
                "counts": NOTHING,
                "seed": NOTHING,
                "metric": NOTHING,
                "score": None,
                "bounds": entry.note,
                **dict.fromkeys((column.name for column in BESIDE), None),
                "access": entry.access,
            }
        for task, seeds in entry.scores.items():
            primary = task_of(task).primary
            for seed, metrics in seeds.items():
                one = metrics[primary]
                yield {
                    "task": task,
                    "place": _whole(places.get((entry.team, task))) if task in entry.counts else None,
                    "team": entry.team,
                    "method": entry.method,
                    "submission": entry.turn,
                    "counts": "counts" if task in entry.counts else NOTHING,
                    "seed": seed,
                    "metric": metric_title(task, primary),
                    "score": one.value,
                    "bounds": interval(one.low, one.high, one.note),
                    **{
                        column.name: metrics[column.name].value if column.name in metrics else None
                        for column in BESIDE
                    },
                    "access": entry.access,
                    "silent": {
                        name: score.note
                        for name, score in metrics.items()
                        if score.value is None and score.note in SILENT
                    },
                }


def _whole(place: float | None) -> float | None:
    """Return the place as a whole number, unless a tie shares two."""
    return int(place) if place is not None and place.is_integer() else place


def _places(closed: Closed) -> dict[tuple[str, str], float]:
    """By team and task the rank of its last submission, by the mean over seeds; ties share the mean of theirs."""
    import numpy as np

    found: dict[str, dict[str, float]] = {}
    for entry in closed.scores.entries:
        for task in entry.counts:
            values = [metrics[task_of(task).primary].value for metrics in entry.scores[task].values()]
            known = [value for value in values if value is not None]
            found.setdefault(task, {})[entry.team] = sum(known) / len(known) if known else float("nan")
    places = {}
    for task, scores in found.items():
        ranked = ranks(np.array(list(scores.values())), metric_of(task_of(task).primary).lower_is_better)
        places |= {(team, task): float(rank) for team, rank in zip(scores, ranked, strict=True)}
    return places
