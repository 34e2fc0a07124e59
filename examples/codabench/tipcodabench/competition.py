"""Check ``competition.yaml`` against the format that the host documents, so that no bundle is made that it refuses.

``competition.schema.json`` beside this module says what each key may hold, and as ``$comment`` where that is written:
*docs* are the host's pages "Yaml Structure", "Competition Bundle Structure" and "Leaderboard Functionality"
(docs.codabench.org, Organizers, Benchmark Creation); *source* is a file of the public repository codalab/codabench.
What a schema cannot say (references resolve, phases follow each other, files are there) are rules of this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

YAML = "competition.yaml"
SCHEMA = Path(__file__).with_name("competition.schema.json")
TIME = "%Y-%m-%d %H:%M:%S"

Competition = Mapping[str, Any]
"""What ``competition.yaml`` holds."""

_FORMATS = FormatChecker(formats=())


class NotTaken(ValueError):
    """The host would refuse it. ``where``: the key, its parts joined by dots."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}")
        self.where, self.reason = where, reason


def check_competition(competition: Competition) -> None:
    """Check what ``competition.yaml`` is to hold.

    Raises NotTaken for the first thing that the host would refuse.
    """
    errors = sorted(_validator().iter_errors(competition), key=lambda error: list(map(str, error.path)))
    for error in errors:
        reason = str(error.cause) if error.validator == "format" else error.message
        raise NotTaken(".".join(map(str, error.path)) or YAML, reason)
    for reason in (*_lost_references(competition), *_conflicts_of_phases(competition["phases"])):
        raise NotTaken(YAML, reason)


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")), format_checker=_FORMATS)


@_FORMATS.checks("utc-time", raises=ValueError)
def _is_time(text: object) -> bool:
    return not isinstance(text, str) or bool(datetime.strptime(text, TIME))


@_FORMATS.checks("path-in-bundle", raises=ValueError)
def _is_path(text: object) -> bool:
    if isinstance(text, str):
        steps = text.removesuffix("/").split("/")
        if text.startswith("/") or "\\" in text or any(step in ("", ".", "..") for step in steps):
            raise ValueError("is not a path within the bundle")
    return True


@_FORMATS.checks("no-blank", raises=ValueError)
def _has_no_blank(text: object) -> bool:
    if isinstance(text, str) and re.search(r"\s", text):
        raise ValueError("holds a blank")
    return True


def _lost_references(competition: Competition) -> Iterator[str]:
    """Yield what names something that is not there, or something that is there twice.

    Source apps/competitions/unpackers/v2.py, _unpack_tasks and _unpack_solutions; base_unpacker.py.
    """
    known = [task["index"] for task in competition["tasks"]]
    solutions = competition.get("solutions", ())
    yield from _repeated("task indexes", known)
    yield from _repeated("solution indexes", (solution["index"] for solution in solutions))
    for phase in competition["phases"]:
        yield from _unresolved(f"phase {phase['name']}", phase["tasks"], known)
    for solution in solutions:
        yield from _unresolved(f"solution {solution['index']}", solution["tasks"], known)
    for key, question in competition.get("fact_sheet", {}).items():
        if key != question["key"]:
            yield f"question {key} has the key {question['key']}"
    for leaderboard in competition["leaderboards"]:
        yield from _problems_of_columns(leaderboard["columns"])


def _problems_of_columns(columns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield source apps/api/serializers/leaderboards.py, ColumnSerializer.validate and validate_columns."""
    indexes = [column["index"] for column in columns]
    yield from _repeated("column keys", (column["key"] for column in columns))
    yield from _repeated("column indexes", indexes)
    for column in columns:
        key, others = column["key"], column.get("computation_indexes", [])
        if ("computation" in column) != bool(others):
            yield f"column {key} has a computation or its indexes, not both"
        if column["index"] in others:
            yield f"column {key} is computed of itself"
        yield from _unresolved(f"column {key}", others, indexes)


def _conflicts_of_phases(phases: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield source apps/competitions/unpackers/base_unpacker.py, _validate_phase_ordering: a shared moment
    conflicts."""
    ordered = sorted(phases, key=lambda phase: phase.get("index", 0))
    for phase in ordered:
        if "end" in phase and phase["end"] <= phase["start"]:
            yield f"phase {phase['name']} ends before it starts"
    for one, after in pairwise(ordered):
        if "end" not in one or one["end"] >= after["start"]:
            yield f"phase {one['name']} has not ended when {after['name']} starts"
    if ordered[0].get("auto_migrate_to_this_phase"):
        yield f"phase {ordered[0]['name']} is the first: nothing migrates to it"


def files_of(competition: Competition) -> list[str]:
    """Return every file and folder that is named, in the order of the format."""
    named = _texts_of(competition)
    for phase in competition["phases"]:
        named += [phase.get("starting_kit"), phase.get("public_data")]
    for task in competition["tasks"]:
        keys = ("scoring_program", "reference_data", "input_data", "ingestion_program")
        named += [task.get(key) for key in keys]
    named += [solution["path"] for solution in competition.get("solutions", ())]
    return [name for name in named if name]


def problems_of_files(competition: Competition, contents: Mapping[str, bytes]) -> list[str]:
    """Return what is wrong with the files that ``competition.yaml`` names, one clause each.

    Args:
        competition: checked.
        contents: path -> bytes of all that is in the bundle.
    """
    problems = [f"{name} is not there" for name in files_of(competition) if not _is_there(name, contents)]
    empty = (name for name in _texts_of(competition) if name in contents and not contents[name].strip())
    return problems + [f"{name} is empty" for name in empty]


def _texts_of(competition: Competition) -> list[str]:
    """Return the files that may not be empty."""
    return [competition["image"], competition["terms"], *(page["file"] for page in competition["pages"])]


def _is_there(name: str, contents: Mapping[str, bytes]) -> bool:
    """Return whether it is a file, or a folder with anything in it."""
    return name in contents or any(path.startswith(f"{name.removesuffix('/')}/") for path in contents)


def _repeated(what: str, values: Iterable[object]) -> Iterator[str]:
    listed = list(values)
    if len(set(listed)) < len(listed):
        yield f"{what} are not distinct"


def _unresolved(what: str, named: Iterable[int], known: Iterable[int]) -> Iterator[str]:
    lost = sorted(set(named) - set(known))
    if lost:
        yield f"{what} names the index {lost[0]}, which nothing has"
