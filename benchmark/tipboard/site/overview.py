"""``index.html``: the tasks at a glance, and every line of the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tipbench.runs.figure import metric_title
from tipbench.runs.report import number, percent
from tipbench.tasks import task_of

from tipboard.board.columns import in_plain_words
from tipboard.board.files import counts
from tipboard.board.standings import Lines
from tipboard.board.tables import OPEN_PRACTICE, overall, release
from tipboard.site.figures.forest import card
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size, best
from tipboard.site.tables import EVERYTHING, with_filters

FILTERED = ("task", "split", "size", "access", "labels", "status")


def overview(sizes: Sequence[Size], publication: Publication) -> SitePage:
    """Return the page of all sizes; the cards are of the largest."""
    largest = sizes[0]
    everything = overall([(size.board, size.standings) for size in sizes])
    everything = with_filters(everything, FILTERED, usual=True)
    view = replace(everything, id="overall", title="All results", path=EVERYTHING)
    html = page(
        "index.html", "", publication, path="index.html", current="index", sizes=sizes, size=largest,
        cards=[_card(largest, one) for one in largest.usual],
        overall=view, practice=OPEN_PRACTICE,
        release=release(*(size.board for size in sizes)),
        counts=counts(*(size.board for size in sizes)),
    )  # fmt: skip
    return SitePage("index.html", html, [view], [])


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
