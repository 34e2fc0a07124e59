"""A random walk with restart over everything that is joined: personalised PageRank from the seed.

Page et al. (1999); Haveliwala (2002). Nodes are adverts, contacts, accounts, devices, circuits, wallets, firms and
agencies of a region, and each town in each week; an edge joins two that share a contact, an account, a
device, a tie, a booking, a placement, a town and week. The weight of a step is shared out among a node's edges, so that
a crowded town and week says little. Needs contacts; uses what else is shown. Learns nothing. Cost: some six seconds for
2,000 seeds.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.cache import remember
from tipbaselines.case_linkage.cases import CaseRegion, RegionRows, Scores, rank_views
from tipbaselines.frames import MINUTES_A_DAY, Untrained
from tipbaselines.graphs import mean_matrix

WEEK = 7
KEPT = 64  # Regions whose graphs are kept: as many as are read together


class Nodes:
    """The nodes of a graph, numbered by kind and key. ``keys``: of each kind, any number of times."""

    def __init__(self, keys: dict[str, list[np.ndarray]]) -> None:
        self._keys = {kind: np.unique(np.concatenate(keys[kind])) for kind in sorted(keys)}
        ends = np.cumsum([len(of_kind) for of_kind in self._keys.values()])
        self._first = dict(zip(self._keys, [0, *ends[:-1].tolist()], strict=True))
        self.count = int(ends[-1])

    def places(self, kind: str, keys: np.ndarray) -> np.ndarray:
        """Return the numbers of nodes of one kind."""
        return self._first[kind] + np.searchsorted(self._keys[kind], keys)


@dataclass(eq=False)
class RandomWalk(Untrained):
    """``damping``: the chance that a walk goes on; ``steps``: after which nothing changes any more."""

    damping: float = 0.8
    steps: int = 15
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        return rank_views(fold, lambda region: self._rank(region, *_graph(fold, region.rows)))

    def _rank(self, region: CaseRegion, nodes: Nodes, step: csr_matrix) -> Scores:
        seeds = len(region.keys)
        start = nodes.places(region.rows.unit, region.keys.to_numpy()), np.arange(seeds)
        at = np.zeros((nodes.count, seeds))
        at[start] = 1.0
        for _ in range(self.steps):
            at = step @ at
            at *= self.damping
            at[start] += 1 - self.damping
        keys = {view: (key, region[view][key]) for view, key in region.views.items()}
        return {view: (of, at[nodes.places(key, of.to_numpy())].T * 1e3) for view, (key, of) in keys.items()}


@remember(KEPT)
def _graph(fold: Fold, rows: RegionRows) -> tuple[Nodes, csr_matrix]:
    """Return the nodes of a region and the chance of each step, [to, from]; edges that are there several times count
    so."""
    edges = _edges(rows)
    own = [("adverts", rows.unit), *fold.task.views.items()]
    found: dict[str, list[np.ndarray]] = {key: [rows[table][key].to_numpy()] for table, key in own}
    for kinds, ends in edges:
        for kind, keys in zip(kinds, ends, strict=True):
            found.setdefault(kind, []).append(keys)
    nodes = Nodes(found)
    left, right = (
        np.concatenate([nodes.places(kinds[end], ends[end]) for kinds, ends in edges]) for end in (0, 1)
    )
    there = csr_matrix((np.ones(len(left)), (left, right)), shape=(nodes.count, nodes.count))
    both = there + there.T
    both.data = np.log1p(both.data)
    return nodes, csr_matrix(mean_matrix(both).T)


def _edges(rows: RegionRows) -> list[tuple[tuple[str, str], tuple[np.ndarray, np.ndarray]]]:
    """Return sets of edges: for each end the kind of its nodes, and their keys."""
    # null where the town is not known
    week = (pl.col("town") * 100_000 + pl.col("day") // WEEK).alias("week")
    adverts, stops = rows["adverts"].with_columns(week), rows["stops"].with_columns(week)
    payments = rows["payments"].with_columns(day=pl.col("minute") // MINUTES_A_DAY).with_columns(week)
    unit = rows.unit
    edges = [
        (adverts.explode("contacts"), unit, unit, "contact", "contacts"),
        (adverts, unit, unit, "account", "account"),
        (adverts, unit, unit, "town and week", "week"),
        (rows["accounts"], "account", "account", "device", "device_cluster"),
        (rows["ties"], "account", "source", "account", "target"),
        (stops, "circuit", "circuit", "town and week", "week"),
        (stops, "circuit", "circuit", "wallet", "wallet"),
        (payments, "wallet", "payee", "town and week", "week"),
        (payments, "wallet", "payer", "wallet", "payee"),
        (rows["firms"], "firm", "firm", "agency", "agency"),
        (rows["firms"], "firm", "firm", "town", "town"),
        (adverts, unit, unit, "town", "town"),
    ]
    found = []
    for frame, left, left_key, right, right_key in edges:
        known = frame.select(left=left_key, right=right_key).drop_nulls()
        found.append(((left, right), (known["left"].to_numpy(), known["right"].to_numpy())))
    return found
