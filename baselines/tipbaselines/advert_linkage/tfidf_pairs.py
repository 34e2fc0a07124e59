"""Labelled pairs of a user's own data, scored by the character TF-IDF cosine of their two texts. Untrained.

The reference of the record-linkage sets of the Magellan project (Konda et al. 2016); the evaluation tunes a threshold
on the valid pairs. Document frequencies are those of all records. Needs pairs, which releases do not have. Cost:
seconds for 10,000 pairs.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.text import char_ngrams, equal_values, tfidf

if TYPE_CHECKING:
    from tipbench.data.fold import Fold


class TfidfPairs:
    """``sizes``: lengths of the character n-grams."""

    needs: frozenset[str] = frozenset({"pairs.left_text", "pairs.right_text"})
    stochastic = False

    def __init__(self, sizes: Sequence[int] = (3,)) -> None:
        self._sizes = tuple(sizes)

    def fit(self, fold: "Fold", seed: int) -> None:
        """Learn nothing."""

    def predict(self, fold: "Fold") -> pl.DataFrame:
        """Return scores ``[pair, score]`` of the pairs of valid and test, in [0, 1]."""
        pairs = fold.tables["pairs"].sort("pair").collect()
        lowered = [
            pairs[side].fill_null("").str.to_lowercase().to_list() for side in ("left_text", "right_text")
        ]
        place, first = equal_values(lowered[0] + lowered[1])
        records = [(lowered[0] + lowered[1])[row] for row in first]
        vectors = tfidf(char_ngrams(records, self._sizes))[0]
        left, right = place[: pairs.height], place[pairs.height :]
        cosine = np.asarray(vectors[left].multiply(vectors[right]).sum(axis=1)).ravel()
        scored = pairs.select("pair", "part", pl.Series("score", np.clip(cosine, 0, 1), dtype=pl.Float64))
        return scored.filter(pl.col("part") != "train").select("pair", "score")
