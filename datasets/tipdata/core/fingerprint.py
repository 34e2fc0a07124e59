"""What decides the content of a version of the data, as one digest: code, parameters, constants and texts."""

from __future__ import annotations

import hashlib
from functools import cache

from tipcore.sources import token_digest

from tipdata.core import world

GENERATOR = ("core", "stages", "text", "release/region.py")
"""Folders and files whose code and tables decide what a region holds."""


@cache
def fingerprint(version: str, size: str = "") -> str:
    """Return the hex SHA-256 of all that decides a version's content: code, parameters, constants and texts; of a
    size with a profile, that too.

    Comments, docstrings and notes do not enter.
    """
    digest = hashlib.sha256(world.parameters_digest(version, size).encode())
    places = [world.FOLDER / name for name in GENERATOR]
    files = [f for place in places for f in (place.rglob("*") if place.is_dir() else [place])]
    for file in sorted(files):
        if file.suffix in (".py", ".yaml", ".npz"):
            content = file.read_bytes()
            content = token_digest(content).encode() if file.suffix == ".py" else content
            digest.update(file.relative_to(world.FOLDER).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()
