"""Collective classification: units are judged together, each by itself and by those that it is tied to.

Iterative classification (Neville and Jensen 2000; Sen et al. 2008) with boosted trees, in stages. What a tie says is
learnt first: trees read how two units are tied and give the probability that one is positive, given the other's class,
so that ties of partners count and those of strangers do not. Each stage then adds up, over a unit's neighbours, the
log-odds that follow from their labels or, where these are hidden, from their scores of the stage before.

A unit of train must not see more than a unit of test will, whose operation is not in train. So train is divided into
folds. What a unit is learnt from comes from a view in which the labels of its fold are hidden, and in which all scores
come from models that were learnt without them. Otherwise its own label would come back to it from its neighbours.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.frames import logit, prevalence
from tipbaselines.graphs import largest, ratio
from tipbaselines.trees import BoostedTrees, make_datasets

LEAST = 0.01  # No tie is taken to be more certain than this
STRENGTHS = (0.0, 0.2, 0.5)
"""Neighbours are counted by ties that are stronger than each of these; see :attr:`Messages.strength`."""
OF_TIES = BoostedTrees(
    rounds=150, patience=0, learning_rate=0.05, leaves=15, leaf_size=200, l2=10.0, feature_share=0.5
)


@dataclass(frozen=True)
class Pairs:
    """Units that are tied, each pair once.

    ``one``, ``other``: positions of nodes, int64 (pairs,). ``features``: how they are tied, float32 (pairs, columns),
    the same from either end, NaN where something is missing. ``nodes``: how many nodes there are.
    """

    one: np.ndarray
    other: np.ndarray
    features: np.ndarray
    nodes: int


@dataclass(frozen=True)
class Messages:
    """What neighbours tell each other, two messages a pair.

    ``sender``, ``receiver``: positions of nodes, int64 (messages,). ``if_negative``, ``if_positive``: probability that
    the sender is positive, given the receiver's class. ``nodes``: how many nodes there are.
    """

    sender: np.ndarray
    receiver: np.ndarray
    if_negative: np.ndarray
    if_positive: np.ndarray
    nodes: int

    @property
    def strength(self) -> np.ndarray:
        """How far the receiver's class moves the sender's probability, from 0 to 1."""
        return np.abs(self.if_positive - self.if_negative)

    def log_odds(self, score: np.ndarray, prior: float) -> np.ndarray:
        """Return what each sender's probability, 0 or 1 if it is known, adds to its receiver's log-odds, nats."""
        positive, negative = score / prior, (1 - score) / (1 - prior)
        told = [positive * p + negative * (1 - p) for p in (self.if_positive, self.if_negative)]
        return np.log(told[0]) - np.log(told[1])

    def add(self, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Return the sum (nodes,) of the chosen messages' values at their receivers."""
        return np.bincount(self.receiver[chosen], values[chosen], self.nodes)


def learn_messages(pairs: Pairs, train: np.ndarray, label: np.ndarray, seed: int) -> Messages:
    """Learn what a neighbour's class says from pairs within ``train`` (positions of nodes with a ``label``, 0 or 1)."""
    sender, receiver = np.append(pairs.one, pairs.other), np.append(pairs.other, pairs.one)
    known = np.full(pairs.nodes, -1)
    known[train] = label
    probability = []
    for value in (0, 1):
        rows = np.flatnonzero((known[receiver] == value) & (known[sender] >= 0))
        found = known[sender[rows]]
        p = np.full(len(pairs.one), prevalence(found))
        if 0 < found.sum() < len(found):
            data, _ = make_datasets((pairs.features[rows % len(pairs.one)], found), None)
            p = OF_TIES.fit(data, None, seed)(pairs.features)
        probability.append(np.tile(p.clip(LEAST, 1 - LEAST), 2))
    return Messages(sender, receiver, probability[0], probability[1], pairs.nodes)


def judge_together(
    own: np.ndarray,
    pairs: Pairs,
    train: tuple[np.ndarray, np.ndarray],
    valid: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    trees: BoostedTrees,
    seed: int,
    stages: int = 3,
    folds: int = 2,
) -> np.ndarray:
    """Return the probability of every node, float64 (nodes,).

    Args:
        own: features of nodes, float32 (nodes, columns), NaN where something is missing.
        pairs: who is tied to whom, and how.
        train, valid: positions of nodes and their labels, 0 or 1; valid stops the trees.
        test: positions of the nodes in question. Train is shown as many labels around it as there are around these.
        trees: settings of the trees of a stage.
        seed: decides the folds, and what trees draw.
        stages: how often nodes are judged; the first sees no score of a neighbour.
        folds: parts of train that do not see each other's labels, at least 2.
    """
    at, label = train
    messages, prior = learn_messages(pairs, at, label, seed), prevalence(label)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(at)) % folds
    hidden = rng.random(len(at)) >= share_shown(messages, at, test, folds)
    # A view per fold of train, and the last for everybody else. NaN: no label, or a hidden one.
    labels = np.full((folds + 1, pairs.nodes), np.nan)
    labels[:, at] = label
    for part in range(folds):
        labels[part, at[hidden | (fold == part)]] = np.nan
    score = np.full(labels.shape, prior)
    for stage in range(stages):
        views = [
            np.hstack([own, gather(messages, *view, prior, scored=stage > 0)])
            for view in zip(labels, score, strict=True)
        ]
        rows = np.empty((len(at), views[0].shape[1]), dtype=np.float32)
        for part in range(folds):
            rows[fold == part] = views[part][at[fold == part]]
        watched = (
            views[0][valid[0]],
            valid[1],
        )  # valid is in no fold: any view hides as much from it as from train
        for part, view in enumerate(views):
            learnt = fold != part
            data = make_datasets((rows[learnt], label[learnt]), watched)
            score[part] = trees.fit(*data, seed)(view)
    return score[-1]


def share_shown(messages: Messages, train: np.ndarray, test: np.ndarray, folds: int) -> float:
    """Return which share of other folds' labels train is shown, so that its neighbours have a label as often as those
    of test, or as nearly as folds allow."""
    labelled = np.isin(messages.sender, train)
    around = [labelled[np.isin(messages.receiver, nodes)] for nodes in (train, test)]
    of_train, of_test = (float(one.mean()) if len(one) else 0.0 for one in around)
    most = of_train * (1 - 1 / folds)
    return min(1.0, of_test / most) if most else 1.0


def gather(
    messages: Messages, label: np.ndarray, score: np.ndarray, prior: float, scored: bool
) -> np.ndarray:
    """Return (nodes, columns) float32 of what a node's neighbours tell.

    ``label``: (nodes,), NaN where there is none to be seen. ``score``: (nodes,), read where there is no label, and only
    if ``scored``. Columns: sums of log-odds and the most that a score adds; by strength of ties, their sum, that of
    positive neighbours, and the share of these.
    """
    known = label[messages.sender]
    seen = ~np.isnan(known)
    told = np.where(seen, known, score[messages.sender])
    every = np.ones_like(seen)
    odds, strength = messages.log_odds(told, prior), messages.strength
    kinds = (seen, ~seen, every) if scored else (seen,)
    columns = [messages.add(odds, kind) for kind in kinds]
    if scored:
        most = largest(messages.receiver[~seen], odds[~seen], messages.nodes)
        columns.append(np.where(np.isinf(most), np.nan, most))
    for least in STRENGTHS:
        for kind in kinds:
            strong = kind & (strength > least)
            weight, positive = messages.add(strength, strong), messages.add(strength * told, strong)
            columns += [weight, positive, (positive + prior / 2) / (weight + 0.5)]
            if scored:
                columns.append(ratio(messages.add(strength * logit(told), strong), weight))
    return np.column_stack(columns).astype(np.float32)
