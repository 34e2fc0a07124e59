"""The parameters of a world file by dotted path, refused where one is not sound or no code asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tipdata.core.asked import unasked
from tipdata.core.grounds import fault_of
from tipdata.core.lines import line_of, read_lines

LEAVES = ("value", "range")
Entry = dict[str, Any]


def entries(document: Any, path: Path) -> dict[str, Entry]:
    """Return every parameter of a document, in its order.

    ``path``: the file that it was read from. Raises ValueError, with file, line and parameter.
    """
    listed = dict(_leaves(document, "", path))
    for name in unasked(listed):
        raise ValueError(
            f"{_place(path, name)}: {name} is asked for by no code: mend its name, or delete it."
        )
    return listed


def _leaves(node: Any, name: str, path: Path) -> Iterator[tuple[str, Entry]]:
    if not isinstance(node, dict) or not node:
        raise ValueError(
            f"{_place(path, name)}: {name or 'the file'} is neither a group nor a parameter with value or range."
        )
    for key, child in node.items():
        here = f"{name}.{key}" if name else str(key)
        if not (isinstance(child, dict) and any(leaf in child for leaf in LEAVES)):
            yield from _leaves(child, here, path)
        elif said := fault_of(child):
            raise ValueError(f"{_place(path, here)}: {here} {said}.")
        else:
            yield here, child


def _place(path: Path, name: str) -> str:
    """Return file and line of a parameter; the file alone where it cannot be read any more."""
    with suppress(ValueError):
        node, line = read_lines(path), 1
        for key in name.split("."):
            line = line_of(node, key, line)
            node = node.get(key, {}) if isinstance(node, dict) else {}
        return f"{path.name}, line {line}"
    return path.name
