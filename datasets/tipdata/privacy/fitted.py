"""From noisy counts to values of parameters. Nothing here sees the table: it costs no ε, however often it is done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tipdata.core.grounds import ASSUMED, CALIBRATED
from tipdata.privacy.cells import Cells
from tipdata.privacy.informed import INFORMED

WHOLE = 10_000
"""What weights add up to."""
ROUND = 4
"""Decimals of a probability."""

Entry = Mapping[str, Any]


class Fitted(NamedTuple):
    """A parameter of a world file; None where all of it stays as it was. ``kept``: the groups that do, as their noisy
    counts are too few."""

    entry: dict[str, Any] | None
    kept: tuple[str, ...]


def fit(
    path: str, cells: Cells, counts: np.ndarray, base: Entry, accuracy: float, tolerance: float
) -> Fitted:
    """Return a parameter fitted to counts.

    Args:
        path: of the parameter.
        cells: what was counted.
        counts: (groups, cells of a group), noisy; may be below 0.
        base: the parameter as the world has it.
        accuracy: how far off the counts may be.
        tolerance: noise on a share that is still of use; a group whose counts are fewer than that takes stays.
    """
    how, need = INFORMED[path].how, accuracy / tolerance
    enough = counts.sum(axis=1) >= need
    kept = tuple(name for name, good in zip(cells.groups, enough, strict=True) if not good)
    if not enough.any():
        return Fitted(None, kept or cells.groups)
    if how in ("weights", "listed"):
        value = _weights(counts[0], base["value"])
    elif how == "rate":
        value = _rate(counts[0])
    elif how == "mean":
        value = _like(_mean(counts[0], np.asarray(cells.bins)), base)
    else:
        one = _rate if how == "rates" else lambda row: round(_median(row, np.asarray(cells.bins), accuracy))
        value = {
            name: one(row) if good else base["value"][name]
            for name, row, good in zip(cells.groups, counts, enough, strict=True)
        }
    sign = CALIBRATED if base["sign"] == ASSUMED else base["sign"]
    entry = {"value": value, "unit": base["unit"], "sign": sign, "magnitude": CALIBRATED}
    if kept:
        entry["note"] = f"as before, their rows being too few: {', '.join(kept)}"
    return Fitted(entry, kept)


def _weights(counts: np.ndarray, base: Any) -> Any:
    """Return whole weights out of 10,000; what has a weight in the world keeps one: nothing becomes impossible."""
    least = np.array([1 if one else 0 for one in (base.values() if isinstance(base, Mapping) else base)])
    shares = np.maximum(counts, 0) / max(np.maximum(counts, 0).sum(), 1)
    weights = np.maximum(np.round(shares * WHOLE).astype(int), least).tolist()
    return dict(zip(base, weights, strict=True)) if isinstance(base, Mapping) else weights


def _rate(counts: np.ndarray) -> float:
    """Return the share of yes."""
    return round(float(np.clip(counts[1] / counts.sum(), 0.0, 1.0)), ROUND)


def _mean(counts: np.ndarray, edges: np.ndarray) -> float:
    """Return the mean of bins, each at its middle; noise on empty bins cancels, so none is cut off."""
    middle = (edges[1:] + edges[:-1]) / 2
    return float(np.clip((counts * middle).sum() / counts.sum(), edges[0], edges[-1]))


def _median(counts: np.ndarray, edges: np.ndarray, accuracy: float) -> float:
    """Return the median of bins of equal ratio; a count that noise alone may make is taken for none."""
    real = np.where(counts > accuracy, counts, 0)
    real = real if real.any() else np.maximum(counts, 0)
    total = np.concatenate([[0], np.cumsum(real)])
    at = float(np.interp(total[-1] / 2, total, np.log(edges)))
    return math.exp(at)


def _like(value: float, base: Entry) -> float:
    """Return a number that is whole where the world's is."""
    there = base["range"] if "range" in base else [base["value"]]
    return round(value) if all(isinstance(one, int) for one in there) else round(value, ROUND)
