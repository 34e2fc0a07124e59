"""The posterior of trafficking given an account's true habits and the true parameters: a reference, never ranked.

Needs hidden truth: the habits' log-odds (integer milli-nats). It knows which accounts belong together, but not the
partner operations or the other ends of ties. Cost: a join.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import LogOddsOracle


class Oracle(LogOddsOracle):
    needs = frozenset({"account_habits.log_odds"})

    def table(self, fold: Fold) -> pl.LazyFrame:
        return fold.tables["account_habits"]
