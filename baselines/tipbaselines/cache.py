"""Keep the last results of a function for the next seed, part or method that asks for the same."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

F = TypeVar("F", bound=Callable[..., Any])
_EVERY: list["_Results"] = []


def remember(size: int = 1) -> Callable[[F], F]:
    """Decorate a function so that its last ``size`` results are kept in this process, by its arguments.

    A fold counts by its tables: a method sees the same ones when it is fitted, when it predicts valid and test, and for
    every seed; results for other tables are dropped. Arrays, series and lists of texts count by their content, all else
    must be hashable. Results are shared, so nobody may write to them. They change no prediction, only the cost of it.
    """

    def decorate(function: F) -> F:
        results = _Results(size)
        _EVERY.append(results)

        @wraps(function)
        def remembered(*args: Any, **kwargs: Any) -> Any:
            return results.result((*args, *sorted(kwargs.items())), lambda: function(*args, **kwargs))

        return cast(F, remembered)

    return decorate


def forget() -> None:
    """Drop everything that is kept, as in a new process."""
    for results in _EVERY:
        results.clear()


class _Results(OrderedDict[Hashable, Any]):
    """The last results of one function, the oldest first; ``tables``: of the fold that they are about."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size
        self._tables: Any = None

    def result(self, args: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        for fold in args:
            if isinstance(fold, Fold) and fold.tables is not self._tables:
                self.clear()
                self._tables = fold.tables
        key = tuple(_content(argument) for argument in args)
        if key not in self:
            while len(self) >= self._size:  # before the new result is made, so that memory holds one less
                self.popitem(last=False)
            self[key] = make()
        self.move_to_end(key)
        return self[key]


def _content(argument: Any) -> Hashable:
    if isinstance(argument, Fold):
        return None
    if isinstance(argument, tuple):
        return tuple(_content(part) for part in argument)
    if isinstance(argument, pl.Series):
        argument = argument.to_list() if argument.dtype == pl.String else argument.to_numpy()
    if isinstance(argument, np.ndarray):
        return argument.dtype.str, argument.shape, hashlib.sha256(argument.tobytes()).digest()
    if isinstance(argument, list):
        state = hashlib.sha256()
        for text in argument:
            data = text.encode("utf-8", "surrogatepass")
            state.update(len(data).to_bytes(8, "little"))
            state.update(data)
        return state.digest()
    return argument
