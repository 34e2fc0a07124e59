"""A random walk with restart over everything that is joined: personalised PageRank from the seed.

Page et al. (1999); Haveliwala (2002). Nodes are adverts, contacts, accounts, devices, circuits, wallets, firms and
agencies of a region, and each town in each week; an edge joins two that share a contact, an account, a
device, a tie, a booking, a placement, a town and week. The weight of a step is shared out among a node's edges, so that
a crowded town and week says little. Needs contacts; uses what else is shown. Learns nothing. Cost: some ten seconds for
2,000 seeds.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix
from tipbench.data.fold import Fold

from tipbaselines.case_linkage.cases import CaseRegion, Scores, rank_views
from tipbaselines.frames import MINUTES_A_DAY, Untrained
from tipbaselines.graphs import mean_matrix

WEEK = 7


@dataclass(eq=False)
class RandomWalk(Untrained):
    """``damping``: the chance that a walk goes on; ``steps``: after which nothing changes any more."""

    damping: float = 0.8
    steps: int = 15
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        return rank_views(fold, self._rank)

    def _rank(self, region: CaseRegion) -> Scores:
        nodes, step = _graph(region)

        def places(kind: str, keys: pl.Series) -> np.ndarray:
            of_kind = nodes.filter(kind=kind)
            return keys.replace_strict(of_kind["key"], of_kind["node"], return_dtype=pl.Int64).to_numpy()

        start = np.zeros((len(region.keys), nodes.height))
        start[np.arange(len(start)), places(region.unit, region.keys)] = 1.0
        at = start
        for _ in range(self.steps):
            at = self.damping * (at @ step) + (1 - self.damping) * start
        keys = {view: (key, region[view][key]) for view, key in region.views.items()}
        return {view: (rows, at[:, places(key, rows)] * 1e3) for view, (key, rows) in keys.items()}


def _graph(region: CaseRegion) -> tuple[pl.DataFrame, csr_matrix]:
    """Return the nodes, ``[node, kind, key]`` in the order of kind and key, and the chance of each step, [nodes,
    nodes]; edges that are there several times count so."""
    edges = pl.concat(_edges(region)).drop_nulls()
    nodes = [edges.select(kind=f"{end}_kind", key=f"{end}_key") for end in ("left", "right")]
    own = [("adverts", region.unit), *region.views.items()]
    nodes += [region[table].select(kind=pl.lit(key), key=key) for table, key in own]
    every = pl.concat(nodes).unique().sort("kind", "key").with_row_index("node")
    ends = []
    for end in ("left", "right"):
        on = [f"{end}_kind", f"{end}_key"]
        numbered = edges.join(every, left_on=on, right_on=["kind", "key"], how="left", maintain_order="left")
        ends.append(numbered["node"].to_numpy())
    there = csr_matrix((np.ones(edges.height), tuple(ends)), shape=(every.height, every.height))
    both = there + there.T
    both.data = np.log1p(both.data)
    return every, mean_matrix(both)


def _edges(region: CaseRegion) -> list[pl.DataFrame]:
    """Return frames of edges: for each end the kind of its node and its key."""
    # null where the town is not known
    week = (pl.col("town") * 100_000 + pl.col("day") // WEEK).alias("week")
    adverts, stops = region["adverts"].with_columns(week), region["stops"].with_columns(week)
    payments = region["payments"].with_columns(day=pl.col("minute") // MINUTES_A_DAY).with_columns(week)
    unit = region.unit
    edges = [
        (adverts.explode("contacts"), unit, unit, "contact", "contacts"),
        (adverts, unit, unit, "account", "account"),
        (adverts, unit, unit, "town and week", "week"),
        (region["accounts"], "account", "account", "device", "device_cluster"),
        (region["ties"], "account", "source", "account", "target"),
        (stops, "circuit", "circuit", "town and week", "week"),
        (stops, "circuit", "circuit", "wallet", "wallet"),
        (payments, "wallet", "payee", "town and week", "week"),
        (payments, "wallet", "payer", "wallet", "payee"),
        (region["firms"], "firm", "firm", "agency", "agency"),
        (region["firms"], "firm", "firm", "town", "town"),
        (adverts, unit, unit, "town", "town"),
    ]
    return [
        frame.select(
            left_kind=pl.lit(left),
            left_key=pl.col(left_key).cast(pl.Int64),
            right_kind=pl.lit(right),
            right_key=pl.col(right_key).cast(pl.Int64),
        )
        for frame, left, left_key, right, right_key in edges
    ]
