"""The posterior of exploitation given all that causes it, and what came to light: a reference, never ranked.

Needs hidden truth: the log-odds (integer milli-nats) of a firm given its buyers' pressure, its care, who its agency is,
its audits and complaints, and when exploitation would have been in force. Cost: a look-up.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, log_odds_frame, to_predict


class Oracle(Untrained):
    needs = frozenset({"firms.log_odds"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        firms = to_predict(fold)
        return log_odds_frame(firms[fold.task.unit], firms["log_odds"])
