"""What is made of a fold's tables once, whoever is fitted or predicts on it.

A method sees the same tables when it is fitted, when it predicts the valid part and the test, and again for every seed;
what it makes of them does not change, and may cost more than the rest.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
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
