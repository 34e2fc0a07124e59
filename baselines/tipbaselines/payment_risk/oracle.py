"""The posterior of proceeds or control given a scheme's true habits and parameters: a reference, never ranked.

Needs hidden truth: log-odds of payments (integer milli-nats). It knows which payments are of one scheme, and its
habits; nothing of who else the scheme deals with. Cost: a join.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, log_odds_frame, to_predict


class Oracle(Untrained):
    needs = frozenset({"payments.log_odds"})
    oracle = True

    def predict(self, fold: Fold) -> pl.DataFrame:
        payments = to_predict(fold)
        return log_odds_frame(payments[fold.task.unit], payments["log_odds"])
