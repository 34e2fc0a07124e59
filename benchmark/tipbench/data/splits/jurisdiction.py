"""Test on one jurisdiction a region that is never trained on."""

import numpy as np
import polars as pl
from tipdata.core.draw import Stream

from tipbench.data.splits.policy import SEED, Shift, Split
from tipbench.task import Source


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Hold a keyed jurisdiction of each region out."""
    places = (
        source.scan("places")
        .select("region", "jurisdiction")
        .unique()
        .sort("region", "jurisdiction")
        .collect()
    )
    bits = Stream(SEED, "held-out jurisdictions").bits(places["jurisdiction"].to_numpy().astype(np.int64))
    held = places.with_columns(pl.Series("bits", bits)).sort("region", "bits").group_by("region").first()
    return Shift.unseen(pl.col("jurisdiction").is_in(held["jurisdiction"].to_list()))


SPLIT = Split(
    "jurisdiction", "Tested on one unseen jurisdiction a region.", shift, place=6, columns=("jurisdiction",)
)
