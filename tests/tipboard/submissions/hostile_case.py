"""A submission that is fine, a copy of it to spoil, and the list of the ways to do that."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from tipbench.kinds.estimates import ESTIMATE_COLUMNS
from tipbench.loading import prepare
from tipbench.tasks import score_version, tasks

Expected = Literal["refused", "inert", "either"]
"""Refused; accepted, since it is legal text that is shown escaped; either, as long as it does no harm."""

ESTIMATES, SCORES, CLUSTERS = (
    "prevalence/all/s0.parquet",
    "flag_aggregation/forward/s0.parquet",
    "advert_linkage/forward/s0.parquet",
)


@dataclass
class Case:
    """A copy of the base submission that a kind spoils. ``outside`` lies beside it and must stay as it is.

    ``number``: of the case within its kind, so that kinds can go through a list of tricks. ``draw``: keyed to both.
    """

    folder: Path
    outside: Path
    number: int
    draw: np.random.Generator
    record: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.record = json.loads((self.folder / "submission.json").read_text(encoding="utf-8"))

    def one_of(self, tricks: list[Any]) -> Any:
        """The trick of this case's number, in turn."""
        return tricks[self.number % len(tricks)]

    def path(self, file: str = ESTIMATES) -> Path:
        return self.folder / file

    def frame(self, file: str = ESTIMATES) -> pl.DataFrame:
        return pl.read_parquet(self.path(file))

    def entry(self, file: str = ESTIMATES) -> dict[str, Any]:
        return next(one for one in self.record["predictions"] if one["file"] == file)

    def keep(self, file: str) -> None:
        """Leave this file only."""
        for one in self.record["predictions"]:
            if one["file"] != file:
                shutil.rmtree(self.folder / one["task"])
        self.record["predictions"] = [self.entry(file)]
        self.write_record()

    def write(self, content: bytes, file: str = ESTIMATES, rows: int | None = None) -> None:
        """Put bytes in the place of a file, with their digest in the record."""
        self.path(file).write_bytes(content)
        self.entry(file)["digest"] = digest(content)
        if rows is not None:
            self.entry(file)["rows"] = rows
        self.write_record()

    def write_frame(self, frame: pl.DataFrame, file: str = ESTIMATES) -> None:
        self.write(parquet(frame), file, frame.height)

    def write_record(self) -> None:
        text = json.dumps(self.record, ensure_ascii=True)
        (self.folder / "submission.json").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Kind:
    """One way to be hostile. ``cases``: how many different ones of it there are worth making."""

    name: str
    expected: Expected
    cases: int
    spoil: Callable[[Case], None]


KINDS: dict[str, Kind] = {}


def kind(expected: Expected, cases: int) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Register a way to spoil a case under the name of its function."""

    def register(spoil: Callable[[Case], None]) -> Callable[[Case], None]:
        if spoil.__name__ in KINDS:
            raise ValueError(f"two kinds are named {spoil.__name__}")
        KINDS[spoil.__name__] = Kind(spoil.__name__, expected, cases, spoil)
        return spoil

    return register


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parquet(frame: pl.DataFrame, **options: Any) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, **options)
    return buffer.getvalue()


def arrow_file(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def base(folder: Path) -> Path:
    """A submission on tiny that is accepted: estimates, scores and clusters."""
    frames = {ESTIMATES: _estimates(), SCORES: _scores(), CLUSTERS: _clusters()}
    entries = []
    for file, frame in frames.items():
        task, split, _ = file.split("/")
        content = parquet(frame)
        (folder / file).parent.mkdir(parents=True)
        (folder / file).write_bytes(content)
        entries.append(
            {
                "task": task,
                "split": split,
                "seed": 0,
                "file": file,
                "digest": digest(content),
                "rows": frame.height,
                "access": tasks()[task].tier,
                "labels": tasks()[task].labels[0],
                "cost": {"fit_s": 1.0, "predict_s": None, "cpu_s": 1.5, "peak_mib": 12.0},
            }
        )
    record = {
        "format": 1,
        "team": "acme",
        "method": "mine",
        "title": "Mine",
        "summary": "A constant.",
        "authors": [{"name": "A. Author", "affiliation": "Acme University"}],
        "paper": None,
        "code": "https://code.example/mine",
        "hardware": "2 cores",
        "data": "0.4.0/tiny",
        "versions": {"data": "0.4.0", "tasks": {one["task"]: score_version(one["task"]) for one in entries}},
        "pinned": None,
        "predictions": entries,
    }
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def _units(task: str, split: str) -> pl.DataFrame:
    answers = prepare(task, release="0.4.0/tiny", split=split).answers
    return answers.frame.select(answers.unit)


def _estimates() -> pl.DataFrame:
    values = dict(zip(ESTIMATE_COLUMNS, (1000.0, 500.0, 2000.0), strict=True))
    return _units("prevalence", "all").with_columns(**{name: pl.lit(value) for name, value in values.items()})


def _scores() -> pl.DataFrame:
    units = _units("flag_aggregation", "forward")
    return units.with_columns(score=(pl.int_range(pl.len()) % 7 / 7).cast(pl.Float32))


def _clusters() -> pl.DataFrame:
    units = _units("advert_linkage", "forward")
    return units.with_columns(cluster="c" + (pl.int_range(pl.len()) % 50).cast(pl.String))


def case_of(made: Path, one: Kind, number: int, into: Path) -> Case:
    """A copy of the base in ``into``, spoilt in the way of a kind."""
    key = int.from_bytes(hashlib.sha256(f"{one.name}/{number}".encode()).digest()[:8], "big")
    folder, outside = into / "submission", into / "outside"
    shutil.copytree(made, folder)
    outside.mkdir()
    (outside / "kept.txt").write_text("not to be touched", encoding="utf-8")
    case = Case(folder, outside, number, np.random.default_rng(key))
    one.spoil(case)
    return case


def names_below(folder: Path) -> list[str]:
    """All that is below a folder, without following links."""
    return sorted(
        os.path.join(top, name) for top, below, files in os.walk(folder) for name in (*below, *files)
    )


def fingerprint(folder: Path) -> str:
    """SHA-256 of the names, kinds, targets and contents below a folder; of large files only the beginning."""
    found = hashlib.sha256()
    for name in names_below(folder):
        status = os.lstat(name)
        place = os.path.relpath(name, folder)
        found.update(
            os.fsencode(f"{place}\0{stat.S_IFMT(status.st_mode)}\0{status.st_size}\0{status.st_nlink > 1}\0")
        )
        if stat.S_ISLNK(status.st_mode):
            found.update(os.fsencode(os.readlink(name).replace(str(folder.parent), "")))
        elif stat.S_ISREG(status.st_mode):
            with open(name, "rb") as file:
                found.update(file.read(1 << 20))
    return found.hexdigest()
