"""How raters agree, and what their labels teach: python research/world/raters.py [--worlds 1 2] [--regions 64]

For each world, on a sample with 33% adverts of trafficking operations as in the published study: agreement of
two raters (kappa) and F1 of each against the consensus of both. Then over all adverts, against truth: what a label
(mean score of at least 4) is worth by itself, the AUROC of the mean score, and that of the *raters' oracle*: the
probability of a positive label given all that an advert shows (`tests/tipdata/stages/rater_labels.py`), beyond which
no learner from these labels gets. Beside it the posterior of one advert's own facts, which truth would teach at best.
Last, whether that probability is right: the share of positive labels where it is low and where it is high.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import polars as pl
from drawn import NEEDED, asking
from sklearn.metrics import roc_auc_score
from tipdata.core.draw import Stream
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import World, newest_released
from tipdata.stages import draw_tables
from tipdata.stages.annotations import POSITIVE

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "tipdata" / "stages"))
from rater_labels import expected_labels  # pyright: ignore[reportMissingImports]

RATED = (*NEEDED, "annotations")
BINS = (0.0, 0.02, 0.1, 0.3, 0.6, 1.01)


def rated(world: World, regions: int) -> pl.DataFrame:
    """Return of every advert its two labels, mean score, expected label, posterior and whether it is of trafficking."""
    parts = []
    for index in range(regions):
        region = world.region(index)
        past, tables = draw_tables(region, RATED)
        o, adverts = past["operations"], past["adverts"]
        known = pl.DataFrame(
            {
                "advert": adverts.id,
                "truth": o.kind[adverts.operation] == TRAFFICKING,
                "posterior": adverts.log_odds,
                "expected": expected_labels(region, o, adverts),
            }
        )
        parts.append(known.join(labels_of(tables["annotations"]), on="advert", maintain_order="left"))
    return pl.concat(parts)


def labels_of(annotations: pl.DataFrame) -> pl.DataFrame:
    """Return of every advert the labels of its two raters, their mean score, and the label of both."""
    return (
        annotations.sort("advert", "rater")
        .group_by("advert", maintain_order=True)
        .agg(
            first=pl.col("score").first() >= POSITIVE,
            second=pl.col("score").last() >= POSITIVE,
            mean=pl.mean("score"),
        )
        .with_columns(label=pl.col("mean") >= POSITIVE)
    )


def agreement(rows: pl.DataFrame) -> tuple[float, list[float]]:
    """Return kappa of two raters, and F1 of each against their consensus, on a sample with 33% of trafficking.

    ``rows``: ``[advert, truth, first, second, label]``.
    """
    rest = rows.filter(~pl.col("truth"))
    positive = rows.filter("truth")
    order = Stream(0, "raters").shuffle(rest["advert"].to_numpy())[: 2 * positive.height]
    sample = pl.concat([positive, rest[order.tolist()]])
    label, (a, b) = sample["label"].to_numpy(), (sample[c].to_numpy() for c in ("first", "second"))
    chance = a.mean() * b.mean() + (~a).mean() * (~b).mean()
    kappa = ((a == b).mean() - chance) / (1 - chance)
    return float(kappa), [float(2 * (one & label).sum() / (one.sum() + label.sum())) for one in (a, b)]


def main() -> None:
    """Print a table for each world."""
    options = asking(__doc__, worlds=[1, 2]).parse_args()
    for number in options.worlds:
        rows = rated(World.of(newest_released(), number), options.regions)
        truth, label, expected = (rows[c].to_numpy() for c in ("truth", "label", "expected"))
        kappa, f1 = agreement(rows)
        print(f"world {number}, {options.regions} regions, {rows.height:,} adverts")
        print(f"  kappa {kappa:.3f} (wanted .4-.6), F1 {f1[0]:.3f} and {f1[1]:.3f} (wanted .6-.75)")
        print(
            f"  labels against truth: {label.mean():.3f} positive, precision {truth[label].mean():.3f}, "
            f"recall {label[truth].mean():.3f}"
        )
        for name, column in (
            ("mean score of two raters", "mean"),
            ("raters' oracle", "expected"),
            ("posterior of one advert", "posterior"),
        ):
            print(f"  AUROC against truth, {name}: {roc_auc_score(truth, rows[column].to_numpy()):.3f}")
        for low, high in itertools.pairwise(BINS):
            inside = (expected >= low) & (expected < high)
            if inside.any():
                print(
                    f"  expected {low:.2f} to {min(high, 1):.2f}: {inside.sum():7,} adverts, "
                    f"mean {expected[inside].mean():.3f}, labels {label[inside].mean():.3f}"
                )


if __name__ == "__main__":
    main()
