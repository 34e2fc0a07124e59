"""Compare the code that Python has loaded with the files that it was loaded from.

A module is loaded once per process, and its compiled form is kept by size and time: where its file was edited since,
old code runs while the digest is of the new file. And a class that was typed in a notebook or a script is in no module:
what it is made of is gathered here from what is loaded.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tipcore.errors import UsageError

PLAIN = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None))
"""Types of constants that are compared by what they say."""
HELD = (*PLAIN, list, dict, set)


def refuse_changed(modules: Mapping[str, Path]) -> None:
    """Refuse a method where Python holds another version of a module of its than the file says.

    ``modules``: those that the method is made of, by name. Raises UsageError.
    """
    for name, path in modules.items():
        module = sys.modules.get(name)
        spec = getattr(module, "__spec__", None)
        # Another loader than Python's own (pytest's, say) may rewrite what it loads.
        plain = spec is not None and type(spec.loader) is SourceFileLoader
        if module is not None and plain and _changed(module, path):
            raise UsageError(
                f"{path} was changed after Python had loaded it: start Python (in a notebook: the kernel) again. If it "
                "was not, delete the folder __pycache__ beside it."
            )


def typed_code(name: str) -> list[Any]:
    """Return what a class of ``__main__`` is made of: its functions, constants and bases, and what of ``__main__`` they
    name. Where it was typed does not count."""
    main, found, waiting = vars(sys.modules["__main__"]), {}, [name]
    while waiting:
        one = waiting.pop()
        if one not in found and one in main:
            said, names = _parts(main[one])
            found[one] = said
            waiting += sorted(names)
    return sorted((one, said) for one, said in found.items() if said is not None)


def _parts(value: Any) -> tuple[Any, set[str]]:
    """Return what is typed of a value, None where it is of a module, and the names that it uses."""
    if isinstance(value, FunctionType) and value.__module__ == "__main__":
        return code_of(value.__code__), names_of(value.__code__)
    if isinstance(value, type) and value.__module__ == "__main__":
        functions = dict(_functions(value))
        held = {
            n: v
            for n, v in vars(value).items()
            if n not in functions and isinstance(v, HELD) and n[:2] != "__"
        }
        names = {name for one in functions.values() for name in names_of(one.__code__)}
        bases = {base.__name__ for base in value.__bases__ if base.__module__ == "__main__"}
        codes = sorted((name, code_of(one.__code__)) for name, one in functions.items())
        return [codes, sorted((n, stable_repr(v)) for n, v in held.items()), sorted(bases)], names | bases
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
    """Return what a function does: its code without its place, its docstring, and whatever else does nothing."""
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


def _changed(module: ModuleType, path: Path) -> bool:
    """Return whether a loaded function differs from the file's, or a constant, or one of them is not loaded at all."""
    try:
        codes, constants, top = _written(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError):
        return True
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    for _, function in (pair for of in (module, *own) for pair in _functions(of)):
        code = function.__code__
        if Path(code.co_filename).name != path.name:
            continue  # imported from elsewhere, or written by a library such as dataclasses
        if code.co_qualname in codes and codes[code.co_qualname] != code_of(code):
            return True
    if any(not hasattr(module, name) for name in top):
        return True
    return any(
        name in vars(module) and type(vars(module)[name]) is type(value) and vars(module)[name] != value
        for name, value in constants.items()
    )


@lru_cache(maxsize=512)
def _written(content: bytes, path: str) -> tuple[dict[str, tuple[Any, ...]], dict[str, Any], tuple[str, ...]]:
    """Return of a file its functions by qualified name, its plain constants, and what it defines at the top."""
    tree = ast.parse(content)
    codes = {
        code.co_qualname: code_of(code) for code in _all_codes(compile(tree, path, "exec", dont_inherit=True))
    }
    constants: dict[str, Any] = {}
    assigned: list[str] = []
    for node in tree.body:
        assigns = isinstance(node, ast.Assign | ast.AnnAssign)
        for target in getattr(node, "targets", [getattr(node, "target", None)]) if assigns else ():
            if isinstance(target, ast.Name):
                assigned.append(target.id)
                value = _literal(getattr(node, "value", None))
                if isinstance(value, PLAIN) and value is not None:
                    constants[target.id] = value
    once = {name: value for name, value in constants.items() if assigned.count(name) == 1}
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return codes, once, tuple(node.name for node in tree.body if isinstance(node, defined))


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _all_codes(one)
