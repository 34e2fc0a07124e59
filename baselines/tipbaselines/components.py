"""Connected components over rows, and their frame of predictions."""

from collections.abc import Hashable, Sequence

import numpy as np
import polars as pl
from tipcore.units import connected_components


def components(nodes: int, edges: np.ndarray) -> np.ndarray:
    """Return smallest node of each node's component: int64, shape (nodes,). ``edges``: (n, 2) integers below
    ``nodes``."""
    return connected_components(edges[:, 0], edges[:, 1], nodes)


def equal_values(values: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray]:
    """Return number of each value among the distinct ones, and the row where each distinct one is first: two int64
    arrays."""
    number: dict[Hashable, int] = {}
    first: list[int] = []
    index = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        found = number.setdefault(value, len(first))
        if found == len(first):
            first.append(row)
        index[row] = found
    return index, np.array(first, dtype=np.int64)


def value_edges(values: pl.Series) -> np.ndarray:
    """Return edges between rows of one value: (n, 2) int64, each row linked to the first row with its value, one of a
    null to itself."""
    row = np.arange(len(values))
    rows = pl.DataFrame({"row": row, "value": values})
    first = rows.select(pl.col("row").min().over("value"))["row"].to_numpy()
    return np.stack([row, np.where(values.is_null().to_numpy(), row, first)], axis=1)


def contact_edges(contacts: pl.Series, limit: int | None = None) -> np.ndarray:
    """Return edges between rows that share a contact: (n, 2) int64, each row linked to the first row with that contact.

    ``contacts``: a list column, nulls allowed. ``limit``: contacts on more rows than this are passed over.
    """
    rows = pl.DataFrame({"row": np.arange(len(contacts)), "contact": contacts}).explode(
        "contact", empty_as_null=True
    )
    rows = (
        rows.drop_nulls("contact")
        .unique()
        .with_columns(
            pl.col("row").min().over("contact").alias("first"), pl.len().over("contact").alias("size")
        )
    )
    if limit is not None:
        rows = rows.filter(pl.col("size") <= limit)
    return (
        rows.filter(pl.col("row") != pl.col("first")).select("row", "first").sort("row", "first").to_numpy()
    )


def cluster_frame(units: pl.Series, label: np.ndarray) -> pl.DataFrame:
    """Return predictions [unit, cluster], sorted by unit: a cluster is named by its smallest unit, whatever the row
    order."""
    frame = pl.DataFrame({units.name: units, "label": label})
    return frame.select(units.name, pl.col(units.name).min().over("label").alias("cluster")).sort(units.name)
