"""Test on operations whose sentences are of another set than any that training has."""

import polars as pl
from tipdata.core.world import DAYS

from tipbench.data.splits.policy import Shift, Split, lookup_value
from tipbench.task import Source

TABLE, COLUMN = "operations", "wordbook"
LEARNT, TESTED = "a", "b"


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Train and tune on operations that word with one set, test on those that word with the other; all days."""
    sets = source.scan(TABLE, truth=True).select("operation", COLUMN).collect()
    of_unit = lookup_value("cluster", sets["operation"], sets[COLUMN])
    return Shift(of_unit == LEARNT, of_unit == LEARNT, of_unit == TESTED, pl.lit(DAYS))


SPLIT = Split(
    "wordbook", "Tested on operations that word with a set of sentences never trained on.", shift, place=10
)
