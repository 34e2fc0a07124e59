"""Compare a release with published aggregates: each is declared once in ``aggregates.yaml``.

The value of an aggregate is computed over all regions, with a bootstrap interval over regions, their range, and a
verdict: whether the value lies in the band.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipdata.core.yaml_lines import read_yaml
from tipdata.documents.measures import FORMULAS, MEASURES, ReleaseView, Sums, quotient
from tipdata.release import Release

FILE = Path(__file__).with_name("aggregates.yaml")
Use = Literal["input", "tuned", "unused"]
USES: dict[Use, str] = {
    "input": "a parameter of the world file is this number, so that meeting it proves nothing",
    "tuned": "parameters were chosen with this number in view, so that meeting it shows that it can be met",
    "unused": "no parameter was chosen for it: it tests the world",
}
"""What an aggregate was used for when the world was made."""
Mark = Literal["read", "computed", "secondary", "memory"]
MARKS: dict[Mark, str] = {
    "read": "read in the source",
    "computed": "computed from numbers read in the source",
    "secondary": "read where another cites it",
    "memory": "cited from memory, not checked: weaker",
}
Verdict = Literal["pass", "fail", "too few rows"]
BOOTSTRAP_SAMPLES = 2000
"""Samples of regions."""
INTERVAL, RANGE = (2.5, 97.5), (5, 95)
"""Percentiles of the bootstrap, and of the regions' own values."""
FEWEST_REGIONS = 4
"""Regions below which there is no interval: samples of fewer hardly differ."""


@dataclass(frozen=True)
class Aggregate:
    """One published aggregate.

    Attributes:
        name: in words; in the plural for a share.
        published: as text.
        low, high: the band of the release's value; both ends belong to it.
        source: a key of :file:`sources.bib`.
        tables: that are measured, the main one first.
        measure: returns one row per region that can tell, with its sums (``region``, ``part``, ``of`` and others).
        use: what the number was used for when the world was made.
        parameter: for an input the parameter that is this number, else the main one that decides it; '' for none.
        mark: how well the published number is known.
        formula: makes the value of sums over regions.
        rows: the sum that counts the rows behind a value.
        needs: rows for a verdict.
        note: how ours differs from what was published; '' for nothing.
    """

    name: str
    published: str
    low: float
    high: float
    source: str
    tables: tuple[str, ...]
    measure: Callable[[ReleaseView], pl.DataFrame]
    use: Use
    parameter: str = ""
    mark: Mark = "read"
    formula: Callable[[Sums], NDArray[np.float64]] = quotient
    rows: str = "of"
    needs: float = 100
    note: str = ""


class UnmodelledAggregate(NamedTuple):
    """A published aggregate that no table can be compared with: what it is, its source ('' for several), and why."""

    what: str
    source: str
    why: str


@cache
def aggregates() -> dict[str, tuple[Aggregate, ...]]:
    """Return all aggregates by subject, in the order in which they are shown."""

    def parse(
        band: Any, measure: str, tables: list[str], formula: str = "quotient", **entry: Any
    ) -> Aggregate:
        arguments = entry.pop("with", {})
        if isinstance(band, dict):
            band = band["share"] - band["tolerance"], band["share"] + band["tolerance"]
        low, high = band
        made = {"measure": partial(MEASURES[measure], **arguments), "formula": FORMULAS[formula]}
        return Aggregate(low=low, high=high, tables=tuple(tables), **made, **entry)

    listed = read_yaml(FILE)["aggregates"]
    return {subject: tuple(parse(**entry) for entry in entries) for subject, entries in listed.items()}


@cache
def unmodelled_aggregates() -> tuple[UnmodelledAggregate, ...]:
    """Return the published aggregates that are not compared, with the reason."""
    return tuple(UnmodelledAggregate(**entry) for entry in read_yaml(FILE)["not modelled"])


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
        plain = {name: getattr(a, name) for name in ("name", "published", "low", "high", "source", "mark")}
        return {
            "subject": self.subject,
            **plain,
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


def compare_release(source: Release) -> list[AggregateResult]:
    """Measure every aggregate on a release that has been made, or on a world drawn for this.

    An interval is conditional on what all regions share: season, events, technology.
    """
    view = ReleaseView(source)
    every = ((subject, one) for subject, listed in aggregates().items() for one in listed)
    return [evaluate(subject, one, one.measure(view)) for subject, one in every]


def evaluate(subject: str, aggregate: Aggregate, measured: pl.DataFrame) -> AggregateResult:
    """Return the value, interval and range of an aggregate. ``measured``: the sums that its measure gives."""
    sums = {one.name: one.to_numpy().astype(np.float64) for one in measured if one.name != "region"}
    regions = len(sums[aggregate.rows])
    rows = float(sums[aggregate.rows].sum())
    value = _values(aggregate, {name: one.sum(keepdims=True) for name, one in sums.items()})
    if rows < aggregate.needs or not len(value):
        return AggregateResult(subject, aggregate, None, None, None, rows)
    interval = None
    if regions >= FEWEST_REGIONS:
        equal = np.full(regions, 1 / regions)
        times = np.random.default_rng(0).multinomial(regions, equal, size=BOOTSTRAP_SAMPLES)
        samples = {name: times @ one for name, one in sums.items()}
        interval = _percentiles(_values(aggregate, samples), INTERVAL)
    own = _percentiles(_values(aggregate, sums), RANGE)
    return AggregateResult(subject, aggregate, float(value[0]), interval, own, rows)


def _values(aggregate: Aggregate, sums: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the values of regions, or of samples of them, that have a denominator."""
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(aggregate.formula(sums))
    return values[np.isfinite(values)]


def _percentiles(values: NDArray[np.float64], at: tuple[float, float]) -> tuple[float, float] | None:
    if not len(values):
        return None
    low, high = np.percentile(values, at)
    return float(low), float(high)
