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
    listed = dict(leaves(document, "", path))
    for name in unasked(listed):
        raise ValueError(
            f"{place_of(path, name)}: {name} is asked for by no code: mend its name, or delete it."
        )
    return listed


def leaves(
    node: Any, name: str, path: Path, below: str = "", own: bool = False
) -> Iterator[tuple[str, Entry]]:
    """Yield the parameters below a node of a document, each by dotted path, once it is known to be sound.

    Args:
        node: the node.
        name: its own dotted path, '' for all parameters.
        path: the file that it was read from.
        below: the key of the document that the parameters stand under, '' for the document itself.
        own: whether it is a user's own world, whose magnitudes may be calibrated on a private table.

    Raises:
        ValueError: with file, line and parameter, for one that is not sound.
    """
    if not isinstance(node, dict) or not node:
        raise ValueError(
            f"{place_of(path, name, below)}: {name or below or 'the file'} is neither a group nor a parameter with "
            "value or range."
        )
    for key, child in node.items():
        here = f"{name}.{key}" if name else str(key)
        if not (isinstance(child, dict) and any(leaf in child for leaf in LEAVES)):
            yield from leaves(child, here, path, below, own)
        elif said := fault_of(child, own):
            raise ValueError(f"{place_of(path, here, below)}: {here} {said}.")
        else:
            yield here, child


def place_of(path: Path, name: str, below: str = "") -> str:
    """Return file and line of a parameter; the file alone where it cannot be read any more."""
    with suppress(ValueError):
        node, line = read_lines(path), 1
        left = f"{below}.{name}" if below and name else below or name
        while left and isinstance(node, dict):
            # A key may hold dots: the longest that begins what is left is the one.
            keys = [k for k in node if left == str(k) or left.startswith(f"{k}.")]
            if not keys:
                break
            key = max(keys, key=lambda k: len(str(k)))
            node, line, left = node[key], line_of(node, key, line), left[len(str(key)) + 1 :]
        return f"{path.name}, line {line}"
    return path.name
