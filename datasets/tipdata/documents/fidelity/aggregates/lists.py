"""Lists of people seen by six institutions: how they overlap."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, shares

LISTS = ("police", "border", "labour_inspectorate", "shelter", "hotline", "platform")


def _rows(view: ReleaseView) -> pl.DataFrame:
    return view.rows("case_lists", *LISTS, "count").with_columns(weight=pl.col("count").cast(pl.Float64))


def _twice(view: ReleaseView) -> pl.DataFrame:
    return shares(_rows(view), pl.sum_horizontal(LISTS) >= 2)


def _apart(view: ReleaseView) -> pl.DataFrame:
    pairs = [(pl.col(one) & pl.col(other)).any() for one, other in combinations(LISTS, 2)]
    meet = pl.mean_horizontal(pair.cast(pl.Float64).alias(str(n)) for n, pair in enumerate(pairs))
    return _rows(view).group_by("region").agg(part=1 - meet, of=pl.lit(1.0)).sort("region")


AGGREGATES = (
    Aggregate(
        "people on two lists or more",
        ".05-.09",
        0.05,
        0.09,
        "silverman2020",
        ("case_lists",),
        _twice,
        "tuned",
        "captures.base",
        "computed",
    ),
    Aggregate(
        "pairs of lists that share nobody",
        ".10-.60",
        0.10,
        0.60,
        "silverman2020",
        ("case_lists",),
        _apart,
        "tuned",
        "captures.base",
        "computed",
        needs=4,
        note="mean over regions; published of small ones",
    ),
)
