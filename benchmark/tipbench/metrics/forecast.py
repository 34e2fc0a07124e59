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

from tipbench.kinds.lists import FORECAST_PRIMARY, FORECASTS, MOST_CANDIDATES
from tipbench.metrics.bootstrap import FEWEST_CLUSTERS, TOO_FEW, ClusterSums, Floats, GroupShares, Mask
from tipbench.metrics.harm import LAWFUL, find_exploited_groups
from tipbench.metrics.metric import Family, Groups, Metric, MetricInputs, MetricValues, find_equal

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
    rows = inputs.answers.scored_rows()
    found = score_forecasts(rows, inputs.predictions, inputs.answers.unit)
    weight, mrr = rows["weight"].to_numpy(), found["mrr"].to_numpy()
    known = "intrusion" in rows.columns
    intrusion = rows["intrusion"].to_numpy() if known else np.zeros(len(weight), dtype=bool)
    sums = ClusterSums(inputs.clusters)
    sums.add("queries", weight, ~intrusion)
    sums.add("intrusions", weight, intrusion)
    for name in FORECAST_NAMES:
        sums.add(name, weight, ~intrusion, found[name].to_numpy())
    sums.add(INTRUSION, weight, intrusion, mrr)
    named = {name: (name, "queries") for name in FORECAST_NAMES}
    few = inputs.clusters.among(intrusion) < FEWEST_CLUSTERS
    return MetricValues(
        metrics=sums.ratios(named | ({INTRUSION: (INTRUSION, "intrusions")} if intrusion.any() else {})),
        without_interval={INTRUSION: TOO_FEW} if few and intrusion.any() else {},
        groups=_measure_groups(inputs, rows, mrr, intrusion),
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


def _measure_groups(inputs: MetricInputs, rows: pl.DataFrame, mrr: Floats, intrusion: Mask) -> Groups:
    """Return intrusion by lawful group, and the primary metric by who is exploited."""
    members: dict[str, Mask] = {}
    if "group" in rows.columns and intrusion.any():
        for name in sorted(rows["group"].drop_nulls().unique()):
            if (mask := find_equal(rows["group"], name) & intrusion).any():
                members[name] = mask
        members[LAWFUL] = intrusion
    lawful = tuple(members)
    members |= find_exploited_groups(rows, ~intrusion, inputs.clusters.codes)
    means = GroupShares(inputs.clusters, rows["weight"].to_numpy(), members, mrr)
    return {
        name: {
            INTRUSION if name in lawful else FORECAST_PRIMARY: value,
            "queries": int(members[name].sum()),
            "operations": means.clusters[name],
        }
        for name, value in means.observed.items()
    }


FAMILY = Family("forecast", FORECASTS, FORECAST_METRICS, measure_forecasts)
