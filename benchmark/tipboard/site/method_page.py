"""``<size>/methods/<id>.html``: what a method is, and all that is known of its results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl
from tipbench.console import Column
from tipbench.pages.svg import Drawing
from tipbench.pages.templates import Figure
from tipbench.runs.frames import frame_of
from tipbench.runs.report import interval, mean, number, percent
from tipbench.runs.results import Result
from tipbench.task import Task
from tipbench.tasks import task_of

from tipboard.board.columns import (
    OF_METRIC,
    OVERALL,
    SHARE,
    axis_title,
    in_plain_words,
    status_text,
)
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

TASK = Column("task", name="task", about="What is asked.")
SPLIT = Column("split", name="split", about="What separates training from test.")
SEED = Column("seed", True, name="seed", about="Of the method.", unit="number")
PLACE = (TASK, SPLIT, SEED)
COLUMNS_FILE = "data/columns.js"


def method_views(size: Size, entry: Entry) -> list[BoardTable]:
    """Return every table but that of its lines; those without rows are left out."""
    said = f"{release(size.board)}. {WARNING}"
    found = (
        ("scores", "All scores", f"All scores of {entry.name}. {said}", SCORES, _scores(entry)),
        ("groups", "By group", f"{entry.name} by group. {said}", *_groups(entry)),
        ("runs", "Provenance", f"Where the results of {entry.name} come from. {said}", RUNS, _runs(entry)),
        ("uploaded", "Uploaded and reproduced", f"Uploaded and reproduced scores of {entry.name}. {said}", BOTH,
         _both(entry)),
    )  # fmt: skip
    filtered = {"scores": ("task", "split", "metric", "seed"), "groups": ("task", "split", "group", "seed")}
    return [
        replace(
            with_filters(of_records(caption, columns, records), filtered.get(name, ())),
            id=name,
            title=title,
            shared=[
                Download("CSV (zip)", f"{_path(size.name, name)}.csv.zip"),
                Download("Parquet", f"{_path(size.name, name)}.parquet"),
            ],
            exact=False,
        )
        for name, title, caption, columns, records in found
        if records
    ]


def _path(size: str, name: str) -> str:
    """Return where the files of a table are, from the site's root, without an ending."""
    return f"data/{size}/methods-{name}"


def method_files(size: Size) -> Iterator[tuple[str, bytes]]:
    """Yield the files behind these tables: the rows of all methods together, unrounded.

    A file per method and table would be most of a large board's site.
    """
    of_entry = {
        "scores": _scores,
        "groups": lambda entry: _groups(entry)[1],
        "runs": _runs,
        "uploaded": _both,
    }
    for name, records_of in of_entry.items():
        records = [
            {"team": entry.team, "method": entry.method, **record}
            for entry in size.entries
            for record in records_of(entry)
        ]
        if records:
            table = BoardTable("", (), (), records)
            yield f"{_path(size.name, name)}.parquet", to_parquet(table)
            yield f"{_path(size.name, name)}.csv.zip", zip_file(f"methods-{name}.csv", to_csv(table))


def columns_script() -> str:
    """Return what the columns of these tables mean, by table and column, which every page of a method reads."""
    of_table = {"results": OVERALL, "scores": SCORES, "groups": GROUPS, "runs": RUNS, "uploaded": BOTH}
    said = {table: {one.name: one.about for one in columns} for table, columns in of_table.items()}
    said["groups"]["*"] = "As the evaluator says."
    return f"window.columns = {json.dumps(said, indent=1)};\n"


def rates(
    results: Sequence[Result], measures: Mapping[str, str], people: bool
) -> tuple[dict[str, float], str]:
    """Return the first of some measures that any group has, by group, mean over seeds; ``people``: of groups such as
    ``sex=male`` or of the others."""
    groups = list(dict.fromkeys(name for result in results for name in result.groups))
    for measure in measures:
        found = {}
        for group in groups:
            values = [result.groups.get(group, {}).get(measure) for result in results]
            value = mean(values)
            if ("=" in group) is people and value is not None:
                found[group] = value
        if found:
            return found, measure
    return {}, next(iter(measures))


SCORES = (
    *PLACE,
    Column("metric", name="metric", about="The primary one first."),
    Column("value", True, name="value", about="As the evaluator says.", unit=OF_METRIC),
    Column("95% from", True, name="low", about="Lower end of the 95% interval.", unit=OF_METRIC),
    Column("95% to", True, name="high", about="Upper end of the 95% interval.", unit=OF_METRIC),
    Column("note", name="note", about="Why there is no value or no interval."),
)


def _scores(entry: Entry) -> list[dict[str, Any]]:
    return _by_metric(entry.results).rename({"name": "metric"}).rows(named=True)


def _by_metric(results: Sequence[Result]) -> pl.DataFrame:
    """Return a row per result and metric, the primary one first."""
    place = [column.name for column in PLACE]
    found = frame_of(results, (*place, "primary", "scores")).with_row_index("at")
    found = found.explode("scores", empty_as_null=False).unnest("scores")
    found = found.sort("at", pl.col("name") != pl.col("primary"), maintain_order=True)
    return found.select(*place, "name", "value", "low", "high", "note")


GROUPS = (*PLACE, Column("group", name="group", about="Of lawful people, or of those exploited or in need."))
"""Beside them stands a column per measure, whose name says what it is."""


def _groups(entry: Entry) -> tuple[list[Column], list[dict[str, Any]]]:
    """Return one row per group, one column per measure that any group has."""
    measures = dict.fromkeys(
        name for result in entry.results for values in result.groups.values() for name in values
    )
    headings = [
        *GROUPS,
        *(Column(name.replace("_", " "), True, name=name, about="", unit=_unit(name)) for name in measures),
    ]
    records = [
        {**_place(result), "group": group, **{name: values.get(name) for name in measures}}
        for result in entry.results
        for group, values in result.groups.items()
    ]
    return headings, records


COUNTED = ("units", "operations", "queries", "positives", "positive_clusters", "audited")
"""Measures of groups that are counts."""


def _unit(measure: str) -> str:
    """In what a measure of groups is counted; a rate says it in its name."""
    if measure in COUNTED:
        return "count"
    return "rate" if "_per_" in measure else SHARE


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
            "status": entry.status([result]),
            "access": result.access,
            "labels": result.labels,
            "method_version": result.versions.method,
            "config": result.config_hash[:12],
            "predictions": result.predictions.digest,
            "cpu_s": result.cost.cpu_s,
            "wall_s": None
            if result.cost.fit_s is None
            else result.cost.fit_s + (result.cost.predict_s or 0.0),
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
    if not entry.uploaded:
        return []
    uploaded, again = (
        _by_metric(results).drop("low", "high", "note") for results in (entry.uploaded, entry.results)
    )
    key = [*(column.name for column in PLACE), "name"]
    found = uploaded.join(again, on=key, maintain_order="left").rename(
        {"name": "metric", "value": "uploaded", "value_right": "reproduced"}
    )
    return found.with_columns(difference=pl.col("reproduced") - pl.col("uploaded")).rows(named=True)


def _place(result: Result) -> dict[str, Any]:
    return {"task": result.task, "split": result.split, "seed": result.seed}


BEHIND = 5
"""Other methods behind a method's scores by split."""
HARMS = {
    "false_accusations_per_unit": "false accusations per",
    "false_alarms_per_unit": "false alarms per",
    "intrusion_mrr": "intrusion",
}
RECALLS = {"recall": "recall", "urgent_recall": "urgent recall", "mrr": "mean reciprocal rank"}
"""Measures of groups, and how an axis names them; after "per" stands the unit of the task."""


class MethodAbout(NamedTuple):
    """What the config of a method that was run here says of it, on one task. ``href``: of its code, if declared."""

    task: str
    summary: str
    reference: str
    code: str
    href: str | None


def method_page(size: Size, entry: Entry, publication: Publication) -> SitePage:
    """Return the page of an entry."""
    there = size.by_entry[entry.id]
    first: dict[str, Line] = {}
    for line in there:
        first.setdefault(line["task"], line)
    path = f"{size.name}/methods/{page_id(entry.id)}.html"
    on_tasks = [_on_task(size, entry, line) for line in first.values()]
    every_line = replace(
        of_entry(size.board, there, entry.name), id="results", title="Results", size=size.name,
        shared=downloads(EVERYTHING),
    )  # fmt: skip
    views = [every_line, *method_views(size, entry)]
    statuses = list(dict.fromkeys(entry.status([result]) for result in entry.results))
    html = page(
        "method.html", ROOT, publication, path=path, current="", size=size, entry=entry, record=entry.record,
        on_tasks=on_tasks, abouts=[] if entry.record else _abouts(entry, publication),
        views={view.id: view for view in views}, statuses={name: MEANING[name] for name in statuses},
        versions=sorted({result.versions.method for result in entry.results}),
        seeds=sorted({result.seed for result in entry.results}), oracle=all(line["oracle"] for line in there),
        release=release(size.board), columns=COLUMNS_FILE,
    )  # fmt: skip
    return SitePage(path, html, views, [figure for one in on_tasks for figure in one["figures"]])


def _on_task(size: Size, entry: Entry, line: Line) -> dict[str, Any]:
    """Return a method on a task's default split, or the first that it has; ``plain``: what the score means."""
    task = task_of(line["task"])
    return {
        "task": task.name,
        "title": task.title,
        "href": f"{size.name}/tasks/{task.name}.html",
        "split": line["split"],
        "metric": axis_title(task, line["primary"]),
        "score": number(line["score"]),
        "bounds": interval(line["low"], line["high"], line["note"]),
        "share": percent(line["share_of_oracle"]),
        "plain": in_plain_words(line["primary"], line["score"]),
        "status": status_text(line),
        "access": line["access"],
        "labels": line["labels"],
        "figures": [
            Figure(f"{kind}-{task.name}", heading, text, drawing)
            for kind, heading, text, drawing in _drawings(size, entry, line)
            if drawing is not None
        ],
    }


def _drawings(size: Size, entry: Entry, line: Line) -> list[tuple[str, str, str, Drawing | None]]:
    task = task_of(line["task"])
    results = entry.of(task.name, line["split"])
    harms, harm = rates(results, HARMS, people=False)
    recalls, recall = rates(results, RECALLS, people=True)
    harm_axis, recall_axis = _axis(HARMS[harm], task), _axis(RECALLS[recall], task)
    about = f"On {line['split']}, mean over seeds."
    spam = "; spam is shown but counts as no lawful group" if "spam" in harms else ""
    others = [one for one in size.beside(line) if one is not line and not one["oracle"]]
    return [
        (
            "shift", "Where the world shifts",
            "Mean score on splits that hold a part of the world out; dotted: held-out operations alone. Grey: the best "
            "others and the reference.",
            by_split(line, best_of(others, BEHIND)),
        ),
        (
            "harm", "Who is wrongly accused", f"{_begun(harm_axis)}, by group{spam}. {about}",
            by_group(harms, f"{task.name}: {harm_axis} by group", harm_axis),
        ),
        (
            "recall", "Who is found", f"{_begun(recall_axis)}, by group of those exploited or in need. {about}",
            by_group(recalls, f"{task.name}: {recall_axis} by group", recall_axis),
        ),
    ]  # fmt: skip


def _axis(words: str, task: Task) -> str:
    return f"{words} {task.unit}" if words.endswith(" per") else f"{words} (0 to 1)"


def _begun(words: str) -> str:
    """As a sentence begins; capitals inside stay."""
    return words[:1].upper() + words[1:]


def _abouts(entry: Entry, publication: Publication) -> list[MethodAbout]:
    """Return what configs say of a method that was run here, by task."""
    found: dict[str, MethodAbout] = {}
    for result in entry.results:
        said = result.config.get("baseline")
        if not isinstance(said, dict):
            continue
        code = target_of(result) or ""
        file = f"baselines/{'/'.join(code.split('.')[:-1])}.py"
        href = publication.document(file, ROOT) if code and entry.is_reference else None
        about = MethodAbout(
            result.task, str(said.get("summary") or ""), str(said.get("reference") or ""), code, href
        )
        found.setdefault(result.task, about)
    return list(found.values())
