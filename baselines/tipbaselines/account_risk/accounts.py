"""Accounts and their ties as one sparse graph, features of accounts and of their neighbours, and labels.

A user's accounts may have any number of numeric columns, and ties a ``kind``, a ``day`` and further numeric columns
(counts, amounts). All of them are used; only ``source`` and ``target`` are needed.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

from tipbaselines.frames import FEW_LEVELS, few_levels, level_columns
from tipbaselines.graphs import (
    adjacency_matrix,
    dense_codes,
    fill_gaps,
    largest,
    mean_matrix,
    one_hot,
    ratio,
    since_last,
    without_diagonal,
)

IDENTIFIERS = ("device_cluster",)
"""Columns of accounts that name what several share: their size says something, the name does not."""
TIE_KEYS = ("region", "tie", "source", "target", "kind", "day")


@dataclass(frozen=True)
class AccountGraph:
    """``accounts``: one row a node, sorted by account. ``ties``: one row an edge, sorted by both ends and day.
    ``source`` and ``target``: the ends of every edge as positions of nodes, int64."""

    unit: str
    accounts: pl.DataFrame
    ties: pl.DataFrame
    source: np.ndarray
    target: np.ndarray

    @property
    def nodes(self) -> int:
        return self.accounts.height

    def positions(self, accounts: pl.Series) -> np.ndarray:
        """Return nodes of these accounts, int64."""
        return np.searchsorted(self.accounts[self.unit].to_numpy(), accounts.to_numpy())

    def adjacency(self) -> csr_matrix:
        """Return (nodes, nodes) float32: 1 where the row's account ties itself to another, the column's."""
        different = self.source != self.target
        return adjacency_matrix(self.source[different], self.target[different], self.nodes)


def read_graph(fold: Fold) -> AccountGraph:
    """Return the graph of a fold. Raises UsageError for ties whose ends are not accounts."""
    unit = fold.task.unit
    accounts = fold.tables[fold.task.table].unique(unit).sort(unit).collect()
    no_ties = pl.LazyFrame(schema={"source": pl.Int64, "target": pl.Int64})
    ties = fold.tables.get("ties", no_ties).collect()
    ties = ties.sort([name for name in ("source", "target", "day", "tie") if name in ties.columns])
    ids = accounts[unit].to_numpy()
    ends = []
    for end in ("source", "target"):
        ends.append(np.searchsorted(ids, ties[end].to_numpy()))
        known = ids[np.minimum(ends[-1], len(ids) - 1)] == ties[end].to_numpy()
        if not known.all():
            strange = ties[end].filter(pl.Series(~known)).to_list()
            raise UsageError(
                f"ties: {len(strange):,} of {ties.height:,} have a {end} that is none of the {len(ids):,} accounts "
                f"(first: {strange[0]}); add these accounts or leave out their ties."
            )
    return AccountGraph(unit, accounts, ties, *ends)


def own_columns(graph: AccountGraph) -> pl.DataFrame:
    """Return the accounts' own columns as Float32: numbers (null as NaN), categories as one column a level, and how
    many accounts share an identifier."""
    found: list[pl.Expr] = []
    for name, dtype in graph.accounts.schema.items():
        if name in (graph.unit, "region"):
            continue
        if name in IDENTIFIERS:
            found.append(pl.len().over(name).alias(f"{name} size"))
        elif dtype.is_numeric() or dtype == pl.Boolean:
            found.append(pl.col(name))
        elif dtype == pl.String and graph.accounts[name].drop_nulls().n_unique() <= FEW_LEVELS:
            place = ["region"] if "region" in graph.accounts.columns else []
            share = pl.len().over(*place, name) / pl.len().over(place or pl.lit(0))
            found += [share.alias(f"{name} share"), *level_columns(name, few_levels(graph.accounts[name]))]
    return graph.accounts.select(found).cast(pl.Float32).fill_null(float("nan"))


def tie_columns(graph: AccountGraph) -> pl.DataFrame:
    """Return features of an account's own ties, without those of the accounts at their other end, Float32.

    In each direction: ties, accounts at the other end, ties by kind, days from the first to the last tie and how
    crowded they are, days since the account's creation, and sum, mean and largest of each numeric column; and the
    shares of ties that are returned.
    """
    adjacency = graph.adjacency()
    mutual = np.asarray(adjacency.multiply(adjacency.T).sum(axis=1)).ravel()
    to, by = (np.asarray(adjacency.sum(axis=axis)).ravel() for axis in (1, 0))
    columns: dict[str, np.ndarray] = {
        "accounts tied to": to,
        "accounts tied by": by,
        "unreturned": to - mutual,
        "unanswered": by - mutual,
        "returned share": ratio(mutual, to),
        "answered share": ratio(mutual, by),
        "outward share": ratio(to, to + by),
    }
    for direction, end in (("out", graph.source), ("in", graph.target)):
        columns |= {f"{direction} {name}": values for name, values in _one_way(graph, end).items()}
    return pl.DataFrame({name: values.astype(np.float32) for name, values in columns.items()})


def _one_way(graph: AccountGraph, end: np.ndarray) -> dict[str, np.ndarray]:
    ties, nodes = graph.ties, graph.nodes
    count = np.bincount(end, minlength=nodes).astype(np.float64)
    found = {"ties": count}
    if "kind" in ties.columns:
        for kind in ties["kind"].drop_nulls().unique().sort().to_list()[:FEW_LEVELS]:
            of_kind = (ties["kind"] == kind).fill_null(False).to_numpy()
            found[f"{kind} share"] = ratio(np.bincount(end[of_kind], minlength=nodes), count)
    for name, dtype in ties.schema.items():
        if name in TIE_KEYS or not dtype.is_numeric():
            continue
        values = ties[name].fill_null(0).to_numpy().astype(np.float64)
        total = np.bincount(end, values, minlength=nodes)
        most = np.maximum(largest(end, values, nodes), 0.0)
        found |= {f"sum of {name}": total, f"mean {name}": ratio(total, count), f"largest {name}": most}
    if "day" in ties.columns:
        found |= _days(graph, end, count)
    return found


def _days(graph: AccountGraph, end: np.ndarray, count: np.ndarray) -> dict[str, np.ndarray]:
    day = graph.ties["day"].cast(pl.Float64).to_numpy()
    first, last = -largest(end, -day, graph.nodes), largest(end, day, graph.nodes)
    first[count == 0] = last[count == 0] = np.nan
    close = np.bincount(end, since_last(day, end) <= 1, graph.nodes)
    found = {"span": last - first, "crowded share": ratio(close, np.maximum(count - 1, 0))}
    if "created_day" in graph.accounts.columns:
        created = graph.accounts["created_day"].cast(pl.Float64).to_numpy()
        found |= {"days before the first": first - np.maximum(created, 0), "last day": last}
    return found


ALIKE = ("platform", "language", "device_cluster")
YOUNG_DAYS = 60  # A neighbour that came so shortly before the tie is a newcomer
BLOCK = 8192  # Rows of a product at a time, so that two hops never stand in memory whole


def neighbour_features(graph: AccountGraph, values: np.ndarray, hops: int = 2) -> np.ndarray:
    """Return (nodes, features) float32 of the neighbourhood of each node, NaN where it has no such neighbour.

    ``values``: (nodes, columns) of the accounts themselves; NaN counts as the column's median. ``hops``: 1 or 2.
    """
    out, back = mean_matrix(graph.adjacency()), mean_matrix(graph.adjacency().T.tocsr())
    values = fill_gaps(values).astype(np.float32)
    to, by = out @ values, back @ values
    blocks = [to, by]
    if hops > 1:
        # Whom those tie themselves to, and who else does so to the same: the second is what targets share.
        blocks += [out @ to, out @ by, back @ to]
    for block, means in zip(blocks, (out, back, out, out, back), strict=False):
        block[np.asarray(means.getnnz(axis=1)) == 0] = np.nan
    squares = ((out @ values**2, to), (back @ values**2, by))
    deviations = [np.sqrt(np.maximum(square - mean**2, 0)) for square, mean in squares]
    around = [*blocks, *deviations, _alike(graph), _closure(graph)]
    every = np.hstack([values, *around])
    known = ~np.isnan(every)
    for shared in identifier_matrices(graph):  # means over the other accounts that share an identifier
        count = shared @ known.astype(np.float32)
        total = shared @ np.where(known, every, 0).astype(np.float32)
        around.append(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))
    return np.hstack(around).astype(np.float32)


def identifier_matrices(graph: AccountGraph) -> list[csr_matrix]:
    """For each identifier that accounts have, (nodes, nodes) float32: 1 between two accounts that share it."""
    found = []
    for name in IDENTIFIERS:
        if name in graph.accounts.columns:
            code = dense_codes(graph.accounts[name])
            has = one_hot(code, int(code.max(initial=0)) + 1)
            found.append(without_diagonal(has @ has.T))
    return found


def _alike(graph: AccountGraph) -> np.ndarray:
    """Return shares of ties, out and in, to accounts of the same platform, language and device, and to newcomers."""
    accounts = graph.accounts
    marks = []
    for name in ALIKE:
        if name in accounts.columns:
            codes = dense_codes(accounts[name])
            marks.append(codes[graph.source] == codes[graph.target])
    if "created_day" in accounts.columns and "day" in graph.ties.columns:
        created = accounts["created_day"].cast(pl.Float64).to_numpy()
        day = graph.ties["day"].cast(pl.Float64).to_numpy()
        marks += [day - created[end] < YOUNG_DAYS for end in (graph.target, graph.source)]
    if not marks:
        return np.zeros((graph.nodes, 0))
    ends = [(end, np.bincount(end, minlength=graph.nodes)) for end in (graph.source, graph.target)]
    return np.column_stack([ratio(np.bincount(e, mark, graph.nodes), n) for e, n in ends for mark in marks])


def _closure(graph: AccountGraph) -> np.ndarray:
    """Return triangles through each node, the share of pairs of its neighbours that are tied, and its degree."""
    adjacency = graph.adjacency()
    either = (adjacency + adjacency.T).tocsr()
    either.data[:] = 1.0
    triangles = np.zeros(graph.nodes)
    for start in range(0, graph.nodes, BLOCK):
        rows = either[start : start + BLOCK]
        triangles[start : start + BLOCK] = np.asarray((rows @ either).multiply(rows).sum(axis=1)).ravel() / 2
    degree = np.asarray(either.sum(axis=1)).ravel().astype(np.float64)
    pairs = degree * (degree - 1) / 2
    return np.column_stack([triangles, ratio(triangles, pairs), degree])


def feature_matrix(graph: AccountGraph, ties: bool | None, does: str) -> np.ndarray:
    """Return (nodes, features) float32 of accounts' columns and, with ``ties``, of counts of their ties.

    ``ties``: None for counts where accounts have no columns. ``does``: what needs features, for the message, such as
    "account_risk/lightgbm learns from". Raises UsageError where there is no feature.
    """
    own = own_columns(graph)
    counted = not own.width if ties is None else ties
    frames = [own, *([tie_columns(graph)] if counted and graph.ties.height else [])]
    if not any(frame.width for frame in frames):
        raise UsageError(
            f"{does} features and these accounts have none: map columns under data.tables.accounts, or ties."
        )
    return np.hstack([frame.to_numpy() for frame in frames if frame.width])


OTHERS = "account_risk/degree, account_risk/isolation_forest or account_risk/neighbour_outlier"
"""Methods that learn from no label."""
