"""Test on platforms that are never trained on."""

import polars as pl
from tipdata.core.world import newest_released, parameters

from tipbench.data.splits.policy import Shift, Split, keyed_choice
from tipbench.task import Source


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Hold a keyed quarter of the platforms out."""
    codes = list(parameters(newest_released())["platforms.kinds"]["value"])
    return Shift.unseen(pl.col("platform").is_in(keyed_choice("held-out platforms", codes, len(codes) // 4)))


SPLIT = Split(
    "platform",
    "Tested on a keyed quarter of the platforms, none of them seen.",
    shift,
    place=4,
    columns=("platform",),
)
