"""Test on languages that are never trained on."""

import polars as pl
from tipdata.core.kinds import LANGUAGES

from tipbench.data.splits.policy import Shift, Split, keyed_choice
from tipbench.task import Source

HELD_OUT = 2


def shift(rows: pl.DataFrame, source: Source) -> Shift:
    """Hold two keyed languages out."""
    held = keyed_choice("held-out languages", list(LANGUAGES), HELD_OUT)
    return Shift.unseen(pl.col("language").is_in(held))


SPLIT = Split(
    "language", "Tested on two languages, neither of them seen.", shift, place=5, columns=("language",)
)
