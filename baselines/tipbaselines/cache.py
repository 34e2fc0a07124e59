"""Values that are computed once and used again by other seeds, parts and methods."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class OfTables:
    """The last ``size`` things made of the tables of a fold. Not shared between processes."""

    def __init__(self, size: int = 1) -> None:
        self._size = size
        self._tables: Any = None
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, fold: "Fold", key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made of these very tables under ``key``, made by ``make`` where it is not there.

        ``key``: all that it depends on beside the tables, such as units and labels.
        """
        if self._tables is not fold.tables:
            self._kept.clear()
            self._tables = fold.tables
        if key not in self._kept:
            while len(self._kept) >= self._size:  # nobody needs the old one while the new one is made
                self._kept.popitem(last=False)
            self._kept[key] = make()
        self._kept.move_to_end(key)
        return self._kept[key]


class Cache:
    """The last ``size`` values made, by key. Not shared between processes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the value under ``key``, made by ``make`` when it is not there."""
        if key not in self._values:
            self._values[key] = make()
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]


def texts_digest(texts: Sequence[str], *parameters: object) -> str:
    """Return SHA-256 over the texts, their lengths and order, and the encoding's parameters."""
    state = hashlib.sha256(repr(parameters).encode())
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()
