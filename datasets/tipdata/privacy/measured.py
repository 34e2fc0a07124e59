"""Noisy counts by OpenDP: one measurement of all cells, whose ε is what OpenDP's own map says.

Two tables are neighbours where one unit's rows are replaced by any others, so that the number of units may be known. A
unit counts in each of ``m`` histograms with at most ``k`` rows, and so changes at most ``2 m k`` entries: the distance
that the measurement is mapped from. Each histogram alone costs an ``m``-th of it. The noise is discrete Laplace, drawn
from the system's secure source: the same table gives other numbers each time, and no seed makes it repeat them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from tipcore.errors import UsageError

from tipdata.privacy.cells import Cells

ALPHA = 0.05
"""How often any cell of a histogram may be further off than its accuracy."""


class Measurement:
    """One measurement of the histograms of some parameters."""

    def __init__(self, cells: Mapping[str, Cells], rows_each: int, epsilon: float) -> None:
        """``rows_each``: how many rows of a unit count. ``epsilon``: for all of it.

        Raises:
            UsageError: where OpenDP makes no measurement that costs so little.
        """
        self._cells = cells
        self.changed = 2 * len(cells) * rows_each
        try:
            self._mechanism, self.scale = _mechanism(
                sum(c.count for c in cells.values()), self.changed, epsilon
            )
        except (_opendp().OpenDPException, ValueError, OverflowError):
            raise UsageError(
                f"OpenDP makes no noise for ε {epsilon:g} over {len(cells)} parameters: nothing was spent; take a "
                "larger epsilon."
            ) from None
        self.epsilon = float(self._mechanism.map(self.changed))
        """What it costs, by OpenDP's map."""
        self.library = f"OpenDP {version('opendp')}"

    def accuracy(self, path: str) -> float:
        """Return how far off all counts of a parameter lie at most, in all but 5% of measurements."""
        alpha = ALPHA / self._cells[path].count
        return float(_opendp().discrete_laplacian_scale_to_accuracy(self.scale, alpha))

    def counts(self) -> dict[str, np.ndarray]:
        """Return noisy counts of each parameter, (groups, cells of a group), int64; may be below 0. Spends ε."""
        entries, first = [], 0
        for one in self._cells.values():
            entries.append(one.row[one.row >= 0] + first)
            first += one.count
        return self._shaped(self._mechanism(np.concatenate(entries).astype(np.int32).tolist()))

    def exact(self) -> dict[str, np.ndarray]:
        """Return the counts as they are, which no one may see: for tests and controls."""
        return {
            p: np.bincount(c.row[c.row >= 0], minlength=c.count).reshape(-1, c.width)
            for p, c in self._cells.items()
        }

    def _shaped(self, flat: list[int]) -> dict[str, np.ndarray]:
        made, first = {}, 0
        for path, one in self._cells.items():
            made[path] = np.array(flat[first : first + one.count], dtype=np.int64).reshape(-1, one.width)
            first += one.count
        return made


def _opendp() -> Any:
    """Return the library, which is an extra and takes a second to load."""
    return import_module("opendp.prelude")


def _mechanism(cells: int, changed: int, epsilon: float) -> tuple[Any, float]:
    """Return OpenDP's measurement of so many cells at a cost of ε where so many entries change, and its scale."""
    dp = _opendp()
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T=dp.i32)), dp.symmetric_distance()
    counted = space >> dp.t.then_count_by_categories(
        categories=list(range(cells)), null_category=False, MO=dp.L1Distance[int]
    )

    def noisy(scale: float) -> Any:
        return counted >> dp.m.then_laplace(scale)

    scale = float(dp.binary_search_param(noisy, d_in=changed, d_out=epsilon))
    return noisy(scale), scale
