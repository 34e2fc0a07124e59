"""The posterior of harmful given the reviewers' true confusions and the true operation: the ceiling, never ranked.

It knows each vote's true probability under every kind and ease of advert, which votes are a brigade's, and all votes
on the operation's queued adverts. Needs hidden truth (log-odds in integer milli-nats). Cost: none.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, log_odds_frame, to_predict


class Oracle(Untrained):
    needs = frozenset({"queue.advert", "queue.operation_log_odds"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        return log_odds_frame(frame[fold.task.unit], frame["operation_log_odds"])
