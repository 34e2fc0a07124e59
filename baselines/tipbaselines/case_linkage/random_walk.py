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

from tipbaselines.case_linkage.cases import CaseRegion, rank_views, rows_sum_to_one
from tipbaselines.frames import Untrained

WEEK = 7


@dataclass(eq=False)
class RandomWalk(Untrained):
    """``damping``: the chance that a walk goes on; ``steps``: after which nothing changes any more."""

    damping: float = 0.8
    steps: int = 15
    needs = frozenset({"adverts.contacts"})
    batches = "regions"

    def predict(self, fold: Fold) -> pl.DataFrame:
        return rank_views(fold, self._ranked)

    def _ranked(self, region: CaseRegion) -> dict[str, tuple[pl.Series, np.ndarray]]:
        graph = _Graph(region)
        start = graph.start(region.keys)
        at, step = start, graph.transitions()
        for _ in range(self.steps):
            at = self.damping * (at @ step) + (1 - self.damping) * start
        found = {}
        for view, key in region.views.items():
            keys = region[view][key]
            found[view] = (keys, at[:, graph.places(key, keys)] * 1e3)
        return found


class _Graph:
    """The nodes of a region, numbered by what they are and their key, and the edges between them."""

    def __init__(self, region: CaseRegion) -> None:
        self.unit = region.unit
        pairs = [_edge(frame, *ends) for frame, ends in _edges(region)]
        every = pl.concat(pairs).drop_nulls()
        nodes = [every.select(kind=f"{end}_kind", key=f"{end}_key") for end in ("left", "right")]
        own = [
            pl.DataFrame({"key": region["adverts"][region.unit]}).select(kind=pl.lit(region.unit), key="key")
        ]
        own += [region[view].select(kind=pl.lit(key), key=key) for view, key in region.views.items()]
        self.nodes = pl.concat([*nodes, *own]).unique().sort("kind", "key").with_row_index("node")
        self.left, self.right = (
            every.join(
                self.nodes,
                left_on=[f"{end}_kind", f"{end}_key"],
                right_on=["kind", "key"],
                how="left",
                maintain_order="left",
            )["node"].to_numpy()
            for end in ("left", "right")
        )

    def transitions(self) -> csr_matrix:
        """Return the chance of each step, [nodes, nodes]; edges that are there several times count so."""
        count = self.nodes.height
        ones = np.ones(len(self.left))
        there = csr_matrix((ones, (self.left, self.right)), shape=(count, count))
        both = there + there.T
        both.data = np.log1p(both.data)
        return rows_sum_to_one(both)

    def start(self, seeds: pl.Series) -> np.ndarray:
        """Return where walks start, [seeds, nodes]."""
        start = np.zeros((len(seeds), self.nodes.height))
        start[np.arange(len(seeds)), self.places(self.unit, seeds)] = 1.0
        return start

    def places(self, kind: str, keys: pl.Series) -> np.ndarray:
        of_kind = self.nodes.filter(kind=kind)
        return keys.replace_strict(of_kind["key"], of_kind["node"], return_dtype=pl.Int64).to_numpy()


def _edges(region: CaseRegion) -> list[tuple[pl.DataFrame, tuple[str, str, str, str]]]:
    """Return frames with, for each end of an edge, the kind of its node and the column of its key."""
    adverts = region["adverts"].with_columns(week=_town_week(pl.col("town"), pl.col("day")))
    stops = region["stops"].with_columns(week=_town_week(pl.col("town"), pl.col("day")))
    payments = region["payments"].with_columns(week=_town_week(pl.col("town"), pl.col("minute") // 1440))
    unit = region.unit
    return [
        (adverts.explode("contacts"), (unit, unit, "contact", "contacts")),
        (adverts, (unit, unit, "account", "account")),
        (adverts, (unit, unit, "town and week", "week")),
        (region["accounts"], ("account", "account", "device", "device_cluster")),
        (region["ties"], ("account", "source", "account", "target")),
        (stops, ("circuit", "circuit", "town and week", "week")),
        (stops, ("circuit", "circuit", "wallet", "wallet")),
        (payments, ("wallet", "payee", "town and week", "week")),
        (payments, ("wallet", "payer", "wallet", "payee")),
        (region["firms"], ("firm", "firm", "agency", "agency")),
        (region["firms"], ("firm", "firm", "town", "town")),
        (adverts, (unit, unit, "town", "town")),
    ]


def _edge(frame: pl.DataFrame, left: str, left_key: str, right: str, right_key: str) -> pl.DataFrame:
    return frame.select(
        left_kind=pl.lit(left),
        left_key=pl.col(left_key).cast(pl.Int64),
        right_kind=pl.lit(right),
        right_key=pl.col(right_key).cast(pl.Int64),
    )


def _town_week(town: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Return a number of the town and week; null where the town is not known."""
    return town * 100_000 + day // WEEK
