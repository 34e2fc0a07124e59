"""What a release looks like from outside, beside the published aggregates it is meant to resemble.

Targets and bands are those of the project's calibration notes; each names its source, a key of ``sources.bib``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from tipcore.components import shared_value_components

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import MINUTES_A_DAY
from tipdata.release import Release
from tipdata.text.reading import read


@dataclass(frozen=True)
class Marginal:
    """One aggregate: what is published, the band in which ours should lie, and ours (None where it cannot be told)."""

    name: str
    target: str
    low: float
    high: float
    source: str
    measured: float | None

    @property
    def passes(self) -> bool:
        return self.measured is not None and self.low <= self.measured <= self.high


@dataclass(frozen=True)
class _Aggregate:
    name: str
    target: str
    low: float
    high: float
    source: str
    measure: Callable[["_View"], float | None]


class _View:
    """A release's adverts with what the aggregates need, read once."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.adverts = release.scan("adverts", truth=True).drop("images").collect()
        family = dict(CATEGORIES)
        self.family = self.adverts["category"].replace_strict(family, return_dtype=pl.Int8)

    def indicators(self, family: str) -> pl.Series:
        """Return how many indicators each advert of a family shows."""
        shown = self.adverts.filter(self.family == FAMILIES.index(family))["facts"]
        return shown.list.set_intersection(read("facts")["indicators"][family]).list.len()

    def towns(self, first: int) -> float:
        """Return mean over regions of the share of adverts in the ``first`` largest towns."""
        counts = self.adverts.group_by("region", "town").len()
        share = counts.with_columns(pl.col("len") / pl.col("len").sum().over("region"))
        top = share.group_by("region").agg(pl.col("len").sort(descending=True).head(first).sum())
        return _mean(top["len"])

    def missing(self, field: str) -> float:
        jobs = self.adverts.filter(self.family == FAMILIES.index("jobs"))
        return jobs[field].null_count() / jobs.height

    def vendors(self) -> pl.Series:
        """Return sizes of phone components with five adverts or more."""
        sizes = shared_value_components(self.adverts, "advert", "contacts").group_by("component").len()["len"]
        return sizes.filter(sizes >= 5)

    def closure(self) -> float | None:
        """Return companionship and massage adverts four weeks after an adult site's closure, over the eight weeks
        before."""
        closed = (
            self.release.scan("platforms")
            .filter((pl.col("kind") == "adult") & pl.col("closed").is_not_null())
            .select("region", "closed")
            .collect()
        )
        market = self.adverts.filter(self.family == FAMILIES.index("services")).join(closed, on="region")
        week = market.select((pl.col("minute") // MINUTES_A_DAY - pl.col("closed")).floordiv(7))["minute"]
        before = int(week.is_between(-8, -1).sum()) / 8
        return int(week.is_between(3, 4).sum()) / 2 / before - 1 if before >= 20 else None


def _mean(values: pl.Series) -> float:
    return float(values.to_numpy().mean())


def _share(values: pl.Series, low: int, high: int = 99) -> float:
    return _mean(values.is_between(low, high))


_AGGREGATES = (
    _Aggregate(
        "exact and near duplicates",
        ".80-.92",
        0.80,
        0.92,
        "rivas2024",
        lambda v: 1 - v.adverts["near_duplicate_group"].n_unique() / v.adverts.height,
    ),
    _Aggregate(
        "adverts per linked vendor", "16.4", 12, 22, "idtraffickers2023", lambda v: _mean(v.vendors())
    ),
    _Aggregate(
        "contact strings an advert",
        "1.87",
        1.5,
        2.2,
        "idtraffickers2023",
        lambda v: _mean(v.adverts["contacts"].list.len()),
    ),
    _Aggregate(
        "no indicator, services",
        ".19",
        0.12,
        0.26,
        "giommoni2021",
        lambda v: _share(v.indicators("services"), 0, 0),
    ),
    _Aggregate(
        "one indicator, services",
        ".58",
        0.48,
        0.66,
        "giommoni2021",
        lambda v: _share(v.indicators("services"), 1, 1),
    ),
    _Aggregate(
        "two indicators, services",
        ".21",
        0.15,
        0.28,
        "giommoni2021",
        lambda v: _share(v.indicators("services"), 2, 2),
    ),
    _Aggregate(
        "three or more, services",
        ".02",
        0.0,
        0.06,
        "giommoni2021",
        lambda v: _share(v.indicators("services"), 3),
    ),
    _Aggregate(
        "an indicator at all, jobs",
        ".98",
        0.95,
        1.0,
        "volodko2020",
        lambda v: _share(v.indicators("jobs"), 1),
    ),
    _Aggregate(
        "five or more, jobs", ".15", 0.10, 0.20, "volodko2020", lambda v: _share(v.indicators("jobs"), 5)
    ),
    _Aggregate(
        "wage deductions missing", ".765", 0.72, 0.81, "volodko2020", lambda v: v.missing("wage_deductions")
    ),
    _Aggregate("transport missing", ".756", 0.71, 0.80, "volodko2020", lambda v: v.missing("transport")),
    _Aggregate(
        "shared accommodation missing",
        ".656",
        0.61,
        0.70,
        "volodko2020",
        lambda v: v.missing("accommodation"),
    ),
    _Aggregate(
        "help settling missing", ".628", 0.58, 0.67, "volodko2020", lambda v: v.missing("help_settling")
    ),
    _Aggregate(
        "transfer support missing", ".621", 0.57, 0.67, "volodko2020", lambda v: v.missing("transfer_support")
    ),
    _Aggregate(
        "prior experience missing", ".377", 0.33, 0.42, "volodko2020", lambda v: v.missing("experience")
    ),
    _Aggregate("adverts in the largest town", ".289", 0.24, 0.34, "idtraffickers2023", lambda v: v.towns(1)),
    _Aggregate("adverts in the five largest", ".580", 0.53, 0.65, "idtraffickers2023", lambda v: v.towns(5)),
    _Aggregate("adverts in the ten largest", ".778", 0.73, 0.83, "idtraffickers2023", lambda v: v.towns(10)),
    _Aggregate("volume four weeks after a closure", "-.82", -0.90, -0.70, "wapo2018", lambda v: v.closure()),
)


def marginals(release: Release) -> list[Marginal]:
    """Measure every aggregate on a release that has been made."""
    view = _View(release)
    return [Marginal(a.name, a.target, a.low, a.high, a.source, a.measure(view)) for a in _AGGREGATES]
