"""``<size>/methods/<id>.html``: what a method is, and all that is known of its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tipbench.pages.svg import Drawing
from tipbench.pages.templates import Figure
from tipbench.runs.report import NOTHING, interval, number, percent

from tipboard.board.board_rows import BoardRow, Standing
from tipboard.board.column_values import status_text
from tipboard.board.entries import MEANING, Entry, target_of
from tipboard.board.export import Placed, of_entry, release
from tipboard.board.fresh import MARK, NOT_SUPPORTED
from tipboard.board.units import axis_title, in_plain_words
from tipboard.site.figures.rows import by_group, by_split
from tipboard.site.method_tables import COLUMNS_FILE, method_views, rates
from tipboard.site.names import page_id
from tipboard.site.publication import Publication
from tipboard.site.render import Page, page
from tipboard.site.sizes import Size
from tipboard.site.tables import EVERYTHING, View, downloads
from tipboard.site.task_page import ROOT

BEHIND = 5
"""Other methods behind a method's scores by split."""
HARMS = {
    "false_accusations_per_unit": "false accusations per",
    "false_alarms_per_unit": "false alarms per",
    "intrusion_mrr": "intrusion",
}
RECALLS = {"recall": "recall", "urgent_recall": "urgent recall", "mrr": "mean reciprocal rank"}
"""Measures of groups, and how an axis names them; after "per" stands the unit of the task."""


@dataclass(frozen=True)
class OnTask:
    """A method on a task's default split, or the first that it has. ``plain``: what the score means; ``fresh``: what
    a fresh world says of it."""

    task: str
    title: str
    href: str
    split: str
    metric: str
    score: str
    bounds: str
    fresh: str
    share: str
    plain: str
    rank: str
    status: str
    access: str
    labels: str
    figures: Sequence[Figure]


class About(NamedTuple):
    """What the config of a method that was run here says of it, on one task. ``href``: of its code, if declared."""

    task: str
    summary: str
    reference: str
    code: str
    href: str | None


def method_page(size: Size, entry: Entry, publication: Publication) -> Page:
    """Return the page of an entry."""
    there = size.by_entry[entry.id]
    first: dict[str, Placed] = {}
    for one in there:
        first.setdefault(one.standing.task.name, one)
    path = f"{size.name}/methods/{page_id(entry)}.html"
    on_tasks = [_on_task(size, one) for one in first.values()]
    table = of_entry(size.board, there, entry.name)
    lines = View("results", "Results", table, size=size.name, shared=downloads(EVERYTHING))
    views = [lines, *method_views(size, entry)]
    statuses = list(dict.fromkeys(entry.status([result]) for result in entry.results))
    statuses += [NOT_SUPPORTED] if any(not one.line.is_supported() for one in there) else []
    html = page(
        "method.html", ROOT, publication, path=path, current="", size=size, entry=entry, record=entry.record,
        on_tasks=on_tasks, abouts=[] if entry.record else _abouts(entry, publication),
        views={view.id: view for view in views}, statuses={name: MEANING[name] for name in statuses},
        versions=sorted({result.versions.method for result in entry.results}),
        seeds=sorted({result.seed for result in entry.results}), oracle=all(one.line.row.oracle for one in there),
        release=release(size.board), columns=COLUMNS_FILE,
    )  # fmt: skip
    return Page(path, html, views, [figure for one in on_tasks for figure in one.figures])


def _on_task(size: Size, one: Placed) -> OnTask:
    line, standing = one.line, one.standing
    row, task = line.row, standing.task
    return OnTask(
        task=task.name,
        title=task.title,
        href=f"{size.name}/tasks/{task.name}.html",
        split=standing.split,
        metric=axis_title(task, standing.metric),
        score=number(row.score) + ("" if line.is_supported() else f" {MARK}"),
        bounds=interval(row.low, row.high, row.note),
        fresh=_fresh(line),
        share=percent(row.share_of_oracle),
        plain=in_plain_words(standing.metric, row.score),
        rank=_rank(standing, line),
        status=status_text(line),
        access=line.access,
        labels=line.labels,
        figures=[
            Figure(f"{kind}-{task.name}", heading, text, drawing)
            for kind, heading, text, drawing in _drawings(standing, line)
            if drawing is not None
        ],
    )


def _rank(standing: Standing, line: BoardRow) -> str:
    """Return where it stands."""
    ranked = sum(one.is_ranked for one in standing.lines)
    return "not ranked" if line.rank is None else f"rank {line.rank:g} of {ranked}"


def _fresh(line: BoardRow) -> str:
    """Return what a fresh world says of a score, empty where it was run on none."""
    if line.fresh is None:
        return ""
    score = number(line.fresh.score.score)
    bounds = interval(line.fresh.score.low, line.fresh.score.high)
    said = score if bounds == NOTHING else f"{score} ({bounds})"
    return f"On a fresh world {said}" + ("" if line.fresh.supports else ", which does not support it")


def _drawings(standing: Standing, line: BoardRow) -> list[tuple[str, str, str, Drawing | None]]:
    task = standing.task.name
    results = line.entry.of(task, standing.split)
    harms, harm = rates(results, HARMS, people=False)
    recalls, recall = rates(results, RECALLS, people=True)
    harm_axis, recall_axis = _axis(HARMS[harm], standing), _axis(RECALLS[recall], standing)
    about = f"On {standing.split}, mean over seeds."
    spam = "; spam is shown but counts as no lawful group" if "spam" in harms else ""
    others = [one for one in standing.lines if one is not line and not one.row.oracle]
    behind = [one for at, one in enumerate(others) if at < BEHIND or one.is_reference]
    return [
        (
            "shift", "Where the world shifts",
            "Mean score on splits that hold a part of the world out; dotted: held-out operations alone. Grey: the best "
            "others and the reference.",
            by_split(standing, line, behind),
        ),
        (
            "harm", "Who is wrongly accused", f"{_begun(harm_axis)}, by group{spam}. {about}",
            by_group(harms, f"{task}: {harm_axis} by group", harm_axis),
        ),
        (
            "recall", "Who is found", f"{_begun(recall_axis)}, by group of those exploited or in need. {about}",
            by_group(recalls, f"{task}: {recall_axis} by group", recall_axis),
        ),
    ]  # fmt: skip


def _axis(words: str, standing: Standing) -> str:
    return f"{words} {standing.task.unit}" if words.endswith(" per") else f"{words} (0 to 1)"


def _begun(words: str) -> str:
    """As a sentence begins; capitals inside stay."""
    return words[:1].upper() + words[1:]


def _abouts(entry: Entry, publication: Publication) -> list[About]:
    """Return what configs say of a method that was run here, by task."""
    found: dict[str, About] = {}
    for result in entry.results:
        said = result.config.get("baseline")
        if not isinstance(said, dict):
            continue
        code = target_of(result) or ""
        file = f"baselines/{'/'.join(code.split('.')[:-1])}.py"
        href = publication.document(file, ROOT) if code and entry.is_reference else None
        about = About(
            result.task, str(said.get("summary") or ""), str(said.get("reference") or ""), code, href
        )
        found.setdefault(result.task, about)
    return list(found.values())
