"""Scales of the figures of scores."""

from __future__ import annotations

from collections.abc import Iterable

from tipbench.pages.axes import Scale

from tipboard.board.forest_rows import limits


def scale(values: Iterable[float | None], start: float, end: float) -> Scale:
    """Return a scale of zero and all values, with some room."""
    return Scale(*limits(values), start, end)
