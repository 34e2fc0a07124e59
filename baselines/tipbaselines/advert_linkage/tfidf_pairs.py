"""Labelled pairs of a user's own data, scored by the character TF-IDF cosine of their two texts. Untrained.

The reference of the record-linkage sets of the Magellan project (Konda et al. 2016); the evaluation tunes a threshold
on the valid pairs. Document frequencies are those of all records. Needs pairs, which releases do not have. Cost:
seconds for 10,000 pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained
from tipbaselines.text import char_ngrams, equal_values


@dataclass(eq=False)
class TfidfPairs(Untrained):
    """``sizes``: lengths of the character n-grams."""

    sizes: Sequence[int] = (3,)
    needs = frozenset({"pairs.left_text", "pairs.right_text"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        """Return scores ``[pair, score]`` of the pairs of valid and test, in [0, 1]."""
        from sklearn.feature_extraction.text import TfidfTransformer

        pairs = fold.tables["pairs"].sort("pair").collect()
        sides = (pairs[side].fill_null("").str.to_lowercase() for side in ("left_text", "right_text"))
        both = pl.concat(sides).to_list()
        place, first = equal_values(both)
        counts = char_ngrams([both[i] for i in first], tuple(self.sizes))
        vectors = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
        left, right = place[: pairs.height], place[pairs.height :]
        cosine = np.asarray(vectors[left].multiply(vectors[right]).sum(axis=1)).ravel()
        scored = pairs.select("pair", "part", pl.Series("score", np.clip(cosine, 0, 1), dtype=pl.Float64))
        return scored.filter(pl.col("part") != "train").select("pair", "score")
