"""How long accounts live: within the life of their operation, and never at a site that is not open.

Who loses the site of their first choice opens accounts elsewhere. What is left behind is closed after a while, or stays
as a husk that does nothing.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

_NEW_SITE = 14
"""Days within which accounts of operations are opened on a site that opens while they post."""


@dataclass(frozen=True)
class Lives:
    """Days of accounts; int64 arrays with one entry an account."""

    created: Ints
    """Negative before the first day."""
    until: Ints
    """Last day on which it does anything."""
    closed: Ints
    """Day from which on it is no more; past the end of time where it stays."""


@dataclass(frozen=True)
class Sites:
    """Where operations have accounts, by first choice, by chance and as successors.

    Attributes:
        has: (operations, platforms present) bool.
        home: position of each operation's first choice.
        moved: (operations, platforms present) day on which a successor is opened; -1 where it is none.
    """

    has: np.ndarray
    home: Ints
    moved: Ints


def choose_sites(region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints) -> Sites:
    """Return where operations have accounts: on sites that are open while they live.

    Args:
        numbers: (operations, platforms present) local numbers of accounts.
        weights: (operations, platforms present) of the sites.
    """
    local = np.arange(len(o.id))
    sites = np.arange(len(places.platform))
    there = places.closed[None, :] > o.first_day[:, None]
    at_first = there & (places.opened[None, :] <= o.first_day[:, None])
    home = region.stream("accounts/home").choose(local, np.where(at_first, weights, 0))
    further = region.stream("accounts/elsewhere").chance(numbers, probability(region["accounts.elsewhere"]))
    later = there & (places.opened[None, :] <= o.last_day[:, None])
    has = (further & later & (weights > 1)) | (sites[None, :] == home[:, None])
    moved = _moved(region, places, o, numbers, np.where(has, 0, weights), home)
    return Sites(has | (moved >= 0), home, moved)


def _moved(region: Region, places: Places, o: Operations, numbers: Ints, weights: Ints, home: Ints) -> Ints:
    """Return the day on which those whose first choice closes while they live open an account elsewhere, else -1."""
    lasting = (places.closed == DAYS) & (places.opened == 0)
    pull = np.where(lasting[None, :] & (weights > 1), weights, 0)
    luck = region.stream("accounts/successor").quantile(numbers, "exponential") + 1
    turn = np.argsort(
        np.argsort(np.where(pull > 0, luck * 1000 // np.maximum(pull, 1), 1 << 60), axis=1), axis=1
    )
    wait = region["accounts.move_days"] * region.stream("accounts/moves").quantile(numbers, "exponential")
    day = places.closed[home][:, None].astype(np.int64) + 1 + wait // 1_000_000
    lives = (day <= o.ends[:, None]) & (day < DAYS)
    return np.where((turn < region["accounts.successors"]) & (pull > 0) & lives, day, -1)


def background_site(region: Region, places: Places, number: Ints) -> Ints:
    """Return position of the platform of accounts of nobody, open when they first do something."""
    start = background_start(region, number)[..., None]
    open_ = (places.opened <= start) & (start < places.closed)
    return region.stream("accounts/site").choose(number, open_.astype(np.int64))


def background_start(region: Region, number: Ints) -> Ints:
    """Return the day on which each account of nobody first does something."""
    return region.stream("accounts/start").below(number, DAYS)


def _created(region: Region, number: Ints, day: Ints, latest: Ints) -> Ints:
    """Return a day of the same week, by the week's weights, no later than ``latest``."""
    week = np.array(region["schedule.weekday_weights"])
    return np.minimum(day // 7 * 7 + region.stream("accounts/weekday").choose(number, week), latest)


def draw_lives(
    region: Region,
    places: Places,
    o: Operations,
    number: Ints,
    owner: Ints,
    site: Ints,
    age: Ints,
    moved: Ints,
    first: np.ndarray,
) -> Lives:
    """Return the days of accounts.

    Args:
        owner: operation of each, -1 where it is nobody's.
        site: position of each account's platform.
        age: days that it has before its first advert, if it is no successor.
        moved: day on which it is opened as a successor, -1 where it is none.
        first: bool, its operation's first choice, by which it talks before it posts.
    """
    owned = owner >= 0
    start = np.where(owned, o.first_day[owner], background_start(region, number))
    created = _created(region, number, start - age, start)
    settled = region["accounts.settles_days"] * region.stream("accounts/settles").quantile(
        number, "exponential"
    )
    created = np.where(first, np.minimum(created, o.begins[owner] + settled // 1_000_000), created)
    created = np.where(moved >= 0, moved, created)
    opened = places.opened[site].astype(np.int64)
    latest = np.maximum(start, np.minimum(opened + _NEW_SITE, np.where(owned, o.last_day[owner], start)))
    anew = opened + region.stream("accounts/anew").below(number, np.maximum(latest - opened, 0) + 1)
    created = np.where((opened > 0) & (created < opened), anew, created)
    spread = region.stream("accounts/lifetime").quantile(number, "exponential")
    lifetime = region["accounts.lifetime_days"] * spread // 1_000_000
    ends = np.where(owned, o.ends[owner], start + lifetime)
    left = region.stream("accounts/left").quantile(number, "exponential")
    closed = ends + 1 + region["accounts.left_days"] * left // 1_000_000
    husk = region.stream("accounts/husk").chance(number, probability(region["accounts.husks"]))
    closed = np.minimum(np.where(husk | (closed >= DAYS), DAYS, closed), places.closed[site])
    until = np.minimum(np.minimum(ends, closed - 1), DAYS - 1)
    return Lives(created, np.maximum(until, created), closed)
