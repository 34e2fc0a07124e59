"""The posterior of harmful given the reviewers' true confusions and the true operation: the ceiling, never ranked.

It knows each vote's true probability under every kind and ease of advert, which votes are a brigade's, and all votes
on the operation's queued adverts. Needs hidden truth (log-odds in integer milli-nats). Cost: none.
"""

from typing import TYPE_CHECKING

import polars as pl

from tipbaselines.frames import score_frame, sigmoid, to_predict

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

MILLI_NATS = 1000.0


class Oracle:
    needs = frozenset({"queue.advert", "queue.operation_log_odds"})
    stochastic = False
    oracle = True

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        frame = to_predict(fold)
        odds = frame["operation_log_odds"].cast(pl.Float64).to_numpy()
        return score_frame(frame[fold.task.unit], sigmoid(odds / MILLI_NATS))
