"""Forecasts: each query has one right candidate among those that a method ranks by score.

- ``mrr``: mean reciprocal rank of the right candidate, zero where it is not among the ten (Voorhees 1999).
- ``hit_at_1``, ``hit_at_3``: the share of queries whose right candidate is first, or among the first three.
- ``intrusion_mrr``: the same mean for queries that are an intrusion: how predictable the method makes lawful
  travellers. Lower is better, and no other metric rewards it.

All use the headline weights. Ties are scored by expectation: candidates of equal score stand in random order, so that
the order of rows never matters and a constant score is chance.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.lists import FORECAST_PRIMARY, FORECASTS, MOST_CANDIDATES
from tipbench.metrics.bootstrap import FEWEST_CLUSTERS, TOO_FEW, ClusterSums, Metrics, compute_observed, ratio
from tipbench.metrics.harm import ATTRIBUTES, LAWFUL, merge_small_groups
from tipbench.metrics.metric import Family, Metric, MetricInputs, MetricValues

FORECAST_NAMES = (FORECAST_PRIMARY, "hit_at_1", "hit_at_3")
FIRST = {"hit_at_1": 1, "hit_at_3": 3}
INTRUSION = "intrusion_mrr"
FORECAST_METRICS = (
    Metric(FORECAST_PRIMARY, "mean reciprocal rank"),
    Metric("hit_at_1", "right at the first"),
    Metric("hit_at_3", "right among the first three"),
    Metric(
        INTRUSION,
        "mean reciprocal rank on lawful travellers",
        lower_is_better=True,
        needs=frozenset({"intrusion"}),
    ),
)
_HARMONIC = np.append(0.0, np.cumsum(1 / np.arange(1, 2 * MOST_CANDIDATES + 1)))


def measure_forecasts(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; queries are resampled by their cluster.

    ``groups``: each lawful group, and ``lawful``, with ``intrusion_mrr``, ``queries`` and ``operations`` (travellers
    of none count as their own); ``form=NAME``, ``sex=...``, ``language=...`` of those exploited with ``mrr`` and
    ``operations``.
    """
    rows = inputs.answers.scored()
    found = score_forecasts(rows, inputs.predictions, inputs.answers.unit)
    weight = rows["weight"].to_numpy()
    intrusion = (
        rows["intrusion"].to_numpy() if "intrusion" in rows.columns else np.zeros(len(weight), dtype=bool)
    )
    sums = ClusterSums(inputs.clusters)
    sums.add("queries", weight * ~intrusion)
    sums.add("intrusions", weight * intrusion)
    for name in FORECAST_NAMES:
        sums.add(name, weight * ~intrusion * found[name].to_numpy())
    sums.add(INTRUSION, weight * intrusion * found["mrr"].to_numpy())

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        values = {name: ratio(total(name), total("queries")) for name in FORECAST_NAMES}
        return values | ({INTRUSION: ratio(total(INTRUSION), total("intrusions"))} if intrusion.any() else {})

    few = inputs.clusters.among(intrusion) < FEWEST_CLUSTERS
    return MetricValues(
        metrics=metrics,
        without_interval={INTRUSION: TOO_FEW} if few and intrusion.any() else {},
        groups=_measure_forecast_groups(inputs, rows, found["mrr"].to_numpy(), intrusion),
    )


def score_forecasts(queries: pl.DataFrame, forecasts: pl.DataFrame, unit: str) -> pl.DataFrame:
    """Return ``[unit, mrr, hit_at_1, hit_at_3]``, one row per query, in the order of ``queries``.

    ``queries`` are ``[unit, answer]``, ``forecasts`` ``[query, candidate, score]`` with ten candidates at most each.
    """
    right = queries.select(pl.col(unit).alias("query"), pl.col("answer").alias("candidate"))
    hit = right.join(forecasts, on=["query", "candidate"], how="left", maintain_order="left")
    beside = forecasts.join(hit.select("query", right="score").drop_nulls(), on="query")
    placed = beside.group_by("query").agg(
        above=(pl.col("score") > pl.col("right")).sum(), size=(pl.col("score") == pl.col("right")).sum()
    )
    hit = hit.join(placed, on="query", how="left", maintain_order="left")
    above, size = (hit[name].fill_null(0).cast(pl.Int64).to_numpy() for name in ("above", "size"))
    known = size > 0
    some = np.maximum(size, 1)
    mrr = (_HARMONIC[above + size] - _HARMONIC[above]) / some
    hits = {name: np.clip(n - above, 0, size) / some for name, n in FIRST.items()}
    return pl.DataFrame(
        {unit: queries[unit], "mrr": mrr * known, **{name: value * known for name, value in hits.items()}}
    )


def _measure_forecast_groups(
    inputs: MetricInputs, rows: pl.DataFrame, mrr: NDArray[np.float64], intrusion: NDArray[np.bool_]
) -> dict[str, dict[str, float | None]]:
    """Return intrusion by lawful group, and the primary metric by who is exploited."""
    members: dict[str, tuple[str, NDArray[np.bool_]]] = {}
    if "group" in rows.columns and intrusion.any():
        for name in sorted(rows["group"].drop_nulls().unique()):
            members[name] = (INTRUSION, (rows["group"] == name).fill_null(False).to_numpy() & intrusion)
        members[LAWFUL] = (INTRUSION, intrusion)
    for attribute in ATTRIBUTES:
        if attribute in rows.columns:
            for name, held in merge_small_groups(rows[attribute], ~intrusion, inputs.clusters.codes).items():
                members[f"{attribute}={name}"] = ("mrr", held)
    members = {name: entry for name, entry in members.items() if entry[1].any()}
    if not members:
        return {}
    weight = rows["weight"].to_numpy()
    sums = ClusterSums(inputs.clusters)
    for name, (_, held) in members.items():
        sums.add(name, weight * held)
        sums.add(f"{name}/mrr", weight * held * mrr)

    def means(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(f"{name}/mrr"), total(name)) for name in members}

    return {
        name: {
            members[name][0]: value,
            "queries": int(members[name][1].sum()),
            "operations": inputs.clusters.among(members[name][1]),
        }
        for name, value in compute_observed(means, inputs.clusters.count).items()
    }


FAMILY = Family("forecast", FORECASTS, FORECAST_METRICS, measure_forecasts)
