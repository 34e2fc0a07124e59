"""Joins of identifiers: accounts that post with the contacts of the case, and accounts that share their devices.

The case is what a chain of shared contacts joins to the seed, as in most published work (Dubrawski et al. 2015). No
identifier leads from an advert to a wallet, a circuit or a firm: there it names nobody. Needs contacts; uses accounts
of adverts and devices where they are shown. Learns nothing. Cost: some ten seconds for 2,000 seeds.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.case_linkage.cases import CaseRegion, evidence, rank_views

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class ContactJoins:
    """``device``: what an account that shares a device with one of the case counts, against one advert."""

    needs: frozenset[str] = frozenset({"adverts.contacts"})
    stochastic = False
    batches = "regions"

    def __init__(self, device: float = 0.5) -> None:
        self._device = device

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        def score(region: CaseRegion) -> dict[str, tuple[pl.Series, np.ndarray]]:
            accounts = evidence(region, "accounts")["accounts"]
            joined, device = accounts.pieces["joined"], accounts.pieces["device"]
            return {"accounts": (accounts.keys, joined + self._device * np.log1p(device))}

        return rank_views(fold, score)
