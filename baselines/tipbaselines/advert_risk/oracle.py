"""The posterior of trafficking given the true operation and the true parameters: the ceiling, never ranked.

Needs hidden truth: the operation of each advert and the operation's log-odds (integer milli-nats). Cost: a join.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, log_odds_frame


class Oracle(Untrained):
    needs = frozenset({"adverts.operation", "operations.operation", "operations.log_odds"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        unit = fold.task.unit
        adverts, operations = fold.tables["adverts"], fold.tables["operations"]
        shared = set(adverts.collect_schema().names()) & set(operations.collect_schema().names())
        key = ["region", "operation"] if "region" in shared else ["operation"]
        odds = adverts.select(unit, *key).join(operations.select(*key, "log_odds"), on=key, how="left")
        wanted = fold.to_predict().select(unit)
        frame = wanted.join(odds.select(unit, "log_odds"), on=unit, how="left").sort(unit).collect()
        return log_odds_frame(frame[unit], frame["log_odds"])
