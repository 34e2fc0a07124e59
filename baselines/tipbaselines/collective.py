"""Collective classification: units are judged together, by themselves and by those that they are tied to.

Iterative classification (Neville and Jensen 2000; Sen et al. 2008) with trees, in stages. What a tie says is learnt: a
first model reads how two units are tied and gives the probability that one is positive, given the other's class, so
that ties of partners count and those of strangers do not. Each stage adds up, over a unit's neighbours, the log-odds
that follow from their label or, where they have none that may be seen, from their score of the stage before.

A unit of train must not see more than a unit of test will: the rest of its operation is in train as well. So train is
divided into folds; within a fold labels are hidden, and scores come from models that were learnt on the others.
"""

from dataclasses import dataclass

import numpy as np

from tipbaselines.frames import logit, prevalence
from tipbaselines.graphs import largest, ratio
from tipbaselines.trees import BoostedTrees, make_datasets

LEAST = 0.01  # A tie is never taken to be more certain than this
STRENGTHS = (0.0, 0.2, 0.5)
"""Ties are also counted alone from these strengths on. Strength: by how much a neighbour's class moves a unit's."""
OF_TIES = BoostedTrees(
    rounds=150, patience=0, learning_rate=0.05, leaves=15, leaf_size=200, l2=10.0, feature_share=0.5
)


@dataclass(frozen=True)
class Pairs:
    """Units that are tied, each pair once. ``one``, ``other``: positions of nodes, int64 (pairs,). ``features``: how
    they are tied, float32 (pairs, columns), the same from either end. ``nodes``: how many nodes there are."""

    one: np.ndarray
    other: np.ndarray
    features: np.ndarray
    nodes: int


@dataclass(frozen=True)
class Messages:
    """What neighbours tell: from ``sender`` to ``receiver``, positions of nodes, int64 (messages,), two a pair.

    ``if_lawful``, ``if_positive``: probability that the sender is positive, given that the receiver is not, or is.
    """

    sender: np.ndarray
    receiver: np.ndarray
    if_lawful: np.ndarray
    if_positive: np.ndarray
    nodes: int

    @property
    def strength(self) -> np.ndarray:
        return np.abs(self.if_positive - self.if_lawful)

    def log_odds(self, score: np.ndarray, prior: float) -> np.ndarray:
        """Return what each sender's score (messages,), 0 or 1 if it is known, adds to its receiver's log-odds, nats."""
        yes, no = score / prior, (1 - score) / (1 - prior)
        told = [yes * p + no * (1 - p) for p in (self.if_positive, self.if_lawful)]
        return np.log(told[0]) - np.log(told[1])

    def add(self, values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        """Return the sum (nodes,) of the chosen messages' values at their receivers."""
        return np.bincount(self.receiver[chosen], values[chosen], self.nodes)


def learn_messages(pairs: Pairs, train: np.ndarray, label: np.ndarray, seed: int) -> Messages:
    """Learn from pairs within ``train`` (positions, with ``label`` 0 or 1) what a neighbour's class says."""
    sender, receiver = np.append(pairs.one, pairs.other), np.append(pairs.other, pairs.one)
    known = np.full(pairs.nodes, -1)
    known[train] = label
    prior, given = prevalence(label), []
    for value in (0, 1):
        rows = np.flatnonzero((known[receiver] == value) & (known[sender] >= 0))
        found = known[sender[rows]]
        both = len(rows) and 0 < found.sum() < len(found)
        p = np.full(len(pairs.one), prior)
        if both:
            data, _ = make_datasets((pairs.features[rows % len(pairs.one)], found), None)
            p = OF_TIES.fit(data, None, seed)(pairs.features).clip(LEAST, 1 - LEAST)
        given.append(np.tile(p, 2))
    return Messages(sender, receiver, *given, pairs.nodes)


def judge_together(
    own: np.ndarray,
    pairs: Pairs,
    train: tuple[np.ndarray, np.ndarray],
    valid: tuple[np.ndarray, np.ndarray],
    trees: BoostedTrees,
    seed: int,
    stages: int = 3,
    folds: int = 2,
) -> np.ndarray:
    """Return a score for every node, float64 (nodes,).

    Args:
        own: features of nodes, float32 (nodes, columns), NaN where something is missing.
        train, valid: positions of nodes and their labels, 0 or 1; valid stops the trees.
        stages: how often neighbours' scores are renewed; 1 sees their labels alone.
        folds: parts of train that do not see each other's labels.
    """
    at, label = train
    fold = np.full(pairs.nodes, -1)
    fold[at] = np.random.default_rng(seed).permutation(len(at)) % folds
    messages = learn_messages(pairs, at, label, seed)
    known, score = np.zeros(pairs.nodes), np.full(pairs.nodes, prevalence(label))
    known[at] = label
    sender, receiver = messages.sender, messages.receiver
    seen = (fold[sender] >= 0) & (fold[sender] != fold[receiver])

    def learn(features: np.ndarray, rows: np.ndarray) -> np.ndarray:
        data = make_datasets((features[at[rows]], label[rows]), (features[valid[0]], valid[1]))
        return trees.fit(*data, seed)(features)

    for stage in range(stages):
        told = np.where(seen, known[sender], score[sender])
        around = gather(messages, told, seen, prevalence(label), scored=stage > 0)
        features = np.hstack([own, around])
        score = learn(features, np.arange(len(at)))
        if stage + 1 < stages:
            for part in range(folds):
                inside = fold[at] == part
                score[at[inside]] = learn(features, np.flatnonzero(~inside))[at[inside]]
    return score


def gather(messages: Messages, told: np.ndarray, seen: np.ndarray, prior: float, scored: bool) -> np.ndarray:
    """Return (nodes, columns) float32 of what neighbours tell.

    ``told``: each sender's label where it is ``seen``, else its score, which counts only if ``scored``.
    """
    odds, strength = messages.log_odds(told, prior), messages.strength
    columns = [messages.add(odds, seen)]
    if scored:
        loudest = largest(messages.receiver[~seen], odds[~seen], messages.nodes)
        columns += [messages.add(odds, ~seen), np.where(np.isinf(loudest), np.nan, loudest)]
    for least in STRENGTHS:
        for chosen in ((strength > least) & seen, (strength > least) & ~seen)[: 1 + scored]:
            weight, positive = messages.add(strength, chosen), messages.add(strength * told, chosen)
            columns += [weight, positive, ratio(positive, weight)]
            if scored:
                columns.append(ratio(messages.add(strength * logit(told), chosen), weight))
    return np.column_stack(columns).astype(np.float32)
