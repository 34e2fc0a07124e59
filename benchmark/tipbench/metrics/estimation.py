r"""How far estimates are from the truth, and how honest their intervals are.

Counts are judged on the logarithm, so that half and twice the truth are equally wrong; effects that are logarithms
of ratios, and differences in the data's own units, as they are; shares in share points, under names of their own.

- ``median_abs_log_error`` (counts), ``median_abs_error`` (effects and levels), ``median_abs_share_error``: the
  weighted median of \|estimate - truth\|. An estimate that does not exist is infinitely wrong, so a median may be
  too: it is then withheld.
- ``coverage``: the share of units whose 95% interval holds the truth; one without an interval holds nothing, and so
  does one that is too wide to say anything (:data:`WIDEST`). Where no unit has an interval there is no coverage, no
  interval score and no share of failed intervals.
- ``failed_intervals``: the share of units whose interval is too wide. It is no part of ``failures``.
- ``interval_score`` (Winkler 1972; Gneiting and Raftery 2007, section 6.2): width + 2 / .05 times the distance by
  which the truth lies outside, the mean over the intervals that exist, on the logarithm for counts.
- ``failures``: the share of units without an estimate.
- ``median_ratio``: the median of estimate / truth over the counts that exist; below one is too few.

Shares have ``share_coverage``, ``share_interval_score``, ``share_failures`` and ``share_failed_intervals``.

A weighted median is the mean of the first values at which the cumulated weight reaches, and exceeds, half of the
whole. With equal weights it is the usual median.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.estimates import ESTIMATES
from tipbench.metrics.bootstrap import Floats, Metrics, compute_observed, ratio
from tipbench.metrics.metric import Family, Metric, MetricInputs, MetricValues, combine

ROUNDING = 1e-9
"""What rounding may change, relatively, in a sum by the order of its terms, or in a logarithm."""


def weighted_median(weights: Floats, values: Floats) -> Floats:
    """Return the weighted median of rising values [values] under each row of weights [rows, values]; NaN where a row
    has no weight."""
    found = np.full(len(weights), np.nan)
    some = weights.sum(axis=1) > 0
    if some.any():
        first, second = find_middle(np.cumsum(weights[some], axis=1))
        found[some] = (values[first] + values[second]) / 2
    return found


def find_middle(cumulated: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where weights that are cumulated along the last axis reach half of their total, and where they exceed
    it."""
    half = cumulated[..., -1:] / 2
    first = np.argmax(cumulated >= half * (1 - ROUNDING), axis=-1)
    return first, np.argmax(cumulated > half * (1 + ROUNDING), axis=-1)


ALPHA = 0.05
"""Intervals are 95% intervals."""

ESTIMATE = Metric("estimate", "estimate")
"""Not measured: where one unit is estimated, the estimate itself is shown as a score."""

ERROR = {
    "count": "median_abs_log_error",
    "log_effect": "median_abs_error",
    "level": "median_abs_error",
    "share": "median_abs_share_error",
}
"""Quantity -> the name of its error."""

FACTOR = 100.0
"""Upper over lower end of an interval, of counts or of ratios, beyond which it says nothing: 20 to 2,000 people."""

ESTIMATION_METRICS = (
    Metric("median_abs_log_error", "median absolute log error", lower_is_better=True),
    Metric("median_abs_error", "median absolute error", lower_is_better=True),
    Metric(
        "coverage",
        "coverage of 95% intervals",
        beside=True,
        heading="coverage",
        says="the share of 95% intervals that hold the truth, where well below .95 is false confidence",
    ),
    Metric(
        "interval_score",
        "interval score",
        lower_is_better=True,
        unit="width",
        beside=True,
        says="the width of 95% intervals with 40 times the distance by which they miss the truth",
    ),
    Metric("failures", "share without an estimate", lower_is_better=True),
    Metric(
        "failed_intervals",
        "share of intervals that are too wide",
        lower_is_better=True,
        beside=True,
        heading="failed intervals",
        says=f"the share of 95% intervals whose ends are more than a factor of {FACTOR:g} apart, which cover nothing",
    ),
    Metric("median_ratio", "median of estimate over truth"),
    Metric("median_abs_share_error", "median absolute error of shares", lower_is_better=True),
    Metric("share_coverage", "coverage of shares"),
    Metric("share_interval_score", "interval score of shares", lower_is_better=True),
    Metric("share_failures", "shares without an estimate", lower_is_better=True),
    Metric("share_failed_intervals", "intervals of shares that are too wide", lower_is_better=True),
    ESTIMATE,
)

WIDEST = {ERROR["count"]: np.log(FACTOR), ERROR["level"]: np.log(FACTOR), ERROR["share"]: 1.0}
"""Name of the error -> the width on its scale beyond which an interval covers nothing; one of shares may be as wide as
from none to all. Differences in the data's own units have no such width."""

TOO_MANY_FAILED = "half of the units or more have no estimate"
NO_INTERVALS = "no estimate has an interval"


def measure_estimates(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; units are resampled by their cluster, the region."""
    beside = inputs.answers.frame.with_columns(inputs.predictions.select("estimate", "lower", "upper"))
    rows = beside.filter(pl.col("truth").is_not_null())
    there = {ERROR[quantity] for quantity in rows["quantity"].unique()}
    # Those of counts or effects first.
    return combine(
        _measure_error(inputs, rows, name) for name in dict.fromkeys(ERROR.values()) if name in there
    )


def _measure_error(inputs: MetricInputs, rows: pl.DataFrame, name: str) -> MetricValues:
    """Return the metrics of the units of one kind of error, on its scale: the logarithm for counts.

    A median error that is infinite is NaN, and withheld.
    """
    prefix, are_counts = "share_" if name == ERROR["share"] else "", name == ERROR["count"]
    mine = rows["quantity"].is_in([quantity for quantity, error in ERROR.items() if error == name])
    part, codes = rows.filter(mine), inputs.clusters.codes[mine.to_numpy()]
    weight = part["weight"].to_numpy()
    columns = (part[name] for name in ("truth", "estimate", "lower", "upper"))
    numbers = (column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in columns)
    truth, estimate, low, high = map(np.log, numbers) if are_counts else numbers
    apart = estimate - truth
    error = np.where(np.isnan(apart), np.inf, np.abs(apart))
    there = ~np.isnan(low)
    widest = np.where((part["quantity"] == "level").to_numpy(), np.inf, WIDEST[name])
    wide = there & (high - low > widest * (1 + ROUNDING))
    inside = there & ~wide & (low <= truth) & (truth <= high)
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    winkler = np.where(there, high - low + 2 / ALPHA * outside, 0.0)
    by_error = np.argsort(error, kind="stable")
    exists = np.flatnonzero(~np.isnan(apart))
    by_ratio = exists[np.argsort(apart[exists], kind="stable")]

    def metrics(drawn: Floats) -> Metrics:
        weights = drawn[:, codes] * weight
        total = weights.sum(axis=1)
        median = weighted_median(weights[:, by_error], error[by_error])
        found = {
            name: np.where(np.isfinite(median), median, np.nan),
            f"{prefix}coverage": ratio(weights @ inside, total),
            f"{prefix}interval_score": ratio(weights @ winkler, weights @ there.astype(float)),
            f"{prefix}failures": ratio(weights @ np.isinf(error), total),
            f"{prefix}failed_intervals": ratio(weights @ wide, total),
        }
        if are_counts:
            found["median_ratio"] = np.exp(weighted_median(weights[:, by_ratio], apart[by_ratio]))
        return found

    failed = np.isnan(compute_observed(metrics, inputs.clusters.count)[name])
    withheld = {name: TOO_MANY_FAILED} if failed else {}
    if not there.any():
        of_intervals = ("coverage", "interval_score", "failed_intervals")
        withheld |= {f"{prefix}{metric}": NO_INTERVALS for metric in of_intervals}
    return MetricValues(metrics=metrics, withheld=withheld)


FAMILY = Family("estimation", ESTIMATES, ESTIMATION_METRICS, measure_estimates)
