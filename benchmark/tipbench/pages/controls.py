"""What stands above a table of a page: a search, filters and a choice of columns (``controls.html``, ``pages.js``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Filter:
    """A choice above a table, by the words of one column; ``chosen`` from the start.

    ``covered``: whether it is of a column that the page's switch covers. ``of_column``: whether its options are the
    words of its column, which the page's script then reads there.
    """

    label: str
    column: int
    options: Sequence[tuple[str, str]]
    chosen: str = ""
    covered: bool = False
    of_column: bool = False
