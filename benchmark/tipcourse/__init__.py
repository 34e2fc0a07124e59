"""tipcourse: eight lessons on ``tiny``, from a notebook that a student starts to a mark that a lecturer gives.

A lesson imports from here; everything heavy is loaded on first use.

>>> from tipcourse import checks, figure, table
>>> adverts = table("adverts", truth=True)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipcourse.exercises import checks
    from tipcourse.lesson_tools import figure, find_operations, table

__all__ = ["checks", "figure", "find_operations", "table"]

_HOMES = {
    "checks": "tipcourse.exercises",
    "figure": "tipcourse.lesson_tools",
    "find_operations": "tipcourse.lesson_tools",
    "table": "tipcourse.lesson_tools",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tipcourse' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
