"""The cluster bootstrap: clusters are drawn with replacement and enter every metric as weights.

Copies would pair an item with itself, which breaks B-cubed and average precision; a row's weight is instead
multiplied by the number of times that its cluster was drawn. One function, :func:`find_resampling_clusters`,
decides what the clusters are and whether there are enough, so that no two intervals can differ in it.

Intervals are percentile intervals (Efron and Tibshirani 1993, chapter 13) over clusters (Field and Welsh
2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.progress import Advance, no_progress

from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import FEWEST_CLUSTERS, PartRows, count_distinct

TOO_FEW = "too few clusters"

#: Cells of the matrix of multiplicities in memory at once (8 MiB), unless one row has more.
_CELLS = 2**20
#: Least number of replicates in memory at once: data of each cluster are then read once for all of them.
_FEWEST_AT_ONCE = 8
#: Clusters whose sums are multiplied at once.
_CLUSTERS_AT_ONCE = 2**16
#: Rows that are worked on at once, so that what is made of them stays near the processor.
ROWS_AT_ONCE = 2**17
#: Rows that are summed at once.
_ROWS_SUMMED = 2**22
#: Above this share of replicates without a value, no interval is given.
_MOST_UNDEFINED = 0.05

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.integer]
Metrics = dict[str, Floats]
"""Metric -> its value under each replicate, [replicates]."""
MetricFunction = Callable[[Floats], Metrics]
"""Multiplicities [replicates, clusters] -> metrics."""


@dataclass(frozen=True)
class ResamplingClusters:
    """Which rows are drawn together. ``codes`` [rows] are 0 .. count - 1, in the order of
    ``answers.scored_rows()``.

    ``positive`` and ``negative`` count the clusters with a positive and with a negative row (for clusterings
    and retrieval both are the count, for forecasts that of clusters with a query that is not an intrusion).
    """

    codes: Codes
    count: int
    positive: int
    negative: int
    fewest: int = FEWEST_CLUSTERS

    @property
    def enough(self) -> bool:
        """Whether the rarer of the two kinds has as many clusters as an interval needs."""
        return min(self.positive, self.negative) >= self.fewest

    def among(self, rows: Mask) -> int:
        """Return how many clusters have any of these rows [rows]."""
        return count_distinct(self.codes[rows], self.count)


def find_resampling_clusters(answers: Answers) -> ResamplingClusters:
    """Return the clusters that every interval of these answers resamples: the true cluster (the operation) of each
    row that counts, or the proxy where no row has a true one; a row without either is its own."""
    rows = answers.counted_rows()
    cluster = rows["cluster"]
    known = cluster.null_count() < len(cluster) or "proxy" not in rows.columns
    codes, count = encode_dense(cluster if known else rows["proxy"])
    alone = np.flatnonzero(codes < 0)
    codes[alone] = count + np.arange(alone.size)
    count += alone.size
    positive, negative = answers.kind.cluster_counts(rows, codes)
    return ResamplingClusters(codes, count, positive, negative, answers.kind.fewest_clusters)


def encode_dense(values: pl.Series) -> tuple[NDArray[np.int32], int]:
    """Return codes 0 .. count - 1 in the order of the values, -1 for null; and the count."""
    codes = values.rank("dense").fill_null(0).to_numpy().astype(np.int32)
    codes -= 1
    return codes, int(codes.max(initial=-1)) + 1


def draw_multiplicities(count: int, replicates: int, seed: int) -> Iterator[Floats]:
    """Yield how often each cluster was drawn, in chunks [some replicates, count]; the same for every method that is
    scored on the same clusters with the same seed, which is what pairs two methods."""
    if 0 < replicates * count <= _CELLS:
        yield _draw_once(count, replicates, seed)
    else:
        yield from _draw_chunks(count, replicates, seed, max(_FEWEST_AT_ONCE, _CELLS // max(count, 1)))


@lru_cache(maxsize=4)
def _draw_once(count: int, replicates: int, seed: int) -> Floats:
    """Return all draws, for reading only: of few clusters, methods that are scored on the same ones share them."""
    [chunk] = _draw_chunks(count, replicates, seed, replicates)
    chunk.flags.writeable = False
    return chunk


def _draw_chunks(count: int, replicates: int, seed: int, height: int) -> Iterator[Floats]:
    """Yield so many draws at a time."""
    generator = np.random.Generator(np.random.PCG64(seed))
    for first in range(0, replicates, height):
        chunk = np.empty((min(height, replicates - first), count))
        for row in chunk:
            row[:] = np.bincount(generator.integers(0, count, count), minlength=count)
        yield chunk


def replicate(
    metrics: MetricFunction, count: int, replicates: int, seed: int, advance: Advance = no_progress
) -> Metrics:
    """Return every metric under each replicate, [replicates]; NaN where a replicate leaves it undefined.

    ``advance`` is called with the number of replicates done since the last call: with many rows each takes seconds.
    """
    chunks: list[Metrics] = []
    for chunk in draw_multiplicities(count, replicates, seed):
        chunks.append(metrics(chunk))
        advance(len(chunk))
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]} if chunks else {}


def compute_observed(metrics: MetricFunction, count: int) -> dict[str, float]:
    """Return every metric on the data themselves: each cluster once."""
    return {name: float(value[0]) for name, value in metrics(np.ones((1, count))).items()}


def percentile_interval(values: Floats, level: float = 0.95) -> tuple[float, float] | None:
    """Return the central interval of the defined replicates; None where over one in twenty is undefined."""
    defined = values[~np.isnan(values)]
    if defined.size == 0 or values.size - defined.size > _MOST_UNDEFINED * values.size:
        return None
    # The k-th of B draws stands at k / (B + 1): the only rule that is not too narrow when replicates are few.
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2], method="weibull")
    return float(low), float(high)


def split_draws(drawn: Floats) -> Iterator[Floats]:
    """Yield multiplicities [replicates, clusters] in pieces of few cells: of many clusters one replicate each."""
    height = max(1, _CELLS // max(drawn.shape[1], 1))
    yield from (drawn[first : first + height] for first in range(0, len(drawn), height))


class ClusterSums:
    """Named sums over rows, kept a cluster, so that all replicates of all sums are one matrix product.

    Of many clusters the product is taken piece by piece, and of a sum that most of them have no part in only those are
    kept that have.
    """

    def __init__(self, clusters: ResamplingClusters) -> None:
        self._clusters = clusters
        self._names: dict[str, int] = {}
        self._columns: list[_Column] = []

    def add(self, name: str, *factors: NDArray) -> None:
        """Sum the product of these values, each [rows], a cluster."""
        codes, column = self._clusters.codes, np.zeros(0)
        for first in range(0, max(codes.size, 1), _ROWS_SUMMED):
            rows = slice(first, first + _ROWS_SUMMED)
            values = reduce(np.multiply, (factor[rows] for factor in factors))
            if first == 0:
                column = np.bincount(codes[rows], values, self._clusters.count).astype(np.float64, copy=False)
            else:
                # Goes on adding row by row, so that the sum is the same to the last bit however many pieces there are.
                np.add.at(column, codes[rows], values.astype(np.float64, copy=False))
        self.add_column(name, column)

    def add_ever(self, name: str, rows: Mask) -> None:
        """One for each cluster that has any of these rows."""
        column = np.zeros(self._clusters.count)
        column[self._clusters.codes[rows]] = 1.0
        self.add_column(name, column)

    def add_column(self, name: str, column: Floats) -> None:
        """A sum that is already a cluster's, [clusters]."""
        self._names[name] = len(self._columns)
        self._columns.append(_Column.of(column))

    def totals(self, drawn: Floats) -> Callable[[str], Floats]:
        """Return look-up of each sum [replicates] under these multiplicities [replicates, clusters]."""
        product = self._product(drawn, 0)
        for first in range(_CLUSTERS_AT_ONCE, self._clusters.count, _CLUSTERS_AT_ONCE):
            product += self._product(drawn, first)
        return lambda name: product[:, self._names[name]]

    def ratios(self, named: Mapping[str, tuple[str, str]]) -> MetricFunction:
        """Return the function of multiplicities that divides sums: name -> (numerator, denominator)."""

        def divide(drawn: Floats) -> Metrics:
            total = self.totals(drawn)
            return {name: ratio(total(above), total(below)) for name, (above, below) in named.items()}

        return divide if named else lambda drawn: {}

    def observe(self, named: Mapping[str, tuple[str, str]]) -> dict[str, float | None]:
        """Return these ratios with each cluster once, None where one is undefined."""
        values = compute_observed(self.ratios(named), self._clusters.count)
        return {name: none_if_nan(value) for name, value in values.items()}

    def _product(self, drawn: Floats, first: int) -> Floats:
        """Return what the clusters from the first on add to each sum, [replicates, sums]."""
        last = min(first + _CLUSTERS_AT_ONCE, self._clusters.count)
        columns = np.stack([column.between(first, last) for column in self._columns], axis=1)
        return drawn[:, first:last] @ columns


@dataclass(frozen=True)
class _Column:
    """A sum of each cluster, [clusters]; of those of ``there`` alone, rising, where the others have none of it."""

    values: Floats
    there: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, column: Floats) -> _Column:
        if column.size <= _CLUSTERS_AT_ONCE:
            return cls(column)
        there = np.flatnonzero(column).astype(np.int32)
        values = column[there]
        if values.size and np.all(values == 1.0):
            return cls(np.broadcast_to(values[:1], values.shape), there)
        return cls(column) if 2 * there.size > column.size else cls(values, there)

    def between(self, first: int, last: int) -> Floats:
        """Return the sums of the clusters from the first to before the last."""
        if self.there is None:
            return self.values[first:last]
        start, end = np.searchsorted(self.there, (first, last))
        column = np.zeros(last - first)
        column[self.there[start:end] - first] = self.values[start:end]
        return column


class GroupShares:
    """The share of each group's weighted rows that is found, such as the share that is flagged.

    ``weights`` [rows]; ``groups``: group -> its rows, [rows]; ``found`` [rows]: how much counts, 0 to 1.
    """

    def __init__(
        self, clusters: ResamplingClusters, weights: Floats, groups: Mapping[str, Mask], found: NDArray
    ) -> None:
        sums = ClusterSums(clusters)
        for group, rows in groups.items():
            sums.add(f"{group}/all", weights, rows)
            sums.add(f"{group}/found", weights, rows, found)
        named = {group: (f"{group}/found", f"{group}/all") for group in groups}
        self.under = sums.ratios(named)
        """Multiplicities [replicates, clusters] -> group -> its share, [replicates]."""
        self.observed = sums.observe(named)
        """Group -> its share with each cluster once, None for a group without rows."""
        self.clusters = {group: clusters.among(rows) for group, rows in groups.items()}
        """Group -> the number of its clusters."""


def row_weights(rows: pl.DataFrame | PartRows) -> Floats:
    """Return the weight of each row, [rows]: one where the answers have none."""
    return rows["weight"].to_numpy() if "weight" in rows.columns else np.ones(rows.height)


def ratio(numerator: NDArray, denominator: NDArray) -> Floats:
    """Return numerator / denominator, NaN where the denominator is not positive."""
    undefined = np.full(denominator.shape, np.nan)
    return np.divide(numerator, denominator, out=undefined, where=denominator > 0)


def none_if_nan(value: float) -> float | None:
    """Return the value, or None for NaN (for JSON)."""
    return None if np.isnan(value) else value
