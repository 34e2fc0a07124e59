"""Keep the last results of a function for the next seed, part or method that asks for the same."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

F = TypeVar("F", bound=Callable[..., Any])
_EVERY: list[OrderedDict[Hashable, Any]] = []


def remember(size: int = 1) -> Callable[[F], F]:
    """Decorate a function of positional arguments: its last ``size`` results are kept in this process.

    A fold counts by its tables, which are the same in fit and predict and for every seed; results for other tables are
    dropped. Arrays, frames, series and lists of texts count by content, all else must be hashable. Results are shared,
    so nobody may write to them. They change no prediction, only its cost.
    """

    def decorate(function: F) -> F:
        kept: OrderedDict[Hashable, Any] = OrderedDict()  # the oldest first
        tables: Any = None
        _EVERY.append(kept)

        @wraps(function)
        def wrapper(*arguments: Any) -> Any:
            nonlocal tables
            for fold in arguments:
                if isinstance(fold, Fold) and fold.tables is not tables:
                    kept.clear()
                    tables = fold.tables
            key = tuple(_content(argument) for argument in arguments)
            if key not in kept:
                while len(kept) >= size:  # before the new result is made, so that memory holds one less
                    kept.popitem(last=False)
                kept[key] = function(*arguments)
            kept.move_to_end(key)
            return kept[key]

        return cast(F, wrapper)

    return decorate


def forget() -> None:
    """Drop everything that is kept, as in a new process."""
    for kept in _EVERY:
        kept.clear()


def _content(argument: Any) -> Hashable:
    if isinstance(argument, Fold):
        return None
    if isinstance(argument, pl.DataFrame):
        return tuple((column.name, _content(column)) for column in argument.iter_columns())
    if isinstance(argument, pl.Series):
        argument = argument.to_list() if argument.dtype == pl.String else argument.to_numpy()
    if isinstance(argument, np.ndarray):
        return argument.dtype.str, argument.shape, hashlib.sha256(argument.tobytes()).digest()
    if isinstance(argument, list):
        return hashlib.sha256(json.dumps(argument).encode()).digest()
    if isinstance(argument, tuple):
        return tuple(_content(part) for part in argument)
    return argument
