"""Gradient-boosted trees on what an advert says beside its text and on components of the text.

Ke et al. (2017). The text enters as the leading singular components of character n-gram TF-IDF (latent semantic
analysis, Deerwester et al. 1990) and as the log-odds of a linear text model, cross-fitted over clusters of adverts
so that a tree never sees a score learnt from the same advertiser (stacking, Wolpert 1992). The valid part stops the
boosting. Each near-duplicate group weighs one, else the trees learn the busiest advertisers by heart. Needs text,
price, time, category, language, platform, contacts, images and the job fields. Cost: about half a minute for 45,000
training adverts on one core, most of it the linear models.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.advert_risk.cluster_pooling import advert_clusters
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.cache import remember
from tipbaselines.frames import MINUTES_A_DAY, labelled_units, logit, prevalence, score_frame, to_predict
from tipbaselines.linkage import group_weights, near_duplicate_groups
from tipbaselines.text import TextModel, char_ngrams, equal_values, texts
from tipbaselines.trees import BoostedTrees, make_datasets

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CATEGORICAL = ("platform", "category", "language")
JOB_FIELDS = (
    *("wage_deductions", "transport", "accommodation"),
    *("help_settling", "transfer_support", "experience"),
)
COLUMNS = ("title", "body", "price", "minute", "contacts", "images", *CATEGORICAL, *JOB_FIELDS)
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
    needs = frozenset(f"adverts.{name}" for name in COLUMNS)
    stochastic = True
    batches = "regions"

    def fit(self, fold: Fold, seed: int) -> None:
        train, valid = labelled_units(fold, "train"), labelled_units(fold, "valid")
        labels, watched = train["label"].to_numpy(), None
        self._prior, self._model = prevalence(labels), None
        if len(set(labels.tolist())) < 2:
            return
        self._levels = {name: sorted(train[name].drop_nulls().unique()) for name in CATEGORICAL}
        self._text = fit_components(texts(train), self.components, seed)
        group, cluster = self.clusters(train)
        self._linear, scores = linear_model(texts(train), labels, cluster, self.c, self.crossfits)
        if valid["label"].n_unique() == 2:
            features = self.features(valid, linear_scores(self._linear, texts(valid)))
            weights = group_weights(near_duplicate_groups(texts(valid), NEAR))
            watched = features, valid["label"].to_numpy(), weights
        learnt, categorical = (self.features(train, scores), labels), list(range(len(self._levels)))
        data = make_datasets(learnt, watched, group_weights(group), categorical_feature=categorical)
        self._model = BoostedTrees.of(self).fit(*data, seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        if self._model is None:
            return score_frame(frame[fold.task.unit], np.full(frame.height, self._prior))
        features = self.features(frame, linear_scores(self._linear, texts(frame)))
        return score_frame(frame[fold.task.unit], self._model(features))

    def clusters(self, frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return near-duplicate group and cluster of adverts that belong together, of each advert: int64 arrays."""
        return advert_clusters(texts(frame), frame["contacts"])

    def features(self, frame: pl.DataFrame, linear: np.ndarray) -> np.ndarray:
        """Return (adverts, features) float32, given the log-odds of the linear text model."""
        number, grams = count_grams(texts(frame))
        components = self._text.transform(grams)[number]
        found = [scalar_features(frame, self._levels), linear[:, None], components]
        return np.hstack([columns.astype(np.float32) for columns in found])


def scalar_features(frame: pl.DataFrame, levels: dict[str, list[str]]) -> np.ndarray:
    """Return (adverts, columns) float32: categories by their place among ``levels``, then numbers; null as NaN."""
    minute = pl.col("minute") % MINUTES_A_DAY
    categories = (
        pl.col(name).replace_strict(known, range(len(known)), default=None, return_dtype=pl.Float32)
        for name, known in levels.items()
    )
    numbers = frame.select(
        *categories,
        pl.col("price").cast(pl.Float64).log1p(),
        (minute // 60).alias("hour"),
        (pl.col("minute") // MINUTES_A_DAY % 7).alias("weekday"),
        pl.col("contacts", "images").list.len().fill_null(0),
        pl.col("title", "body").str.len_chars().fill_null(0),
        pl.col(*JOB_FIELDS),
        pl.sum_horizontal(pl.col(*JOB_FIELDS).is_not_null()).alias("job_fields"),
    )
    return numbers.cast(pl.Float32).to_numpy()


def count_grams(documents: list[str]) -> tuple[np.ndarray, csr_matrix]:
    """Return which of the distinct texts each text is, int64, and the counts of character 4-grams of these."""
    number, first = equal_values(documents)
    return number, char_ngrams([documents[i] for i in first], (4,))


def fit_components(documents: list[str], components: int, seed: int) -> "Pipeline":
    """Fit latent semantic analysis of character 4-grams to texts, equal ones once."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.pipeline import make_pipeline

    number, grams = count_grams(documents)
    most = int(number.max(initial=0))  # one less than there are distinct texts
    svd = TruncatedSVD(max(1, min(components, most)), n_iter=2, random_state=seed)
    return make_pipeline(TfidfTransformer(sublinear_tf=True), svd).fit(grams)


@remember()
def linear_model(
    documents: list[str], labels: np.ndarray, cluster: np.ndarray, c: float, crossfits: int
) -> tuple[TextModel, np.ndarray]:
    """Return the linear model of all documents, and their float64 log-odds by models that saw none of their cluster."""
    base = TfidfLogreg(c)
    whole = base.new_model()
    number, first = equal_values(documents)
    counts: Any = whole.pipeline[0].fit_transform([documents[i] for i in first])
    whole.fit_counts(counts, number, labels)
    part = np.unique(cluster, return_inverse=True)[1] % crossfits
    score = np.zeros(len(labels))
    for held in range(crossfits):
        inside, outside = np.flatnonzero(part == held), np.flatnonzero(part != held)
        if len(inside) and len(outside):
            seen = counts[np.unique(number[outside])].getnnz(axis=0) >= base.min_df
            known = counts[:, np.flatnonzero(seen)]
            model = base.new_model().fit_counts(known, number[outside], labels[outside])
            rows, where = np.unique(number[inside], return_inverse=True)
            score[inside] = logit(model.scores_of_counts(known[rows]))[where]
    return whole, score


@remember(2)
def linear_scores(model: TextModel, documents: list[str]) -> np.ndarray:
    """Return log-odds of texts by the linear model, float64."""
    return logit(model.scores(documents))
