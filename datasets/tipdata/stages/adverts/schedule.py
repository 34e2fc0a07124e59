"""When, where and on which site operations post: how many adverts, which of these candidates a closed site loses, in
bursts, by hours and weekdays, sooner after they come to a town.

A branching process of a given size: some adverts of an operation come by themselves, the others each follow one of its
earlier numbers, soon after it. Time is busy time of the operation's week, so bursts keep its hours.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import EXP_SCALE, Clock, Ints, exp, probability
from tipdata.core.kinds import MAX_TEMPLATES, SPAM
from tipdata.core.tables import begins_group, repeat_rows
from tipdata.core.world import MINUTES_A_DAY, Region
from tipdata.stages.accounts import Accounts, site_weights
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.trips.circuits import Tours, town_of

ROOM = 256
"""An advert's local number is its operation's times this plus its own."""


@dataclass(frozen=True)
class Schedule:
    """Adverts, or candidates; int64 arrays.

    ``row``: local number, stable whatever other adverts exist. ``operation``: local number. ``template``: local
    number, ``operation * MAX_TEMPLATES + t``.
    """

    row: Ints
    operation: Ints
    day: Ints
    minute: Ints
    template: Ints

    @property
    def first(self) -> np.ndarray:
        """bool: whether each is its template's first advert; they stand in the order of their templates and times."""
        return begins_group(self.template)


def count_adverts(region: Region, o: Operations) -> Ints:
    """Return how many candidate adverts each operation has: by its habit of volume; none where it never posts."""
    levels = region["operations.traits.volume"]["levels"]
    bounds = np.array([[int(x) for x in level.split("-")] for level in levels])[o.traits["volume"]]
    return np.where(o.posts, region.between("operations/adverts", np.arange(len(o.id)), bounds), 0)


def lost_to_closure(
    region: Region, places: Places, o: Operations, plan: Schedule, wanted: Ints
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


_WEEK = 7 * MINUTES_A_DAY
_MONTH = 30


def draw_bursts(region: Region, o: Operations, touring: Tours) -> Schedule:
    """Return candidate adverts of every posting operation: day, minute and template."""
    operation, turn = repeat_rows(count_adverts(region, o))
    row = operation * ROOM + turn
    busy = Busy.of(region, o, operation)
    start = np.arange(len(row)) - turn
    parent = start + region.stream("adverts/parent").below(row, np.maximum(turn, 1))
    share = region.between("operations/again", operation, region["schedule.again"])
    follows = (turn > 0) & (region.stream("adverts/again").below(row, 1000) < share)
    alone = _draw_single_times(region, o, touring, busy, row)
    came = follow_parents(region, busy, row, parent, follows, alone)
    minute = busy.clock.time(busy.level, came)
    day = minute // MINUTES_A_DAY
    first, length = o.first_day[operation], (o.last_day - o.first_day + 1)[operation]
    templates = o.traits["templates"][operation] + 1
    phased = region.chance("adverts/phased", row, "schedule.phase")
    drawn = region.stream("adverts/template").below(row, templates)
    number = np.where(phased, (day - first) * templates // length, drawn)
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
        hours = region.values("schedule.hour_weights")
        days = region.values("schedule.weekday_weights")
        clock = Clock((days[None, :, None] * hours[:, None, :]).reshape(len(hours), -1), 60)
        level = o.traits["hours"]
        opens = clock.busy(level, o.first_day * MINUTES_A_DAY)
        closes = clock.busy(level, (o.last_day + 1) * MINUTES_A_DAY)
        return cls(clock, operation, level[operation], opens[operation], closes[operation])


def _draw_single_times(region: Region, o: Operations, touring: Tours, busy: Busy, row: Ints) -> Ints:
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
        begins, ends = (begun[np.arange(len(tours)), s] * MINUTES_A_DAY for s in (slot - 1, slot))
        opens, closes = busy.opens[tours], busy.closes[tours]
        since, until = (np.clip(busy.clock.busy(level, minute), opens, closes) for minute in (begins, ends))
        since = np.minimum(since, came[tours])
        one, two = (region.stream("adverts/burst").below(row[tours], 1024, k) for k in (0, 1))
        came[tours] = since + (until - since) * one // 1024 * two // 1024
    monthly = region.chance("adverts/monthly", row, "schedule.month_start")
    begins = np.maximum(day // _MONTH * _MONTH, o.first_day[busy.operation])
    first = busy.clock.busy(busy.level, begins * MINUTES_A_DAY + minute % MINUTES_A_DAY)
    return np.where(monthly, first, came)


def follow_parents(
    region: Region, busy: Busy, row: Ints, parent: Ints, follows: np.ndarray, alone: Ints
) -> Ints:
    """Return busy time of every advert: of its own, or soon after the one that it follows.

    One that would be beyond the last generation comes by itself, and so do those that follow it.
    """
    late = exp(region.spread("adverts/late", row, "normal", region["schedule.again_spread"]))
    wait = region["schedule.again_minutes"] * late // EXP_SCALE * busy.clock.week[busy.level] // _WEEK + 1
    came, known = alone.copy(), ~follows
    for _ in range(region["schedule.generations"]):
        now = np.flatnonzero(~known & known[parent])
        after = came[parent[now]]
        # What would be after the last day is folded back into what is left.
        came[now] = after + wait[now] % np.maximum(busy.closes[now] - after, 1)
        known[now] = True
    return came


def place_on_tour(
    region: Region, places: Places, o: Operations, accounts: Accounts, plan: Schedule, touring: Tours
) -> tuple[Ints, Ints, np.ndarray]:
    """Return town rank and platform position of each candidate, and whether it is posted at all."""
    row, operation = plan.row, plan.operation
    rows = np.arange(len(row))
    weights = np.where(accounts.has, accounts.weights, 0)[operation]
    loyal = region.chance("adverts/loyal", row, "platforms.loyalty")
    wanted = np.where(loyal, accounts.home[operation], region.stream("adverts/site").choose(row, weights))
    lost = lost_to_closure(region, places, o, plan, wanted)
    open_ = accounts.alive(operation, plan.day)
    possible = np.where(open_, weights, 0)
    other = region.stream("adverts/other_site").choose(row, possible)
    site = np.where(open_[rows, wanted], wanted, np.minimum(other, open_.shape[1] - 1))
    left = o.disturbed
    paused = (left.quiet[operation] <= plan.day) & (plan.day < left.again[operation])
    home = o.town[operation]
    away = region.chance("adverts/away", row, "schedule.away")
    elsewhere = region.stream("adverts/town").choose(row, places.weight)
    town = np.where(away, elsewhere, home)
    abroad = places.jurisdiction[town] != places.jurisdiction[home]
    town = np.where(abroad & ~o.cross_border[operation], home, town)
    tours = np.flatnonzero(touring.at[operation] >= 0)
    town[tours] = town_of(touring.circuits, touring.begun, touring.at[operation[tours]], plan.day[tours])
    return town, site, ~lost & ~paused & (possible.sum(axis=1) > 0)
