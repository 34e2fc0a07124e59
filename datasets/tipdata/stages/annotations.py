"""Annotations: two raters look at an advert's public face and score how suspicious it looks, 0 to 6.

Each weighs what it says in a way of their own; they disagree in level and reading, and slip. Their scores are what the
literature calls expert labels; the truth is elsewhere.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints, log_sum
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.tables import read_tables
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT, add_forms
from tipdata.text.facts import level_places


def impressions(region: Region, o: Operations, adverts: Adverts, rater: Ints) -> Ints:
    """Return how suspicious each advert looks to its raters, milli-nats, of the shape of ``rater``.

    Args:
        rater: (raters, adverts) numbers of the raters who look at each.
    """
    family = o.family[adverts.operation]
    level = adverts.statements.level
    row, fact = np.nonzero(level != SILENT)
    weights = _weights(region, o)
    cell = o.category[adverts.operation][row], fact, level[row, fact]
    place = np.ravel_multi_index(cell, weights.shape[1:])
    level_weights = weights.reshape(len(weights), -1)[rater[:, row], place]
    total = np.zeros(rater.shape, dtype=np.int64)
    for place in range(len(rater)):
        np.add.at(total[place], row, level_weights[place])
    every = np.arange(region["annotations.raters"])
    for number, (one, two, worth) in enumerate(region["annotations.pairs"]):
        keen = region.stream("annotations/keen").quantile(every, "exponential", number) // 1000
        for f, name in enumerate(FAMILIES):
            if {one, two} <= level_places(name).keys():
                (a, at), (b, bt) = level_places(name)[one], level_places(name)[two]
                both = (family == f) & (level[:, a] == at) & (level[:, b] == bt)
                total += np.where(both, keen[rater] * round(worth * 1000) // 1000, 0)
    errors = np.minimum(adverts.misspelt, region["annotations.most_misspelt"])
    return total + errors * _folk_strength(region)[rater] * region.milli("annotations.spelling") // 1000


def _weights(region: Region, o: Operations) -> np.ndarray:
    """Return (raters, categories, facts, levels) weights in milli-nats; a rater's own part depends on the family."""
    law = o.life.law
    logs = law.level_logs()
    by_kind = add_forms(logs, law.form_log[:, None, None])
    others = o.kind_log[1:]
    lawful = log_sum(by_kind[..., 1:] + others) - log_sum(others)
    truth = np.where((logs == 0).all(axis=-1), 0, by_kind[..., 0] - lawful)
    who = np.arange(region["annotations.raters"])
    shrunk = region.between("annotations/shrunk", who, region.milli("annotations.shrunk"))
    size = (len(FAMILIES), *truth.shape[1:])
    cell = who[:, None] * (1 << 16) + np.arange(np.prod(size))
    own = region.spread("annotations/own_weight", cell, "normal", region.milli("annotations.own_weight"))
    belief = np.zeros(size, dtype=np.int64)
    for f, family in enumerate(FAMILIES):
        for level, worth in region["annotations.beliefs"].items():
            if level in level_places(family):
                belief[(f, *level_places(family)[level])] = round(worth * 1000)
    strength = _folk_strength(region)[:, None, None, None]
    folk = belief * strength // 1000 + own.reshape(len(who), *size)
    return truth * shrunk[:, None, None, None] // 1000 + folk[:, list(CATEGORIES.values())]


def _folk_strength(region: Region) -> Ints:
    raters = np.arange(region["annotations.raters"])
    return region.stream("annotations/folk").quantile(raters, "gamma_2.0") // 2000


POSITIVE = 4
"""A label is positive if the mean of two scores is at least this."""
HIGHEST = 6


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the annotations of one region."""
    o: Operations = past["operations"]
    adverts: Adverts = past["adverts"]
    raters = region["annotations.raters"]
    first = region.stream("annotations/rater").below(adverts.row, raters)
    second = (first + 1 + region.stream("annotations/rater").below(adverts.row, raters - 1, 1)) % raters
    both = np.stack([first, second])
    centre = region.milli("annotations.centre", FAMILIES)
    seen = impressions(region, o, adverts, both) - centre[o.family[adverts.operation]]
    for name, ids, k in (
        ("reading", adverts.template, 0),
        ("offset", both, 0),
        ("own_reading", adverts.template, both),
        ("slip", adverts.row, both),
    ):
        sd = region.milli(f"annotations.{name}")
        seen = seen + region.spread(f"annotations/{name}", ids, "normal", sd, k)
    step = region.milli("annotations.step")
    score = np.clip((seen + 3 * step + step // 2) // step, 0, HIGHEST)
    id = np.tile(adverts.id, 2)
    return None, {"annotations": {"advert": id, "rater": both.ravel(), "score": score.ravel()}}


STAGE = Stage("annotations", ("operations", "adverts"), tuple(read_tables("annotations").values()), generate)
