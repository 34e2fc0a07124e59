"""``index.html``: the tasks at a glance, every line of the board, and methods that cover several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from tipbench.pages.templates import Figure
from tipbench.runs.figure import metric_title
from tipbench.runs.report import NOTHING, number, percent
from tipbench.tasks import task_of

from tipboard.board.columns import in_plain_words, status_text, value_column
from tipboard.board.entries import Entry
from tipboard.board.files import counts
from tipboard.board.standings import Line, Lines
from tipboard.board.tables import METHOD, BoardTable, overall, release
from tipboard.site.figures.critical_difference import critical_difference
from tipboard.site.figures.forest import card
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size, best
from tipboard.site.tables import EVERYTHING, with_filters

FILTERED = ("task", "split", "size", "access", "labels", "status")
SEVERAL = 2
"""Tasks from which on a method covers several."""


def overview(sizes: Sequence[Size], publication: Publication) -> SitePage:
    """Return the page of all sizes; the cards are of the largest."""
    largest = sizes[0]
    everything = overall([(size.board, size.standings) for size in sizes])
    everything = with_filters(everything, FILTERED, usual=True)
    views = [replace(everything, id="overall", title="All results", path=EVERYTHING)]
    several = covering(largest)
    if several.rows:
        views.append(several)
    figures = _across(largest)
    html = page(
        "index.html", "", publication, path="index.html", current="index", sizes=sizes, size=largest,
        cards=[_card(largest, one) for one in largest.usual],
        overall=views[0], coverage=views[1] if several.rows else None, figures=figures,
        release=release(*(size.board for size in sizes)),
        counts=counts(*(size.board for size in sizes)),
    )  # fmt: skip
    return SitePage("index.html", html, views, figures)


def _card(size: Size, lines: Lines) -> dict[str, Any]:
    """Return a task at a glance; ``plain``: what its best score means, where that is not plain."""
    line, first, task = best(lines), lines[0], task_of(lines[0]["task"])
    lower = ", lower is better" if first["lower_is_better"] else ""
    return {
        "name": task.name,
        "title": task.title,
        "href": f"{size.name}/tasks/{task.name}.html",
        "question": task.question,
        "metric": metric_title(task.name, first["primary"]) + lower,
        "method": "" if line is None else line["name"],
        "score": "" if line is None else number(line["score"]),
        "share": percent(None if line is None else line["share_of_oracle"]),
        "plain": in_plain_words(first["primary"], None if line is None else line["score"]),
        "drawing": card(lines),
    }


COVERAGE = (
    METHOD,
    value_column("tasks", "tasks", "Tasks on whose default split it is ranked.", str, unit="count"),
    value_column(
        "mean_rank", "mean rank", "Mean over these tasks; submissions have none.",
        lambda rank: NOTHING if rank is None else f"{rank:.2f}", unit="1 is the best",
    ),
    value_column("ranks", "rank by task", "Among methods that were run here."),
    value_column("status", "status", "Who ran it; of several, each."),
)  # fmt: skip


def covering(size: Size) -> BoardTable:
    """Return methods on the default splits of at least two tasks, by on how many they are ranked and by their mean
    rank.

    The tasks of a submission are named, without ranks.
    """
    rows = []
    for entry in size.entries:
        there = [line for line in size.by_entry[entry.id] if line["usual"] and line["is_contender"]]
        if len(there) >= SEVERAL:
            rows.append(_covered(entry, there))
    rows.sort(key=_order)
    caption = f"Methods that cover several tasks, each on its default split. {release(size.board)}."
    records = [{key: row[key] for key in ("team", *(one.name for one in COVERAGE))} for row in rows]
    return BoardTable(
        caption, COVERAGE, rows, records, id="coverage", title="Methods that cover several tasks",
        path="data/coverage", size=size.name,
    )  # fmt: skip


def _order(row: dict[str, Any]) -> tuple[float, float, str, str]:
    mean = row["mean_rank"]
    return -row["tasks"], float("inf") if mean is None else mean, row["team"], row["method"]


def _covered(entry: Entry, there: Lines) -> dict[str, Any]:
    ranks = [line["rank"] for line in there if line["rank"] is not None]
    return {
        "team": entry.team,
        "method": entry.method,
        "name": entry.name,
        "entry": entry.id,
        "kind": "" if ranks else there[0]["kind"],
        "tasks": len(ranks),
        "mean_rank": fmean(ranks) if len(ranks) >= SEVERAL else None,
        "ranks": ", ".join(map(_rank, there)),
        "status": ", ".join(dict.fromkeys(status_text(line) for line in there)),
    }


def _rank(line: Line) -> str:
    return f"{line['task']} (not ranked)" if line["rank"] is None else f"{line['task']} {line['rank']:g}"


def _across(size: Size) -> list[Figure]:
    ranking = size.across
    if ranking is None:
        return []
    tested = "Methods joined by one bar do not differ clearly (Friedman's test, then Nemenyi's)."
    return [
        Figure(
            "across", "Across tasks", f"Mean ranks over {ranking.over}. {tested}",
            critical_difference(ranking, f"Mean ranks over {ranking.over}"), "figures/across.svg",
        )
    ]  # fmt: skip
