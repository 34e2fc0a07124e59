"""How many contacts a helpline is expected to have a day, and what awareness campaigns add to them."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, exp, probability, scaled
from tipdata.core.world import Region
from tipdata.stages.market.paths import TODAY, common, fading, level

HALVES = 2


@dataclass(frozen=True)
class Campaigns:
    """Campaigns of a region in the order of their days, none to two: arrays with one entry a campaign."""

    number: Ints
    """1 or 2, by the half of the time in which they run."""
    day: Ints
    reach: Ints
    """Milli-nats by which contacts rise at first."""
    lift: Ints
    """(campaigns, DAYS) milli-nats by which contacts are up."""


def draw_campaigns(region: Region) -> Campaigns:
    """Return which campaigns run, from when on, and how far each reaches."""
    half = np.arange(HALVES)
    runs = region.stream("market/campaign").chance(half, probability(region["market.campaigns"]))
    near = region.stream("market/near_season").chance(half, probability(region["market.near_season"]))
    any_day, peak = (
        np.array(
            [
                level(region.stream(f"market/{name}"), np.array([h]), region[f"market.{name}"][h])[0]
                for h in half
            ]
        )
        for name in ("campaign_day", "peak_day")
    )
    reach = level(region.stream("market/reach"), half, region["market.reach"])
    days = level(region.stream("market/campaign_days"), half, region["market.campaign_days"])
    day = np.where(near, peak, any_day)
    since = TODAY - day[:, None]
    ramp = region["market.campaign_ramp"]
    begun = np.minimum(since + 1, ramp)
    lift = np.where(since >= 0, reach[:, None] * begun // ramp * fading(since - ramp, days[:, None]) >> 16, 0)
    return Campaigns(half[runs] + 1, day[runs], reach[runs], lift[runs])


def usual_contacts(region: Region, adverts: Ints, without: Ints) -> Ints:
    """Return (platforms + 1, DAYS) thousandths of contacts a day without a campaign, the last row those that name no
    site.

    A site is named as often as it has adverts, so a closure is felt here too.

    Args:
        adverts, without: (platforms, DAYS) expected adverts, with and without the closure.
    """
    base = round(1000 * region["market.contacts_a_day"])
    total = scaled(np.array(base), common(region, "contacts"))
    naming = total * probability(region["market.naming"]) >> 16
    named = naming * adverts // without.sum(axis=0)
    return np.vstack([named, total - naming])


def lifted(intensity: Ints, lift: Ints) -> Ints:
    """Return intensities (..., DAYS) where lifts (DAYS,) in milli-nats act on them."""
    return intensity * exp(lift) >> 20
