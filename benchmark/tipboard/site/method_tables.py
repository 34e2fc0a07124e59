"""The tables of a method's page: all scores, groups, provenance, and uploaded numbers beside reproduced ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tipbench.runs.records import Scored
from tipbench.runs.report import mean
from tipbench.runs.results import Result

from tipboard.board.collection import place_of
from tipboard.board.columns import OF_METRIC, OVERALL
from tipboard.board.entries import Entry
from tipboard.board.export import WARNING, Heading, Table, release
from tipboard.board.formats import to_csv, to_parquet, zipped
from tipboard.board.units import SHARE
from tipboard.site.sizes import Size
from tipboard.site.tables import Download, View, filters, of_records

TASK = Heading("task", "task", "What is asked.", False)
SPLIT = Heading("split", "split", "What separates training from test.", False)
SEED = Heading("seed", "seed", "Of the method.", True, "number")
PLACE = (TASK, SPLIT, SEED)
COLUMNS_FILE = "data/columns.js"


def method_views(size: Size, entry: Entry) -> list[View]:
    """Return every table but that of its lines; those without rows are left out."""
    said = f"{release(size.board)}. {WARNING}"
    found = (
        ("scores", "All scores", f"All scores of {entry.name}. {said}", SCORES, _scores(entry)),
        ("groups", "By group", f"{entry.name} by group. {said}", *_groups(entry)),
        ("runs", "Provenance", f"Where the results of {entry.name} come from. {said}", RUNS, _runs(entry)),
        ("uploaded", "Uploaded and reproduced", f"Uploaded and reproduced scores of {entry.name}. {said}", BOTH,
         _both(entry)),
    )  # fmt: skip
    return [
        _view(size.name, name, title, of_records(caption, headings, records))
        for name, title, caption, headings, records in found
        if records
    ]


def _view(size: str, name: str, title: str, table: Table) -> View:
    keys = {"scores": ("task", "split", "metric", "seed"), "groups": ("task", "split", "group", "seed")}.get(
        name, ()
    )
    kept = [one for one in filters(table, keys) if len(one.options) > 1]
    shared = [
        Download("CSV (zip)", f"{_path(size, name)}.csv.zip"),
        Download("Parquet", f"{_path(size, name)}.parquet"),
    ]
    return View(name, title, table, filters=kept, shared=shared, exact=False)


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
            table = Table("", (), (), records)
            yield f"{_path(size.name, name)}.parquet", to_parquet(table)
            yield f"{_path(size.name, name)}.csv.zip", zipped(f"methods-{name}.csv", to_csv(table))


def columns_script() -> str:
    """Return what the columns of these tables mean, by table and column, which every page of a method reads."""
    of_table = {"results": OVERALL, "scores": SCORES, "groups": GROUPS, "runs": RUNS, "uploaded": BOTH}
    said = {table: {one.key: one.about for one in columns} for table, columns in of_table.items()}
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
    Heading("metric", "metric", "The primary one first.", False),
    Heading("value", "value", "As the evaluator says.", True, OF_METRIC),
    Heading("low", "95% from", "Lower end of the 95% interval.", True, OF_METRIC),
    Heading("high", "95% to", "Upper end of the 95% interval.", True, OF_METRIC),
    Heading("note", "note", "Why there is no value or no interval.", False),
)


def _scores(entry: Entry) -> list[dict[str, Any]]:
    return [
        {
            **_place(result),
            "metric": name,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "note": one.note,
        }
        for result in entry.results
        for name, one in _primary_first(result)
    ]


def _primary_first(result: Result) -> list[tuple[str, Scored]]:
    return sorted(result.scores.items(), key=lambda item: item[0] != result.primary)


GROUPS = (*PLACE, Heading("group", "group", "Of lawful people, or of those exploited or in need.", False))
"""Beside them stands a column per measure, whose name says what it is."""


def _groups(entry: Entry) -> tuple[list[Heading], list[dict[str, Any]]]:
    """Return one row per group, one column per measure that any group has."""
    measures = dict.fromkeys(
        name for result in entry.results for values in result.groups.values() for name in values
    )
    headings = [
        *GROUPS,
        *(Heading(name, name.replace("_", " "), "", True, _unit(name)) for name in measures),
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
    Heading("status", "status", "Run here, reproduced, or self-reported.", False),
    Heading("access", "access", "The most private data shown.", False),
    Heading("labels", "labels", "What it learnt from.", False),
    Heading("method_version", "method version", "Of tipbench, or the digest of the source or wheel.", False),
    Heading("config", "config", "Start of the digest of the config.", False),
    Heading("predictions", "predictions' digest", "Of the file that was scored.", False),
    Heading("cpu_s", "CPU s", "Seconds to fit, predict and score.", True),
    Heading("wall_s", "wall s", "Seconds to fit and predict.", True),
    Heading("peak_mib", "MiB", "Peak memory over that at the start.", True),
    Heading("environment", "environment", "System, and versions of packages.", False),
    Heading("notes", "notes and warnings", "As the evaluator says.", False),
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
    Heading("metric", "metric", "The primary one first.", False),
    Heading("uploaded", "uploaded", "Score of the uploaded predictions.", True, OF_METRIC),
    Heading("reproduced", "reproduced", "Score of the maintainers' own run.", True, OF_METRIC),
    Heading("difference", "difference", "Reproduced − uploaded.", True, OF_METRIC),
)


def _both(entry: Entry) -> list[dict[str, Any]]:
    again = {place_of(result): result for result in entry.results}
    return [
        {**_place(result), "metric": name, "uploaded": one.value, "reproduced": mine.value,
         "difference": None if one.value is None or mine.value is None else mine.value - one.value}
        for result in entry.uploaded
        for name, one in _primary_first(result)
        if place_of(result) in again and (mine := again[place_of(result)].scores.get(name)) is not None
    ]  # fmt: skip


def _place(result: Result) -> dict[str, Any]:
    return {"task": result.task, "split": result.split, "seed": result.seed}
