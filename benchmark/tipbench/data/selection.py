"""Keyed choices of units: equal training sizes, galleries of one size, one unit per group."""

from __future__ import annotations

import numpy as np
import polars as pl
from tipdata.core.draw import Stream

from tipbench.data.splits import Split
from tipbench.task import Selection

YARDSTICK = "forward"
"""The split whose training size bounds that of all others: splits differ in what they hold out, not in how much they
train on."""
_SIZE_SEED = 3


def limit_training(
    yardstick: pl.DataFrame, split: Split, rows: pl.DataFrame, unit: str
) -> tuple[pl.DataFrame, str | None]:
    """Return units with a train part no larger than the yardstick's, by keyed choice, and a note if it is smaller.

    Splits by cluster are bounded in operations, others in rows. ``yardstick``: the units of that split.
    """
    train = pl.col("part") == "train"
    column, what = ("cluster", "operations") if split.by_cluster else (unit, "rows")
    ids, most = (
        rows.filter(train)[column].unique().sort().to_numpy(),
        yardstick.filter(train)[column].n_unique(),
    )
    if len(ids) < most:
        return rows, f"split={split.name} trains on {len(ids):,} {what}, {YARDSTICK} on {most:,}."
    kept = ids[Stream(_SIZE_SEED, "training size").shuffle(ids)[:most]]
    return rows.filter(~train | pl.col(column).is_in(np.sort(kept).tolist())), None


_GALLERY_SEED = 4


def one_per_group(rows: pl.DataFrame, unit: str, group: tuple[str, ...]) -> pl.DataFrame:
    """Return one unit per part and group, by keyed choice; ``group`` names the columns beside ``part``."""
    bits = pl.Series("bits", Stream(_GALLERY_SEED, "one a group").bits(rows[unit].to_numpy()))
    ranked = rows.with_columns(bits).sort("bits", unit)
    return ranked.unique(["part", *group], keep="first", maintain_order=True).drop("bits").sort(unit)


def fixed_gallery(rows: pl.DataFrame, size: int) -> Selection:
    """Return units with a test part of ``size`` units or, where it has fewer, all of them and a note.

    Whole clusters are taken in keyed order; those that would exceed the size are skipped.
    """
    is_test = pl.col("part") == "test"
    counted = rows.filter(is_test).group_by("cluster").len().sort("cluster")
    if (has := int(counted["len"].sum())) < size:
        return Selection(rows, (f"the gallery holds {has:,} units, all of the test part, and not {size:,}.",))
    clusters, sizes = counted["cluster"].to_numpy(), counted["len"].to_numpy()
    order = Stream(_GALLERY_SEED, "gallery").shuffle(clusters)
    kept, room = [], size
    for at in order:
        if sizes[at] <= room:
            kept.append(int(clusters[at]))
            room -= int(sizes[at])
        if not room:
            break
    return Selection(rows.filter(~is_test | pl.col("cluster").is_in(kept)))
