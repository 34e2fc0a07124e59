"""The files of :file:`text/`: read as plain documents, or with the line that each value stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipdata.core.lines import read_lines, read_plain
from tipdata.core.world import FOLDER


def read(name: str) -> Any:
    """Return one file of :file:`text/` as a plain document. Raises ValueError, with file and line, for what is none."""
    return read_plain(path_of(name))


def read_with_lines(name: str) -> Any:
    """Return one file of :file:`text/` with its lines; see :func:`tipdata.core.lines.read_lines`."""
    return read_lines(path_of(name))


def path_of(name: str) -> Path:
    """Return the place of a file of :file:`text/`."""
    return FOLDER / "text" / f"{name}.yaml"
