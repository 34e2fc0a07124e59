"""Which cases are told: of each form the trafficking operation that is seen best, and beside it a lawful one.

What fits a trafficking case fits lawful work as well: the two are shown with the same counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from tipdata.core.kinds import CATEGORIES
from tipdata.core.world import parameters
from tipdata.stages import tables_of

from tipbench.stories.finding import ranked

LAWFUL = ("business", "independent")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """A trafficking operation and a lawful one beside it, each as a row of candidates. ``why``: what both share."""

    case: Row
    beside: Row
    why: str


def choose(found: pl.DataFrame, version: str) -> list[Pair]:
    """Return a pair for each form of trafficking that there is.

    Args:
        found: operations, as :func:`tipbench.stories.views.candidates` has them.
        version: of the data.
    """
    best = ranked(found)
    lawful = best.filter(pl.col("kind").is_in(LAWFUL)).to_dicts()
    pairs: list[Pair] = []
    for form in tables_of(version)["operations"]["form"].possible(parameters(version)):
        cases = best.filter((pl.col("kind") == "trafficking") & (pl.col("form") == form)).head(1).to_dicts()
        taken = {pair.beside["operation"] for pair in pairs}
        free = [row for row in lawful if row["operation"] not in taken]
        if cases and free:
            pairs.append(_paired(cases[0], free))
    return pairs


def _paired(case: Row, lawful: Sequence[Row]) -> Pair:
    """Return the first of lawful operations that offers the same, else one of the same family, else any."""
    ways = (
        (f"both offer {case['category']}", lambda row: row["category"] == case["category"]),
        ("both post adverts of one family", lambda row: _family(row) == _family(case)),
        ("both are seen well", lambda row: True),
    )
    return next(Pair(case, row, why) for why, fits in ways for row in lawful if fits(row))


def _family(row: Row) -> int:
    return CATEGORIES[row["category"]]
