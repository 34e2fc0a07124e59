"""The posterior of trafficking given an account's true habits and the true parameters: a reference, never ranked.

Needs hidden truth: the habits' log-odds (integer milli-nats). It knows which accounts belong together, but not the
partner operations or the other ends of ties. Cost: a join.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, log_odds_frame


class Oracle(Untrained):
    needs = frozenset({"account_habits.log_odds"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        unit = fold.task.unit
        odds = fold.tables["account_habits"].select(unit, "log_odds")
        frame = fold.to_predict().select(unit).join(odds, on=unit, how="left").sort(unit).collect()
        return log_odds_frame(frame[unit], frame["log_odds"])
