"""Retrieval metrics: each query's candidates, ranked by score, against the members of its cluster in a
gallery.

Queries are the units whose cluster has another member in the gallery; each weighs one, or as many operations as its own
stands for (``weight`` of the answers). Those who stand beside it in the gallery cannot be weighted in a ranking.
Candidates that were not given are misses, and a query without candidates scores zero.

Ties are scored by expectation: candidates of equal score stand in random order, and a metric is its mean over
these orders, in closed form. So the order of rows never matters and a constant score is chance.

- ``r_precision``: relevant among the first R, over R = min(relevant, 10) (Manning et al. 2008, section 8.4).
- ``mrr_at_10``: reciprocal rank of the first relevant candidate, zero if none is among the ten.
- ``recall_at_10``: relevant among the ten candidates over all relevant; below one by necessity where there
  are more than ten.
"""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.candidates import CANDIDATES
from tipbench.kinds.lists import MOST_CANDIDATES, pieces
from tipbench.metrics.bootstrap import ClusterSums, Metrics, ratio, row_weights
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues

METRICS = (
    Metric("r_precision", "R-precision"),
    Metric("mrr_at_10", "mean reciprocal rank at 10"),
    Metric("recall_at_10", "recall at 10"),
)
NAMES = tuple(metric.name for metric in METRICS)


def measure(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs; queries are resampled by their cluster."""
    queries = query_scores(
        inputs.answers.frame, inputs.answers.scored(), inputs.predictions, inputs.answers.unit
    )
    weight = row_weights(inputs.answers.counted())
    sums = ClusterSums(inputs.clusters)
    sums.add("queries", weight)
    for name in NAMES:
        sums.add(name, weight * queries[name].to_numpy())

    def metrics(drawn: NDArray[np.float64]) -> Metrics:
        total = sums.totals(drawn)
        return {name: ratio(total(name), total("queries")) for name in NAMES}

    withheld = (
        {}
        if queries.height
        else dict.fromkeys(NAMES, "no query: every cluster of the gallery has one member")
    )
    return MetricValues(metrics=metrics, withheld=withheld)


def query_scores(
    gallery: pl.DataFrame, queries: pl.DataFrame, candidates: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return ``[unit, relevant, r_precision, mrr_at_10, recall_at_10]``, one row per query, in the order of
    ``queries``.

    ``gallery`` and ``queries`` are ``[unit, cluster]``, ``candidates`` ``[query, candidate, score]``, those of a query
    together.
    """
    relevant = queries.select(
        unit, "cluster", (pl.len().over("cluster").cast(pl.Int64) - 1).alias("relevant")
    )
    found = [_of_lists(relevant, gallery, some, unit) for some in pieces(candidates, "query")]
    return (
        relevant.drop("cluster")
        .join(pl.concat(found), on=unit, how="left", maintain_order="left")
        .with_columns(pl.col(NAMES).fill_null(0.0))
    )


def _of_lists(
    queries: pl.DataFrame, gallery: pl.DataFrame, candidates: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return the metrics of the queries that these candidates are for, ``[unit, r_precision, ...]``."""
    first = pl.col("relevant").first()
    return (
        _blocks(queries, gallery, candidates, unit)
        .group_by(unit)
        .agg(
            (pl.col("expected_first_r").sum() / first.clip(upper_bound=MOST_CANDIDATES)).alias("r_precision"),
            pl.col("reciprocal_rank").max().alias("mrr_at_10"),
            (pl.col("hits").sum() / first).alias("recall_at_10"),
        )
    )


def _blocks(
    queries: pl.DataFrame, gallery: pl.DataFrame, candidates: pl.DataFrame, unit: str
) -> pl.DataFrame:
    """Return the blocks of equal score of each query: how many candidates stand ``above``, its ``size`` and
    ``hits``, the hits to be expected among the first R, and the expected reciprocal rank of the first hit if
    all above miss."""
    members = gallery.select(pl.col(unit).alias("candidate"), pl.col("cluster").alias("_cluster"))
    blocks = (
        candidates.rename({"query": unit})
        .join(queries, on=unit)
        .join(members, on="candidate")
        .group_by(unit, "relevant", "score")
        .agg(
            pl.len().cast(pl.Int64).alias("size"),
            (pl.col("cluster") == pl.col("_cluster")).sum().cast(pl.Int64).alias("hits"),
        )
        .sort(unit, "score", descending=[False, True])
        .with_columns((pl.col("size").cum_sum().over(unit) - pl.col("size")).alias("above"))
    )
    first = pl.col("relevant").clip(upper_bound=MOST_CANDIDATES)
    within = (first - pl.col("above")).clip(lower_bound=0, upper_bound=pl.col("size"))
    above, size, hits = (blocks[name].to_numpy() for name in ("above", "size", "hits"))
    # Only the first block with a hit has the first hit; later ones have lower values, so the largest is it.
    return blocks.with_columns(
        (pl.col("hits") * within / pl.col("size")).alias("expected_first_r"),
        pl.Series("reciprocal_rank", _reciprocal_ranks()[above, size, hits], dtype=pl.Float64),
    )


@cache
def _reciprocal_ranks() -> NDArray[np.float64]:
    """Return the expected reciprocal rank of the first of h hits in a block of s candidates in random order with a
    above it, [a, s, h]: sum over k of C(s - k, h - 1) / C(s, h) / (a + k); zero without a hit."""
    table = np.zeros((MOST_CANDIDATES + 1,) * 3)
    for above in range(MOST_CANDIDATES):
        for size in range(1, MOST_CANDIDATES - above + 1):
            for hits in range(1, size + 1):
                places = range(1, size - hits + 2)
                table[above, size, hits] = sum(
                    comb(size - k, hits - 1) / comb(size, hits) / (above + k) for k in places
                )
    return table


FAMILY = Family(CANDIDATES, METRICS, measure)
