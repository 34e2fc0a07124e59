"""Accounts that few random cuts set apart from the others: isolation forest. Learns from no label.

Liu, Ting and Zhou (2008), by scikit-learn, on the accounts' own columns (categories, numbers, how many accounts share
a device) and on their ties counted by direction, kind and time, as ``account_risk/lightgbm`` reads them. A score says
that an account is unusual, not why. Needs columns of accounts, or the ends of ties. Cost: seconds for 75,000 accounts
and a million ties on one core.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbaselines.account_risk.accounts import own_columns, read_graph, tie_columns
from tipbaselines.frames import score_frame, to_predict
from tipbaselines.graphs import fill_gaps
from tipbaselines.models import isolation_scores

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class IsolationForest:
    """``trees``: how many; ``sample``: accounts that each is grown on; ``ties``: whether counts of an account's ties
    are features, where there are ties."""

    needs: frozenset[str] = frozenset()
    takes_many: frozenset[str] = frozenset({"accounts"})
    stochastic = True

    def __init__(self, trees: int = 100, sample: int = 256, ties: bool = True) -> None:
        self._trees, self._sample, self._ties = trees, sample, ties

    def fit(self, fold: "Fold", seed: int) -> None:
        self._seed = seed

    def predict(self, fold: "Fold") -> pl.DataFrame:
        graph = read_graph(fold)
        frames = [own_columns(graph), *([tie_columns(graph)] if self._ties and graph.ties.height else [])]
        if not any(frame.width for frame in frames):
            raise UsageError(
                "account_risk/isolation_forest compares features and these accounts have none: map columns under "
                "data.tables.accounts, or ties."
            )
        features = fill_gaps(np.hstack([frame.to_numpy() for frame in frames if frame.width]))
        units = to_predict(fold)[fold.task.unit]
        asked = graph.positions(units)
        return score_frame(units, isolation_scores(features, asked, self._trees, self._sample, self._seed))
