"""Find the files that decide what a module computes, without importing it, and take one digest of them.

Python files count by their tokens (:func:`tipcore.sources.token_digest`): an edited comment, docstring or line end
changes no digest. A file that is not Python counts by its content, where a module beside it names it in a string.
"""

from __future__ import annotations

import ast
import hashlib
import json
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tipcore.sources import token_digest


@dataclass(frozen=True)
class Place:
    """A folder on the import path, and the modules in it that count.

    ``names``: modules and packages with all that is in them; without any, whatever lies in the folder counts.
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


def closure(starts: Iterable[str], places: Sequence[Place]) -> dict[str, Path]:
    """Return the modules that count among these and all that they import, by name.

    Imports inside functions count as those at the top do. A package counts where something is imported from it, not
    where a module in it is.
    """
    found: dict[str, Path] = {}
    waiting = sorted(starts)
    while waiting:
        name = waiting.pop()
        path = None if name in found else _find(name, places)
        if path is not None:
            found[name] = path
            waiting += sorted(_read(path, name).imports)
    return found


def digest_of_sources(modules: Mapping[str, Path], more: Any = None) -> str:
    """Return the hex SHA-256 of these modules, of the data files that they name, and of a plain value beside them."""
    lines: dict[str, str] = {}
    for name, path in modules.items():
        read = _read(path, name)
        lines[name] = read.digest
        for file in _named_files(path, read.strings):
            lines[f"{name}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return value_digest({"sources": lines, "more": more})


def value_digest(value: Any) -> str:
    """Return the hex SHA-256 of the :func:`canonical` text of a value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, characters as they are."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _find(module: str, places: Sequence[Place]) -> Path | None:
    return next((path for place in places if (path := place.find(module)) is not None), None)


def imported(sources: Mapping[str, Path]) -> set[str]:
    """Return the modules that these files import at any place, and the names that they take from them.

    ``sources``: modules by name.
    """
    return {name for module, path in sources.items() for name in _read(path, module).imports}


def _named_files(path: Path, strings: frozenset[str]) -> Iterator[Path]:
    """Yield the files beside a module that are not Python and that it names, by name."""
    for name in sorted(strings):
        file = path.parent / name
        if file.suffix not in ("", ".py") and file.is_file():
            yield file


def _read(path: Path, module: str) -> _Read:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return _parsed(path.read_bytes(), package)


@lru_cache(maxsize=4096)
def _parsed(content: bytes, package: str) -> _Read:
    """Parse a file once as long as it says the same. A text that is not Python counts by its bytes."""
    try:
        tree, digest = ast.parse(content), token_digest(content)
    except (SyntaxError, ValueError, tokenize.TokenError):
        return _Read(hashlib.sha256(content).hexdigest(), frozenset(), frozenset())
    imports = {name for node in ast.walk(tree) for name in _imports(node, package)}
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    strings = {value for value in constants if isinstance(value, str) and _is_file_name(value)}
    return _Read(digest, frozenset(imports), frozenset(strings))


def _is_file_name(text: str) -> bool:
    return "." in text and len(text) < 100 and not set(text) & set("/\\\0\n")


def _imports(node: ast.AST, package: str) -> Iterator[str]:
    """Yield the modules that a statement imports, and what it takes from them, which may be modules too."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        yield base
        yield from (f"{base}.{alias.name}" for alias in node.names)
