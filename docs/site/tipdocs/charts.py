"""Draw the small charts of the data dictionary, which follow the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from tipbench.pages.svg import Drawing

WIDTH, ROW, TALL = 260.0, 17.0, 56.0
"""Pixels: of a chart, of a bar with its name, of a histogram."""
LETTER, COUNT, LETTERS = 6.3, 48.0, 22
"""Pixels of a letter of a bar's name and of its number, and letters of a name."""
BINS = 26
SKEWED = 20
"""How many times its median the 99th percentile of a column is, for which a histogram has a logarithmic axis."""


def bars(rows: Sequence[tuple[str, int]], about: str, colour: str, name: str) -> str:
    """Return a bar per value, with its number."""
    most = max(count for _, count in rows)
    said = ", ".join(f"{value}: {count:,}" for value, count in rows)
    drawing = Drawing(WIDTH, ROW * len(rows) + 4, about, said)
    names = LETTER * min(max(len(value) for value, _ in rows), LETTERS) + 8
    for place, (value, count) in enumerate(rows):
        y = ROW * (place + 0.5) + 2
        drawing.name((names - 6, y), value, LETTERS, size=11, anchor="end")
        long = (WIDTH - names - COUNT) * count / most
        drawing.line((names, y), (names + max(long, 1), y), colour, width=10)
        drawing.text((names + max(long, 1) + 5, y), f"{count:,}", "quiet", 11)
    return str(drawing.inline(name))


def histogram(values: pl.Series, about: str, colour: str, name: str) -> str:
    """Return how many rows lie in each of some equal steps, between the 1st and the 99th percentile.

    The outermost steps also count what lies beyond. Very skewed numbers that are never negative get equal steps on a
    logarithmic axis.
    """
    numbers = np.sort(values.to_numpy())
    low, middle, high = (int(numbers[int(share * (len(numbers) - 1))]) for share in (0.01, 0.5, 0.99))
    by_ratio = numbers[0] >= 0 and high > SKEWED * max(middle, 1)
    shown = np.clip(numbers, low, high)
    if by_ratio:
        edges = np.unique(np.round(np.geomspace(max(low, 1), high + 1, BINS + 1)))
        edges[0] = min(edges[0], low)
    else:
        edges = _steps(low, high)
    counts = np.diff(np.searchsorted(shown, edges))
    ends = f"{low:,} to {high:,} hold 98%"
    said = f"{ends}; the median is {middle:,}, the ends are {int(numbers[0]):,} and {int(numbers[-1]):,}"
    drawing = Drawing(WIDTH, TALL + 35, about, said)
    step = WIDTH / len(counts)
    for place, count in enumerate(counts.tolist()):
        x = step * (place + 0.5)
        tall = TALL * count / counts.max()
        if count:
            tip_line = max(tall, 1)
            drawing.line((x, TALL), (x, TALL - tip_line), colour, width=max(step - 1, 1))
    drawing.line((0, TALL + 0.5), (WIDTH, TALL + 0.5), "quiet")
    drawing.text((0, TALL + 11), f"1% below {low:,}", "quiet", 11)
    drawing.text((WIDTH, TALL + 11), f"1% above {high:,}", "quiet", 11, "end")
    drawing.text((0, TALL + 26), f"median {middle:,}{', logarithmic axis' if by_ratio else ''}", "quiet", 11)
    return str(drawing.inline(name))


def _steps(low: int, high: int) -> np.ndarray:
    """Return the edges of at most :data:`BINS` steps of as many whole numbers each."""
    size = max(-(-(high - low + 1) // BINS), 1)
    return low + size * np.arange(-(-(high - low + 1) // size) + 1)
