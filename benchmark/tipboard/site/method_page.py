"""``<size>/methods/<id>.html``: what a method is, and all that is known of its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tipbench.runs.report import interval, number, percent

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.entries import Entry
from tipboard.board.export import Placed, of_entry, release
from tipboard.site.figures.groups import by_group
from tipboard.site.figures.radar import radar
from tipboard.site.method_tables import method_views, rates
from tipboard.site.render import Figure, page
from tipboard.site.safe import page_id
from tipboard.site.sizes import Size
from tipboard.site.svg import Drawing
from tipboard.site.tables import View
from tipboard.site.task_page import ROOT, Page, panel_of

BEHIND = 5
"""Other methods in a method's radar."""
HARMS = {
    "false_accusations_per_unit": "false accusations a unit",
    "false_alarms_per_unit": "false alarms a unit",
    "intrusion_mrr": "intrusion (MRR)",
}
RECALLS = {"recall": "recall", "urgent_recall": "urgent recall", "mrr": "MRR"}
"""Measures of groups, and how an axis names them."""


@dataclass(frozen=True)
class OnTask:
    """A method on a task's default split, or the first that it has."""

    task: str
    href: str
    split: str
    score: str
    bounds: str
    share: str
    rank: str
    status: str
    access: str
    labels: str
    figures: Sequence[Figure]


def method_page(size: Size, entry: Entry) -> Page:
    """The page of an entry."""
    there = size.by_entry[entry.id]
    first: dict[str, Placed] = {}
    for one in there:
        first.setdefault(one.standing.task.name, one)
    folder = f"figures/{size.name}/{page_id(entry)}"
    on_tasks = [_on_task(size, one, folder) for one in first.values()]
    files = f"data/{size.name}/methods/{page_id(entry)}"
    lines = View(
        "results", "Results", of_entry(size.board, there, entry.name), f"{files}-results", size=size.name
    )
    views = [lines, *method_views(size, entry, files)]
    html = page(
        "method.html", ROOT, current="", size=size, entry=entry, record=entry.record, on_tasks=on_tasks,
        summaries=[] if entry.record else _summaries(entry), views={view.id: view for view in views},
        versions=sorted({result.versions.method for result in entry.results}),
        seeds=sorted({result.seed for result in entry.results}), oracle=all(one.line.row.oracle for one in there),
        tasks=[one.task.name for one in size.usual], release=release(size.board),
    )  # fmt: skip
    figures = [figure for one in on_tasks for figure in one.figures]
    return Page(f"{size.name}/methods/{page_id(entry)}.html", html, views, figures)


def _on_task(size: Size, one: Placed, folder: str) -> OnTask:
    line, standing = one.line, one.standing
    row = line.row
    return OnTask(
        task=standing.task.name,
        href=f"{size.name}/tasks/{standing.task.name}.html",
        split=standing.split,
        score=number(row.score),
        bounds=interval(row.low, row.high, row.note),
        share=percent(row.share_of_oracle),
        rank="not ranked" if line.rank is None else f"{line.rank:g} of {_ranked(standing, line)}",
        status=f"{line.status}, unverified" if line.unverified else line.status,
        access=line.access,
        labels=line.labels,
        figures=[
            Figure(f"{kind}-{standing.task.name}", heading, text, drawing, f"{folder}-{standing.task.name}-{kind}.svg")
            for kind, heading, text, drawing in _drawings(standing, line)
            if drawing is not None
        ],
    )  # fmt: skip


def _ranked(standing: Standing, line: BoardRow) -> int:
    return sum(one.rank is not None and one.status == line.status for one in standing.lines)


def _drawings(standing: Standing, line: BoardRow) -> list[tuple[str, str, str, Drawing | None]]:
    task = standing.task.name
    results = line.entry.of(task, standing.split)
    harms, harm = rates(results, HARMS, people=False)
    recalls, recall = rates(results, RECALLS, people=True)
    about = f"On {standing.split}, mean over seeds."
    spam = "; spam stands apart and is in no lawful total" if "spam" in harms else ""
    others = [one for one in standing.lines if one is not line and not one.row.oracle]
    behind = [panel_of(one) for at, one in enumerate(others) if at < BEHIND or one.is_reference]
    return [
        (
            "shift", f"{task}: where the world shifts",
            "Mean score on splits that hold a part of the world out. Grey: the best others and the reference.",
            radar(standing, [panel_of(line)], behind),
        ),
        (
            "harm", f"{task}: who is wrongly accused",
            f"{_begun(HARMS[harm])} by group{spam}. {about}",
            by_group(harms, f"{task}: {HARMS[harm]} by group", HARMS[harm]),
        ),
        (
            "recall", f"{task}: who is found",
            f"{_begun(RECALLS[recall])} by group of those exploited or in need. {about}",
            by_group(recalls, f"{task}: {RECALLS[recall]} by group", RECALLS[recall]),
        ),
    ]  # fmt: skip


def _begun(words: str) -> str:
    """As a sentence begins; capitals inside stay."""
    return words[:1].upper() + words[1:]


def _summaries(entry: Entry) -> list[Mapping[str, Any]]:
    """What the config of a reference method says of it, by task."""
    found: dict[str, Mapping[str, Any]] = {}
    for result in entry.results:
        said = result.config.get("baseline")
        if isinstance(said, dict):
            found.setdefault(
                result.task,
                {
                    "task": result.task,
                    "summary": str(said.get("summary") or ""),
                    "reference": str(said.get("reference") or ""),
                },
            )
    return list(found.values())
