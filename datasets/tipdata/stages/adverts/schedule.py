"""When, where and on which site operations post: candidates, some of which a closed site loses."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import exp, probability
from tipdata.core.kinds import MAX_TEMPLATES, SPAM
from tipdata.core.world import MINUTES_A_DAY, Region
from tipdata.stages.accounts.stage import Accounts, site_weights
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


def draw_schedule(region: Region, o: Operations) -> Schedule:
    """Return candidate adverts of every posting operation: day, minute and template."""
    count = count_adverts(region, o)
    operation = np.repeat(np.arange(len(o.id)), count)
    start = np.cumsum(count) - count
    row = operation * ROOM + np.arange(len(operation)) - start[operation]
    first, length = o.first_day[operation], (o.last_day - o.first_day + 1)[operation]
    since = region.stream("adverts/day").below(row, length)
    tours = o.traits["circuit"][operation] == 1
    dwell = region["schedule.dwell_days"]
    into = region.stream("adverts/burst").below(row, dwell) * region.stream("adverts/burst").below(
        row, dwell, 1
    )
    since = np.where(tours, np.minimum(since // dwell * dwell + into // dwell, length - 1), since)
    week = np.array(region["schedule.weekday_weights"])
    weekday = region.stream("adverts/weekday").choose(row, week)
    day = first + since
    day = np.clip(day // 7 * 7 + weekday, first, first + length - 1)
    monthly = region.stream("adverts/monthly").chance(row, probability(region["schedule.month_start"]))
    day = np.where(monthly, np.clip(day // 30 * 30, first, first + length - 1), day)
    hours = np.array(list(region["schedule.hour_weights"].values()))
    hour = region.stream("adverts/hour").choose(row, hours[o.traits["hours"][operation]])
    minute = day * MINUTES_A_DAY + hour * 60 + region.stream("adverts/minute").below(row, 60)
    templates = o.traits["templates"][operation] + 1
    phased = region.stream("adverts/phased").chance(row, probability(region["schedule.phase"]))
    number = np.where(
        phased, (day - first) * templates // length, region.stream("adverts/template").below(row, templates)
    )
    return Schedule(row, operation, day, minute, operation * MAX_TEMPLATES + number)


def place_adverts(
    region: Region, places: Places, o: Operations, accounts: Accounts, plan: Schedule
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return town rank and platform position of each candidate, and whether it is posted at all."""
    row, operation = plan.row, plan.operation
    home = o.town[operation]
    low, high = region["schedule.stops"]
    stops = low + region.stream("operations/stops").below(np.arange(len(o.id)), high - low + 1)
    stop = (plan.day - o.first_day[operation]) // region["schedule.dwell_days"] % stops[operation]
    tour = region.stream("operations/stop").choose(operation, places.weight, stop)
    away = region.stream("adverts/away").chance(row, probability(region["schedule.away"]))
    elsewhere = region.stream("adverts/town").choose(row, places.weight)
    town = np.where(o.traits["circuit"][operation] == 1, tour, np.where(away, elsewhere, home))
    abroad = places.jurisdiction[town] != places.jurisdiction[home]
    town = np.where(abroad & ~o.cross_border[operation], home, town)

    weights = np.where(accounts.has, site_weights(region, places)[o.family], 0)[operation]
    loyal = region.stream("adverts/loyal").chance(row, probability(region["platforms.loyalty"]))
    wanted = np.where(loyal, accounts.home[operation], region.stream("adverts/site").choose(row, weights))
    lost = lost_to_closure(region, places, o, plan, wanted)
    open_ = (places.opened[None, :] <= plan.day[:, None]) & (plan.day[:, None] < places.closed[None, :])
    possible = np.where(open_, weights, 0)
    other = region.stream("adverts/other_site").choose(row, np.maximum(possible, 0))
    site = np.where(open_[np.arange(len(row)), wanted], wanted, np.minimum(other, open_.shape[1] - 1))
    return town, site, ~lost & (possible.sum(axis=1) > 0)


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
