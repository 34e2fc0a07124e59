"""The versions of a run: of its data, of what its score means, and of its method."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tipbench.data.custom.config import own_data
from tipbench.data.custom.files import all_files
from tipbench.evaluation.meaning import score_version
from tipbench.runs.cell import Cell
from tipbench.runs.digests import SHIPPED, place_of
from tipbench.runs.records import Versions
from tipbench.version import __version__

UNKNOWN = "unknown"
_CHUNK = 1 << 20


def versions_of(cell: Cell) -> Versions:
    """Return the versions as they are now. Raises UsageError where a user's own files are not there."""
    return Versions(
        data=_data_version(cell), evaluator=score_version(cell.task), method=method_version(cell.target)
    )


def _data_version(cell: Cell) -> str:
    """Return the release's version; of a user's own data SHA-256 over the names and contents of the files."""
    if cell.config["release"] is not None:
        return cell.config["release"]["version"]
    digest = hashlib.sha256()
    for named in all_files(own_data(cell.config["data"])):
        for path in sorted(p for p in named.rglob("*") if p.is_file()) if named.is_dir() else [named]:
            digest.update(path.name.encode() + b"\0")
            _add(digest, path)
    return f"sha256:{digest.hexdigest()}"


def _add(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)


def method_version(target: str) -> str:
    """Return tipbench's version for a baseline that ships with it; SHA-256 of its source for a user's own method."""
    module = target.rpartition(".")[0]
    if module.partition(".")[0] == SHIPPED:
        return __version__
    place = place_of(module.partition(".")[0])  # found without importing it: it may be for a fence
    path = None if place is None else place.find(module)
    return UNKNOWN if path is None else f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
