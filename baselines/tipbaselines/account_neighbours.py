"""What an account's neighbourhood says: features aggregated over those at the other end of its ties.

Means over one and two hops in every direction are sparse matrix products (Tang et al. 2023 call the trees on them
XGBGraph); with them go shares of neighbours who are alike, how old a neighbour was when the tie was made, and how many
of one's neighbours know each other (Watts and Strogatz 1998).
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipbaselines.account_graph import IDENTIFIERS, Graph, filled

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ALIKE = ("platform", "language", "device_cluster")
YOUNG_DAYS = 60
"""A neighbour that came so shortly before the tie is a newcomer."""
BLOCK = 8192
"""Rows of a product at a time, so that two hops never stand in memory whole."""


def neighbour_features(graph: Graph, values: np.ndarray, hops: int = 2) -> np.ndarray:
    """Return (nodes, features) float32 of the neighbourhood of each node, NaN where it has no such neighbour.

    Args:
        values: (nodes, columns) of the accounts themselves; NaN counts as the column's median.
        hops: 1 or 2.
    """
    out, back = mean_over(graph.adjacency()), mean_over(graph.adjacency().T.tocsr())
    values = filled(values).astype(np.float32)
    to, by = out @ values, back @ values
    blocks = [to, by]
    if hops > 1:
        # Whom those tie themselves to, and who else does so to the same: the second is what targets share.
        blocks += [out @ to, out @ by, back @ to]
    lonely = [np.asarray(m.getnnz(axis=1)) == 0 for m in (out, back, out, out, back)]
    for block, none in zip(blocks, lonely, strict=False):
        block[none] = np.nan
    around = [*blocks, _spread(out, back, values, to, by), _alike(graph), _closure(graph)]
    return np.hstack([*around, *_company(graph, np.hstack([values, *around]))]).astype(np.float32)


def sharing(graph: Graph) -> list["csr_matrix"]:
    """For each identifier that accounts have, (nodes, nodes) float32: 1 between two accounts that share it."""
    from scipy.sparse import csr_matrix, diags

    found = []
    for name in IDENTIFIERS:
        if name in graph.accounts.columns:
            value = graph.accounts[name].rank("dense").fill_null(0).to_numpy().astype(np.int64)
            rows = np.flatnonzero(value > 0)
            shape = (graph.nodes, int(value.max(initial=0)) + 1)
            has = csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, value[rows])), shape=shape)
            both = (has @ has.T).tocsr()
            both = (both - diags(both.diagonal())).tocsr()
            both.eliminate_zeros()
            found.append(both)
    return found


def _company(graph: Graph, values: np.ndarray) -> list[np.ndarray]:
    """Return means of all this over the other accounts that share an identifier: neighbours by another relation."""
    known = ~np.isnan(values)
    found = []
    for shared in sharing(graph):
        count = shared @ known.astype(np.float32)
        total = shared @ np.where(known, values, 0).astype(np.float32)
        found.append(
            np.divide(total, count, out=np.full(values.shape, np.nan, dtype=np.float32), where=count > 0)
        )
    return found


def mean_over(adjacency: "csr_matrix") -> "csr_matrix":
    """Return the adjacency with every row's entries adding to 1 (rows without any stay empty)."""
    from scipy.sparse import diags

    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    scale = np.divide(1.0, degree, out=np.zeros_like(degree), where=degree > 0)
    return (diags(scale.astype(np.float32)) @ adjacency).tocsr()  # type: ignore[return-value]


def _spread(
    out: "csr_matrix", back: "csr_matrix", values: np.ndarray, to: np.ndarray, by: np.ndarray
) -> np.ndarray:
    """Return standard deviation over the neighbours in both directions."""
    parts = []
    for mean_of, mean in ((out, to), (back, by)):
        parts.append(np.sqrt(np.maximum(mean_of @ values**2 - mean**2, 0)))
    return np.hstack(parts)


def _alike(graph: Graph) -> np.ndarray:
    """Return shares of ties, out and in, to accounts of the same platform, language and device, and to newcomers."""
    accounts = graph.accounts
    marks = []
    for name in ALIKE:
        if name in accounts.columns:
            codes = accounts[name].rank("dense").fill_null(0).to_numpy()
            marks.append(codes[graph.source] == codes[graph.target])
    if "created_day" in accounts.columns and "day" in graph.ties.columns:
        created = accounts["created_day"].cast(pl.Float64).to_numpy()
        day = graph.ties["day"].cast(pl.Float64).to_numpy()
        marks += [day - created[end] < YOUNG_DAYS for end in (graph.target, graph.source)]
    if not marks:
        return np.zeros((graph.nodes, 0))
    columns = []
    for end in (graph.source, graph.target):
        ties = np.bincount(end, minlength=graph.nodes)
        for mark in marks:
            count = np.bincount(end, mark.astype(np.float64), minlength=graph.nodes)
            columns.append(np.divide(count, ties, out=np.full(graph.nodes, np.nan), where=ties > 0))
    return np.column_stack(columns)


def _closure(graph: Graph) -> np.ndarray:
    """Return triangles through each node, and the share of pairs of its neighbours that are tied, in either
    direction."""
    adjacency = graph.adjacency()
    either = (adjacency + adjacency.T).tocsr()
    either.data[:] = 1.0
    triangles = np.zeros(graph.nodes)
    for start in range(0, graph.nodes, BLOCK):
        rows = either[start : start + BLOCK]
        triangles[start : start + BLOCK] = np.asarray((rows @ either).multiply(rows).sum(axis=1)).ravel() / 2
    degree = np.asarray(either.sum(axis=1)).ravel().astype(np.float64)
    pairs = degree * (degree - 1) / 2
    share = np.divide(triangles, pairs, out=np.full(graph.nodes, np.nan), where=pairs > 0)
    return np.column_stack([triangles, share, degree])
