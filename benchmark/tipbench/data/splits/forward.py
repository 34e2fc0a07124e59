"""Train on the past and test on the future, on other operations."""

import polars as pl
from tipdata.core.world import DAYS

from tipbench.data.splits.policy import Shift, Split
from tipbench.task import Source

TRAIN_UNTIL = DAYS * 50 // 100
VALID_UNTIL = DAYS * 65 // 100
"""First days of valid and of test: half of the days, the next 15%, the last 35%."""


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Return train, valid and test as three periods."""
    day = pl.col("day")
    valid = (day >= TRAIN_UNTIL) & (day < VALID_UNTIL)
    return Shift(day < TRAIN_UNTIL, valid, day >= VALID_UNTIL, pl.lit(VALID_UNTIL))


SPLIT = Split("forward", "Operation-disjoint and forward in time: the honest default.", shift, place=0)
