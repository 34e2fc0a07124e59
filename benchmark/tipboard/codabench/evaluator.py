"""The sources that score a round, as they lie here: exactly the bytes that the round's commitment names.

What travels with a bundle is every file of :data:`tipboard.rounds.components.EVALUATOR` (so that the copy can be held
against the round once more where it runs), and whatever the scoring program imports on its way.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from tipdata.core.errors import UsageError

from tipboard.rounds.components import EVALUATOR, LIBRARIES, components
from tipboard.rounds.record import Round

PACKAGES = ("tipbench", "tipboard", "tipdata")
BEGINS = (
    "tipboard.codabench.hosted",
    "tipboard.submissions.reader",  # a process of its own, started by name
    "tipboard.submissions.parquet",  # imported by that process where it is confined
)
BY_FOLDER = ("tasks", "metrics")
"""Folders whose modules are found by name, each of which is imported."""

ALSO = ("pydantic", "PyYAML")
"""Libraries that scoring needs beside those that the round names."""


def check_evaluator(described: Round) -> None:
    """Raises UsageError where the evaluator here is not the one that the round is committed to."""
    here, committed = components().evaluator, described.components.evaluator
    if here != committed:
        raise UsageError(
            f"the evaluator here is {_short(here)} and round {described.name} is committed to {_short(committed)}: "
            "export it with the tipbench that made it."
        )


def _short(evaluator: str) -> str:
    head, plus, tail = evaluator.rpartition("+")
    return f"{head}{plus}{tail[:12]}"


def sources() -> dict[str, bytes]:
    """Source files by their path, ``tipbench/...``, ``tipboard/...`` and ``tipdata/...``."""
    folders = _folders()
    here = folders["tipbench"].parent
    found = {_path_of(module) for module in _imported(folders)}
    for name in EVALUATOR:
        path = here / name
        found |= {path} if path.is_file() else set(path.rglob("*.py"))
    roots = {folder: folder.parent for folder in folders.values()}
    named = {path: root for path in found for folder, root in roots.items() if folder in path.parents}
    return {path.relative_to(root).as_posix(): path.read_bytes() for path, root in sorted(named.items())}


def sums(files: Mapping[str, bytes]) -> bytes:
    """SHA-256 of each, a line each, as ``sha256sum --check`` reads them."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    return "".join(lines).encode()


def requirements(described: Round) -> bytes:
    """What pip has to install: the versions that the round was made with, and of other libraries those here."""
    pins = {name: described.components.dependencies.get(name) or version(name) for name in LIBRARIES}
    pins |= {name: version(name) for name in ALSO}
    return "".join(f"{name}=={pinned}\n" for name, pinned in pins.items()).encode()


def _folders() -> dict[str, Path]:
    import tipdata

    ours = Path(__file__).resolve().parents[2]
    return {
        "tipbench": ours / "tipbench",
        "tipboard": ours / "tipboard",
        "tipdata": Path(tipdata.__path__[0]).resolve(),
    }


def _path_of(module: str) -> Path:
    path = _file(module)
    if path is None:
        raise FileNotFoundError(f"{module} has no source file")
    return path


def _file(module: str) -> Path | None:
    """The source file of a module of ours; None for what is no module."""
    package, *names = module.split(".")
    folder = _folders().get(package)
    if folder is None:
        return None
    path = folder.joinpath(*names)
    for candidate in (path / "__init__.py", path.with_name(f"{path.name}.py")):
        if candidate.is_file():
            return candidate
    return None


def _imported(folders: Mapping[str, Path]) -> set[str]:
    """Modules of ours that are imported when the scoring program runs."""
    waiting = list(BEGINS)
    for folder in BY_FOLDER:
        waiting += [f"tipbench.{folder}.{path.stem}" for path in (folders["tipbench"] / folder).glob("*.py")]
    found: set[str] = set()
    while waiting:
        module = waiting.pop().removesuffix(".__init__")
        path = _file(module)
        if module in found or path is None:
            continue
        found.add(module)
        waiting += [module.rpartition(".")[0]] if "." in module else []
        waiting += _named(ast.parse(path.read_bytes()).body)
    return found


def _named(body: list[ast.stmt]) -> Iterator[str]:
    """What is imported while a module is loaded: not in functions, and not for the type checker alone."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            yield statement.module
            yield from (f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.If) and not _for_types(statement.test):
            yield from _named([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            yield from _named(statement.body)


def _for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
