"""Read a release as it is written everywhere: ``release=0.4.0/tiny`` and ``release=0.4.0/tiny.w3``."""

from __future__ import annotations

import re
from collections.abc import Collection

from tipcore.errors import UsageError
from tipdata.core.world import entry_of, parts_of, versions

RELEASE = "release"
VERSION = re.compile(r"\d+\.\d+\.\d+")


def spelt_out(name: str, options: Collection[str]) -> dict[str, str]:
    """Return the settings that a name of a release stands for, by their keys: its size, and version and world where it
    has them; the name as it is where it is an option's, or none of a release.

    Raises UsageError for a version without a size.
    """
    if name in options:
        return {RELEASE: name}
    if name in versions():
        entry_of(name)
        raise UsageError(
            f"release={name} is a version of every size: write release={name}/tiny, or another size."
        )
    version, size, world = parts_of(name)
    if version and not VERSION.fullmatch(version):
        return {RELEASE: name}
    found = {RELEASE: size, f"{RELEASE}.version": version, f"{RELEASE}.world": world}
    return {key: value for key, value in found.items() if value}
