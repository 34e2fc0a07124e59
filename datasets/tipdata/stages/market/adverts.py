"""How many adverts a day each site is expected to have, as it is and as it would be had the dominant site not closed.

Both come of the same draws. When the dominant site closes its adverts are gone, others lie low for some weeks out of
fear, and part of what is displaced finds other sites: successors, social networks and messaging. Scam adverts surge
there at once; who has found no other site is gone for good.
"""

import numpy as np

from tipdata.core.draw import Ints, normalised, probability, scaled
from tipdata.core.world import DAYS, Region
from tipdata.stages.market.paths import TODAY, YEAR, common, deviations, fading, level, swings
from tipdata.stages.market.recovery import with_recovery
from tipdata.stages.places.stage import Places


def without_closure(region: Region, places: Places) -> Ints:
    """Return (platforms, DAYS) thousandths of adverts a day that would be expected with every site that has opened
    open."""
    names = [places.kinds[k] for k in places.platform_kind]
    base = region["market.adverts_a_day"] * 1000 * _shares(region, places, names) >> 16
    growth = np.array([region["market.diffusion"][name] for name in names])[:, None] * TODAY // YEAR
    load = level(region.stream("market/site_loading"), places.platform, region["market.site_loading"])
    fortune = swings(region, "market/site", places.platform, region["market.site_step"])
    own = deviations(region, "market/local_site", len(places.codes), region["market.local_site"])[
        places.platform
    ]
    moved = common(region, "adverts") + growth + load[:, None] * fortune // 1000 + own
    there = places.opened[:, None] <= TODAY
    return np.where(there, scaled(base[:, None], moved), 0)


def with_closure(region: Region, places: Places, without: Ints) -> Ints:
    """Return (platforms, DAYS) thousandths of adverts a day that are expected: ``without`` itself where no site
    closes."""
    if region.second_edition:
        return with_recovery(region, places, without, destinations(region, places))
    closed = int(places.closed[places.dominant])
    if closed == DAYS:
        return without
    since = TODAY - closed
    after = since >= 0
    names = [places.kinds[k] for k in places.platform_kind]
    fearful = np.isin(names, region["market.fearful_kinds"])
    fear, ramp = probability(region["market.fear"]), region["closure.ramp_days"]
    lost = np.where(
        since < ramp,
        fear * (since + 1) // ramp,
        fear * fading(since - ramp, region["market.fear_days"]) >> 16,
    )
    lost = np.where(after & fearful[:, None], lost, 0)
    found = (1 << 16) - fading(since, region["market.moving_days"])
    scam = probability(region["market.scam"]) * fading(since, region["market.scam_days"]) >> 16
    taken = _taken(region, places, names)[:, None] * np.where(after, found, 0) >> 16
    surge = np.where(taken.any(axis=1, keepdims=True) & after, scam, 0)
    kept = without - (without * lost >> 16)
    kept = kept + (without[places.dominant] * (taken + surge) >> 16)
    return np.where((np.arange(len(names)) == places.dominant)[:, None] & after, 0, kept)


def destinations(region: Region, places: Places) -> Ints:
    """Return positions of the sites to which adverts of the closed one can move; none where no site closes."""
    closed = int(places.closed[places.dominant])
    kinds = set(region.group("market.taken"))
    if region.second_edition:
        kinds |= set(region["market.rest"])
    able = np.array([places.kinds[k] in kinds for k in places.platform_kind])
    able &= places.opened <= closed - region["market.fewest_days"]
    able[places.dominant] = False
    return np.flatnonzero(able) if closed < DAYS else np.array([], dtype=np.int64)


def _shares(region: Region, places: Places, names: list[str]) -> Ints:
    """Return (platforms,) shares of all adverts out of 65,536 before anything moves."""
    listed = np.array([region["market.site_weights"][name] for name in names]) * 1000
    drawn = region.stream("market/site_weight").quantile(places.platform, "normal")
    weights = scaled(listed, region["market.site_jitter"] * drawn // 1_000_000)
    weights[places.dominant] = 0
    most = probability(region["platforms.dominant_share"])
    shares = normalised(weights) * ((1 << 16) - most) >> 16
    shares[places.dominant] = most
    return shares


def _taken(region: Region, places: Places, names: list[str]) -> Ints:
    """Return (platforms,) shares of the closed site's adverts, out of 65,536, that each takes in the long run."""
    shares = np.zeros(len(names), dtype=np.int64)
    at = destinations(region, places)
    jitter = region["market.taken_jitter"] * region.stream("market/taken").quantile(places.platform, "normal")
    shares[at] = [probability(region[f"market.taken.{names[i]}"]) for i in at]
    return scaled(shares, jitter // 1_000_000)
