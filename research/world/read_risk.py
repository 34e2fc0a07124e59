"""Is reading rewarded? python research/world/read_risk.py [--worlds 11 12 13] [--splits forward wordbook]

Scores trafficking from what adverts state: as it is true, as each method of advert_reading reads it, and from words
without reading. All learn from train (methods of reading from its labels, the risk from the true facts of its adverts
and whose they are), and are tested on the same adverts, one a template and operation; an operation weighs one. Printed
are macro average precision of reading, average precision and AUROC of risk, and the AP that is lost against true facts,
with a 95% interval that resamples operations of the test.
"""

from __future__ import annotations

import argparse

import numpy as np
import polars as pl
from joined import compare_precision
from lives import count_terms, score_test
from numpy.typing import NDArray
from scipy import sparse
from sklearn.metrics import average_precision_score, roc_auc_score
from tipbench.config.methods import make
from tipbench.data.fold import Prepared
from tipbench.data.releases import open_source
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared
from tipbench.tasks import task_of
from tipbench.tasks.advert_reading import LABELS, LEVELS

TASK = "advert_reading"
READERS = (
    "dictionary.Dictionary",
    "tfidf.Tfidf",
    "sentence_ridge.SentenceRidge",
    "sentence_encoder.SentenceEncoder",
)
Floats = NDArray[np.float64]


def one_hot(categories: pl.Series, stated: Floats) -> sparse.csr_matrix:
    """Return the category and each level alone, and each level within its category: levels are worth another in jobs.

    ``stated`` [adverts, levels]: 0 or 1, or how sure a reader is.
    """
    own = categories.to_dummies().to_numpy().astype(float)
    within = [sparse.csr_matrix(stated * column[:, None]) for column in own.T]
    return sparse.csr_matrix(sparse.hstack([sparse.csr_matrix(own), sparse.csr_matrix(stated), *within]))


def read_units(prepared: Prepared) -> pl.DataFrame:
    """Return the units of train, then those of test, with what they state; their ``operation``; whether it is
    ``positive``; and ``weight``: within a part one an operation, shared among its adverts."""
    fold, source = prepared.folds[0], open_source(prepared.data)
    known = pl.concat(
        [fold.supervision.select("advert", *LABELS), prepared.answers.frame.select("advert", *LABELS)]
    )
    owners = source.scan("adverts", truth=True).select("advert", "operation")
    kinds = source.scan("operations", truth=True).select(
        "operation", positive=pl.col("kind") == "trafficking"
    )
    parts = [fold.units(part).with_columns(part=pl.lit(part)) for part in ("train", "test")]
    units = (
        pl.concat(parts)
        .join(owners.join(kinds, on="operation"), on="advert", maintain_order="left")
        .collect()
    )
    found = units.join(known.unique("advert"), on="advert", maintain_order="left")
    return found.with_columns(weight=1 / pl.len().over("part", "operation"))


def compare(release: str, split: str) -> None:
    """Print the table of a world and split."""
    prepared = prepare(TASK, release=release, split=split, labels="truth")
    fold, task, units = prepared.folds[0], task_of(TASK), read_units(prepared)
    test, positive, weight = (
        (units["part"] == "test").to_numpy(),
        units["positive"].to_numpy(),
        units["weight"].to_numpy(),
    )
    stated = units.select(LABELS).to_numpy().astype(float)

    def risk(levels: Floats) -> Floats:
        said = np.vstack([stated[~test], levels])
        return score_test(one_hot(units["category"], said), test, positive, weight)

    found: dict[str, tuple[str, Floats]] = {"true facts": ("", risk(stated[test]))}
    for name in READERS:
        method = make({"_target_": f"tipbaselines.{TASK}.{name}"})
        method.fit(fold, 0)
        said = method.predict(fold)
        macro = evaluate_prepared(task, prepared, said, replicates=0).scores[task.primary].value
        read = units.filter(part="test").select("advert").join(said, on="advert", maintain_order="left")
        levels = read.select(f"score_{one}" for one in LEVELS).to_numpy()
        found[f"read by {name.partition('.')[0]}"] = f"{macro:.3f}", risk(levels)
    words = count_terms(units["body"].to_numpy())
    found["words, not read"] = "", score_test(words, test, positive, weight)
    y, weight, operation = positive[test], weight[test], units["operation"].to_numpy()[test]
    best = found["true facts"][1]
    print(f"{release}, {split}: {weight[y].sum():.0f} of {weight.sum():.0f} operations are trafficking")
    print(f"{'':28}{'reading':>8}{'AP':>8}{'AUROC':>8}   AP lost")
    for name, (macro, score) in found.items():
        ap, auroc = (one(y, score, sample_weight=weight) for one in (average_precision_score, roc_auc_score))
        lost = compare_precision(y, best, score, weight, operation)
        print(
            f"{name:28}{macro:>8}{ap:8.3f}{auroc:8.3f}" + "   {:.3f} [{:.3f}, {:.3f}]".format(*lost),
            flush=True,
        )


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
