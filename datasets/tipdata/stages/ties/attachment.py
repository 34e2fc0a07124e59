"""How a network grows: whom a new tie goes to. Integers only, every draw keyed by the tie that it belongs to."""

import numpy as np

from tipdata.core.draw import Ids, Ints, Stream


class Groups:
    """Candidates by group (int64, from 0), put in order once, whatever they weigh later."""

    def __init__(self, group: Ints) -> None:
        self.order = np.argsort(group, kind="stable")
        self.start = np.concatenate([[0], np.cumsum(np.bincount(group))])

    def weighed(self, weight: Ints) -> "Pool":
        """Return the pool in which each candidate has such a weight: int64, none below zero, the total of a group below
        2**31."""
        return Pool(self, weight)


class Pool:
    """Candidates with weights; one is drawn in proportion to the weights of its group."""

    def __init__(self, groups: Groups, weight: Ints) -> None:
        self._order = groups.order
        self._total = np.concatenate([[0], np.cumsum(weight[groups.order])])
        self._until = self._total[groups.start]

    def draw(self, stream: Stream, ids: Ids, group: Ints, k: int = 0) -> Ints:
        """Return a candidate of each id's group (its position in the arrays given), -1 where there is no such group, or
        it weighs nothing."""
        there = (group >= 0) & (group < len(self._until) - 1)
        group = np.where(there, group, 0)
        low = self._until[group]
        weight = np.where(there, self._until[group + 1] - low, 0)
        at = np.searchsorted(self._total, low + stream.below(ids, np.maximum(weight, 1), k), side="right") - 1
        return np.where(weight > 0, self._order[np.minimum(at, len(self._order) - 1)], -1)


class Neighbours:
    """Ties so far, by their source: what a friend of a friend is drawn from."""

    def __init__(self, source: Ints, target: Ints, nodes: int) -> None:
        order = np.argsort(source, kind="stable")
        self._target = target[order]
        self._start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=nodes))])

    def draw(self, stream: Stream, ids: Ids, node: Ints, k: int = 0) -> Ints:
        """Return one whom each node (-1 for none) has a tie to, -1 where it has none."""
        start = self._start[np.maximum(node, 0)]
        degree = self._start[np.maximum(node, 0) + 1] - start
        if not len(self._target):
            return np.full(len(ids), -1)
        at = np.minimum(start + stream.below(ids, np.maximum(degree, 1), k), len(self._target) - 1)
        return np.where((node >= 0) & (degree > 0), self._target[at], -1)

    def friend_of_friend(self, stream: Stream, ids: Ids, node: Ints) -> Ints:
        """Return one whom a neighbour of each node has a tie to: triadic closure. -1 where there is none."""
        return self.draw(stream, ids, self.draw(stream, ids, node, 0), 1)
