"""Parameters of a release size that has values of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tipdata.core.grounds import value_fault


def profiled(
    listed: Mapping[str, Mapping[str, Any]], size: str, own: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """Return parameters with the values that a size has of its own. Raises ValueError for one that the world has not,
    and for a value that is not sound."""
    for path in own:
        if path not in listed:
            raise ValueError(f"versions.yaml: size {size} sets {path}, which is no parameter of the world")
    changed = {path: {**listed[path], "value": value} for path, value in own.items()}
    for path, entry in changed.items():
        if said := value_fault(entry):
            raise ValueError(f"versions.yaml: size {size} sets {path}, which then {said}.")
    return {
        **listed,
        **{path: {k: v for k, v in one.items() if k != "range"} for path, one in changed.items()},
    }
