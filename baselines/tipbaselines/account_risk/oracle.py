"""The posterior of trafficking given an account's true habits and the true parameters: a reference, never ranked.

Needs hidden truth: the habits' log-odds (integer milli-nats). It knows which accounts belong together, but nothing of
the partner operations or of whom a tie leads to. Cost: a join.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import score_frame, sigmoid

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0


class Oracle:
    needs: frozenset[str] = frozenset({"account_habits.log_odds"})
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        unit = fold.task.unit
        odds = fold.tables["account_habits"].select(unit, "log_odds")
        frame = fold.to_predict().select(unit).join(odds, on=unit, how="left").sort(unit).collect()
        return score_frame(frame[unit], sigmoid(frame["log_odds"].cast(pl.Float64).to_numpy() / MILLI_NATS))
