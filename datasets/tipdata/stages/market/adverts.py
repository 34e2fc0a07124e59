"""How many adverts a day each site is expected to have had the dominant site not closed, and where adverts can move."""

import numpy as np

from tipdata.core.draw import Ints, normalised, probability, scaled
from tipdata.core.world import DAYS, Region
from tipdata.stages.market.paths import TODAY, YEAR, common, deviations, level, swings
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


def destinations(region: Region, places: Places) -> Ints:
    """Return positions of the sites to which adverts of the closed one can move; none where no site closes."""
    closed = int(places.closed[places.dominant])
    kinds = {*region.group("market.taken"), *region["market.rest"]}
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
