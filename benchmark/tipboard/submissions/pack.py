"""A submission's folder, written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError
from tipbench.runs.results import digest_of
from tipbench.tasks import score_version, task_of
from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError

from tipboard.submissions.folder import look, opened
from tipboard.submissions.gather import Gathered, Prediction
from tipboard.submissions.limits import RECORD_BYTES
from tipboard.submissions.opening import Unreadable, read_regular
from tipboard.submissions.record import RECORD, SubmissionRecord
from tipboard.submissions.record_file import Malformed, record_of, said, to_json
from tipboard.submissions.terms import columns_of


@dataclass(frozen=True)
class About:
    """What an author says of a method. ``method``, ``title`` and ``hardware`` may be told by the runs; ``authors``:
    name and affiliation."""

    team: str
    summary: str
    authors: Sequence[tuple[str, str | None]]
    method: str | None = None
    title: str | None = None
    paper: str | None = None
    code: str | None = None
    hardware: str | None = None
    package: str | None = None


def pack(gathered: Gathered, about: About, to: Path, overwrite: bool = False) -> SubmissionRecord:
    """Write a submission beside its place and rename it there; what it declares.

    Args:
        gathered: the predictions.
        about: the rest.
        to: the folder to make; its parents are made.
        overwrite: whether a submission that was packed there before may be replaced.

    Raises:
        UsageError: for what may not stand in a record, a target that may not be replaced or cannot be written, and
            predictions that are no such files.
    """
    _check_target(to, overwrite)
    # An empty folder is there and is not a submission to be kept.
    with fill_folder_atomically(to, replace=True, advice="give another --to") as beside:
        record = _record(gathered, about, [_write(one, beside) for one in gathered.predictions])
        (beside / RECORD).write_text(to_json(record), encoding="utf-8")
    return record


def _check_target(to: Path, overwrite: bool) -> None:
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise UsageError(f"{to} is there and no folder: give another --to.")
    if not to.is_dir() or not any(to.iterdir()):
        return
    if not overwrite:
        raise UsageError(f"{to} is there: give another --to, or --overwrite to replace a submission.")
    with opened(to) as descriptor:
        strange = [str(problem) for problem in look(descriptor).problems]
        try:
            record_of(read_regular(descriptor, RECORD, RECORD_BYTES))
        except (Malformed, Unreadable) as error:
            strange = [str(error)]
    if strange:
        raise UsageError(
            f"{to} is not a submission that was packed ({strange[0].rstrip('.')}): give another --to."
        )


def _write(one: Prediction, folder: Path) -> dict[str, Any]:
    """Write one file, with the columns of its task only; its entry."""
    frame = one.read()
    asked = columns_of(task_of(one.task))
    kept = [name for name in frame.columns if any(_is(name, column) for column in asked)]
    if not kept or frame.is_empty():
        raise UsageError(f"{one.source} has no predictions of {one.task}: it needs {', '.join(asked)}.")
    content = _compact(frame.select(kept))
    place = f"{one.task}/{one.split}/s{one.seed}.parquet"
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {
        "task": one.task,
        "split": one.split,
        "seed": one.seed,
        "file": place,
        "digest": digest_of(content),
        "rows": frame.height,
        "access": one.access,
        "labels": one.labels,
        "cost": one.cost,
    }


def _is(name: str, column: str) -> bool:
    return name.startswith(column[:-1]) if column.endswith("*") else name == column


def _compact(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, compression="zstd", compression_level=12, statistics=False)
    return buffer.getvalue()


def _record(gathered: Gathered, about: About, entries: list[dict[str, Any]]) -> SubmissionRecord:
    method = about.method or gathered.method
    if method is None:
        raise UsageError("The method has no name: give it as --method.")
    hardware = about.hardware or gathered.hardware
    if hardware is None:
        raise UsageError("The hardware is not known: give it as --hardware.")
    package = about.package or gathered.package
    pinned = package and {"package": package, "overrides": gathered.overrides or {}}
    content = {
        "format": 1,
        "team": about.team,
        "method": method,
        "title": about.title or method.replace("_", " "),
        "summary": about.summary,
        "authors": [{"name": name, "affiliation": place} for name, place in about.authors],
        "paper": about.paper,
        "code": about.code,
        "hardware": hardware,
        "data": gathered.data,
        "versions": {
            "data": gathered.version or gathered.data.partition("/")[0],
            "tasks": {name: score_version(name) for name in sorted({one["task"] for one in entries})},
        },
        "pinned": pinned if about.package or gathered.overrides else None,
        "predictions": entries,
    }
    try:
        return SubmissionRecord.model_validate(content)
    except ValidationError as error:
        first = str(said(error.errors(include_url=False, include_input=False)[0]))
        raise UsageError(f"{first.rstrip('.')}: correct it where it comes from.") from None
