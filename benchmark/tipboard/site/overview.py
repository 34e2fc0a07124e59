"""``index.html``: the tasks at a glance, every line of the board, and methods that cover several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from tipbench.runs.figure import metric_title
from tipbench.runs.report import interval, number, percent

from tipboard.board.board_rows import Standing
from tipboard.board.columns import Cell
from tipboard.board.export import METHOD, Heading, Table, TableRow, overall, release
from tipboard.board.rounds import Closed
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import card
from tipboard.site.figures.tradeoff import tasks_against_tier
from tipboard.site.render import Figure, page
from tipboard.site.sizes import Size, best
from tipboard.site.svg import Drawing
from tipboard.site.tables import View, filters

FILTERED = ("task", "split", "size", "access", "labels", "status")
SEVERAL = 2
"""Tasks from which on a method covers several."""


@dataclass(frozen=True)
class Card:
    """A task at a glance."""

    name: str
    href: str
    question: str
    metric: str
    method: str
    score: str
    bounds: str
    share: str
    entries: int
    drawing: Drawing | None


@dataclass(frozen=True)
class Overview:
    """The page's text, and what stands beside it."""

    html: str
    views: Sequence[View]
    figures: Sequence[Figure]


def overview(sizes: Sequence[Size], rounds: Sequence[Closed] = ()) -> Overview:
    """The page of all sizes; the cards are of the largest."""
    largest = sizes[0]
    everything = overall([(size.board, size.standings) for size in sizes])
    views = [
        View("overall", "All results", everything, "data/overall", filters(everything, FILTERED, usual=True))
    ]
    several = covering(largest)
    if several.rows:
        views.append(
            View("coverage", "Methods that cover several tasks", several, "data/coverage", size=largest.name)
        )
    figures = [*_intrusion(largest), *_across(largest)]
    html = page(
        "index.html", "", current="index", sizes=sizes, size=largest, cards=[_card(largest, s) for s in largest.usual],
        overall=views[0], coverage=views[1] if several.rows else None,
        figures=figures, rounds=rounds, across=bool(largest.orders.across),
        release=release(*(size.board for size in sizes)), tasks=[s.task.name for s in largest.usual],
        results=sum(len(size.board.results) for size in sizes), entries=sum(len(size.entries) for size in sizes),
    )  # fmt: skip
    return Overview(html, views, figures)


def _card(size: Size, standing: Standing) -> Card:
    line = best(standing)
    row = None if line is None else line.row
    return Card(
        name=standing.task.name,
        href=f"{size.name}/tasks/{standing.task.name}.html",
        question=standing.task.question,
        metric=metric_title(standing.task.name, standing.metric)
        + (", lower is better" if standing.lower_is_better else ""),
        method="" if line is None else line.method,
        score="" if row is None else number(row.score),
        bounds="" if row is None else interval(row.low, row.high, row.note),
        share=percent(None if row is None else row.share_of_oracle),
        entries=len(standing.lines),
        drawing=card(standing),
    )


def covering(size: Size) -> Table:
    """Methods with a rank on the default splits of at least two tasks, by how many and their mean rank."""
    found = []
    for entry in size.entries:
        there = [
            (one.standing, one.line)
            for one in size.by_entry[entry.id]
            if one.standing.split == one.standing.task.splits[0] and one.line.rank is not None
        ]
        if len({standing.task.name for standing, _ in there}) >= SEVERAL:
            found.append((entry, there, fmean(line.rank or 0.0 for _, line in there)))
    found.sort(key=lambda one: (-len(one[1]), one[2], one[0].id))
    headings = [
        METHOD,
        Heading("tasks", "tasks", "Tasks on whose default split it has a rank.", True),
        Heading(
            "mean_rank", "mean rank", "Mean over these tasks; only methods on the same tasks compare.", True
        ),
        Heading("ranks", "rank by task", "Among entries of its status.", False),
    ]
    rows, records = [], []
    for entry, there, rank in found:
        each = ", ".join(f"{standing.task.name} {line.rank:g}" for standing, line in there)
        values = (entry.name, len(there), rank, each)
        texts = (entry.name, str(len(there)), f"{rank:.2f}", each)
        rows.append(
            TableRow([Cell(text, value) for text, value in zip(texts, values, strict=True)], entry=entry)
        )
        records.append(
            {
                "team": entry.team,
                "method": entry.method,
                "tasks": len(there),
                "mean_rank": rank,
                "ranks": each,
            }
        )
    caption = f"Methods that cover several tasks, each on its default split. {release(size.board)}."
    return Table(caption, headings, rows, records)


def _intrusion(size: Size) -> list[Figure]:
    """How much of what could be known the best method of each task knows, and at what intrusion."""
    found = [(standing, line) for standing in size.usual if (line := best(standing)) is not None]
    drawing = tasks_against_tier(found)
    if drawing is None:
        return []
    text = (
        "How far the best reproduced method of each task comes on the way to the oracle, by the most private data "
        "that it was shown. The line joins the tasks that no other beats in both."
    )
    return [Figure("intrusion", "Detection against intrusion", text, drawing, "figures/intrusion.svg")]


def _across(size: Size) -> list[Figure]:
    tested = "Methods under one bar are not told apart (Friedman's test, then Nemenyi's)."
    return [
        Figure(
            f"across-{number}", "Across tasks", f"Mean ranks over {ranking.over}. {tested}",
            critical_difference(ranking, f"Mean ranks over {ranking.over}"), f"figures/across-{number}.svg",
        )
        for number, ranking in enumerate(size.orders.across, 1)
    ]  # fmt: skip
