"""What installed packages add to tipbench: the entry points of a group, read from the packages' ``entry_points.txt``.

The form of the files: https://packaging.python.org/en/latest/specifications/entry-points/. ``importlib.metadata``
reads the same, but importing it takes longer than all of ``tipbench --help``.
"""

import os
import sys
from typing import NamedTuple


class EntryPoint(NamedTuple):
    """One line ``name = value`` of a group, and the distribution that has it."""

    name: str
    value: str
    package: str


def entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, by package and in the order of its file.

    Of a distribution that is installed twice, the one that comes first in ``sys.path`` counts.
    """
    folders: dict[str, str] = {}
    for place in sys.path:
        try:
            names = os.listdir(place or os.curdir)
        except OSError:
            continue  # a zip file, or a folder that is not there
        for name in names:
            if name.endswith(".dist-info"):
                package = name.partition("-")[0].lower().replace(".", "_")
                folders.setdefault(package, os.path.join(place, name))
    return [entry for package in sorted(folders) for entry in _read(folders[package], package, group)]


def _read(folder: str, package: str, group: str) -> list[EntryPoint]:
    try:
        with open(os.path.join(folder, "entry_points.txt"), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except (OSError, UnicodeDecodeError):
        return []  # most packages have none
    found, section = [], ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif section == group and line and line[0] not in "#;":
            name, _, value = line.partition("=")
            found.append(EntryPoint(name.strip(), value.strip(), package))
    return found
