"""The class of a method: find it by name, read its parameters, make a method of its config."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from tipcore.errors import UsageError
from tipcore.spelling import nearest

from tipbench.method import find_missing

SHIPPED = "tipbaselines"
"""The package of the methods that come with tipbench."""


def is_shipped(target: str) -> bool:
    """Return whether a class is one of the methods that come with tipbench."""
    return target.partition(".")[0] == SHIPPED


def method_class(target: str) -> object | None:
    """Return the class of a method, or None where it cannot be imported."""
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except Exception:  # a user's module may raise anything
        return None


def why_missing(target: str) -> str | None:
    """Return why a class named as ``module.Class`` is not there, without a full stop; None where it is there."""
    module, _, name = target.rpartition(".")
    try:
        found = import_module(module)
    except Exception as error:  # a user's module may raise anything
        if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
            return f"there is no module {error.name}: run from the folder that holds it, or install it"
        reason = " ".join(str(error).split()).rstrip(".")
        return f"the module {module} cannot be imported ({type(error).__name__}: {reason})"
    if hasattr(found, name):
        return None
    near = nearest(name, [one for one, value in vars(found).items() if inspect.isclass(value)])
    return f"{module} has no class {name}" + (f"; did you mean {' or '.join(near)}?" if near else "")


def parameters_of(target: str) -> list[str] | None:
    """Return the names that a method's class takes; None where it takes any or cannot be looked at."""
    found = method_class(target)
    try:
        taken = inspect.signature(found).parameters.values()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if any(one.kind is one.VAR_KEYWORD for one in taken):
        return None
    return [one.name for one in taken]


def instantiate(method: dict[str, Any]) -> Any:
    """Return a method made as :func:`make` does. Raises UsageError as it does, and where the object is not a method."""
    target, made = method["_target_"], make(method)
    if lacks := find_missing(made):
        raise UsageError(
            f"{target} is not a method: it lacks {', '.join(lacks)}; see tipbench.method.Method."
        )
    return made


def make(method: dict[str, Any]) -> Any:
    """Return an object of the class named by ``_target_``, with the other keys as its arguments.

    Raises UsageError where the class cannot be imported or does not take the arguments.
    """
    from hydra.errors import InstantiationException
    from hydra.utils import instantiate as hydra_instantiate

    target = method["_target_"]
    try:
        return hydra_instantiate(method, _convert_="all")
    except InstantiationException as error:
        missing = why_missing(target) if "locating target" in str(error) else None
        reason = missing or " ".join(str(error.__cause__ or error).split())
        end = "" if reason.endswith("?") else "."
        raise UsageError(
            f"baseline.method._target_={target} cannot be made: {reason.rstrip('.')}{end}"
        ) from error
