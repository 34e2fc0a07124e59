"""Chao's lower bound times what it falls short by where the truth is known: what a census of some regions would give.

Of the regions with a known truth the median of truth / bound is the factor, and the 2.5 and 97.5% points of that
ratio are the interval. Where no truth is known (``split=all``, which is the rule in the field) it is Chao's bound as it
is. Chao (1987). Needs counts. Cost: none.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_lists import NEEDS, CaseLists, estimates_of, read_case_lists, warnings_of
from tipbaselines.chao import lower_bound

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

FEWEST = 10
"""Known truths that a factor is learnt from."""


class CalibratedChao:
    needs = NEEDS
    takes_many: frozenset[str] = frozenset({"case_lists"})
    stochastic = False

    def __init__(self) -> None:
        self.notes: list[str] = []

    def fit(self, fold: "Fold", seed: int) -> None:
        """The ratios of truth to bound in the regions of train and valid."""
        known = pl.concat([fold.labels(part).collect() for part in ("train", "valid")])
        known = known.drop_nulls("label").sort(fold.task.unit)
        lists = read_case_lists(fold, known[fold.task.unit])
        ratio = np.log(known["label"].cast(pl.Float64).to_numpy() / _bound(lists))
        self._ratio = ratio[np.isfinite(ratio)]

    def predict(self, fold: "Fold") -> pl.DataFrame:
        lists = read_case_lists(fold)
        log_unseen, reach = lower_bound(lists.counts, len(lists.lists))
        if len(self._ratio) < FEWEST:
            found = estimates_of(lists, log_unseen, log_unseen - reach, log_unseen + reach)
            self.notes = [
                f"{len(self._ratio)} truths are known and {FEWEST} are needed: the bound is not calibrated."
            ]
            self.notes += warnings_of(lists, found)
            return found
        points = np.quantile(self._ratio, [0.5, 0.025, 0.975])
        # Nobody counts fewer people than were observed.
        total = np.maximum(_bound(lists) * np.exp(points[:, None]), lists.observed)
        found = pl.DataFrame(
            {lists.units.name: lists.units, "estimate": total[0], "lower": total[1], "upper": total[2]}
        ).with_columns(pl.exclude(lists.units.name).fill_nan(None))
        self.notes = warnings_of(lists, found)
        return found


def _bound(lists: CaseLists) -> np.ndarray:
    """Return Chao's bound of everyone, seen or not [units]."""
    return lists.observed + np.exp(lower_bound(lists.counts, len(lists.lists))[0])
