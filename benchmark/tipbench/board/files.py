"""``results/``: the files that a board is rendered from, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from tipdata.errors import UsageError

from tipbench.board.collection import Run, place_of
from tipbench.board.comparisons import Compared
from tipbench.results import RESULT, Result, read_result

COMPARISONS = "comparisons.json"


@dataclass(frozen=True)
class Board:
    """The results of one release, sorted by task, split, method and seed, and the tests between them."""

    data: str
    results: Sequence[Result]
    comparisons: Sequence[Compared]


def store(results: Path, runs: Sequence[Run], comparisons: Sequence[Compared]) -> Path:
    """Copy the results of the runs to ``<results>/<version>/<size>`` in the place of what is there; its path.

    Raises UsageError where that cannot be written.
    """
    folder = results / runs[0].result.data
    beside, old = (results / f".{kind}-{os.getpid()}" for kind in ("partial", "old"))
    try:
        for run in runs:
            task, split, method, seed = place_of(run.result)
            path = beside / task / split / method / f"s{seed}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / RESULT, path)
        listed = [one.model_dump(mode="json") for one in comparisons]
        (beside / COMPARISONS).write_text(
            json.dumps(listed, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
        folder.parent.mkdir(parents=True, exist_ok=True)
        _exchange(beside, folder, old)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}; give another --to."
        ) from None
    finally:
        for left in (beside, old):
            shutil.rmtree(left, ignore_errors=True)
    return folder


def _exchange(beside: Path, folder: Path, old: Path) -> None:
    """Put ``beside`` in the place of ``folder``, which is back where it was if that fails."""
    if folder.exists():
        folder.rename(old)
    try:
        beside.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises UsageError where that cannot be done."""
    beside = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror or error}; give another --to.") from None


def read(results: Path) -> Board:
    """The board of the newest version's largest size in ``results``: the one that is shown.

    Raises UsageError where there is none, or a file is not what it should be.
    """
    from tipdata.world import sizes, versions

    order = [f"{version}/{size}" for version in versions() for size in sizes()]
    there = [name for name in order if (results / name).is_dir()]
    if not there:
        raise UsageError(
            f"{results} holds no results of a release: make them with `tipbench board results --runs`."
        )
    folder = results / there[-1]
    found = [read_result(path) for path in folder.rglob("s*.json")]
    return Board(there[-1], sorted(found, key=place_of), _comparisons(folder / COMPARISONS))


def _comparisons(path: Path) -> list[Compared]:
    try:
        return TypeAdapter(list[Compared]).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise UsageError(
            f"{path} holds no comparisons: {said}; make them with `tipbench board results`."
        ) from None
