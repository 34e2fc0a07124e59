"""Gradient-boosted trees on what an advert says beside its text and on components of the text.

Ke et al. (2017). The text enters as the leading singular components of character n-gram TF-IDF (latent semantic
analysis, Deerwester et al. 1990) and as the log-odds of a linear text model, cross-fitted over clusters of adverts
so that a tree never sees a score learnt from the same advertiser (stacking, Wolpert 1992). The valid part stops the
boosting. Each near-duplicate group weighs one, else the trees learn the busiest advertisers by heart. Needs text,
price, time, category, language, platform, contacts, images and the job fields. Cost: about half a minute for 45,000
training adverts on one core, most of it the linear models.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from lightgbm import Dataset
from tipbench.data.fold import Fold

from tipbaselines.advert_risk import adverts
from tipbaselines.advert_risk.cluster_pooling import advert_clusters
from tipbaselines.frames import labelled_units, prevalence, score_frame, to_predict
from tipbaselines.linkage import group_weights, near_duplicate_groups
from tipbaselines.text import texts
from tipbaselines.trees import BoostedTrees

NEAR = 0.5  # Jaccard similarity of near-duplicates, as in cluster_pooling


@dataclass(eq=False)
class LightGBM:
    """``components``: of the text; ``rounds``: at most so many trees, ``patience`` without gain on valid stop them.
    ``c`` and ``crossfits``: penalty of the linear text model, and in how many parts its training scores are made."""

    components: int = 64
    rounds: int = 600
    patience: int = 50
    learning_rate: float = 0.02
    leaves: int = 4
    leaf_size: int = 200
    feature_share: float = 0.2
    l2: float = 50.0
    c: float = 10.0
    crossfits: int = 5
    threads: int = 1
    scheduler: str = ""
    needs = frozenset(f"adverts.{name}" for name in adverts.COLUMNS)
    stochastic = True
    batches = "regions"

    def fit(self, fold: Fold, seed: int) -> None:
        train, valid = labelled_units(fold, "train"), labelled_units(fold, "valid")
        labels, watched = train["label"].to_numpy(), None
        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        self._levels = {name: sorted(train[name].drop_nulls().unique()) for name in adverts.CATEGORICAL}
        self._text = adverts.fit_components(texts(train), self.components, seed)
        group, cluster = self.clusters(train)
        self._linear, scores = adverts.linear_model(texts(train), labels, cluster, self.c, self.crossfits)
        categorical = list(range(len(self._levels)))
        data = Dataset(
            self.features(train, scores), labels, weight=group_weights(group), categorical_feature=categorical
        )
        if valid.height and valid["label"].n_unique() == 2:
            features = self.features(valid, adverts.linear_scores(self._linear, texts(valid)))
            weights = group_weights(near_duplicate_groups(texts(valid), NEAR))
            watched = data.create_valid(features, valid["label"].to_numpy(), weight=weights)
        self._model = BoostedTrees.of(self).fit(data, seed, watched)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        if self._model is None:
            return score_frame(frame[fold.task.unit], np.full(frame.height, self._prior))
        features = self.features(frame, adverts.linear_scores(self._linear, texts(frame)))
        return score_frame(frame[fold.task.unit], self._model(features))

    def clusters(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return near-duplicate group and cluster of adverts that belong together, of each advert: int64 arrays."""
        return advert_clusters(texts(frame), frame["contacts"])

    def features(self, frame: pl.DataFrame, linear: np.ndarray) -> np.ndarray:
        """Return (adverts, features) float32, given the log-odds of the linear text model."""
        scalars = adverts.scalar_features(frame, self._levels)
        components = adverts.component_features(frame, self._text)
        return np.hstack([scalars, linear[:, None].astype(np.float32), components])
