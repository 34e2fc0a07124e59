"""Parts of a split, and connected components of units."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

PARTS = ("train", "valid", "test")
"""Learn from the first, tune on the second, be scored on the third."""


def connected_components(left: NDArray[np.int64], right: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Return the smallest node of each node's component, int64 [nodes].

    Args:
        left, right: the two ends of each edge, in [0, nodes).
        nodes: number of nodes.

    Roots are hooked onto smaller neighbouring roots and paths halved until no edge joins two roots
    (Shiloach and Vishkin, 1982): a logarithmic number of passes over the edges in practice.
    """
    root = np.arange(nodes, dtype=np.int64)
    while True:
        a, b = root[left], root[right]
        apart = a != b
        if not apart.any():
            return root
        left, right, a, b = left[apart], right[apart], a[apart], b[apart]
        np.minimum.at(root, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(above := root[root], root):
            root = above


def shared_value_components(rows: pl.DataFrame, unit: str, values: str) -> pl.DataFrame:
    """Return components of units that share a value, each named by its smallest unit.

    Args:
        rows: ``unit`` (unique integers) and ``values`` (List; null or empty for a unit that shares nothing).

    Returns:
        ``[unit, component Int64]``, sorted by unit.
    """
    rows = rows.select(unit, values).sort(unit)
    units = rows[unit].to_numpy()
    filled = rows.with_row_index("row").filter(pl.col(values).list.len() > 0)
    links = filled.select("row", values).explode(values).drop_nulls(values).unique()
    first = links["row"].min() if links.height else None
    if first is None:
        return rows.select(unit, component=pl.col(unit).cast(pl.Int64))
    ends = links.select("row", first=pl.col("row").min().over(values)).filter(
        pl.col("row") != pl.col("first")
    )
    left, right = (ends[name].to_numpy().astype(np.int64) for name in ("row", "first"))
    root = connected_components(left, right, len(units))
    return pl.DataFrame({unit: rows[unit], "component": pl.Series(units[root], dtype=pl.Int64)})
