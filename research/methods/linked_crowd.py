"""What makes linked_crowd better? python research/methods/linked_crowd.py [--releases small.w11 small.w12 small.w13]

Prints average precision on the forward split for the method as it is, without the minutes of votes, without the texts
(each advert then counts as its own operator), and without both; and of Dawid and Skene's method and MACE.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from tipbench.config.compose import composer_of
from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared

TRIALS = {
    "linked_crowd": ("linked_crowd", ()),
    "without minutes": ("linked_crowd", ("minute",)),
    "without texts": ("linked_crowd", ("title", "body")),
    "without both": ("linked_crowd", ("minute", "title", "body")),
    "dawid_skene": ("dawid_skene", ()),
    "mace": ("mace", ()),
}
"""Name of each trial: its baseline, and the columns that are hidden from it."""


def without(fold: Fold, columns: tuple[str, ...]) -> Fold:
    """Return a fold whose tables lack these columns."""
    return replace(fold, tables={name: one.drop(columns, strict=False) for name, one in fold.tables.items()})


def main() -> None:
    """Print a row for each release."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--releases", nargs="+", default=["small.w11", "small.w12", "small.w13"])
    composer = composer_of(None, [])
    print("| release |", " | ".join(TRIALS), "|")
    print("|---|" + "--:|" * len(TRIALS))
    for release in parser.parse_args().releases:
        prepared = prepare("flag_aggregation", release=release)
        cells = []
        for baseline, columns in TRIALS.values():
            settings = composer.settings(f"flag_aggregation/{baseline}")
            method, fold = instantiate(settings.baseline.method), without(prepared.folds[0], columns)
            method.fit(fold, 0)
            found = evaluate_prepared(prepared.task, prepared, method.predict(fold), replicates=0)
            cells.append(f"{found.scores['average_precision'].value:.3f}")
        print(f"| {release} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
