"""What a closure does to the adverts of every site: the market shrinks for weeks, and comes back.

The closed site's adverts are gone, those of others lie low. Then most of the volume is back within half a year, on
other sites: each successor of the closed site's kinds takes a small part; social networks, messaging and the darknet
take what is left. Scam adverts surge at once.
"""

import numpy as np

from tipdata.core.draw import ONE, Ints, probability, scaled
from tipdata.core.world import DAYS, Region
from tipdata.stages.market.adverts import destinations
from tipdata.stages.market.paths import TODAY, fading
from tipdata.stages.places.stage import Places


def with_closure(region: Region, places: Places, without: Ints) -> Ints:
    """Return (platforms, DAYS) thousandths of adverts a day that are expected. ``without``: had no site closed."""
    closed, able = int(places.closed[places.dominant]), destinations(region, places)
    if closed == DAYS:
        return without
    since = TODAY - closed
    after = since >= 0
    ramp = region["closure.ramp_days"]
    names = [places.kinds[k] for k in places.platform_kind]
    lost = np.where(after & _fearful(region, names)[:, None], _fear(region, since, ramp), 0)
    kept = without - (without * lost >> 16)
    found = np.where(since >= ramp, ONE - fading(since - ramp, region["market.moving_days"]), 0)
    taken = _taken(region, places, names, able)[:, None] * found >> 16
    scam = probability(region["market.scam"]) * fading(since, region["market.scam_days"]) >> 16
    surge = np.where(np.isin(np.arange(len(names)), able)[:, None] & after, scam, 0)
    kept = kept + (without[places.dominant] * (taken + surge) >> 16)
    return np.where((np.arange(len(names)) == places.dominant)[:, None] & after, 0, kept)


def _fearful(region: Region, names: list[str]) -> np.ndarray:
    return np.isin(names, region["market.fearful_kinds"])


def _fear(region: Region, since: Ints, ramp: int) -> Ints:
    """Return (DAYS,) share out of 65,536 of their own adverts that fearful sites lose."""
    fear = probability(region["market.fear"])
    passing = fear * fading(since - ramp, region["market.fear_days"]) >> 16
    return np.where(since < ramp, fear * (since + 1) // ramp, passing)


def _taken(region: Region, places: Places, names: list[str], able: Ints) -> Ints:
    """Return (platforms,) shares of the closed site's adverts, out of 65,536, that each takes in the long run.

    Together they bring the market back to ``market.regained`` of what it was.
    """
    luck = region.stream("market/taken").quantile(places.platform, "normal")
    moves = np.isin(np.arange(len(names)), able)
    small = np.array([probability(region.group("market.taken").get(name, 0)) for name in names])
    small = scaled(np.where(moves, small, 0), region["market.taken_jitter"] * luck // 1_000_000)
    most = probability(region["platforms.dominant_share"])
    gone = (probability(region["market.regained"]) - (ONE - most)) * ONE // most
    left = max(gone - int(small.sum()), 0)
    rest = np.array([region["market.rest"].get(name, 0) for name in names]) * 1000
    rest = scaled(np.where(moves, rest, 0), region["market.rest_jitter"] * luck // 1_000_000)
    if not rest.any():
        rest = small
    return small + left * rest // max(int(rest.sum()), 1)
