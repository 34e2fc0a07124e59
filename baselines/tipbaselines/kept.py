"""What is made of a fold's tables once, whoever is fitted or predicts on it.

A method sees the same tables when it is fitted, when it predicts the valid part and the test, and again for every seed;
what it makes of them does not change, and may cost more than the rest.
"""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class OfTables:
    """The last thing made of the tables of a fold. Not shared between processes."""

    def __init__(self) -> None:
        self._kept: tuple[Any, Hashable, Any] | None = None

    def get(self, fold: "Fold", key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made of these very tables under ``key``, made by ``make`` where it is another's."""
        if self._kept is None or self._kept[0] is not fold.tables or self._kept[1] != key:
            self._kept = None  # nobody needs the old one while the new one is made
            self._kept = (fold.tables, key, make())
        return self._kept[2]
