"""Joins of identifiers: accounts that post with the contacts of the case, and accounts that share their devices.

The case is what a chain of shared contacts joins to the seed, as in most published work (Dubrawski et al. 2015). No
identifier leads from an advert to a wallet, a circuit or a firm: these views get no candidates. Needs contacts; uses
accounts of adverts and devices where they are shown. Learns nothing. Cost: two seconds for 2,000 seeds.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.case_linkage.cases import CaseRegion, Scores, evidence, rank_views
from tipbaselines.frames import Untrained


@dataclass(eq=False)
class ContactJoins(Untrained):
    """``device``: what an account that shares a device with one of the case counts, against one advert."""

    device: float = 0.5
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        def score(region: CaseRegion) -> Scores:
            accounts = evidence(region, "accounts")["accounts"]
            joined, device = accounts.pieces["joined"], accounts.pieces["device"]
            return {"accounts": (accounts.keys, joined + self.device * np.log1p(device))}

        return rank_views(fold, score)
