"""Raters as people: each weighs what an advert says by weights of their own.

A rater's weight of a level is the truth's, shrunk, plus a folk belief where people hold one, plus an error of the
rater's own. Some levels count more where they are read together. Nobody sees an operation, and nobody knows the law.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints, log_sum
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.facts import SILENT
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import places


def impressions(region: Region, o: Operations, adverts: Adverts, rater: Ints) -> Ints:
    """Return how suspicious each advert looks to its raters, milli-nats, of the shape of ``rater``.

    Args:
        rater: (raters, adverts) numbers of the raters who look at each.
    """
    family = o.family[adverts.operation]
    level = adverts.said.level
    row, fact = np.nonzero(level != SILENT)
    weights = _weights(region, o)
    place = np.ravel_multi_index(
        (o.category[adverts.operation][row], fact, level[row, fact]), weights.shape[1:]
    )
    told = weights.reshape(len(weights), -1)[rater[:, row], place]
    total = np.zeros(rater.shape, dtype=np.int64)
    for place in range(len(rater)):
        np.add.at(total[place], row, told[place])
    for number, (one, two, worth) in enumerate(region["annotations.pairs"]):
        keen = (
            region.stream("annotations/keen").quantile(np.arange(_raters(region)), "exponential", number)
            // 1000
        )
        for f, name in enumerate(FAMILIES):
            if {one, two} <= places(name).keys():
                (a, at), (b, bt) = places(name)[one], places(name)[two]
                both = (family == f) & (level[:, a] == at) & (level[:, b] == bt)
                total += np.where(both, keen[rater] * round(worth * 1000) // 1000, 0)
    errors = np.minimum(adverts.misspelt, region["annotations.most_misspelt"])
    return (
        total + errors * _folk_strength(region)[rater] * round(region["annotations.spelling"] * 1000) // 1000
    )


def _weights(region: Region, o: Operations) -> np.ndarray:
    """Return (raters, categories, facts, levels) milli-nats; what is a rater's own is by family."""
    law = o.facts.law
    logs = np.moveaxis(law.logs, 2, -1)
    by_kind = law.by_kind(logs, np.arange(len(CATEGORIES))[:, None, None])
    others = o.kind_log[1:]
    lawful = log_sum(by_kind[..., 1:] + others) - log_sum(others)
    truth = np.where((logs == 0).all(axis=-1), 0, by_kind[..., 0] - lawful)
    many = _raters(region)
    who = np.arange(many)
    low, high = (round(1000 * x) for x in region["annotations.shrunk"])
    shrunk = low + region.stream("annotations/shrunk").below(who, high - low + 1)
    size = (len(FAMILIES), *truth.shape[1:])
    cell = who[:, None] * (1 << 16) + np.arange(np.prod(size))
    sd = round(region["annotations.own_weight"] * 1000)
    own = region.stream("annotations/own_weight").quantile(cell, "normal") * sd // 1_000_000
    belief = np.zeros(size, dtype=np.int64)
    for f, family in enumerate(FAMILIES):
        for said, worth in region["annotations.beliefs"].items():
            if said in places(family):
                belief[(f, *places(family)[said])] = round(worth * 1000)
    strength = _folk_strength(region)[:, None, None, None]
    folk = belief * strength // 1000 + own.reshape(many, *size)
    return truth * shrunk[:, None, None, None] // 1000 + folk[:, list(CATEGORIES.values())]


def _folk_strength(region: Region) -> Ints:
    """Return how strongly each rater holds folk beliefs, thousandths of the usual."""
    return region.stream("annotations/folk").quantile(np.arange(_raters(region)), "gamma_2.0") // 2000


def _raters(region: Region) -> int:
    return int(region["annotations.raters"])
