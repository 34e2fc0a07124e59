"""Adverts that share a contact have one operator, and so on along the chain: connected components.

The usual proxy for truth in this field (Dubrawski et al. 2015; Nagpal et al. 2017; Saxena et al. 2023), which
over-merges where numbers are recycled or stolen and over-splits where they change. Needs contacts. Cost: a second for
30,000 adverts.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, to_predict
from tipbaselines.linkage import cluster_frame, components, contact_edges


class PhoneComponents(Untrained):
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        edges = contact_edges(frame["contacts"])
        return cluster_frame(frame[fold.task.unit], components(frame.height, edges))
