"""The posterior of trafficking given the true operation and the true parameters: the ceiling, never ranked.

Needs hidden truth: the operation of each advert and the operation's log-odds (integer milli-nats). Cost: a join.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import LogOddsOracle


class Oracle(LogOddsOracle):
    needs = frozenset({"adverts.operation", "operations.operation", "operations.log_odds"})

    def table(self, fold: Fold) -> pl.LazyFrame:
        adverts, operations = fold.tables["adverts"], fold.tables["operations"]
        shared = set(adverts.collect_schema().names()) & set(operations.collect_schema().names())
        key = ["region", "operation"] if "region" in shared else ["operation"]
        own = adverts.select(fold.task.unit, *key)
        return own.join(operations.select(*key, "log_odds"), on=key, how="left")
