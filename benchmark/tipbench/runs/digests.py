"""What must run again: three digests of the code and data that a cell's result was made by, and its versions.

``method``: the source of the method with what it imports of its own package, and its parameters. ``input``: what
decides the fold. ``score``: what decides scores once predictions are there. A result whose three digests are those
of today is kept; where only ``score`` differs, its predictions are scored again; anything else is run again.

A module is loaded once per process, and its compiled form is kept by size and time: where its file was edited since,
old code runs while the digest is of the new file, so loaded code is compared with its file. A class that was typed
in a notebook or a script is in no module: what it is made of is gathered from what is loaded.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import tipdata
from tipcore.errors import UsageError
from tipcore.sources import CodePlace, closure, digest_of_sources
from tipdata.core.world import fingerprint
from tipdata.release import Release, published_manifest

from tipbench.config.methods import SHIPPED, is_shipped
from tipbench.data.access import access_level, visible_columns
from tipbench.data.custom.config import own_data
from tipbench.data.custom.files import all_files
from tipbench.data.selection import YARDSTICK
from tipbench.kinds import KINDS
from tipbench.metrics.registry import families
from tipbench.runs.cells import Cell, without_prose
from tipbench.runs.results import Digests, Versions
from tipbench.task import Task
from tipbench.tasks import score_version, task_of
from tipbench.version import __version__

PLAIN = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None))
"""Types of constants that are compared by what they say."""
HELD = (*PLAIN, list, dict, set)


def refuse_changed(modules: Mapping[str, Path]) -> None:
    """Refuse a method where Python holds another version of a module of its than the file says.

    ``modules``: those that the method is made of, by name. Raises UsageError.
    """
    for name, path in modules.items():
        module = sys.modules.get(name)
        # Another loader than Python's own (pytest's, say) may rewrite what it loads.
        plain = type(getattr(getattr(module, "__spec__", None), "loader", None)) is SourceFileLoader
        if module is not None and plain and _differs_from_file(module, path):
            raise UsageError(
                f"{path} was changed after Python had loaded it: start Python (in a notebook: the kernel) again. If it "
                "was not, delete the folder __pycache__ beside it."
            )


def code_digest(target: str) -> str:
    """Return the digest of a class that was typed in a notebook or a script, which no module holds: of its functions,
    constants and bases, and of what of ``__main__`` they name. Where it was typed does not count."""
    main, found, waiting = vars(sys.modules["__main__"]), {}, [target.removeprefix(TYPED)]
    while waiting:
        one = waiting.pop()
        if one not in found and one in main:
            said, names = _parts(main[one])
            found[one] = said
            waiting += sorted(names)
    typed = sorted((one, said) for one, said in found.items() if said is not None)
    return hashlib.sha256(repr(typed).encode()).hexdigest()


def _parts(value: Any) -> tuple[Any, set[str]]:
    """Return what is typed of a value, None where it is of a module, and the names that it uses."""
    if isinstance(value, FunctionType) and value.__module__ == "__main__":
        return code_of(value.__code__), names_of(value.__code__)
    if isinstance(value, type) and value.__module__ == "__main__":
        functions = dict(_functions(value))
        others = {n: v for n, v in vars(value).items() if n not in functions and n[:2] != "__"}
        held = sorted((n, stable_repr(v)) for n, v in others.items() if isinstance(v, HELD))
        names = {name for one in functions.values() for name in names_of(one.__code__)}
        bases = {base.__name__ for base in value.__bases__ if base.__module__ == "__main__"}
        codes = sorted((name, code_of(one.__code__)) for name, one in functions.items())
        return [codes, held, sorted(bases)], names | bases
    return (stable_repr(value), set()) if isinstance(value, HELD) else (None, set())


def stable_repr(value: Any) -> str:
    """Return the repr of a constant, with sets sorted: their order differs between processes."""
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}({sorted(map(stable_repr, value))})"
    if isinstance(value, tuple | list | dict):
        items = value.items() if isinstance(value, dict) else value
        return f"{type(value).__name__}({[stable_repr(one) for one in items]})"
    return repr(value)


def code_of(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does: its code without its place, its docstring and other parts without effect."""
    constants = [code_of(one) if isinstance(one, CodeType) else stable_repr(one) for one in code.co_consts]
    if code.co_consts and isinstance(code.co_consts[0], str):
        constants = constants[1:]
    return code.co_name, code.co_code.hex(), code.co_names, code.co_varnames, constants


def names_of(code: CodeType) -> set[str]:
    """Return the names that a function and those in it may look up in its module."""
    inner = (names_of(one) for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*inner)


def _functions(of: type | ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield the functions of a class or module, those below a decorator of Python's own too."""
    for name, value in vars(of).items():
        bare = getattr(value, "__func__", getattr(value, "fget", value))
        while hasattr(bare, "__wrapped__"):
            bare = bare.__wrapped__
        if isinstance(bare, FunctionType):
            yield name, bare


def _differs_from_file(module: ModuleType, path: Path) -> bool:
    """Return whether a loaded function differs from the file's, or a constant, or one of them is not loaded at all."""
    try:
        codes, constants, top = _parse_file(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError):
        return True
    held = vars(module)
    own = [one for one in held.values() if isinstance(one, type) and one.__module__ == module.__name__]
    for _, function in (pair for of in (module, *own) for pair in _functions(of)):
        code = function.__code__
        if Path(code.co_filename).name != path.name:
            continue  # imported from elsewhere, or written by a library such as dataclasses
        if code.co_qualname in codes and codes[code.co_qualname] != code_of(code):
            return True
    changed = (type(held.get(n)) is type(value) and held[n] != value for n, value in constants.items())
    return any(name not in held for name in top) or any(changed)


@lru_cache(maxsize=512)
def _parse_file(
    content: bytes, path: str
) -> tuple[dict[str, tuple[Any, ...]], dict[str, Any], tuple[str, ...]]:
    """Return of a file its functions by qualified name, its plain constants, and what it defines at the top."""
    tree = ast.parse(content)
    codes = {
        code.co_qualname: code_of(code) for code in _all_codes(compile(tree, path, "exec", dont_inherit=True))
    }
    constants: dict[str, Any] = {}
    assigned: list[str] = []
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        assigned += names
        with suppress(ValueError, TypeError):  # an expression, or no value at all
            value = ast.literal_eval(node.value)  # type: ignore[arg-type]
            if isinstance(value, PLAIN) and value is not None:
                constants |= dict.fromkeys(names, value)
    once = {name: value for name, value in constants.items() if assigned.count(name) == 1}
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return codes, once, tuple(node.name for node in tree.body if isinstance(node, defined))


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _all_codes(one)


ALWAYS = ("tipbench.metrics.bootstrap", "tipbench.metrics.metric")
EVALUATION = ("tipbench.evaluation.evaluation", "tipbench.metrics.registry")
"""What every score passes too. These import every family of metrics, so their imports are not followed."""

CODE = Path(__file__).resolve().parents[2]
"""The folder that holds the package ``tipbench``."""


def file_of_module(module: str) -> Path:
    """Return the file of a module of tipbench, by its dotted name."""
    return CODE.joinpath(*module.split(".")).with_suffix(".py")


def score_digest(task: Task, beside: Mapping[str, Path] | None = None) -> str:
    """Return the hex SHA-256 of all that decides a task's scores, with what its file says of scoring.

    These are its metrics, its kind, the bootstrap and the evaluation. ``beside``: files of other rooms that count too,
    by the names of their modules.
    """
    kinds = {task.kind.name, *task.kind.also}
    metrics = {
        family.measure.__module__
        for family in families().values()
        if family.kind.name in kinds and any(metric.name in task.metrics for metric in family.metrics)
    }
    starts = {*metrics, *ALWAYS, *(type(KINDS[kind]).__module__ for kind in kinds)}
    found = closure(starts, [CodePlace(CODE, ("tipbench.metrics", "tipbench.kinds"))])
    found |= {name: file_of_module(name) for name in EVALUATION}
    said = {name: getattr(task, name) for name in ("primary", "prevalence", "groups", "metrics")}
    return digest_of_sources(found | dict(beside or {}), said)


TYPED = "__main__."
"""What the names of classes begin with that were typed in a notebook or a script."""
INSTALLED = ("site-packages", "dist-packages")
"""Folders whose modules have nothing to do with one another."""

INPUT = (
    *("tipbench.data", "tipbench.tasks", "tipbench.kinds", "tipbench.runs.streams"),
    *("tipbench.metrics.early", "tipbench.metrics.estimation", "tipcore.units"),
)
"""Where the code lies that makes a fold and that hands a stream over; an alarm's threshold is a metric's optimum."""

DRIVING = tuple(f"tipbench.{name}" for name in ("task", "loading", "runs.folds", "config.methods"))
"""What asks for a fold and drives a method. Their imports are not followed: they know every task and every stream."""

VALIDATING = "tipbench.runs.scoring"
"""What scores the valid part."""

DRAWN = ("tipdata.core.draw",)
"""What splits and supervision take from tipdata. Tables are not among it: a release's are frozen, and what a task shows
of them counts by value."""


def digests_of(cell: Cell, data: str) -> Digests:
    """Return the three digests of a cell as they are now. ``data``: the version of its data."""
    task = task_of(cell.task)
    return Digests(
        method=method_digest(cell.config["baseline"]["method"]),
        input=input_digest(cell, task, data),
        score=score_digest(task, {VALIDATING: file_of_module(VALIDATING)}),
    )


def method_digest(method: Mapping[str, Any]) -> str:
    """Return the digest of a method's class and parameters, which may have a ``_target_`` of their own."""
    typed = {
        target: code_digest(target) for target in sorted(set(targets_of(method))) if target.startswith(TYPED)
    }
    return digest_of_sources(method_sources(method), {**method, "typed": typed} if typed else method)


def code_is_here(method: Mapping[str, Any]) -> bool:
    """Return whether this process can find the code of a method's classes.

    A class of a notebook or script is found only in the process that defined it, any other class wherever its top
    package can be imported.
    """
    main = sys.modules["__main__"]
    return all(
        hasattr(main, target.removeprefix(TYPED))
        if target.startswith(TYPED)
        else place_of(target.partition(".")[0]) is not None
        for target in targets_of(method)
    )


def method_sources(method: Mapping[str, Any]) -> dict[str, Path]:
    """Return the modules that a method is made of, by name."""
    targets = sorted(set(targets_of(method)))
    # A method may be made of its own package or folder, and of the shipped methods.
    packages = [(target.partition(".")[0], SHIPPED) for target in targets]
    found = [place_of(name) for pair in packages for name in dict.fromkeys(pair)]
    # Its module is the longest of the names before a dot that exists.
    parts = [target.split(".") for target in targets]
    names = (".".join(one[:length]) for one in parts for length in range(len(one) - 1, 0, -1))
    return closure(names, [place for place in found if place is not None])


def input_digest(cell: Cell, task: Task, data: str) -> str:
    """Return the digest of what decides a cell's fold: code, split, supervision, columns shown, data.

    Raises UsageError for an access that does not exist.
    """
    config, access = cell.config, access_level(task, cell.config["access"])
    own = config["data"] is not None
    starts = {"tipbench.data.custom.folds" if own else "tipbench.data.release_folds"}
    starts |= {f"tipbench.tasks.{task.name}", type(task.kind).__module__}
    if cell.worlds:
        starts.add("tipbench.data.further_worlds")
    if not own:
        # Other splits train on no more than the yardstick does.
        used = {config["split"], *([YARDSTICK] if YARDSTICK in task.splits else [])}
        starts |= {f"tipbench.data.splits.{split}" for split in used}
    if task.stream:
        starts.add("tipbench.runs.streams")
    places = [CodePlace(CODE, INPUT), CodePlace(Path(tipdata.__file__).parent.parent, DRAWN)]
    read = ("task", "release", "split", "labels", "access", "train")
    more = {key: config[key] for key in read if key in config}
    more |= {"data": without_prose(config["data"]), "version": data}
    more["columns"] = {name: list(columns) for name, columns in visible_columns(task, access).items()}
    if not own:
        release = config["release"]
        known = Release.of(release["version"], release["size"], release.get("world", 0))
        # Of a draft, or an independent world, the generator says what it is.
        if published_manifest(known) is None or cell.worlds:
            more["world"] = fingerprint(known.version, known.size)
    driver = {name: file_of_module(name) for name in DRIVING}
    return digest_of_sources(closure(starts, places) | driver, more)


def targets_of(value: Any) -> Iterator[str]:
    """Yield every ``_target_`` in a method's config."""
    if isinstance(value, Mapping):
        if isinstance(value.get("_target_"), str):
            yield value["_target_"]
        for inner in value.values():
            yield from targets_of(inner)
    if isinstance(value, list | tuple):
        for inner in value:
            yield from targets_of(inner)


def place_of(package: str) -> CodePlace | None:
    """Return the code that belongs to a package; None if the package is not found or is built into Python.

    An installed package counts alone. Any other counts with the whole folder from which it is imported, since modules
    beside it may be part of the method.
    """
    try:
        spec = find_spec(package)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]).parent
    elif spec.origin and Path(spec.origin).is_file():
        folder = Path(spec.origin).parent
    else:
        return None  # built into Python
    alone = package == SHIPPED or folder.name in INSTALLED
    return CodePlace(folder, (package,) if alone else ())


UNKNOWN = "unknown"


def versions_of(cell: Cell) -> Versions:
    """Return the versions as they are now. Raises UsageError where a user's own files are not there."""
    return Versions(
        data=_data_version(cell), evaluator=score_version(cell.task), method=method_version(cell.target)
    )


def _data_version(cell: Cell) -> str:
    """Return the release's version; of a user's own data SHA-256 over the names and contents of the files."""
    if cell.config["release"] is not None:
        return cell.config["release"]["version"]
    digest = hashlib.sha256()
    for named in all_files(own_data(cell.config["data"])):
        for path in sorted(p for p in named.rglob("*") if p.is_file()) if named.is_dir() else [named]:
            digest.update(path.name.encode() + b"\0")
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
    return f"sha256:{digest.hexdigest()}"


def method_version(target: str) -> str:
    """Return tipbench's version for a baseline that ships with it; SHA-256 of its source for a user's own method."""
    module = target.rpartition(".")[0]
    if is_shipped(target):
        return __version__
    place = place_of(module.partition(".")[0])  # found without importing it: it may be for a fence
    path = None if place is None else place.find(module)
    return UNKNOWN if path is None else f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
