"""Is reading rewarded? python research/world/read_risk.py [--worlds 11 12 13] [--splits forward wordbook]

Scores trafficking from what adverts state: as it is true, as each method of advert_reading reads it, and from words
without reading. All learn from train (methods of reading from its labels, the risk from the true facts of its adverts
and whose they are), and are tested on the same adverts, one a template and operation; an operation weighs one. Printed
are macro average precision of reading, average precision and AUROC of risk, and the AP that is lost against true facts,
with a 95% interval that resamples operations of the test.
"""

from __future__ import annotations

import argparse
import importlib

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from tipbench.data.fold import Prepared
from tipbench.data.releases import open_source
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared
from tipbench.tasks import task_of
from tipbench.tasks.advert_reading import LABELS, LEVELS

TASK = "advert_reading"
READERS = {
    "dictionary": "Dictionary",
    "tfidf": "Tfidf",
    "nearest_sentence": "NearestSentence",
    "sentence_encoder": "SentenceEncoder",
}
REPLICATES = 500
Floats = NDArray[np.float64]


def one_hot(categories: pl.Series, stated: Floats) -> sparse.csr_matrix:
    """Return the category and each level alone, and each level within its category: levels are worth another in jobs.

    ``stated`` [adverts, levels]: 0 or 1, or how sure a reader is.
    """
    names = sorted(categories.unique().to_list())
    own = np.array([[name == one for name in names] for one in categories.to_list()], dtype=float)
    within = [sparse.csr_matrix(stated * own[:, [k]]) for k in range(len(names))]
    return sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(own), sparse.csr_matrix(stated), *within]))


def fit(train: sparse.csr_matrix, test: sparse.csr_matrix, positive: NDArray, weight: Floats) -> Floats:
    """Return scores of the test, learnt from train."""
    model = LogisticRegression(C=1.0, max_iter=300, class_weight="balanced")
    return model.fit(train, positive, sample_weight=weight).decision_function(test)


def of_operations(prepared: Prepared, units: pl.DataFrame) -> pl.DataFrame:
    """Return units with ``operation``, ``positive``, and ``weight``: one an operation, shared among its adverts."""
    source = open_source(prepared.data)
    owners = source.scan("adverts", truth=True).select("advert", "operation")
    kinds = source.scan("operations", truth=True).select(
        "operation", positive=pl.col("kind") == "trafficking"
    )
    known = owners.join(kinds, on="operation").collect()
    found = units.join(known, on="advert", how="inner", maintain_order="left")
    return found.with_columns(weight=1 / pl.len().over("operation"))


def compare(release: str, split: str) -> None:
    """Print the table of a world and split."""
    prepared = prepare(TASK, release=release, split=split, labels="truth")
    fold, task = prepared.folds[0], task_of(TASK)
    train = of_operations(prepared, fold.units_with_labels("train"))
    test = of_operations(prepared, fold.units("test").collect())
    truth = test.select("advert").join(prepared.answers.frame, on="advert", how="left", maintain_order="left")
    learnt, weight = train["positive"].to_numpy(), train["weight"].to_numpy()
    y, weighs = test["positive"].to_numpy(), test["weight"].to_numpy()
    categories = pl.concat([train["category"], test["category"]])

    def risk(levels: pl.DataFrame) -> Floats:
        features = one_hot(categories, np.vstack([train.select(LABELS).to_numpy(), levels.to_numpy()]))
        return fit(features[: train.height], features[train.height :], learnt, weight)

    found: dict[str, tuple[float | None, Floats]] = {"true facts": (None, risk(truth.select(LABELS)))}
    for name, cls in READERS.items():
        method = getattr(importlib.import_module(f"tipbaselines.{TASK}.{name}"), cls)()
        method.fit(fold, 0)
        said = method.predict(fold)
        macro = evaluate_prepared(task, prepared, said, replicates=0).scores[task.primary].value
        read = test.select("advert").join(said, on="advert", how="left", maintain_order="left")
        found[f"read by {name}"] = macro, risk(read.select(f"score_{one}" for one in LEVELS))
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=r"(?u)[^\W\d_]+")
    seen = sparse.csr_matrix(words.fit_transform(train["body"].to_list()))
    met = sparse.csr_matrix(words.transform(test["body"].to_list()))
    found["words, not read"] = None, fit(seen, met, learnt, weight)
    operation = np.unique(test["operation"].to_numpy(), return_inverse=True)[1]
    count = int(operation.max()) + 1
    draws = np.random.default_rng(1).multinomial(count, np.full(count, 1 / count), REPLICATES)
    best = found["true facts"][1]
    print(f"{release}, {split}: {int((y * weighs).sum())} of {count} operations are trafficking")
    print(f"{'':28}{'reading':>8}{'AP':>8}{'AUROC':>8}   AP lost")
    for name, (macro, score) in found.items():
        reading = "" if macro is None else f"{macro:.3f}"
        auroc = roc_auc_score(y, score, sample_weight=weighs)
        line = f"{name:28}{reading:>8}{average_precision(y, score, weighs):8.3f}{auroc:8.3f}"
        if score is not best:
            resampled = (weighs, *(weighs * draw[operation] for draw in draws))
            lost = [average_precision(y, best, w) - average_precision(y, score, w) for w in resampled]
            line += "{:8.3f} [{:.3f}, {:.3f}]".format(lost[0], *np.quantile(lost[1:], (0.025, 0.975)))
        print(line, flush=True)


def average_precision(positive: NDArray, score: Floats, weight: Floats) -> float:
    """Return the weighted average precision."""
    return float(average_precision_score(positive, score, sample_weight=weight))


def main() -> None:
    """Print a table for each world and split."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="small")
    parser.add_argument("--worlds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--splits", nargs="+", default=["forward", "wordbook"])
    asked = parser.parse_args()
    for number in asked.worlds:
        for split in asked.splits:
            compare(f"{asked.size}.w{number}" if number else asked.size, split)


if __name__ == "__main__":
    main()
