"""``index.html``: what the season found on each task; ``practice.html``: every line of open practice.

Without a season both are one page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tipbench.method import CLASSES
from tipbench.metrics.registry import metric_of
from tipbench.runs.findings import Finding
from tipbench.runs.report import NOTHING, interval, number
from tipbench.tasks import task_of

from tipboard.board.columns import with_decimals
from tipboard.board.files import counts
from tipboard.board.season import CLASS_MEANING, NO_SEASON, BoardSeason
from tipboard.board.tables import OPEN_PRACTICE, overall, release
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size
from tipboard.site.tables import EVERYTHING, with_filters

FILTERED = ("task", "split", "size", "entry_class", "access", "labels", "status")
NAMED = 2
"""Names of a top group in a cell; the others are counted."""
SHARED_LEGEND = {
    "↓": "lower is better",
    "chance": "what a method without any information scores",
    "oracle": "what a method that sees hidden truth scores",
    "accused per find": "lawful operations accused, or rows wrongly linked, for each true find",
}
LEADERS = {
    True: {"top group": "methods that no method of their class is significantly better than, after Holm"},
    False: {
        "best": "the method with the best score and those whose intervals overlap its own; they are not ranked"
    },
}
"""Of findings that rest on ranks, and of others: those of open practice and of a season of few clusters."""
SEASON_LEGEND = {
    "95% interval": "of the best mean: Student's t over the season's worlds",
    "positive clusters": "operations (or what a task counts) with a positive in the test of a world, mean",
    "best known": "the best mean of any class",
    **SHARED_LEGEND,
    **CLASS_MEANING,
    "CPU s": "CPU seconds of that method in a world",
}
PRACTICE_LEGEND = {"95% interval": "of the best score: cluster bootstrap in that world", **SHARED_LEGEND}
LINKS = {
    "Paper and citation": "CITATION.cff",
    "Documents": "docs/README.md",
    "Code": "README.md",
    "How to submit": "docs/board.md",
}


class Cell(NamedTuple):
    """A cell of a table at a glance. ``more``: in small letters below."""

    text: str = NOTHING
    more: str = ""


def overview(sizes: Sequence[Size], publication: Publication) -> list[SitePage]:
    """Return the pages of all sizes; tasks at a glance are those of the season or else of the largest size."""
    largest, season = sizes[0], sizes[0].season
    everything = with_filters(overall([(size.board, size.standings) for size in sizes]), FILTERED, usual=True)
    view = replace(everything, id="overall", title="All results in open practice", path=EVERYTHING)
    found = largest.findings if season is None else season.findings
    boards = [size.board for size in sizes]
    context: dict[str, Any] = {
        "sizes": sizes,
        "size": largest,
        "overall": view,
        "practice": OPEN_PRACTICE,
        "counts": counts(*boards),
        "release": release(*boards),
    }
    leaders = LEADERS[any(one.ranked for one in found.values())]
    index = page(
        "index.html", "", publication, path="index.html", current="index", season=season, without=NO_SEASON,
        legend=leaders | (PRACTICE_LEGEND if season is None else SEASON_LEGEND), links=_links(publication),
        tasks=_glance([_task(largest, season, one, *leaders) for one in found.values()]),
        classes=None if season is None else _glance([_classes(largest, season, task) for task in found]),
        **context,
    )  # fmt: skip
    if season is None:
        return [SitePage("index.html", index, views=[view])]
    practice = page("practice.html", "", publication, path="practice.html", current="practice", **context)
    return [SitePage("index.html", index), SitePage("practice.html", practice, views=[view])]


def _links(publication: Publication) -> dict[str, str]:
    found = {name: publication.document(path, "") for name, path in LINKS.items()}
    found["Code"] = publication.repository or found["Code"]
    return {name: address for name, address in found.items() if address}


def _glance(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a table: its rows, and the columns that say something in any of them."""
    names = rows[0]["cells"] if rows else ()
    kept = [name for name in names if any(row["cells"][name] != Cell() for row in rows)]
    return {"columns": kept, "rows": rows}


def _row(size: Size, name: str, cells: dict[str, Cell], headline: str = "") -> dict[str, Any]:
    """Return the row of a task in a table at a glance."""
    task = task_of(name)
    there = any(one.name == name for one in size.tasks)
    return {
        "name": name,
        "title": task.title,
        "href": f"{size.name}/tasks/{name}.html" if there else None,
        "metric": metric_of(task.primary).title + " ↓" * metric_of(task.primary).lower_is_better,
        "headline": headline,
        "cells": cells,
    }


def _task(size: Size, season: BoardSeason | None, found: Finding, leaders: str) -> dict[str, Any]:
    """Return a task at a glance: who leads, under the heading ``leaders``, and the numbers."""
    best, clusters, best_known = found.methods[0] if found.methods else None, Cell(), Cell()
    score = Cell(number(best.value)) if best else Cell()
    if season is not None:
        count, known = season.tasks[found.task]["clusters"][0], found.best_known
        clusters = Cell() if count is None else Cell(f"{count:.0f}")
        best_known = score._replace(more="the same" if best else "")
        if known is not None:
            best_known = Cell(number(known.value), f"{known.name}, {found.best_known_class}")
    more = f" +{len(found.top) - NAMED}" if len(found.top) > NAMED else ""
    cells = {
        leaders: Cell(", ".join(found.top[:NAMED]) + more if best else NOTHING),
        "score": score,
        "95% interval": Cell(interval(best.low, best.high)) if best else Cell(),
        "positive clusters": clusters,
        "chance": Cell(number(found.chance)),
        "best known": best_known,
        "oracle": Cell(number(found.oracle)),
        "accused per find": Cell(with_decimals(1)(found.accused)),
    }
    return _row(size, found.task, cells, found.headline)


def _classes(size: Size, season: BoardSeason, task: str) -> dict[str, Any]:
    """Return the best of each class on a task, and what it costs."""
    cells: dict[str, Cell] = {}
    # Lines of a class are sorted, best first, and the last one that a dict is given stays.
    best = {line["entry_class"]: line for line in reversed(season.lines(task)) if line["is_contender"]}
    for name in CLASSES:
        line = best.get(name)
        cells[name] = Cell() if line is None else Cell(number(line["score"]), line["name"])
        cells[f"{name}: CPU s"] = Cell() if line is None else Cell(with_decimals(1)(line["cpu_s"]))
    return _row(size, task, cells)
