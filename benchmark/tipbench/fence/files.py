"""A fold as files: the host writes it, and what is behind the fence reads it."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import polars as pl

from tipbench.data.fold import Fold, detach

FACTS, TABLES, NAMES = "fold.pickle", "tables", "names"
FRAMES = ("parts", "supervision", "pair_supervision")
READABLE = 0o755


def write_fold(fold: Fold, folder: Path) -> None:
    """Write the tables and facts of a fold to an empty folder of the host's, for the fence's user to read."""
    folder.chmod(READABLE)
    for below, tables in ((TABLES, fold.tables), (NAMES, fold.names)):
        (folder / below).mkdir()
        (folder / below).chmod(READABLE)
        for name, table in tables.items():
            _write(table.lazy().collect(), folder / below / f"{name}.arrow")
    for name in FRAMES:
        if (frame := getattr(fold, name)) is not None:
            _write(frame, folder / f"{name}.arrow")
    # Read behind the fence alone, and written by the host alone.
    facts = folder / FACTS
    facts.write_bytes(pickle.dumps((fold.task, list(fold.tables), fold.apart)))
    facts.chmod(0o644)


def read_fold(folder: Path) -> Fold:
    """Return the fold that a folder holds; its tables are read when they are used."""
    task, tables, apart = pickle.loads((folder / FACTS).read_bytes())  # nosec B301 # the host wrote it
    frames = {
        name: _read(folder / f"{name}.arrow") if (folder / f"{name}.arrow").is_file() else None
        for name in FRAMES
    }
    return Fold(
        task=task,
        tables={name: pl.scan_ipc(folder / TABLES / f"{name}.arrow", glob=False) for name in tables},
        apart=apart,
        names={path.stem: _read(path) for path in sorted((folder / NAMES).iterdir())},
        **frames,  # type: ignore[arg-type]
    )


def _read(path: Path) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(path.read_bytes()))


def _write(frame: pl.DataFrame, path: Path) -> None:
    detach(frame).write_ipc(path, compression="uncompressed")
    path.chmod(0o644)
