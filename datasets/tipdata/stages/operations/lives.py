"""When operations live, post, adopt a technology and are investigated; who writes for whom; what an investigation does.

An investigation ends an operation's life, or its adverts pause. One rule holds for all: a lawful group that is wrongly
investigated is treated as others are. An investigation that is settled after an operation's life stops nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import KINDS
from tipdata.core.world import DAYS, Region


def draw_spell(region: Region, local: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last day of posting; spells reach beyond both ends of time and are cut there."""
    mean = region["operations.duration_days"]
    length = 7 + mean * region.stream("operations/spell").quantile(local, "gamma_2.0") // 2_000_000
    start = region.stream("operations/start").below(local, DAYS + 60) - 60
    first = np.clip(start, 0, DAYS - 4)
    return first, np.clip(start + length, first + 3, DAYS - 1)


def draw_life(
    region: Region, local: np.ndarray, posts: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last day of each operation's life, which may lie beyond both ends of time: it prepares before it
    posts, and goes on after."""

    def some(name: str) -> np.ndarray:
        means = region[f"operations.{name}_days"]
        mean = np.where(posts, means["posting"], means["silent"])
        return 7 + region.spread(f"operations/{name}", local, "exponential", mean)

    return first - some("lead"), last + some("tail")


def draw_adoption(region: Region, local: np.ndarray, name: str, kind: np.ndarray) -> np.ndarray:
    """Return day on which each operation adopts a technology: an S-curve in time, sooner for those who fear
    moderation."""
    middle = region.world.stream(f"tactics/{name}").below(np.array([0]), 160)[0] + region["tactics.midpoint"]
    fear = region.values("tactics.fear_days", KINDS)[kind]
    spread = region["tactics.spread_days"]
    day = middle - fear + region.spread(f"operations/adopts_{name}", local, "logistic", spread)
    never = region.chance(f"operations/never_{name}", local, "tactics.never")
    return np.where(never, DAYS * 2, np.maximum(day, 0))


def draw_investigated(region: Region, local: np.ndarray, kind: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the day on which an investigation establishes what an operation is; past the end of time if none does."""
    p = region.chances("operations.investigated", KINDS)[kind]
    delay = (
        region["operations.investigation_days"]
        * region.stream("operations/delay").quantile(local, "gamma_2.0")
        // 2_000_000
    )
    happens = region.stream("operations/investigated").chance(local, p)
    return np.where(happens, first + delay, DAYS * 2)


def draw_writers(region: Region, local: np.ndarray, language: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return the writer of each operation: mostly its own, sometimes shared by two of one language and part."""
    shares = region.chance("operations/shares_writer", local, "operations.shared_writer")
    partner = pick_within(region, "operations/partner", local, language * 3 + part, ~shares)
    return np.where(shares & (partner >= 0), partner, local)


def pick_within(
    region: Region, stream: str, local: np.ndarray, group: np.ndarray, offered: np.ndarray
) -> np.ndarray:
    """Return for each row a keyed random *offered* row of the same group, or -1. Arrays of equal length."""
    order = np.flatnonzero(offered)
    order = order[np.argsort(group[order], kind="stable")]
    if not len(order):
        return np.full(len(local), -1)
    low = np.searchsorted(group[order], group, side="left")
    size = np.searchsorted(group[order], group, side="right") - low
    at = low + region.stream(stream).below(local, np.maximum(size, 1))
    return np.where(size > 0, order[np.minimum(at, len(order) - 1)], -1)


SHORTEST = 3
"""Days of posting that every operation has before anything stops it."""
UNDISTURBED = 2 * DAYS


@dataclass(frozen=True)
class Disturbances:
    """Operations after investigations; one entry each.

    ``last``: day of posting. ``ends``: day of the life. ``stopped``: bool, an investigation ends it. ``quiet``: first
    day on which it posts no more, and ``again``: the first on which it does; both :data:`UNDISTURBED` where nothing
    disturbs it.
    """

    last: Ints
    ends: Ints
    stopped: np.ndarray
    quiet: Ints
    again: Ints


def disturb(
    region: Region, local: Ints, investigated: Ints, first: Ints, last: Ints, ends: Ints
) -> Disturbances:
    """Return the effect of investigations on operations that would post until ``last`` and live until ``ends``."""
    never = np.full(len(local), UNDISTURBED)
    inside = investigated <= np.minimum(ends, DAYS - 1)
    stopped = inside & region.chance("operations/stopped", local, "operations.stopped")
    wait = region["operations.stop_days"] * region.stream("operations/stops").quantile(local, "exponential")
    day = np.maximum(investigated + wait // 1_000_000, first + SHORTEST)
    ends = np.where(stopped, np.minimum(ends, day), ends)
    pause = region["operations.pause_days"] * region.stream("operations/pauses").quantile(
        local, "exponential"
    )
    pauses = inside & ~stopped
    return Disturbances(
        np.minimum(last, ends),
        ends,
        stopped,
        np.where(pauses, investigated, never),
        np.where(pauses, investigated + 1 + pause // 1_000_000, never),
    )
