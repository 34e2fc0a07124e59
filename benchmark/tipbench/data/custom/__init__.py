"""A user's own data: the format of its config, its files and tables, and the folds and answers made of them.

What others use of this room is imported on first use: pydantic, which checks the config, is not waited for where a
release is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipbench.data.custom.config import OwnData, own_data
    from tipbench.data.custom.folds import prepare_own

__all__ = ["OwnData", "own_data", "prepare_own"]

_HOMES = {"OwnData": "config", "own_data": "config", "prepare_own": "folds"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
