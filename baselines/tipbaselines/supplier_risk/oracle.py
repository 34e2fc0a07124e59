"""The posterior of exploitation given all that causes it, and what came to light: a reference, never ranked.

Needs hidden truth: the log-odds (integer milli-nats) of a firm given its buyers' pressure, its care, who its agency is,
its audits and complaints, and when exploitation would have been in force. Cost: a look-up.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import score_frame, sigmoid, to_predict

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0


class Oracle:
    needs: frozenset[str] = frozenset({"firms.log_odds"})
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        firms = to_predict(fold)
        odds = firms["log_odds"].cast(pl.Float64).to_numpy()
        return score_frame(firms[fold.task.unit], sigmoid(odds / MILLI_NATS))
