"""When and where operations work: the days that their payments follow.

Those that post or tour work on the days of their adverts, of their arrivals and of their placing
people with firms, and on some days besides in the rest of their life. Those that do not have days of their own.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.suppliers.stage import Suppliers
from tipdata.stages.trips.stage import Trips

SPAN = 2048
"""An operation's day is numbered as its local number times this plus the day."""
WEEKS, A_WEEK = 128, 7
LONGEST_STOP = 14
"""Days for which a last stop counts, and any."""


@dataclass(frozen=True)
class Work:
    """Days of operations. ``days`` of work, ``posted`` and ``stops``: distinct numbers as of :data:`SPAN`, rising;
    ``town``: rank, of each stop; ``begins`` and ``ends``: of lives, by operation."""

    days: Ints
    posted: Ints
    stops: Ints
    town: Ints
    begins: Ints
    ends: Ints

    def next(self, days: Ints, operation: Ints, day: Ints, later: Ints | int = 0) -> Ints:
        """Return of ``days`` the operation's first from a day on, or so many after it; ``DAYS`` where there is none."""
        at = np.searchsorted(days, operation * SPAN + np.clip(day, 0, SPAN - 1)) + later
        found = np.append(days, -1)[np.minimum(at, len(days))]
        return np.where(found // SPAN == operation, found % SPAN, DAYS)

    def first(self, region: Region, number: Ints, operation: Ints) -> Ints:
        """Return a day of work on which something of each operation begins, not among its last."""
        low, high = (np.searchsorted(self.days, (operation + end) * SPAN) for end in (0, 1))
        room = np.maximum((high - low) * probability(region["payments.starts"]) >> 16, 1)
        return self.days[low + region.stream("payments/start").below(number, room)] % SPAN

    def stay(self, operation: Ints, day: Ints) -> tuple[Ints, Ints]:
        """Return town of the stop at which an operation is on a day (-1: at none), and days that it still stays."""
        at = np.searchsorted(self.stops, operation * SPAN + day, side="right") - 1
        here = self.stops[np.maximum(at, 0)]
        following = np.append(self.stops, -1)[at + 1]
        until = np.where(following // SPAN == operation, following % SPAN, DAYS)
        until = np.minimum(until, here % SPAN + LONGEST_STOP)
        there = (at >= 0) & (here // SPAN == operation) & (day < until)
        return np.where(there, self.town[np.maximum(at, 0)], -1), np.where(there, until - day, 0)

    def tours(self, operation: Ints) -> np.ndarray:
        """Return bool: whether an operation has stops."""
        return np.isin(operation, self.stops // SPAN)


def draw_work(region: Region, o: Operations, adverts: Adverts, trips: Trips, suppliers: Suppliers) -> Work:
    """Return when and where the operations of a region work."""
    posted = np.unique(adverts.operation * SPAN + adverts.day)
    owner = trips.circuits.operation[trips.stops.circuit]
    owned = np.flatnonzero(owner >= 0)
    stops, first = np.unique(owner[owned] * SPAN + trips.stops.day[owned], return_index=True)
    placed = _placed(suppliers)
    own = _own_days(region, o)
    days = np.unique(np.concatenate([posted, stops, placed, own]))
    idle = np.setdiff1d(np.arange(len(o.id)), days // SPAN)
    days = np.union1d(days, idle * SPAN + o.first_day[idle])
    return Work(days, posted, stops, trips.stops.town[owned][first], o.begins, o.ends)


def _placed(suppliers: Suppliers) -> Ints:
    """Return days on which operations begin to place people with a firm, among those of the world."""
    placing = suppliers.exploitation.placing
    known = (placing.operation >= 0) & (placing.start >= 0) & (placing.start < DAYS)
    return placing.operation[known] * SPAN + placing.start[known]


def _own_days(region: Region, o: Operations) -> Ints:
    """Return days of work that are in no other table: in the whole life of those that never post, outside the spell of
    posting of the others."""
    operation = np.repeat(np.arange(len(o.id)), WEEKS)
    week = np.tile(np.arange(WEEKS), len(o.id))
    lives = (week * A_WEEK + A_WEEK > o.begins[operation]) & (week * A_WEEK <= o.ends[operation])
    lives &= week * A_WEEK < DAYS
    operation, week = operation[lives], week[lives]
    ids = operation * WEEKS + week
    shares = region["payments.work_weeks"]
    p = np.where(o.posts[operation], probability(shares["posts"]), probability(shares["silent"]))
    weekday = region.stream("payments/work_day").choose(ids, np.array(region["payments.week"]))
    day = week * A_WEEK + weekday
    posting = o.posts[operation] & (day >= o.first_day[operation]) & (day <= o.last_day[operation])
    alive = (day >= o.begins[operation]) & (day <= o.ends[operation]) & (day < DAYS)
    kept = alive & ~posting & region.stream("payments/works").chance(ids, p)
    return operation[kept] * SPAN + day[kept]
