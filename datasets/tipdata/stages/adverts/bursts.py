"""When operations post: in bursts, by hours and weekdays, sooner after they come to a town.

A branching process of a given size: some adverts of an operation come by themselves, the others each follow one of its
earlier numbers, soon after it. Time is busy time of the operation's week, so bursts keep its hours.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.clock import Clock
from tipdata.core.constants import EXP_SCALE
from tipdata.core.draw import Ints, exp, probability
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.core.world import MINUTES_A_DAY, Region
from tipdata.stages.adverts.schedule import ROOM, Schedule, count_adverts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.trips.tours import Tours

_WEEK = 7 * MINUTES_A_DAY
_MONTH = 30


def draw_bursts(region: Region, o: Operations, touring: Tours) -> Schedule:
    """Return candidate adverts of every posting operation: day, minute and template."""
    count = count_adverts(region, o)
    operation = np.repeat(np.arange(len(o.id)), count)
    start = (np.cumsum(count) - count)[operation]
    turn = np.arange(len(operation)) - start
    row = operation * ROOM + turn
    busy = Busy.of(region, o, operation)
    parent = start + region.stream("adverts/parent").below(row, np.maximum(turn, 1))
    came = followed(
        region,
        busy,
        row,
        parent,
        _follows(region, operation, row, turn),
        _alone(region, o, touring, busy, row),
    )
    minute = busy.clock.time(busy.level, came)
    day = minute // MINUTES_A_DAY
    first, length = o.first_day[operation], (o.last_day - o.first_day + 1)[operation]
    templates = o.traits["templates"][operation] + 1
    phased = region.stream("adverts/phased").chance(row, probability(region["schedule.phase"]))
    number = np.where(
        phased, (day - first) * templates // length, region.stream("adverts/template").below(row, templates)
    )
    return Schedule(row, operation, day, minute, operation * MAX_TEMPLATES + number)


@dataclass(frozen=True)
class Busy:
    """Busy time of adverts' operations: one entry an advert."""

    clock: Clock
    operation: Ints
    level: Ints
    """Which hours the operation keeps."""
    opens: Ints
    closes: Ints
    """Busy time at the beginning of its first day and at the end of its last."""

    @classmethod
    def of(cls, region: Region, o: Operations, operation: Ints) -> "Busy":
        hours = np.array(list(region["schedule.hour_weights"].values()))
        days = np.array(region["schedule.weekday_weights"])
        clock = Clock((days[None, :, None] * hours[:, None, :]).reshape(len(hours), -1), 60)
        level = o.traits["hours"]
        opens = clock.busy(level, o.first_day * MINUTES_A_DAY)
        closes = clock.busy(level, (o.last_day + 1) * MINUTES_A_DAY)
        return cls(clock, operation, level[operation], opens[operation], closes[operation])


def _alone(region: Region, o: Operations, touring: Tours, busy: Busy, row: Ints) -> Ints:
    """Return busy time of each advert that follows none: any, soon after an arrival, or on the first of a month."""
    came = busy.opens + region.stream("adverts/day").below(row, busy.closes - busy.opens)
    minute = busy.clock.time(busy.level, came)
    day = minute // MINUTES_A_DAY
    at = touring.at[busy.operation]
    tours = np.flatnonzero(at >= 0)
    if len(tours):
        circuit, level = at[tours], busy.level[tours]
        begun = touring.begun[circuit]
        slot = np.clip((begun <= day[tours, None]).sum(axis=1), 1, begun.shape[1] - 1)
        rows = np.arange(len(tours))
        since, until = (
            np.clip(
                busy.clock.busy(level, begun[rows, s] * MINUTES_A_DAY), busy.opens[tours], busy.closes[tours]
            )
            for s in (slot - 1, slot)
        )
        since = np.minimum(since, came[tours])
        share = region.stream("adverts/burst")
        into = (
            (until - since) * share.below(row[tours], 1024) // 1024 * share.below(row[tours], 1024, 1) // 1024
        )
        came[tours] = since + into
    monthly = region.stream("adverts/monthly").chance(row, probability(region["schedule.month_start"]))
    begins = np.maximum(day // _MONTH * _MONTH, o.first_day[busy.operation])
    first = busy.clock.busy(busy.level, begins * MINUTES_A_DAY + minute % MINUTES_A_DAY)
    return np.where(monthly, first, came)


def _follows(region: Region, operation: Ints, row: Ints, turn: Ints) -> np.ndarray:
    """Return which adverts follow another, more of them in some operations than in others; the first never does."""
    low, high = region["schedule.again"]
    share = low + region.stream("operations/again").below(operation, high - low + 1)
    return (turn > 0) & (region.stream("adverts/again").below(row, 1000) < share)


def followed(region: Region, busy: Busy, row: Ints, parent: Ints, follows: np.ndarray, alone: Ints) -> Ints:
    """Return busy time of every advert: of its own, or soon after the one that it follows.

    One that would be beyond the last generation comes by itself, and so do those that follow it.
    """
    late = exp(
        region["schedule.again_spread"] * region.stream("adverts/late").quantile(row, "normal") // 1_000_000
    )
    wait = region["schedule.again_minutes"] * late // EXP_SCALE * busy.clock.week[busy.level] // _WEEK + 1
    came, known = alone.copy(), ~follows
    for _ in range(region["schedule.generations"]):
        now = np.flatnonzero(~known & known[parent])
        after = came[parent[now]]
        # What would be after the last day is folded back into what is left.
        came[now] = after + wait[now] % np.maximum(busy.closes[now] - after, 1)
        known[now] = True
    return came
