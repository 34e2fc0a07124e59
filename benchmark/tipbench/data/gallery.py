"""A gallery of whole clusters, of one size whatever the split, so that retrieval scores compare."""

from __future__ import annotations

import polars as pl
from tipdata.core.draw import Stream

from tipbench.task import Selection

_SEED = 4


def one_a_group(rows: pl.DataFrame, unit: str, group: tuple[str, ...]) -> pl.DataFrame:
    """Return the keyed-chosen unit of each part and group: ``group`` names columns beside ``part``."""
    bits = pl.Series("bits", Stream(_SEED, "one a group").bits(rows[unit].to_numpy()))
    ranked = rows.with_columns(bits).sort("bits", unit)
    return ranked.unique(["part", *group], keep="first", maintain_order=True).drop("bits").sort(unit)


def fixed_gallery(rows: pl.DataFrame, size: int) -> Selection:
    """Return units with a test part of ``size`` units or, where it has fewer, all of them and a note.

    Whole clusters are taken in keyed order; those that would go over the size are passed by.
    """
    is_test = pl.col("part") == "test"
    counted = rows.filter(is_test).group_by("cluster").len().sort("cluster")
    if (has := int(counted["len"].sum())) < size:
        return Selection(rows, (f"the gallery holds {has:,} units, all of the test part, and not {size:,}.",))
    clusters, sizes = counted["cluster"].to_numpy(), counted["len"].to_numpy()
    order = Stream(_SEED, "gallery").shuffled(clusters)
    kept, room = [], size
    for at in order:
        if sizes[at] <= room:
            kept.append(int(clusters[at]))
            room -= int(sizes[at])
        if not room:
            break
    return Selection(rows.filter(~is_test | pl.col("cluster").is_in(kept)))
