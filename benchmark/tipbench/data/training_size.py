"""Equal training sizes, so that splits differ in what they hold out and not in how much they train on.

``forward`` is the yardstick whatever splits are run: no split trains on more operations than it does,
``random`` on no more rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipdata.core.draw import Stream

from tipbench.data.splits import Split

YARDSTICK = "forward"
_SEED = 3


@dataclass(frozen=True)
class TrainingSize:
    """Clusters and rows in a train part."""

    clusters: int
    rows: int

    @classmethod
    def of(cls, rows: pl.DataFrame) -> TrainingSize:
        train = rows.filter(pl.col("part") == "train")
        return cls(train["cluster"].n_unique(), train.height)


def cut_to(
    yardstick: TrainingSize, split: Split, rows: pl.DataFrame, unit: str
) -> tuple[pl.DataFrame, str | None]:
    """Return units with a train part no larger than the yardstick's, by keyed choice; a note where it is smaller."""
    train = pl.col("part") == "train"
    size = TrainingSize.of(rows)
    column, what, most, has = (
        ("cluster", "operations", yardstick.clusters, size.clusters)
        if split.by_cluster
        else (unit, "rows", yardstick.rows, size.rows)
    )
    if has < most:
        return rows, f"split={split.name} trains on {has:,} {what}, {YARDSTICK} on {most:,}."
    ids = rows.filter(train)[column].unique().sort().to_numpy()
    kept = ids[Stream(_SEED, "training size").shuffled(ids)[:most]]
    return rows.filter(~train | pl.col(column).is_in(np.sort(kept).tolist())), None
