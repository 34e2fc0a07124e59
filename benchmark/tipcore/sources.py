"""Digests of source code: the files that decide what a module computes, and one digest of them.

Files are found without being imported, and Python files count by their tokens: comments, docstrings, blank lines,
line ends and the width of an indentation may change and the digest stays. Every other token counts. An f-string is
one token, as it was before Python 3.12, so that every interpreter gives the same digest. A file that is not Python
counts by its content, where a module beside it names it in a string.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

UNSEEN = {"COMMENT", "NL", "ENCODING", "TYPE_COMMENT", "TYPE_IGNORE"}
"""Kinds of tokens that compute nothing."""
SHAPES = {"NEWLINE", "INDENT", "DEDENT"}
"""Kinds of tokens that count, but not the text in which they are written."""
BETWEEN = {"INDENT", "DEDENT"}
"""Kinds of tokens that stand before a statement and are none of it."""
FILE_NAME = re.compile(r"[^/\\\0\n]*\.[^/\\\0\n]*")
"""A string that may name a file beside its module."""

Token = tuple[str, str]
"""Kind and text."""


def token_digest(source: bytes) -> str:
    """Return the hex SHA-256 of the tokens of a Python file's content, without those that only a reader sees.

    Raises SyntaxError and tokenize.TokenError for a text that is not Python.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = io.TextIOWrapper(io.BytesIO(source), encoding).read()
    digest = hashlib.sha256()
    for kind, written in _without_docstrings(_tokens(text)):
        digest.update(f"{kind} {len(written)} {written}\n".encode())
    return digest.hexdigest()


def _tokens(text: str) -> Iterator[Token]:
    """Yield the tokens that count, each f-string (and t-string) whole."""
    lines = io.StringIO(text).readlines()
    depth, start = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind in ("FSTRING_START", "TSTRING_START"):
            start = start if depth else token.start
            depth += 1
        elif kind in ("FSTRING_END", "TSTRING_END"):
            depth -= 1
            if not depth:
                yield "STRING", _between(lines, start, token.end)
        elif not depth and kind not in UNSEEN:
            yield kind, "" if kind in SHAPES else token.string


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from one place to another; a place is a line, from 1, and a column, from 0."""
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first - 1][left:right]
    return "".join([lines[first - 1][left:], *lines[first : last - 1], lines[last - 1][:right]])


def _without_docstrings(tokens: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens without statements that are nothing but a string: docstrings, also those of attributes."""
    statement: list[Token] = []
    for token in tokens:
        statement.append(token)
        if token[0] in ("NEWLINE", "ENDMARKER"):
            body = [t for t in statement[:-1] if t[0] not in BETWEEN]
            said = bool(body) and all(_is_plain_string(t) for t in body)
            yield from [t for t in statement if t[0] in BETWEEN] if said else statement
            statement = []


def _is_plain_string(token: Token) -> bool:
    """Return whether a token is a string whose evaluation does nothing (an f-string's may)."""
    kind, written = token
    prefix = written.lower().partition('"')[0].partition("'")[0]
    return kind == "STRING" and not set(prefix) & {"f", "t"}


@dataclass(frozen=True)
class CodePlace:
    """A folder on the import path, and the modules in it that count.

    ``names``: modules and packages with all that is in them; without any, everything in the folder counts.
    """

    folder: Path
    names: tuple[str, ...] = ()

    def find(self, module: str) -> Path | None:
        """Return the file of a module that counts; None for any other."""
        if self.names and not any(module == name or module.startswith(f"{name}.") for name in self.names):
            return None
        path = self.folder.joinpath(*module.split("."))
        return next(
            (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None
        )


class _Read(NamedTuple):
    """What is read of a Python file: its digest, the modules that it may import, and its short strings."""

    digest: str
    imports: frozenset[str]
    strings: frozenset[str]


def closure(starts: Iterable[str], places: Sequence[CodePlace]) -> dict[str, Path]:
    """Return the modules that count among these and all that they import, by name.

    Imports inside functions count as those at the top do. A package counts where something is imported from it, not
    where a module in it is.
    """
    found: dict[str, Path] = {}
    waiting = sorted(starts)
    while waiting:
        name = waiting.pop()
        places_of = () if name in found else (place.find(name) for place in places)
        if (path := next(filter(None, places_of), None)) is not None:
            found[name] = path
            waiting += sorted(_read(path, name).imports)
    return found


def digest_of_sources(modules: Mapping[str, Path], more: Any = None) -> str:
    """Return the hex SHA-256 of these modules, of the data files that they name, and of a plain value beside them."""
    lines: dict[str, str] = {}
    for name, path in modules.items():
        read = _read(path, name)
        lines[name] = read.digest
        for file in (path.parent / string for string in read.strings):
            if file.suffix not in ("", ".py") and file.is_file():
                lines[f"{name}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return value_digest({"sources": lines, "more": more})


def tree_digest(folder: Path, names: Iterable[str], more: str) -> str:
    """Return the hex SHA-256 of files below a folder, and of a text beside them.

    ``names``: of files, and of folders with all that is in them. Python counts by its tokens, ``.yaml`` and
    ``.npz`` as they are; other files do not count.
    """
    digest = hashlib.sha256(more.encode())
    places = [folder / name for name in names]
    for file in sorted(f for place in places for f in (place.rglob("*") if place.is_dir() else [place])):
        if file.suffix in (".py", ".yaml", ".npz"):
            content = file.read_bytes()
            content = token_digest(content).encode() if file.suffix == ".py" else content
            digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + content)
    return digest.hexdigest()


def value_digest(value: Any) -> str:
    """Return the hex SHA-256 of the :func:`canonical` text of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def imported_names(sources: Mapping[str, Path]) -> set[str]:
    """Return the modules that these files import at any place, and the names that they take from them."""
    return {name for module, path in sources.items() for name in _read(path, module).imports}


def _read(path: Path, module: str) -> _Read:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return _parse(path.read_bytes(), package)


@lru_cache(maxsize=4096)
def _parse(content: bytes, package: str) -> _Read:
    """Parse a file once as long as it says the same. A text that is not Python counts by its bytes."""
    try:
        tree, digest = ast.parse(content), token_digest(content)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return _Read(hashlib.sha256(content).hexdigest(), frozenset(), frozenset())
    imports = {name for node in ast.walk(tree) for name in _imports(node, package)}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = {value for value in constants if isinstance(value, str) and len(value) < 100}
    strings = filter(FILE_NAME.fullmatch, texts)
    return _Read(digest, frozenset(imports), frozenset(strings))


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the modules that a statement imports, and what it takes from them, which may be modules too."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
