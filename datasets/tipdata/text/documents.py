"""Read the files of :file:`text/`, and check the shape of a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tipdata.core.world import FOLDER
from tipdata.core.yaml_lines import read_yaml


def read_document(name: str) -> Any:
    """Return one file of :file:`text/` as a plain document. Raises ValueError, with file and line, for what is none."""
    return read_yaml(document_path(name))


def document_path(name: str) -> Path:
    """Return the place of a file of :file:`text/`."""
    return FOLDER / "text" / f"{name}.yaml"


OTHER = "*"
"""In a shape: any further key."""
Shape = type | list[Any] | dict[str, Any]
"""``str``, ``int``, ``bool`` or ``list``; a list of one shape; or a mapping of keys to shapes."""
WORDS = {str: "a text", int: "a number", bool: "true or false", list: "a list"}


def find_misfits(node: object, shape: Shape, where: str, line: int) -> Iterator[tuple[int, str]]:
    """Yield the line of, and a sentence about, everything in a document that is not of its shape.

    Args:
        where: what the node is called.
        line: the node's own, or that of the last key before it.
    """
    line = getattr(node, "line", line)
    if isinstance(shape, dict):
        if not isinstance(node, dict):
            yield line, f"{where} must be a mapping and is {_kind(node)}"
            return
        for key in shape:
            if key != OTHER and key not in node:
                yield line, f"{where} has no {key}"
        for key, child in node.items():
            at = getattr(key, "line", line)
            if key not in shape and OTHER not in shape:
                yield at, f"there is no {key} in {where}"
                continue
            yield from find_misfits(child, shape[key if key in shape else OTHER], f"{where}/{key}", at)
    elif isinstance(shape, list):
        if not isinstance(node, list):
            yield line, f"{where} must be a list and is {_kind(node)}"
            return
        for child, at in zip(node, getattr(node, "lines", [line] * len(node)), strict=True):
            yield from find_misfits(child, shape[0], f"an entry of {where}", at)
    elif not isinstance(node, shape) or isinstance(node, bool) != (shape is bool):
        yield line, f"{where} must be {WORDS[shape]} and is {_kind(node)}"


def _kind(node: object) -> str:
    if isinstance(node, dict):
        return "a mapping"
    if isinstance(node, list):
        return "a list"
    if node in ("", None):
        return "empty"
    return f"{node!r}"
