"""``<size>/methods/<id>.html``: what a method is, and all that is known of its results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from tipbench.console import Column
from tipbench.metrics.scores import Score
from tipbench.pages.templates import Figure
from tipbench.runs.report import interval, mean, number, percent
from tipbench.runs.results import Result
from tipbench.task import Task
from tipbench.tasks import task_of

from tipboard.board.collection import seat_of
from tipboard.board.columns import OF_METRIC, OVERALL, SHARE, axis_title, in_plain_words, status_text
from tipboard.board.entries import MEANING, Entry, target_of
from tipboard.board.forest import best_of
from tipboard.board.standings import Line
from tipboard.board.tables import (
    WARNING,
    BoardTable,
    Download,
    downloads,
    of_entry,
    release,
    to_csv,
    to_parquet,
    zip_file,
)
from tipboard.site.figures.rows import by_group, by_split
from tipboard.site.pages import Publication, SitePage, page
from tipboard.site.sizes import Size
from tipboard.site.tables import EVERYTHING, of_records, page_id, with_filters
from tipboard.site.task_page import ROOT

COLUMNS_FILE = "data/columns.js"
PLACE = (
    Column("task", name="task", about="What is asked."),
    Column("split", name="split", about="What separates training from test."),
    Column("seed", True, name="seed", about="Of the method.", unit="number"),
)


def _place(result: Result) -> dict[str, Any]:
    return {"task": result.task, "split": result.split, "seed": result.seed}


def _primary_first(result: Result) -> list[tuple[str, Score]]:
    return sorted(result.scores.items(), key=lambda one: one[0] != result.primary)


SCORES = (
    *PLACE,
    Column("metric", name="metric", about="The primary one first."),
    Column("value", True, name="value", about="As the evaluator says.", unit=OF_METRIC),
    Column("95% from", True, name="low", about="Lower end of the 95% interval.", unit=OF_METRIC),
    Column("95% to", True, name="high", about="Upper end of the 95% interval.", unit=OF_METRIC),
    Column("note", name="note", about="Why there is no value or no interval."),
)


def _scores(entry: Entry) -> list[dict[str, Any]]:
    return [
        _place(result)
        | {"metric": name, "value": score.value, "low": score.low, "high": score.high, "note": score.note}
        for result in entry.results
        for name, score in _primary_first(result)
    ]


GROUPS = (*PLACE, Column("group", name="group", about="Of lawful people, or of those exploited or in need."))
"""Beside them stands a column per measure, whose name says what it is."""
COUNTED = ("units", "operations", "queries", "positives", "positive_clusters", "audited")
"""Measures of groups that are counts."""


def _groups(entry: Entry) -> list[dict[str, Any]]:
    """Return one row per group, with every measure that any group has."""
    rows = [(result, *row) for result in entry.results for row in result.groups.items()]
    measures = dict.fromkeys(name for *_, values in rows for name in values)
    return [
        _place(result) | {"group": group} | {name: values.get(name) for name in measures}
        for result, group, values in rows
    ]


def _measure_column(name: str) -> Column:
    """Return the column of a measure of groups; a rate says in its name what it is counted in."""
    unit = "count" if name in COUNTED else "rate" if "_per_" in name else SHARE
    return Column(name.replace("_", " "), True, name=name, unit=unit)


RUNS = (
    *PLACE,
    Column("status", name="status", about="Run here, reproduced, or self-reported."),
    Column("access", name="access", about="The most private data shown."),
    Column("labels", name="labels", about="What it learnt from."),
    Column(
        "method version", name="method_version", about="Of tipbench, or the digest of the source or wheel."
    ),
    Column("config", name="config", about="Start of the digest of the config."),
    Column("predictions' digest", name="predictions", about="Of the file that was scored."),
    Column("CPU s", True, name="cpu_s", about="Seconds to fit, predict and score."),
    Column("wall s", True, name="wall_s", about="Seconds to fit and predict."),
    Column("MiB", True, name="peak_mib", about="Peak memory over that at the start."),
    Column("environment", name="environment", about="System, and versions of packages."),
    Column("notes and warnings", name="notes", about="As the evaluator says."),
)


def _runs(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            **_place(result),
            "status": entry.status(result.verified),
            "access": result.access,
            "labels": result.labels,
            "method_version": result.versions.method,
            "config": result.config_hash[:12],
            "predictions": result.predictions.digest,
            "cpu_s": result.cost.cpu_s,
            "wall_s": None if (fit := result.cost.fit_s) is None else fit + (result.cost.predict_s or 0.0),
            "peak_mib": result.cost.peak_mib,
            "environment": ", ".join(f"{name} {value}" for name, value in result.environment.items()),
            "notes": " ".join([*result.notes, *result.warnings]),
        }
        for result in entry.results
    ]


BOTH = (
    *PLACE,
    Column("metric", name="metric", about="The primary one first."),
    Column("uploaded", True, name="uploaded", about="Score of the uploaded predictions.", unit=OF_METRIC),
    Column("reproduced", True, name="reproduced", about="Score of the maintainers' own run.", unit=OF_METRIC),
    Column("difference", True, name="difference", about="Reproduced − uploaded.", unit=OF_METRIC),
)


def _both(entry: Entry) -> list[dict[str, Any]]:
    again = {seat_of(result): result.scores for result in entry.results}
    records = []
    for result in entry.uploaded:
        scores = again.get(seat_of(result), {})
        for name, score in _primary_first(result):
            if name in scores:
                one, other = score.value, scores[name].value
                apart = None if one is None or other is None else other - one
                values = {"metric": name, "uploaded": one, "reproduced": other, "difference": apart}
                records.append(_place(result) | values)
    return records


class MethodTable(NamedTuple):
    """A table of the page of a method. ``caption``: with ``{}`` for the method's name; ``records``: makes the rows;
    ``filtered``: names of the columns that a reader can filter by."""

    title: str
    caption: str
    columns: Sequence[Column]
    records: Callable[[Entry], list[dict[str, Any]]]
    filtered: Sequence[str] = ()


TABLES = {
    "scores": MethodTable(
        "All scores", "All scores of {}", SCORES, _scores, ("task", "split", "metric", "seed")
    ),
    "groups": MethodTable("By group", "{} by group", GROUPS, _groups, ("task", "split", "group", "seed")),
    "runs": MethodTable("Provenance", "Where the results of {} come from", RUNS, _runs),
    "uploaded": MethodTable("Uploaded and reproduced", "Uploaded and reproduced scores of {}", BOTH, _both),
}
"""The tables of the page of a method by id, except that of its lines."""


def method_views(size: Size, entry: Entry) -> list[BoardTable]:
    """Return :data:`TABLES` of a method; those without rows are left out."""
    found = []
    for name, table in TABLES.items():
        if records := table.records(entry):
            known = {column.name for column in table.columns}
            measures = (_measure_column(one) for one in records[0] if one not in known)
            caption = f"{table.caption.format(entry.name)}. {release(size.board)}. {WARNING}"
            view = of_records(caption, [*table.columns, *measures], records)
            path = _path(size.name, name)
            files = [Download("CSV (zip)", f"{path}.csv.zip"), Download("Parquet", f"{path}.parquet")]
            about = {"id": name, "title": table.title, "shared": files, "exact": False}
            found.append(replace(with_filters(view, table.filtered), **about))
    return found


def _path(size: str, name: str) -> str:
    """Return where the files of a table are, from the site's root, without an ending."""
    return f"data/{size}/methods-{name}"


def method_files(size: Size) -> Iterator[tuple[str, bytes]]:
    """Yield the files behind these tables: the rows of all methods together, unrounded.

    A file per method and table would be most of a large board's site.
    """
    for name, table in TABLES.items():
        records = [
            {"team": entry.team, "method": entry.method, **record}
            for entry in size.entries
            for record in table.records(entry)
        ]
        if records:
            rows = BoardTable("", (), (), records)
            yield f"{_path(size.name, name)}.parquet", to_parquet(rows)
            yield f"{_path(size.name, name)}.csv.zip", zip_file(f"methods-{name}.csv", to_csv(rows))


def columns_script() -> str:
    """Return what the columns of these tables mean, by table and column, which every page of a method reads."""
    of_table = {"results": OVERALL, **{name: table.columns for name, table in TABLES.items()}}
    said = {table: {one.name: one.about for one in columns} for table, columns in of_table.items()}
    said["groups"]["*"] = "As the evaluator says."
    return f"window.columns = {json.dumps(said, indent=1)};\n"


BEHIND = 5
"""Other methods behind a method's scores by split."""
HARMS = {
    "false_accusations_per_unit": "false accusations per",
    "false_alarms_per_unit": "false alarms per",
    "intrusion_mrr": "intrusion",
}
RECALLS = {"recall": "recall", "urgent_recall": "urgent recall", "mrr": "mean reciprocal rank"}
"""Measures of groups, and how an axis names them; after "per" stands the unit of the task."""


def rates(
    results: Sequence[Result], measures: Mapping[str, str], people: bool, task: Task
) -> tuple[dict[str, float], str]:
    """Return the mean over seeds of a measure by group, and the title of its axis.

    The measure is the first that any group has, of ``measures`` (name -> words for the axis). ``people``: whether the
    groups are those of people, such as ``sex=male``, or the others.
    """
    there = dict.fromkeys(name for one in results for name in one.groups if ("=" in name) is people)
    for measure, words in measures.items():
        means = {group: mean([one.groups.get(group, {}).get(measure) for one in results]) for group in there}
        found = {group: value for group, value in means.items() if value is not None}
        if found:
            return found, f"{words} {task.unit}" if words.endswith(" per") else f"{words} (0 to 1)"
    return {}, ""


def method_page(size: Size, entry: Entry, publication: Publication) -> SitePage:
    """Return the page of an entry."""
    there = size.by_entry[entry.id]
    path = f"{size.name}/methods/{page_id(entry.id)}.html"
    on_tasks = [_on_task(size, entry, next(lines)) for _, lines in groupby(there, itemgetter("task"))]
    results = of_entry(size.board, there, entry.name)
    every_line = replace(results, id="results", title="Results", size=size.name, shared=downloads(EVERYTHING))
    views = [every_line, *method_views(size, entry)]
    statuses = list(dict.fromkeys(entry.status(result.verified) for result in entry.results))
    html = page(
        "method.html", ROOT, publication, path=path, current="", size=size, entry=entry, record=entry.record,
        on_tasks=on_tasks, abouts=[] if entry.record else _abouts(entry, publication),
        views={view.id: view for view in views}, statuses={name: MEANING[name] for name in statuses},
        versions=sorted({result.versions.method for result in entry.results}),
        seeds=sorted({result.seed for result in entry.results}), oracle=all(line["oracle"] for line in there),
        release=release(size.board), columns=COLUMNS_FILE,
    )  # fmt: skip
    return SitePage(path, html, [figure for one in on_tasks for figure in one["figures"]], views)


def _on_task(size: Size, entry: Entry, line: Line) -> dict[str, Any]:
    """Return a method on a task's default split, or the first that it has; ``plain``: what the score means."""
    task = task_of(line["task"])
    return {
        "task": task.name,
        "title": task.title,
        "href": f"{size.name}/tasks/{task.name}.html",
        "split": line["split"],
        "metric": axis_title(line),
        "score": number(line["score"]),
        "bounds": interval(line["low"], line["high"], line["note"]),
        "share": percent(line["share_of_oracle"]),
        "plain": in_plain_words(line["primary"], line["score"]),
        "status": status_text(line),
        "access": line["access"],
        "labels": line["labels"],
        "figures": [one for one in _figures(size, entry, line) if one.drawing is not None],
    }


def _figures(size: Size, entry: Entry, line: Line) -> list[Figure]:
    task = task_of(line["task"])
    results = entry.of(task.name, line["split"])
    harms, harm_axis = rates(results, HARMS, False, task)
    recalls, recall_axis = rates(results, RECALLS, True, task)
    about = f"On {line['split']}, mean over seeds."
    spam = "; spam is shown but counts as no lawful group" if "spam" in harms else ""
    others = [one for one in size.beside(line) if one is not line and not one["oracle"]]
    return [
        Figure(
            f"shift-{task.name}", "Where the world shifts",
            "Mean score on splits that hold a part of the world out; dotted: held-out operations alone. Grey: the best "
            "others and the reference.",
            by_split(line, best_of(others, BEHIND)),
        ),
        Figure(
            f"harm-{task.name}", "Who is wrongly accused", f"{_begun(harm_axis)}, by group{spam}. {about}",
            by_group(harms, f"{task.name}: {harm_axis} by group", harm_axis),
        ),
        Figure(
            f"recall-{task.name}", "Who is found",
            f"{_begun(recall_axis)}, by group of those exploited or in need. {about}",
            by_group(recalls, f"{task.name}: {recall_axis} by group", recall_axis),
        ),
    ]  # fmt: skip


def _begun(words: str) -> str:
    """As a sentence begins; capitals inside stay."""
    return words[:1].upper() + words[1:]


def _abouts(entry: Entry, publication: Publication) -> list[dict[str, Any]]:
    """Return what configs say of a method that was run here, by task; ``href``: of its code, if declared."""
    found: dict[str, dict[str, Any]] = {}
    for result in entry.results:
        said = result.config.get("baseline")
        if isinstance(said, dict) and result.task not in found:
            code = target_of(result) or ""
            file = f"baselines/{'/'.join(code.split('.')[:-1])}.py"
            found[result.task] = {
                "task": result.task,
                "summary": str(said.get("summary") or ""),
                "reference": str(said.get("reference") or ""),
                "code": code,
                "href": publication.document(file, ROOT) if code and entry.is_reference else None,
            }
    return list(found.values())
