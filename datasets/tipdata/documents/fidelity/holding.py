"""Measure aggregates on a release: a value over all regions, its interval, its range over regions, and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.registry import aggregates
from tipdata.documents.fidelity.view import ReleaseView, Tables

Verdict = Literal["pass", "fail", "too few rows"]
DRAWS = 2000
"""Bootstrap samples of regions."""
INTERVAL = (2.5, 97.5)
RANGE = (5, 95)
"""Percentiles: of the bootstrap, and of the regions' own values."""
FEWEST = 4
"""Regions below which there is no interval: fewer hardly differ when they are drawn again."""


@dataclass(frozen=True)
class AggregateResult:
    """One aggregate as it was measured.

    Attributes:
        subject: what it is about.
        aggregate: what was declared.
        value: over all regions; None where there are too few rows.
        interval: 95% bootstrap over regions; None with ``value``, and below four regions that can tell.
        regions: 5th and 95th percentile of the regions' own values; None with ``value``.
        rows: how much it rests on.
    """

    subject: str
    aggregate: Aggregate
    value: float | None
    interval: tuple[float, float] | None
    regions: tuple[float, float] | None
    rows: float

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the value lies in the band."""
        if self.value is None:
            return "too few rows"
        return "pass" if self.aggregate.low <= self.value <= self.aggregate.high else "fail"

    @property
    def is_doubtful(self) -> bool:
        """Whether the interval holds values of both verdicts."""
        if self.interval is None:
            return False
        low, high = self.interval
        inside = self.aggregate.low <= low and high <= self.aggregate.high
        outside = high < self.aggregate.low or low > self.aggregate.high
        return not (inside or outside)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        a = self.aggregate
        return {
            "subject": self.subject,
            "name": a.name,
            "published": a.published,
            "low": a.low,
            "high": a.high,
            "source": a.source,
            "mark": a.mark,
            "tables": list(a.tables),
            "use": a.use,
            "parameter": a.parameter or None,
            "note": a.note or None,
            "value": self.value,
            "interval": self.interval and list(self.interval),
            "regions": self.regions and list(self.regions),
            "rows": self.rows,
            "needs": a.needs,
            "verdict": self.verdict,
        }


def compare_release(source: Tables) -> list[AggregateResult]:
    """Measure every aggregate on a release that has been made, or on a world drawn for this.

    An interval is conditional on what all regions share: season, events, technology.
    """
    view = ReleaseView(source)
    return [
        _measure(subject, aggregate, aggregate.measure(view))
        for subject, listed in aggregates().items()
        for aggregate in listed
    ]


def _measure(subject: str, aggregate: Aggregate, measured: pl.DataFrame) -> AggregateResult:
    sums = {
        name: measured[name].to_numpy().astype(np.float64) for name in measured.columns if name != "region"
    }
    rows = float(sums[aggregate.rows].sum())
    if rows < aggregate.needs:
        return AggregateResult(subject, aggregate, None, None, None, rows)
    value = _values(aggregate, {name: one.sum(keepdims=True) for name, one in sums.items()})
    if not len(value):
        return AggregateResult(subject, aggregate, None, None, None, rows)
    return AggregateResult(
        subject, aggregate, float(value[0]), _interval(aggregate, sums), _range(aggregate, sums), rows
    )


def _interval(aggregate: Aggregate, sums: Mapping[str, NDArray[np.float64]]) -> tuple[float, float] | None:
    regions = len(sums[aggregate.rows])
    if regions < FEWEST:
        return None
    times = np.random.default_rng(0).multinomial(regions, np.full(regions, 1 / regions), size=DRAWS)
    values = _values(aggregate, {name: times @ one for name, one in sums.items()})
    return _pair(np.percentile(values, INTERVAL)) if len(values) else None


def _range(aggregate: Aggregate, sums: Mapping[str, NDArray[np.float64]]) -> tuple[float, float] | None:
    values = _values(aggregate, sums)
    return _pair(np.percentile(values, RANGE)) if len(values) else None


def _values(aggregate: Aggregate, sums: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the values that exist: of regions, or samples of them, without a denominator there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(aggregate.formula(sums))
    return values[np.isfinite(values)]


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(values[0]), float(values[1])
