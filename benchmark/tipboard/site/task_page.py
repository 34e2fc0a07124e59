"""``<size>/tasks/<task>.html``: a task's question, its table, every split, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tipbench.metrics.registry import metric_of
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number
from tipbench.task import Task

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.columns import BESIDE, BoardColumn, Cell
from tipboard.board.entries import REPRODUCED
from tipboard.board.export import METHOD, Heading, Table, TableRow, matrix, metric_text, of_task, release
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import forest
from tipboard.site.figures.radar import Panel, enough, radar
from tipboard.site.figures.tradeoff import against, against_tier
from tipboard.site.orders import Worlds
from tipboard.site.render import Figure, page
from tipboard.site.sizes import Size
from tipboard.site.svg import Drawing
from tipboard.site.tables import View, filters

ROOT = "../../"
BEST = 6
"""Methods in the radar of a task."""
FRONT = "The line joins the methods that no other beats in both."


@dataclass(frozen=True)
class Page:
    """A page's place from the site's root and its text, and what stands beside it."""

    path: str
    html: str
    views: Sequence[View]
    figures: Sequence[Figure]


def task_page(size: Size, standing: Standing) -> Page:
    """The page of the task of a standing on its default split."""
    views = _views(size, standing)
    figures = _figures(size, standing)
    worlds = size.orders.by_task.get(standing.task.name)
    if worlds is not None:
        views.append(_pairs(size, standing, worlds))
    html = page(
        "task.html", ROOT, current=standing.task.name, size=size, standing=standing, task=standing.task,
        facts=_facts(standing), views={view.id: view for view in views}, figures={one.id: one for one in figures},
        costs=_costs(standing.task), tiers=sorted({line.access for line in standing.lines}), worlds=worlds,
        release=release(size.board), tasks=[one.task.name for one in size.usual],
    )  # fmt: skip
    return Page(f"{size.name}/tasks/{standing.task.name}.html", html, views, figures)


def _facts(standing: Standing) -> list[tuple[str, str]]:
    task = standing.task
    return [
        ("Metric", metric_text(standing)),
        ("Unit", task.unit),
        ("Prediction", task.kind.title),
        ("Predicted", f"at {task.prediction_time}"),
        ("Data shown", f"{task.tier} by default"),
        ("Labels", ", ".join(task.labels) or "none"),
        ("Splits", ", ".join(task.splits)),
        ("Intervals over", task.clusters),
        ("Reference method", standing.reference or "none"),
        ("Oracle", "not known" if standing.oracle is None else number(standing.oracle)),
    ]


def _views(size: Size, standing: Standing) -> list[View]:
    name = standing.task.name
    methods = of_task(size.board, standing)
    kept = [one for one in filters(methods, ("access", "labels", "status")) if len(one.options) > 1]
    found = [
        View("methods", f"Methods on {standing.split}", methods, f"data/{size.name}/{name}", kept, size.name)
    ]
    if len(standing.splits) > 1:
        splits = matrix(size.board, standing)
        found.append(View("splits", "Every split", splits, f"data/{size.name}/{name}-splits", size=size.name))
    return found


def _figures(size: Size, standing: Standing) -> list[Figure]:
    title = metric_title(standing.task.name, standing.metric)
    return [
        Figure(name, heading, text, drawing, f"figures/{size.name}/{standing.task.name}-{name}.svg")
        for name, heading, text, drawing in (
            (
                "forest", "Scores and intervals",
                f"By {title}, with 95% intervals. A diamond is the reference method; a hollow mark is not told apart "
                "from it, or was not tested; a square is self-reported.",
                forest(standing),
            ),
            ("intrusion", *_intrusion(standing)),
            *(
                (
                    metric, f"Score against {column.heading}", f"{column.about} {FRONT}",
                    against(standing, metric, column.heading),
                )
                for metric, column in _costs(standing.task).items()
            ),
            (
                "shift", "Where the world shifts",
                "Each panel is a method's mean score on splits that hold a part of the world out; the "
                "operation-disjoint split shifts nothing else. Grey: the other methods.",
                radar(standing, _panels(standing), []),
            ),
            ("worlds", *_worlds(size, standing)),
        )
        if drawing is not None
    ]  # fmt: skip


def _costs(task: Task) -> dict[str, BoardColumn]:
    """The columns of what stands beside a task's score and should be small, by the metric's name."""
    return {
        metric: column
        for metric, column in BESIDE.items()
        if metric in task.metrics and metric != task.primary and metric_of(metric).lower_is_better
    }


def _intrusion(standing: Standing) -> tuple[str, str, Drawing | None]:
    heading = "Detection against intrusion"
    if any(line.mean("intrusion_mrr") is not None for line in standing.lines):
        text = (
            "Intrusion: how well lawful travellers, who are forecast along, could be followed by the same method. "
            f"{FRONT}"
        )
        return heading, text, against(standing, "intrusion_mrr", "intrusion")
    text = "How private the data is that a method was shown, and what it scores with it."
    return heading, text, against_tier(standing)


def _panels(standing: Standing) -> list[Panel]:
    """The best reproduced methods and the reference."""
    ranked = (line for line in standing.lines if line.status == REPRODUCED and not line.row.oracle)
    there = [line for line in ranked if enough(standing, panel_of(line))]
    kept = there[:BEST]
    if all(not line.is_reference for line in kept):
        kept = [*there[: BEST - 1], *(line for line in there[BEST - 1 :] if line.is_reference)]
    return [panel_of(line) for line in kept]


def panel_of(line: BoardRow) -> Panel:
    """A line's scores by split."""
    return Panel(line.method, line.by_split)


def _worlds(size: Size, standing: Standing) -> tuple[str, str, Drawing | None]:
    worlds = size.orders.by_task.get(standing.task.name)
    if worlds is None:
        return "", "", None
    said = ""
    if worlds.tau is not None:
        said = f" Kendall's τ between the rankings of two worlds is {worlds.tau:.2f} in the mean"
        said += "." if worlds.least_tau is None else f" and {worlds.least_tau:.2f} at least."
    return (
        "Over worlds",
        f"Mean ranks over {worlds.ranking.over}; methods under one bar are not told apart.{said}",
        critical_difference(worlds.ranking, f"{standing.task.name}: mean ranks over worlds"),
    )


def _pairs(size: Size, standing: Standing, worlds: Worlds) -> View:
    """A square of all methods: in what share of worlds the row's is better than the column's."""
    names = list(worlds.ranking.names)
    share = {(one.better, one.worse): one.share for one in worlds.pairs}
    share |= {(one.worse, one.better): 1 - one.share for one in worlds.pairs}
    about = "Share of worlds in which the row's method is better than this one; a tie counts half."
    headings = [
        METHOD,
        Heading("mean_rank", "mean rank", "Over worlds, 1 the best.", True),
        *(Heading(name, name, about, True) for name in names),
    ]
    rows, records = [], []
    for name, rank in zip(names, worlds.ranking.mean_ranks, strict=True):
        values = [share.get((name, other)) for other in names]
        texts = [NOTHING if value is None else f"{value:.0%}" for value in values]
        cells = [Cell(text, value) for text, value in zip(texts, values, strict=True)]
        rows.append(TableRow([Cell(name, name), Cell(f"{rank:.1f}", rank), *cells]))
        records.append({"method": name, "mean_rank": rank, **dict(zip(names, values, strict=True))})
    caption = f"{standing.task.name}: share of {worlds.ranking.over} in which the row is better. {release(size.board)}."
    table = Table(caption, headings, rows, records)
    return View("pairs", "Which orders hold?", table, f"data/{size.name}/{standing.task.name}-worlds")
