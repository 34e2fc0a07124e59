"""What makes a method better? python research/methods/ablations.py TASK [--releases small.w11 small.w12 small.w13]

Prints the primary score on the default split, seed 0, of a task's new method, of it without what it may rest on, of it
with fewer labels or drawn ones, and of others beside it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from tipbench.config.compose import composer_of
from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared


@dataclass(frozen=True)
class Trial:
    """``hidden``: columns that the method does not see. ``labels``: share of the labelled units of train that keep
    their label. ``shuffled``: whether train's labels change places. ``settings``: of the method, in place of the
    config's."""

    baseline: str
    hidden: tuple[str, ...] = ()
    labels: float = 1.0
    shuffled: bool = False
    settings: tuple[tuple[str, object], ...] = ()


COLLECTIVE, CROWD = "collective_lightgbm", "linked_crowd"
TRIALS = {
    "account_risk": {
        COLLECTIVE: Trial(COLLECTIVE),
        "labels of neighbours, no scores": Trial(COLLECTIVE, settings=(("stages", 1),)),
        "five stages": Trial(COLLECTIVE, settings=(("stages", 5),)),
        "ties without kind, day, count": Trial(COLLECTIVE, ("kind", "day", "count")),
        "without devices": Trial(COLLECTIVE, ("device_cluster",)),
        "half of the labels": Trial(COLLECTIVE, labels=0.5),
        "an eighth": Trial(COLLECTIVE, labels=0.125),
        "shuffled labels": Trial(COLLECTIVE, shuffled=True),
        "neighbour_lightgbm": Trial("neighbour_lightgbm"),
        "lightgbm": Trial("lightgbm"),
    },
    "flag_aggregation": {
        CROWD: Trial(CROWD),
        "without minutes": Trial(CROWD, ("minute",)),
        "without texts": Trial(CROWD, ("title", "body")),
        "without both": Trial(CROWD, ("minute", "title", "body")),
        "dawid_skene": Trial("dawid_skene"),
        "mace": Trial("mace"),
    },
}


def change(fold: Fold, trial: Trial) -> Fold:
    """Return the fold that a trial gives its method; draws come from seed 0."""
    tables = {name: one.drop(trial.hidden, strict=False) for name, one in fold.tables.items()}
    labels, rng = fold.supervision, np.random.default_rng(0)
    train, rest = labels.filter(part="train"), labels.filter(pl.col("part") != "train")
    if trial.shuffled:
        train = train.with_columns(label=pl.Series(rng.permutation(train["label"].to_numpy())))
    if trial.labels < 1:
        train = train.filter(pl.Series(rng.random(train.height) < trial.labels))
    return replace(fold, tables=tables, supervision=pl.concat([train, rest]))


def main() -> None:
    """Print a row for each trial and a column for each release."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=TRIALS)
    parser.add_argument("--releases", nargs="+", default=["small.w11", "small.w12", "small.w13"])
    options = parser.parse_args()
    composer = composer_of(None, [])
    prepared = [prepare(options.task, release=release) for release in options.releases]
    print("| trial |", " | ".join(options.releases), "|")
    print("|---|" + "--:|" * len(prepared))
    for name, trial in TRIALS[options.task].items():
        config = composer.settings(f"{options.task}/{trial.baseline}").baseline.method | dict(trial.settings)
        cells = []
        for one in prepared:
            method = instantiate(config)
            method.fit(change(one.folds[0], trial), 0)
            found = evaluate_prepared(one.task, one, method.predict(one.folds[0]), replicates=0)
            cells.append(f"{found.scores[one.task.primary].value:.3f}")
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
