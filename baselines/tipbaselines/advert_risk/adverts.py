"""Adverts as features: the columns beside the text, components of the text, and a cross-fitted linear model of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.cache import remember
from tipbaselines.frames import MINUTES_A_DAY, logit
from tipbaselines.text import TextModel, char_ngrams, equal_values, texts

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CATEGORICAL = ("platform", "category", "language")
JOB_FIELDS = (
    *("wage_deductions", "transport", "accommodation"),
    *("help_settling", "transfer_support", "experience"),
)
COLUMNS = ("title", "body", "price", "minute", "contacts", "images", *CATEGORICAL, *JOB_FIELDS)


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
    return numbers.cast(pl.Float32).to_numpy().astype(np.float32)


def fit_components(documents: list[str], components: int, seed: int) -> "Pipeline":
    """Fit latent semantic analysis of character 4-grams to texts, equal ones once."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.pipeline import make_pipeline

    _, first = equal_values(documents)
    svd = TruncatedSVD(max(1, min(components, len(first) - 1)), n_iter=2, random_state=seed)
    return make_pipeline(TfidfTransformer(sublinear_tf=True), svd).fit(
        char_ngrams([documents[i] for i in first], (4,))
    )


def component_features(frame: pl.DataFrame, model: "Pipeline") -> np.ndarray:
    """Return (adverts, components) float32 of the text."""
    documents = texts(frame)
    number, first = equal_values(documents)
    return model.transform(char_ngrams([documents[i] for i in first], (4,)))[number].astype(np.float32)


@remember()
def linear_model(
    documents: list[str], labels: np.ndarray, cluster: np.ndarray, c: float, crossfits: int
) -> tuple[TextModel, np.ndarray]:
    """Return the linear model of all documents, and their log-odds, float64, by models that saw none of their
    cluster."""
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
