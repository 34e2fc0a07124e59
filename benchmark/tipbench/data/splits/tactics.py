"""Train before new technology spreads and test on those who adopted it."""

import numpy as np
import polars as pl

from tipbench.data.splits.policy import CannotSplitError, Shift, Split, lookup_value
from tipbench.task import Source


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Divide the days at the median day of adoption, and test on adopters only.

    Raises CannotSplitError where no operation adopts anything.
    """
    adopted = (
        source.scan("operations", truth=True)
        .select("operation", adopted=pl.min_horizontal("adopts_messaging", "adopts_obfuscation"))
        .drop_nulls()
        .collect()
    )
    if adopted.is_empty():
        raise CannotSplitError("no operation adopts a new technology")
    midpoint = int(np.median(adopted["adopted"].to_numpy()))
    day = pl.col("day")
    adopters = lookup_value("cluster", adopted["operation"], adopted["adopted"]) <= day
    return Shift(day < midpoint, day < midpoint, (day >= midpoint) & adopters, pl.lit(midpoint))


SPLIT = Split(
    "tactics", "Trained before new technology spreads, tested on its adopters after.", shift, place=9
)
