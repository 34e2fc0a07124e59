"""How people judge adverts: raters against their consensus."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipdata.documents.fidelity.aggregate import Aggregate, Sums
from tipdata.documents.fidelity.view import ReleaseView
from tipdata.stages.annotations.expectation import POSITIVE

ENRICHED = 0.33
"""Share of adverts of trafficking operations in the published sample."""


def _agreement(view: ReleaseView) -> pl.DataFrame:
    """Per region and kind of advert: both ratings, whether each is positive and whether their mean is."""
    ratings = (
        view.rows("annotations", "advert", "rater", "score")
        .sort("advert", "rater")
        .group_by("advert", maintain_order=True)
        .agg(
            first=pl.col("score").first() >= POSITIVE,
            second=pl.col("score").last() >= POSITIVE,
            both=pl.col("score").mean() >= POSITIVE,
        )
    )
    rows = view.adverts.select("region", "advert", "weight", there=pl.col("kind") == "trafficking").join(
        ratings, on="advert", maintain_order="left"
    )
    counts = {
        "all": pl.lit(1.0),
        "said": pl.col("first").cast(pl.Float64) + pl.col("second"),
        "agreed": pl.col("both").cast(pl.Float64),
        "right": (pl.col("first") & pl.col("both")).cast(pl.Float64) + (pl.col("second") & pl.col("both")),
    }
    return (
        rows.group_by("region")
        .agg(
            (count * pl.col("weight")).filter(pl.col("there") == there).sum().alias(f"{name}_{there}".lower())
            for name, count in counts.items()
            for there in (True, False)
        )
        .sort("region")
    )


def _f1(sums: Sums) -> NDArray[np.float64]:
    """Return F1 of a rater against the consensus, mean of two, on a sample with a third of trafficking."""

    def mean(name: str) -> NDArray[np.float64]:
        there, elsewhere = (sums[f"{name}_{x}"] / sums[f"all_{x}"] for x in ("true", "false"))
        return ENRICHED * there + (1 - ENRICHED) * elsewhere

    said, agreed, right = mean("said") / 2, mean("agreed"), mean("right") / 2
    return 2 * right / (said + agreed)


AGGREGATES = (
    Aggregate(
        "F1 of a rater against the consensus of two",
        ".74",
        0.60,
        0.75,
        "tong2017",
        ("annotations", "adverts"),
        _agreement,
        "tuned",
        "annotations.reading",
        "memory",
        formula=_f1,
        rows="all_true",
        note="adverts weighed so that 33% are of trafficking operations, as there",
    ),
)
