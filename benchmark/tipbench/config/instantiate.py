"""Make a method of its config."""

from __future__ import annotations

from typing import Any

from tipcore.errors import UsageError

from tipbench.config.method_class import why_missing
from tipbench.method import lacking


def instantiate(method: dict[str, Any]) -> Any:
    """Return a method made as :func:`make` does. Raises UsageError as it does, and where the object is not a method."""
    target, made = method["_target_"], make(method)
    if lacks := lacking(made):
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
        said = missing or " ".join(str(error.__cause__ or error).split())
        end = "" if said.endswith("?") else "."
        raise UsageError(
            f"baseline.method._target_={target} cannot be made: {said.rstrip('.')}{end}"
        ) from error
