"""Time and place, untrained: rows that are where and when the case advertises, or that open just before it does.

Portnoff et al. (2017) link adverts to payments by the time at which adverts are posted; here postings are compared with
stays of circuits, cash paid in, payments for adverts, and the day on which an account opens; firms with the town and
language of the adverts. The case is what shared contacts join to the seed. Needs contacts, for the case; uses what else
is shown. Cost: some seven seconds for 2,000 seeds.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.case_linkage.cases import CaseRegion, Scores, evidence, rank_views
from tipbaselines.frames import Untrained


class TimePlace(Untrained):
    entry_class = "worlds"  # knows which purpose of a payment is an advert
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        def score(region: CaseRegion) -> Scores:
            known = evidence(region)
            scores = score_time_and_place({view: one.pieces for view, one in known.items()})
            return {view: (known[view].keys, found) for view, found in scores.items()}

        return rank_views(fold, score)


def score_time_and_place(pieces: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return scores of pairs by time and place per view, given the pieces of evidence by view and name."""
    accounts, wallets, firms = pieces["accounts"], pieces["wallets"], pieces["firms"]
    paid = wallets["where and when"] + wallets["adverts paid"]
    return {
        "accounts": accounts["platform"] * accounts["language"] * (0.01 + accounts["opened"]),
        "wallets": paid + 0.1 * wallets["town"] * wallets["opened"],
        "circuits": pieces["circuits"]["where and when"],
        "firms": firms["town"] + 0.5 * firms["workers"],
    }
