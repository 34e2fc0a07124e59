"""Adverts with the same text have one operator: equal after case folding, without marks and spacing.

The simplest linkage, and the reference for all others. Needs the text. Cost: a second for 30,000 adverts.
"""

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, to_predict
from tipbaselines.linkage import cluster_frame
from tipbaselines.text import equal_values, normalise, texts


class ExactDuplicates(Untrained):
    needs = frozenset({"adverts.body"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        plain = normalise(texts(frame))
        # An advert without text is a cluster of its own, distinguished by its row.
        label, _ = equal_values([text or row for row, text in enumerate(plain)])
        return cluster_frame(frame[fold.task.unit], label)
