"""Gradient-boosted trees on an account and on what its neighbours turn out to be, in stages.

Collective classification with ties that are weighed by how two accounts are tied: in both directions, across sites, on
one device, with neighbours in common (:mod:`tipbaselines.collective`). Needs the ends of ties and labels; uses every
other column that is there. Cost: half a minute for 75,000 accounts and a million ties on one core.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix, diags
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import (
    ALIKE,
    OTHERS,
    TIE_KEYS,
    AccountGraph,
    feature_matrix,
    read_graph,
)
from tipbaselines.cache import remember
from tipbaselines.collective import Pairs, judge_together
from tipbaselines.frames import few_levels, labels_of, prevalence, score_frame, to_predict, training_labels
from tipbaselines.graphs import adjacency_matrix, dense_codes
from tipbaselines.trees import BoostedTrees

BLOCK = 16384  # Pairs at a time, so that their neighbours never stand in memory whole


@dataclass(eq=False)
class CollectiveLightGBM:
    """``stages``: how often accounts are judged. ``folds``: parts of train that do not see each other's labels, at
    least 2. The rest is as in :class:`tipbaselines.trees.BoostedTrees`."""

    stages: int = 3
    folds: int = 2
    rounds: int = 600
    patience: int = 60
    unwatched: int = 150
    learning_rate: float = 0.03
    leaves: int = 7
    leaf_size: int = 40
    feature_share: float = 0.3
    l2: float = 10.0
    threads: int = 1
    needs = frozenset({"ties.source", "ties.target"})
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        self.graph, own, pairs = _read(fold)
        train = training_labels(fold, "account_risk/collective_lightgbm", OTHERS)
        self.score = np.full(self.graph.nodes, prevalence(train.label))
        if train.both:
            find, trees = self.graph.positions, BoostedTrees.of(self)
            learnt, watched = ((find(one.units), one.label) for one in (train, labels_of(fold, "valid")))
            test = find(fold.units("test").collect()[fold.task.unit])
            self.score = judge_together(
                own, pairs, learnt, watched, test, trees, seed, self.stages, self.folds
            )

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = to_predict(fold)[fold.task.unit]
        return score_frame(units, self.score[self.graph.positions(units)])


@remember()
def _read(fold: Fold) -> tuple[AccountGraph, np.ndarray, Pairs]:
    """Return accounts and ties, (accounts, columns) features of accounts and of their own ties, and tied pairs."""
    graph = read_graph(fold)
    own = feature_matrix(graph, True, "account_risk/collective_lightgbm learns from")
    return graph, own, tied_pairs(graph)


def tied_pairs(graph: AccountGraph) -> Pairs:
    """Return pairs of accounts with a tie in either direction, and how they are tied.

    Features: ties by kind, sums of numeric columns, whether ties lead both ways, days from the first to the last and
    from the younger account's creation to the first, whether accounts are alike in a column, days between their
    creations, how many accounts each is tied to, and how many both are: by any tie (also weighed by how few accounts
    those are tied to), by ties both ways, and by ties across platforms.
    """
    ties = graph.ties.with_columns(
        low=np.minimum(graph.source, graph.target),
        high=np.maximum(graph.source, graph.target),
        up=graph.source < graph.target,
    ).filter(pl.col("low") != pl.col("high"))
    found = [pl.len().alias("ties"), (pl.col("up").any() & ~pl.col("up").all()).alias("both ways")]
    if "kind" in ties.columns:
        found += [(pl.col("kind") == kind).sum().alias(f"{kind} ties") for kind in few_levels(ties["kind"])]
    for name, dtype in graph.ties.schema.items():
        if dtype.is_numeric() and name not in TIE_KEYS:
            found.append(pl.col(name).sum().alias(f"sum of {name}"))
    if "day" in ties.columns:
        first, last = pl.col("day").min().alias("first"), pl.col("day").max()
        found += [first, (last - first).alias("span")]
    pairs = ties.group_by("low", "high").agg(found).sort("low", "high")
    low, high = pairs["low"].to_numpy(), pairs["high"].to_numpy()
    alike, accounts = [], graph.accounts
    for name in (name for name in ALIKE if name in accounts.columns):
        code = dense_codes(accounts[name])
        alike.append(pl.Series(f"same {name}", (code[low] == code[high]) & (code[low] >= 0)))
    pairs = pairs.with_columns(alike)
    if "day" in ties.columns and "created_day" in accounts.columns:
        created = accounts["created_day"].cast(pl.Float64).to_numpy()
        since = np.maximum(np.maximum(created[low], created[high]), 0)
        apart = pl.Series("days apart", np.abs(created[low] - created[high]))
        pairs = pairs.with_columns(apart, age=pl.col("first") - since)
    degree = np.bincount(np.append(low, high), minlength=graph.nodes)
    rare = 1 / np.maximum(degree, 1)
    around = [np.minimum(degree[low], degree[high]), np.maximum(degree[low], degree[high])]
    around += [
        _weigh_shared(low, high, np.ones(len(low), bool), weight) for weight in (np.ones(graph.nodes), rare)
    ]
    kept = [pairs["both ways"]] + ([~pairs["same platform"]] if "same platform" in pairs.columns else [])
    around += [_weigh_shared(low, high, chosen.to_numpy(), np.ones(graph.nodes)) for chosen in kept]
    own = pairs.drop("low", "high", "first", strict=False).cast(pl.Float32).fill_null(float("nan"))
    return Pairs(low, high, np.column_stack([own.to_numpy(), *around]).astype(np.float32), graph.nodes)


def _weigh_shared(low: np.ndarray, high: np.ndarray, chosen: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the summed weight (pairs,) of nodes that both ends are tied to by chosen pairs."""
    ends = np.append(low[chosen], high[chosen]), np.append(high[chosen], low[chosen])
    ties = adjacency_matrix(*ends, len(weight))
    weighed, found = csr_matrix(ties @ diags(weight)), []
    for start in range(0, len(low), BLOCK):
        some = slice(start, start + BLOCK)
        found.append(np.asarray(ties[low[some]].multiply(weighed[high[some]]).sum(axis=1)).ravel())
    return np.concatenate(found) if found else np.zeros(0)
