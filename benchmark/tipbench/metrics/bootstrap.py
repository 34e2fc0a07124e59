"""The cluster bootstrap: clusters are drawn with replacement and enter every metric as weights, never as
copies.

Copies would pair an item with itself, which breaks B-cubed and average precision; a row's weight is instead
multiplied by the number of times that its cluster was drawn. One function, :func:`resampling_clusters`,
decides what the clusters are and whether there are enough, so that no two intervals can differ in it.

Intervals are percentile intervals (Efron and Tibshirani 1993, chapter 13) over clusters (Field and Welsh
2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import FEWEST_CLUSTERS

TOO_FEW = "too few clusters"

#: Cells of the matrix of multiplicities held at once (8 MiB).
_CELLS = 2**20
#: Above this share of replicates without a value, no interval is given.
_MOST_UNDEFINED = 0.05

Metrics = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Clusters:
    """Which rows are drawn together. ``codes`` [rows] are 0 .. count - 1, in the order of
    ``answers.scored()``.

    ``positive`` and ``negative`` count the clusters with a positive and with a negative row (for clusterings
    and retrieval both are the count, for forecasts that of clusters with a query that is not an intrusion).
    """

    codes: NDArray[np.intp]
    count: int
    positive: int
    negative: int
    fewest: int = FEWEST_CLUSTERS

    @property
    def enough(self) -> bool:
        """Whether the rarer of the two kinds has as many clusters as an interval needs."""
        return min(self.positive, self.negative) >= self.fewest


def resampling_clusters(answers: Answers) -> Clusters:
    """Return the clusters that every interval of these answers resamples: the true cluster (the operation) of each
    row that counts, or the proxy where no row has a true one; a row without either is its own."""
    rows = answers.scored()
    known = rows["cluster"].null_count() < rows.height or "proxy" not in rows.columns
    codes, count = dense_codes(rows["cluster" if known else "proxy"])
    alone = np.flatnonzero(codes < 0)
    codes[alone] = count + np.arange(alone.size)
    count += alone.size
    positive, negative = answers.kind.cluster_counts(rows, codes)
    return Clusters(codes, count, positive, negative, answers.kind.fewest_clusters)


def dense_codes(values: pl.Series) -> tuple[NDArray[np.intp], int]:
    """Return codes 0 .. count - 1 in the order of the values, -1 for null; and the count."""
    ranks = values.rank("dense").fill_null(0).to_numpy()
    codes = ranks.astype(np.intp)
    codes -= 1
    return codes, int(codes.max(initial=-1)) + 1


def multiplicities(count: int, replicates: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each cluster was drawn, in chunks [some replicates, count]; the same for every method that is
    scored on the same clusters with the same seed, which is what pairs two methods."""
    generator = np.random.Generator(np.random.PCG64(seed))
    height = max(1, _CELLS // max(count, 1))
    for first in range(0, replicates, height):
        chunk = np.empty((min(height, replicates - first), count))
        for row in chunk:
            row[:] = np.bincount(generator.integers(0, count, count), minlength=count)
        yield chunk


def replicate(
    metrics: Callable[[NDArray[np.float64]], Metrics], count: int, replicates: int, seed: int
) -> Metrics:
    """Return every metric under each replicate, [replicates]; NaN where a replicate leaves it undefined."""
    chunks = [metrics(chunk) for chunk in multiplicities(count, replicates, seed)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]} if chunks else {}


def observed(metrics: Callable[[NDArray[np.float64]], Metrics], count: int) -> dict[str, float]:
    """Return every metric on the data themselves: each cluster once."""
    return {name: float(value[0]) for name, value in metrics(np.ones((1, count))).items()}


def percentile_interval(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float] | None:
    """Return the central interval of the defined replicates; None where over one in twenty is undefined."""
    defined = values[~np.isnan(values)]
    if defined.size == 0 or values.size - defined.size > _MOST_UNDEFINED * values.size:
        return None
    # The k-th of B draws stands at k / (B + 1): the only rule that is not too narrow when replicates are few.
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return float(low), float(high)


class ClusterSums:
    """Named sums over rows, kept a cluster, so that all replicates of all sums are one matrix product."""

    def __init__(self, clusters: Clusters) -> None:
        self._clusters = clusters
        self._names: dict[str, int] = {}
        self._columns: list[NDArray[np.float64]] = []

    def add(self, name: str, values: NDArray) -> None:
        """Sum these values [rows] a cluster."""
        column = np.bincount(self._clusters.codes, values, self._clusters.count)
        self.add_column(name, column.astype(np.float64, copy=False))

    def add_ever(self, name: str, rows: NDArray[np.bool_]) -> None:
        """One for each cluster that has any of these rows."""
        column = np.zeros(self._clusters.count)
        column[self._clusters.codes[rows]] = 1.0
        self.add_column(name, column)

    def add_column(self, name: str, column: NDArray[np.float64]) -> None:
        """A sum that is already a cluster's, [clusters]."""
        self._names[name] = len(self._columns)
        self._columns.append(column)

    def totals(self, drawn: NDArray[np.float64]) -> Callable[[str], NDArray[np.float64]]:
        """Return look-up of each sum [replicates] under these multiplicities [replicates, clusters]."""
        product = drawn @ np.stack(self._columns, axis=1)
        return lambda name: product[:, self._names[name]]


def row_weights(rows: pl.DataFrame) -> NDArray[np.float64]:
    """Return the weight of each row, [rows]: one where the answers have none."""
    return rows["weight"].to_numpy() if "weight" in rows.columns else np.ones(rows.height)


def ratio(numerator: NDArray, denominator: NDArray) -> NDArray[np.float64]:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    undefined = np.full(denominator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)
