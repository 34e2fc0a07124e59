"""Test on regions that are never trained on."""

import numpy as np
import polars as pl
from tipdata.core.draw import Stream

from tipbench.data.splits.policy import SEED, CannotSplitError, Shift, Split, no_shift
from tipbench.task import Source

FEWEST_HELD_OUT = 2
"""Regions that are held out at least; otherwise a quarter of all."""


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Hold a keyed quarter of the regions out.

    Raises CannotSplitError where no region would be left to train on.
    """
    if (rows["cluster"] == rows["region"]).all():
        # Where regions are the clusters, the assignment itself holds regions out.
        return no_shift(rows, source)
    regions = np.arange(source.regions, dtype=np.int64)
    held = max(FEWEST_HELD_OUT, round(source.regions / 4))
    if held >= source.regions:
        raise CannotSplitError(f"{source.regions} regions are too few to hold {held} out")
    chosen = Stream(SEED, "held-out regions").shuffle(regions)[:held]
    return Shift.unseen(pl.col("region").is_in(chosen.tolist()))


SPLIT = Split("region", "Tested on a keyed quarter of the regions, none of them seen.", shift, place=3)
