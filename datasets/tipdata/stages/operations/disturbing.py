"""What an investigation does to an operation: it ends its life, or its adverts pause.

One rule for all: a lawful group that is wrongly investigated fares as others do. What is settled after an operation's
life is over stops nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region

SHORTEST = 3
"""Days of posting that every operation has before anything stops it."""
NEVER = 2 * DAYS


@dataclass(frozen=True)
class Disturbed:
    """What is left of operations; one entry each.

    ``last``: day of posting. ``ends``: day of the life. ``stopped``: bool, an investigation ends it. ``quiet``: first
    day on which it posts no more, and ``again``: the first on which it does; both :data:`NEVER` where nothing
    disturbs it.
    """

    last: Ints
    ends: Ints
    stopped: np.ndarray
    quiet: Ints
    again: Ints


def disturb(
    region: Region, local: Ints, investigated: Ints, first: Ints, last: Ints, ends: Ints
) -> Disturbed:
    """Return what is left of operations that would post until ``last`` and live until ``ends``."""
    never = np.full(len(local), NEVER)
    inside = investigated <= np.minimum(ends, DAYS - 1)
    stopped = inside & region.stream("operations/stopped").chance(
        local, probability(region["operations.stopped"])
    )
    wait = region["operations.stop_days"] * region.stream("operations/stops").quantile(local, "exponential")
    day = np.maximum(investigated + wait // 1_000_000, first + SHORTEST)
    ends = np.where(stopped, np.minimum(ends, day), ends)
    pause = region["operations.pause_days"] * region.stream("operations/pauses").quantile(
        local, "exponential"
    )
    pauses = inside & ~stopped
    return Disturbed(
        np.minimum(last, ends),
        ends,
        stopped,
        np.where(pauses, investigated, never),
        np.where(pauses, investigated + 1 + pause // 1_000_000, never),
    )
