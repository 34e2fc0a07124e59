"""Say what an answer reaches for that no answer needs, for a lecturer to look at: a hint, and no defence."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

PLAIN = {
    "__future__", "bisect", "collections", "datetime", "decimal", "fractions", "functools", "heapq", "itertools",
    "math", "numpy", "operator", "polars", "random", "re", "statistics", "string", "typing",
}  # fmt: skip
"""What an answer may import without a word."""
DOORS = {
    "__import__", "breakpoint", "compile", "eval", "exec", "getattr", "globals", "locals", "open", "vars",
}  # fmt: skip
"""Names through which Python reaches everything."""
OURS = re.compile(r"tipcourse|tipbench|tipdata|solutions_of|exercises_of")


def reached_for(source: str) -> list[str]:
    """Return modules, names and words of a cell that no answer needs; none of a cell that is no Python."""
    try:
        read = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return sorted({one for node in ast.walk(read) for one in _reached(node)})


def _reached(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names if one.name.partition(".")[0] not in PLAIN)
    elif isinstance(node, ast.ImportFrom):
        module = node.module or "."
        if module.partition(".")[0] not in PLAIN:
            yield module
    elif isinstance(node, ast.Name) and (node.id in DOORS or OURS.search(node.id)):
        yield node.id
    elif isinstance(node, ast.Attribute) and (node.attr.startswith("__") or OURS.search(node.attr)):
        yield node.attr
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from OURS.findall(node.value)
