"""How many adverts operations would post, and which of these candidates a closed site loses."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import exp, probability
from tipdata.core.kinds import SPAM
from tipdata.core.world import Region
from tipdata.stages.accounts.stage import site_weights
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

ROOM = 256
"""An advert's local number is its operation's times this plus its own."""


@dataclass(frozen=True)
class Schedule:
    """Candidate adverts; int64 arrays."""

    row: np.ndarray
    operation: np.ndarray
    day: np.ndarray
    minute: np.ndarray
    template: np.ndarray


def count_adverts(region: Region, o: Operations) -> np.ndarray:
    """Return how many candidate adverts each operation has: by its habit of volume; none where it never posts."""
    levels = region["operations.traits.volume"]["levels"]
    low, high = np.array([[int(x) for x in level.split("-")] for level in levels]).T
    level = o.traits["volume"]
    local = np.arange(len(o.id))
    count = low[level] + region.stream("operations/adverts").below(local, high[level] - low[level] + 1)
    return np.where(o.posts, count, 0)


def lost_to_closure(
    region: Region, places: Places, o: Operations, plan: Schedule, wanted: np.ndarray
) -> np.ndarray:
    """Return which candidates a closure deters: a share that grows for weeks, then recovers.

    It touches adverts for sites of the closed one's kind, and whole families of adverts that it led.
    """
    closed = int(places.closed[places.dominant])
    since = plan.day - closed
    leading = site_weights(region, places).argmax(axis=1)
    kind = places.platform_kind
    touched = (kind[wanted] == kind[places.dominant]) | (leading == places.dominant)[o.family[plan.operation]]
    touched &= since >= 0
    drop, lasting = probability(region["closure.drop"]), probability(region["closure.lasting_loss"])
    ramp = region["closure.ramp_days"]
    decay = exp(-1000 * np.maximum(since - ramp, 0) // region["closure.recovery_days"]) >> 4
    level = np.where(since < ramp, drop * (since + 1) // ramp, lasting + ((drop - lasting) * decay >> 16))
    spared = probability(region["closure.spam_drop"])
    level = np.where(o.kind[plan.operation] == SPAM, level * spared >> 16, level)
    return touched & region.stream("adverts/deterred").chance(plan.row, level)
