"""The small changes that a file can have, as places in its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
ARITHMETIC = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
LOGIC = {ast.And: ("and", "or"), ast.Or: ("or", "and")}


@dataclass(frozen=True)
class Change:
    """Other words in one place of a text. ``start``, ``end``: bytes of the text in UTF-8; ``line``: from 1."""

    line: int
    start: int
    end: int
    before: str
    after: str

    def applied(self, text: str) -> str:
        """Return the text with this change."""
        raw = text.encode()
        return (raw[: self.start] + self.after.encode() + raw[self.end :]).decode()


class _Places:
    """Where the nodes of a text are, in bytes."""

    def __init__(self, text: str) -> None:
        self.raw = text.encode()
        self.starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def start(self, node: ast.expr) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr) -> int:
        return self.starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    def change(self, start: int, before: str, after: str) -> Change:
        line = self.raw.count(b"\n", 0, start) + 1
        return Change(line, start, start + len(before.encode()), before, after)

    def between(self, left: ast.expr, right: ast.expr, swap: tuple[str, str]) -> Change:
        """Return the change of the operator between two nodes; what else may stand there are brackets."""
        return self.change(self.raw.index(swap[0].encode(), self.end(left)), *swap)


def changes_of(text: str) -> Iterator[Change]:
    """Yield every change of a text that still is Python; slices of types and f-string texts have none."""
    tree = ast.parse(text)
    places = _Places(text)
    for node in _code(tree):
        for change in _of(node, places):
            ast.parse(change.applied(text))
            yield change


def _of(node: ast.AST, places: _Places) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for n, operator in enumerate(node.ops):
            if type(operator) in COMPARISONS:
                yield places.between(operands[n], operands[n + 1], COMPARISONS[type(operator)])
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC and not _is_path(node):
        yield places.between(node.left, node.right, ARITHMETIC[type(node.op)])
    elif isinstance(node, ast.BoolOp):
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield places.between(left, right, LOGIC[type(node.op)])
    elif isinstance(node, ast.If) and _is_guard(node):
        start, end = places.start(node.test), places.end(node.test)
        yield places.change(start, places.raw[start:end].decode(), "False")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield places.change(places.start(node), "not ", "")
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        before = places.raw[places.start(node) : places.end(node)].decode()
        after = repr(not node.value) if isinstance(node.value, bool) else repr(node.value + 1)
        yield places.change(places.start(node), before, after)


def _is_guard(node: ast.If) -> bool:
    """Whether an ``if`` does nothing but leave: without it a refusal or a special case is gone."""
    return len(node.body) == 1 and isinstance(node.body[0], ast.Raise | ast.Return | ast.Continue)


def _is_path(node: ast.BinOp) -> bool:
    """Whether a name is put behind a folder: with another operator it would only be an error."""
    right = node.right
    text = isinstance(right, ast.JoinedStr) or (
        isinstance(right, ast.Constant) and isinstance(right.value, str)
    )
    constant = isinstance(right, ast.Name) and right.id.isupper()
    return isinstance(node.op, ast.Div) and (text or constant)


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a tree that do something: no annotations, no formats of f-strings, no bases of classes."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "bases", "decorator_list", "format_spec"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                yield node
                yield from _code(node)
