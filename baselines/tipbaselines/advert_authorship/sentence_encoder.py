"""Cosine similarity of a frozen multilingual sentence encoder's vectors, untrained: who says the same.

Yang et al. (2020) for the encoder. Case, marks, emoji and digits are left out, so that what is compared is what an
advert says and not how it is written. The mean of the gallery is taken off first, as all adverts have it in common (Mu
and Viswanath 2018). Needs title and body, and the extra ``encoder``. Cost: half a minute for 2,560 adverts on one core,
nearly all of it the encoder.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.encoders import ENCODER, text_vectors
from tipbaselines.frames import Untrained, to_predict
from tipbaselines.linkage import nearest
from tipbaselines.text import texts


class SentenceEncoder(Untrained):
    entry_class = "outside"
    resources = (ENCODER,)
    needs = frozenset({"adverts.title", "adverts.body"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        vectors = text_vectors(texts(frame)).astype(np.float64)
        vectors -= vectors.mean(axis=0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return nearest(frame[fold.task.unit], vectors / np.where(lengths > 0, lengths, 1))
