"""The posterior of trafficking given the true operation and the true parameters: the ceiling, never ranked.

Needs hidden truth: the operation of each advert and the operation's log-odds (integer milli-nats). Cost: a join.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import score_frame, sigmoid

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0


class Oracle:
    needs: frozenset[str] = frozenset({"adverts.operation", "operations.operation", "operations.log_odds"})
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        unit = fold.task.unit
        adverts, operations = fold.tables["adverts"], fold.tables["operations"]
        shared = set(adverts.collect_schema().names()) & set(operations.collect_schema().names())
        key = ["region", "operation"] if "region" in shared else ["operation"]
        odds = adverts.select(unit, *key).join(operations.select(*key, "log_odds"), on=key, how="left")
        frame = (
            fold.to_predict()
            .select(unit)
            .join(odds.select(unit, "log_odds"), on=unit, how="left")
            .sort(unit)
            .collect()
        )
        return score_frame(frame[unit], sigmoid(frame["log_odds"].cast(pl.Float64).to_numpy() / MILLI_NATS))
