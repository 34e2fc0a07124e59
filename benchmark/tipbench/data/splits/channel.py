"""Test on kinds of sites that are never trained on: darknet sites and messaging apps."""

import numpy as np
import polars as pl
from tipcore.units import PARTS
from tipdata.core.draw import assign_parts

from tipbench.data.harm_groups import trafficking_operations
from tipbench.data.splits.policy import CannotSplitError, Shift, Split
from tipbench.task import Source

HELD_OUT = ("darknet", "messaging")
WHERE = "darknet sites and messaging apps"
FEWEST = 30
"""Trafficking operations of the test part that must post on such sites."""


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Hold darknet sites and messaging apps out.

    Raises CannotSplitError where too few trafficking operations post there.
    """
    sites = (
        source.scan("platforms").filter(pl.col("kind").is_in(HELD_OUT)).select("platform").unique().collect()
    )
    held = pl.col("platform").is_in(sites["platform"].to_list())
    there = rows.filter(held & pl.col("cluster").is_in(trafficking_operations(source).implode()))[
        "cluster"
    ].unique()
    if (tested := np.count_nonzero(assign_parts(there.to_numpy()) == PARTS.index("test"))) < FEWEST:
        posts = f"{tested} trafficking operations of its test part post on {WHERE}"
        raise CannotSplitError(f"only {posts}, and {FEWEST} are needed")
    return Shift.unseen(held)


SPLIT = Split(
    "channel",
    f"Tested on {WHERE}, none of them seen.",
    shift,
    place=11,
    columns=("platform",),
)
