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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tipcourse' has no attribute {name!r}")
    module = "exercises" if name == "checks" else "lesson_tools"
    return getattr(import_module(f"tipcourse.{module}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
