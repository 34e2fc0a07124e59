"""``index.html``: the tasks at a glance, every line of the board, and methods that cover several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from tipbench.console import Column
from tipbench.pages.svg import Drawing
from tipbench.pages.templates import Figure
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, interval, number, percent

from tipboard.board.columns import TableCell, in_plain_words, status_text
from tipboard.board.entries import Entry
from tipboard.board.files import counts
from tipboard.board.rounds import Closed
from tipboard.board.standings import BoardRow, Standing
from tipboard.board.tables import (
    METHOD,
    PLAIN,
    BoardTable,
    Line,
    TableRow,
    kind_of,
    overall,
    release,
)
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import card
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size, best
from tipboard.site.tables import EVERYTHING, TableView, filters

FILTERED = ("task", "split", "size", "access", "labels", "status")
SEVERAL = 2
"""Tasks from which on a method covers several."""


@dataclass(frozen=True)
class TaskCard:
    """A task at a glance. ``plain``: what its best score means, where that is not plain."""

    name: str
    title: str
    href: str
    question: str
    metric: str
    method: str
    score: str
    bounds: str
    share: str
    plain: str
    drawing: Drawing | None


def overview(sizes: Sequence[Size], rounds: Sequence[Closed], publication: Publication) -> SitePage:
    """Return the page of all sizes; the cards are of the largest."""
    largest = sizes[0]
    everything = overall([(size.board, size.standings) for size in sizes])
    kept = [one for one in filters(everything, FILTERED, usual=True) if len(one.options) > 1]
    views = [TableView("overall", "All results", everything, EVERYTHING, kept)]
    several = covering(largest)
    if several.rows:
        views.append(
            TableView(
                "coverage", "Methods that cover several tasks", several, "data/coverage", size=largest.name
            )
        )
    figures = _across(largest)
    html = page(
        "index.html", "", publication, path="index.html", current="index", sizes=sizes, size=largest,
        cards=[_card(largest, one) for one in largest.usual],
        overall=views[0], coverage=views[1] if several.rows else None, figures=figures, rounds=rounds,
        release=release(*(size.board for size in sizes)),
        counts=counts(*(size.board for size in sizes)),
    )  # fmt: skip
    return SitePage("index.html", html, views, figures)


def _card(size: Size, standing: Standing) -> TaskCard:
    line = best(standing)
    row = None if line is None else line.row
    return TaskCard(
        name=standing.task.name,
        title=standing.task.title,
        href=f"{size.name}/tasks/{standing.task.name}.html",
        question=standing.task.question,
        metric=metric_title(standing.task.name, standing.metric)
        + (", lower is better" if standing.lower_is_better else ""),
        method="" if line is None else line.method,
        score="" if row is None else number(row.score),
        bounds="" if row is None else interval(row.low, row.high, row.note),
        share=percent(None if row is None else row.share_of_oracle),
        plain=in_plain_words(standing.metric, None if row is None else row.score),
        drawing=card(standing),
    )


COVERAGE = (
    METHOD,
    Column("tasks", True, name="tasks", about="Tasks on whose default split it is ranked.", unit="count"),
    Column(
        "mean rank", True, name="mean_rank", about="Mean over these tasks; submissions have none.", unit="1 is the best"
    ),
    Column("rank by task", name="ranks", about="Among methods that were run here."),
    Column("status", name="status", about="Who ran it; of several, each."),
)  # fmt: skip


def covering(size: Size) -> BoardTable:
    """Return methods on the default splits of at least two tasks, by on how many they are ranked and by their mean
    rank.

    The tasks of a submission are named, without ranks.
    """
    found = [
        (entry, there)
        for entry in size.entries
        if len(there := _on_default_splits(size.by_entry[entry.id])) >= SEVERAL
    ]
    rows = sorted((_covered(entry, there) for entry, there in found), key=lambda one: _order(one[0]))
    caption = f"Methods that cover several tasks, each on its default split. {release(size.board)}."
    records = [record for record, _ in rows]
    return BoardTable(caption, COVERAGE, [row for _, row in rows], records)


def _on_default_splits(lines: Sequence[Line]) -> list[Line]:
    return [(one, line) for one, line in lines if one.split == one.task.splits[0] and line.is_contender]


def _order(record: dict[str, Any]) -> tuple[float, float, str, str]:
    mean = record["mean_rank"]
    return -record["tasks"], float("inf") if mean is None else mean, record["team"], record["method"]


def _covered(entry: Entry, there: Sequence[Line]) -> tuple[dict[str, Any], TableRow]:
    """Return a record and a row of a method."""
    ranks = [line.rank for _, line in there if line.rank is not None]
    statuses = list(dict.fromkeys(status_text(line) for _, line in there))
    record = {
        "team": entry.team,
        "method": entry.method,
        "tasks": len(ranks),
        "mean_rank": fmean(ranks) if len(ranks) >= SEVERAL else None,
        "ranks": ", ".join(_rank(line) for _, line in there),
        "status": ", ".join(statuses),
    }
    mean = NOTHING if record["mean_rank"] is None else f"{record['mean_rank']:.2f}"
    texts = {**record, "method": entry.name, "tasks": str(len(ranks)), "mean_rank": mean}
    cells = [TableCell(texts[heading.name], record[heading.name]) for heading in COVERAGE]
    return record, TableRow(cells, PLAIN if ranks else kind_of(there[0][1]), entry)


def _rank(line: BoardRow) -> str:
    task = line.row.task
    return f"{task} (not ranked)" if line.rank is None else f"{task} {line.rank:g}"


def _across(size: Size) -> list[Figure]:
    ranking = size.rankings.across
    if ranking is None:
        return []
    tested = "Methods joined by one bar do not differ clearly (Friedman's test, then Nemenyi's)."
    return [
        Figure(
            "across", "Across tasks", f"Mean ranks over {ranking.over}. {tested}",
            critical_difference(ranking, f"Mean ranks over {ranking.over}"), "figures/across.svg",
        )
    ]  # fmt: skip
