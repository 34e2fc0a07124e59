"""The posterior of proceeds or control given a scheme's true habits and parameters: a reference, never ranked.

Needs hidden truth: log-odds of payments (integer milli-nats). It knows which payments are of one scheme, and its
habits; nothing of who else the scheme deals with. Cost: a join.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import score_frame, sigmoid

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0


class Oracle:
    needs: frozenset[str] = frozenset({"payments.log_odds"})
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        unit = fold.task.unit
        frame = fold.to_predict().select(unit, "log_odds").sort(unit).collect()
        return score_frame(frame[unit], sigmoid(frame["log_odds"].cast(pl.Float64).to_numpy() / MILLI_NATS))
