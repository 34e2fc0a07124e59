"""Indicators in adverts: how many are shown, and how they go with what is true."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipdata.documents.fidelity.aggregate import Aggregate, Sums
from tipdata.documents.fidelity.view import ReleaseView, shares

Measure = Callable[[ReleaseView], pl.DataFrame]
COUNTS = {
    "no indicator": (0, 0, ".190", 0.12, 0.26),
    "one indicator": (1, 1, ".583", 0.48, 0.66),
    "two indicators": (2, 2, ".213", 0.15, 0.28),
    "three or more indicators": (3, 99, ".017", 0.0, 0.06),
}
"""Name -> fewest, most, published, band."""
LAWFUL = ("business", "independent")


def _shown(family: str, low: int, high: int) -> Measure:
    return lambda view: shares(view.indicators(family), pl.col("shown").is_between(low, high))


def _among(*levels: str) -> Measure:
    """Return what measures how often services adverts say one of some levels, of trafficking and of lawful operations.

    Each operation counts once, by the share of its adverts: a few post a hundred of the same words.
    """

    def measure(view: ReleaseView) -> pl.DataFrame:
        says = pl.col("facts").list.set_intersection(list(levels)).list.len() > 0
        operations = (
            view.of_family("services")
            .group_by("region", "operation", maintain_order=True)
            .agg(says.mean().alias("says"), pl.first("kind", "weight"))
        )
        there, lawful = pl.col("kind") == "trafficking", pl.col("kind").is_in(LAWFUL)
        said, weight = pl.col("says") * pl.col("weight"), pl.col("weight")
        return (
            operations.group_by("region")
            .agg(
                said_there=said.filter(there).sum(),
                there=weight.filter(there).sum(),
                said_elsewhere=said.filter(lawful).sum(),
                elsewhere=weight.filter(lawful).sum(),
            )
            .sort("region")
        )

    return measure


def _odds(sums: Sums) -> NDArray[np.float64]:
    """Return how many times as often trafficking operations say it as lawful ones."""
    return (sums["said_there"] / sums["there"]) / (sums["said_elsewhere"] / sums["elsewhere"])


def _against_outcomes(
    name: str,
    published: str,
    low: float,
    high: float,
    levels: tuple[str, ...],
    parameter: str = "",
    but: str = "",
) -> Aggregate:
    return Aggregate(
        name,
        published,
        low,
        high,
        "nij2024",
        ("adverts", "operations"),
        _among(*levels),
        "input" if parameter else "unused",
        parameter,
        formula=_odds,
        rows="there",
        note="services; share of adverts that say it, mean of operations, a ratio" + but,
    )


AGGREGATES = (
    *(
        Aggregate(
            f"{name}, services",
            published,
            low,
            high,
            "giommoni2021",
            ("adverts",),
            _shown("services", first, last),
            "tuned",
            "facts.law",
        )
        for name, (first, last, published, low, high) in COUNTS.items()
    ),
    Aggregate(
        "an indicator at all, jobs",
        ".98",
        0.95,
        1.0,
        "volodko2020",
        ("adverts",),
        _shown("jobs", 1, 99),
        "tuned",
        "facts.law",
    ),
    Aggregate(
        "five or more indicators, jobs",
        ".15",
        0.10,
        0.20,
        "volodko2020",
        ("adverts",),
        _shown("jobs", 5, 99),
        "tuned",
        "facts.law",
    ),
    _against_outcomes(
        "movement language, trafficking over lawful",
        ".30",
        0.15,
        0.60,
        ("stay=days", "stay=leaving"),
        "facts.law.all.stay",
    ),
    _against_outcomes(
        "client screening, trafficking over lawful",
        "no predictor",
        0.80,
        1.25,
        ("screening=intro", "screening=vouched"),
        "facts.law.all.screening",
    ),
    _against_outcomes(
        "assurance of being genuine, trafficking over lawful",
        "above 1",
        1.05,
        3.0,
        ("references=genuine",),
        "facts.law.all.references",
    ),
    _against_outcomes(
        "obscured number, trafficking over lawful",
        "above 1",
        1.05,
        3.0,
        ("masking=masked",),
        "operations.traits.obfuscation",
    ),
    _against_outcomes(
        "stated origin, trafficking over lawful",
        "above 1",
        1.05,
        3.0,
        ("origin=abroad", "origin=homeland"),
        but="; here it depends on migration alone, on purpose",
    ),
)
