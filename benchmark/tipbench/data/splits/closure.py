"""Train before a platform closes and test after."""

import polars as pl

from tipbench.data.splits.policy import CannotSplitError, Shift, Split, lookup_value
from tipbench.task import Source


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Divide each region's days at the first closure of one of its platforms.

    Raises CannotSplitError where no platform closes.
    """
    closing = (
        source.scan("platforms").drop_nulls("closed").group_by("region").agg(pl.col("closed").min()).collect()
    )
    if closing.is_empty():
        raise CannotSplitError("no platform closes in any of its regions")
    closed = lookup_value("region", closing["region"], closing["closed"])
    before = pl.col("day") < closed
    return Shift(before, before, pl.col("day") >= closed, closed)


SPLIT = Split("closure", "Trained before a platform closes, tested after, where one closes.", shift, place=7)
