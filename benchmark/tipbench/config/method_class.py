"""Look at the class of a method by its name: its parameters, and what it says of itself."""

from __future__ import annotations

import inspect
from importlib import import_module


def method_class(target: str) -> object | None:
    """Return the class of a method, or None where it cannot be imported."""
    module, _, name = target.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        return None


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
