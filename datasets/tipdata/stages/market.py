"""The market at full volume: a site's adverts, flags, contacts and hash-match reports a day, and what changed them.

Counts are gamma-Poisson about intensities that are known with and without each intervention, from the same draws; an
effect is the difference of these intensities, so nothing random is in it. Trend, season, events and factors of the
world, which regions load unlike, move a market that nobody intervened in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, exp, log, normalise, over_disperse, poisson, probability, scale_exp
from tipdata.core.tables import decode, read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.places import Places

YEAR = 365
KNOT_ROOM = 64
"""A knot's number is its path's times this plus its own."""
TODAY = np.arange(DAYS)


def interpolate(knots: Ints, spacing: int) -> Ints:
    """Return (..., knots) -> (..., DAYS): linear between knots ``spacing`` days apart, rounded down."""
    at, rest = TODAY // spacing, TODAY % spacing
    return knots[..., at] + (knots[..., at + 1] - knots[..., at]) * rest // spacing


def fade(since: Ints, days: int | Ints) -> Ints:
    """Return exp(-since / days) out of 65,536, for ``since`` >= 0."""
    return exp(-1000 * np.maximum(since, 0) // days) >> 4


def common_path(region: Region, what: str) -> Ints:
    """Return (DAYS,) milli-nats: week, season, factors and events of the world, trend and own deviations of a region.

    Args:
        what: adverts or contacts; each has loadings and deviations of its own.
    """
    one = np.array([0])
    load = region["market.season.loading"]
    months = region[f"market.season.{what}"]
    knots = np.array([*months, months[0]])
    along = TODAY % YEAR * len(months)
    at, rest = np.divmod(along, YEAR)
    yearly = knots[at] + (knots[at + 1] - knots[at]) * rest // YEAR
    season = region.between(f"market/{what}/season", one, load) * yearly
    count = region["market.factor.count"]
    own = region.between(f"market/{what}/loading", np.arange(count), region["market.factor.loading"])
    factors = (own[:, None] * world_factors(region, what)).sum(axis=0)
    trend = region.spread(f"market/{what}/trend", one, "normal", region["market.trend"])
    week = region.values(f"market.week.{what}")[TODAY % 7]
    local = draw_deviations(region, f"market/{what}/local", 1, region["market.local"])[0]
    return (season + factors) // 1000 + trend * TODAY // YEAR + week + local


def world_factors(region: Region, what: str) -> Ints:
    """Return (factors, DAYS) milli-nats: swings of the world, each with the events that go with it.

    The law falls on the first factor of adverts.
    """
    count = region["market.factor.count"]
    step = region[f"market.factor.{what}_step"]
    paths = draw_swings(region, f"market/{what}/factor", np.arange(count), step)
    events = np.arange(region["market.event.count"])
    at = region.world.stream(f"market/{what}/event_day").below(events, DAYS)
    drawn = region.world.stream(f"market/{what}/event_size").quantile(events, "normal")
    size = region["market.event.size"] * drawn // 1_000_000
    days = region.world.stream(f"market/{what}/event_days").between(events, region["market.event.days"])
    if what == "adverts":
        law = region.world.stream("market/law").between(np.array([0]), region["market.event.law_day"])
        at, size = np.append(at, law), np.append(size, region["market.event.law_size"])
        days = np.append(days, region["market.event.law_days"])
    since = TODAY[None, :] - at[:, None]
    felt = np.where(since >= 0, size[:, None] * fade(since, days[:, None]) >> 16, 0)
    for number, effect in enumerate(felt[::-1]):
        paths[number % count] += effect
    return paths


def draw_swings(region: Region, name: str, which: Ints, step: int) -> Ints:
    """Return (paths, DAYS): of the world, each knot part of the one before plus a normal step of sd ``step``."""
    spacing, memory = region["market.factor.spacing"], region["market.factor.memory"]
    number = np.arange(DAYS // spacing + 2)
    drawn = region.world.stream(name).quantile(which[:, None] * KNOT_ROOM + number, "normal")
    knots = step * drawn // 1_000_000
    for knot in number[1:]:
        knots[:, knot] += knots[:, knot - 1] * memory // 1000
    return interpolate(knots, spacing)


def draw_deviations(region: Region, name: str, paths: int, sd: int) -> Ints:
    """Return (paths, DAYS): deviations of a region's own that come and go, with sd ``sd`` at the knots."""
    spacing = region["market.factor.spacing"]
    number = np.arange(paths)[:, None] * KNOT_ROOM + np.arange(DAYS // spacing + 2)
    return interpolate(region.spread(name, number, "normal", sd), spacing)


def expect_without_closure(region: Region, places: Places) -> Ints:
    """Return (platforms, DAYS) thousandths of adverts a day that are expected if no site closes."""
    names = places.site_kinds
    base = region["market.adverts_a_day"] * 1000 * _shares(region, places, names) >> 16
    growth = region.values("market.diffusion", names)[:, None] * TODAY // YEAR
    load = region.between("market/site_loading", places.platform, region["market.site_loading"])
    fortune = draw_swings(region, "market/site", places.platform, region["market.site_step"])
    own = draw_deviations(region, "market/local_site", len(places.codes), region["market.local_site"])
    moved = common_path(region, "adverts") + growth + load[:, None] * fortune // 1000 + own[places.platform]
    there = places.opened[:, None] <= TODAY
    return np.where(there, scale_exp(base[:, None], moved), 0)


def destinations(region: Region, places: Places) -> Ints:
    """Return positions of the sites to which adverts of the closed one can move; none where no site closes."""
    closed = int(places.closed[places.dominant])
    kinds = {*region.group("market.taken"), *region["market.rest"]}
    able = np.isin(places.site_kinds, list(kinds))
    able &= places.opened <= closed - region["market.fewest_days"]
    able[places.dominant] = False
    return np.flatnonzero(able) if closed < DAYS else np.array([], dtype=np.int64)


def _shares(region: Region, places: Places, names: list[str]) -> Ints:
    listed = region.values("market.site_weights", names) * 1000
    jitter = region.spread("market/site_weight", places.platform, "normal", region["market.site_jitter"])
    weights = scale_exp(listed, jitter)
    weights[places.dominant] = 0
    most = probability(region["platforms.dominant_share"])
    shares = normalise(weights) * ((1 << 16) - most) >> 16
    shares[places.dominant] = most
    return shares


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
    runs = region.chance("market/campaign", half, "market.campaigns")
    near = region.chance("market/near_season", half, "market.near_season")
    any_day, peak, reach, days = (
        region.between(f"market/{name}", half, region[f"market.{name}"])
        for name in ("campaign_day", "peak_day", "reach", "campaign_days")
    )
    day = np.where(near, peak, any_day)
    since = TODAY - day[:, None]
    ramp = region["market.campaign_ramp"]
    begun = np.minimum(since + 1, ramp)
    lift = np.where(since >= 0, reach[:, None] * begun // ramp * fade(since - ramp, days[:, None]) >> 16, 0)
    return Campaigns(half[runs] + 1, day[runs], reach[runs], lift[runs])


def usual_contacts(region: Region, adverts: Ints, without: Ints) -> Ints:
    """Return (platforms + 1, DAYS) thousandths of contacts a day without a campaign, the last row those that name no
    site.

    A site is named as often as it has adverts, so a closure is felt here too.

    Args:
        adverts, without: (platforms, DAYS) expected adverts, with and without the closure.
    """
    base = round(1000 * region["market.contacts_a_day"])
    total = scale_exp(np.array(base), common_path(region, "contacts"))
    naming = total * probability(region["market.naming"]) >> 16
    named = naming * adverts // without.sum(axis=0)
    return np.vstack([named, total - naming])


def lift_intensity(intensity: Ints, lift: Ints) -> Ints:
    """Return intensities (..., DAYS) where lifts (DAYS,) in milli-nats act on them."""
    return intensity * exp(lift) >> 20


def expect_with_closure(region: Region, places: Places, without: Ints) -> Ints:
    """Return (platforms, DAYS) thousandths of adverts a day that are expected. ``without``: had no site closed."""
    closed, able = int(places.closed[places.dominant]), destinations(region, places)
    if closed == DAYS:
        return without
    since = TODAY - closed
    after = since >= 0
    ramp = region["closure.ramp_days"]
    names = places.site_kinds
    fear = probability(region["market.fear"])
    passing = fear * fade(since - ramp, region["market.fear_days"]) >> 16
    fearful = after & np.isin(names, region["market.fearful_kinds"])[:, None]
    lost = np.where(fearful, np.where(since < ramp, fear * (since + 1) // ramp, passing), 0)
    kept = without - (without * lost >> 16)
    found = np.where(since >= ramp, ONE - fade(since - ramp, region["market.moving_days"]), 0)
    taken = _taken_shares(region, places, names, able)[:, None] * found >> 16
    scam = probability(region["market.scam"]) * fade(since, region["market.scam_days"]) >> 16
    surge = np.where(np.isin(np.arange(len(names)), able)[:, None] & after, scam, 0)
    kept = kept + (without[places.dominant] * (taken + surge) >> 16)
    return np.where((np.arange(len(names)) == places.dominant)[:, None] & after, 0, kept)


def _taken_shares(region: Region, places: Places, names: list[str], able: Ints) -> Ints:
    """Return (platforms,) shares of the closed site's adverts, out of 65,536, that each takes in the long run.

    Together they bring the market back to ``market.regained`` of what it was.
    """
    luck = region.stream("market/taken").quantile(places.platform, "normal")
    moves = np.isin(np.arange(len(names)), able)
    small = np.array([probability(region.group("market.taken").get(name, 0)) for name in names])
    small = scale_exp(np.where(moves, small, 0), region["market.taken_jitter"] * luck // 1_000_000)
    most = probability(region["platforms.dominant_share"])
    gone = (probability(region["market.regained"]) - (ONE - most)) * ONE // most
    left = max(gone - int(small.sum()), 0)
    rest = np.array([region["market.rest"].get(name, 0) for name in names]) * 1000
    rest = scale_exp(np.where(moves, rest, 0), region["market.rest_jitter"] * luck // 1_000_000)
    if not rest.any():
        rest = small
    return small + left * rest // max(int(rest.sum()), 1)


TABLES = read_tables("market")
OUTCOMES = TABLES["effects"].values("outcome")
ADVERTS, CONTACTS, DISPLACED = OUTCOMES
CLOSURE, CAMPAIGN = TABLES["interventions"].values("kind")
LOG, SHARE = TABLES["effects"].values("scale")
EFFECT_ROOM = 64
"""An effect's local number is its intervention's times this, plus half of it for the second window, plus its own."""


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the market of one region and work out the effects of what happened in it."""
    places: Places = past["places"]
    without = expect_without_closure(region, places)
    adverts = expect_with_closure(region, places, without)
    usual = usual_contacts(region, adverts, without)
    campaigns = draw_campaigns(region)
    interventions = pl.DataFrame(_interventions(region, places, campaigns))
    effects = pl.DataFrame(
        [*_closure_effects(region, places, adverts, without), *_campaign_effects(region, usual, campaigns)],
        schema=_EFFECT,
        orient="row",
    )
    at = {number: row for row, number in enumerate(interventions["number"].to_list())}
    of = np.array([at[number] for number in effects["number"].to_list()], dtype=np.int64)
    scale = [SHARE if outcome == DISPLACED else LOG for outcome in effects["outcome"].to_list()]
    return None, {
        "market": _counts(region, places, adverts, usual, campaigns.lift.sum(axis=0)),
        "interventions": interventions.drop("number"),
        "effects": {
            "effect": region.ids("effects", effects["local"].to_numpy()),
            "scale": pl.Series(scale, dtype=pl.String),
            **{name: interventions[name][of] for name in ("intervention", "kind", "day")},
            **{name: effects[name] for name in _EFFECT if name not in ("number", "local")},
        },
    }


def _counts(region: Region, places: Places, adverts: Ints, usual: Ints, lift: Ints) -> Columns:
    """Return one row per platform and day, and one row per day for contacts that name none."""
    flags = adverts * probability(region["market.flags_an_advert"]) >> 16
    intensities = {
        "adverts": adverts,
        "flags": lift_intensity(flags, lift * region["market.flag_response"] // 1000),
        "contacts": lift_intensity(usual, lift),
        "hash_matches": _hash_matches(region, places, adverts),
    }
    code = np.append(places.platform, len(places.codes))
    number = code[:, None] * DAYS + TODAY
    drawn = {}
    for name, mean in intensities.items():
        rows, noise = number[: len(mean)], region.stream(f"market/{name}/noise")
        mean = over_disperse(noise, rows, mean, region["market.noise"][name])
        count = poisson(region.stream(f"market/{name}/count"), rows, mean).ravel()
        there = np.arange(number.size) < len(count)
        drawn[name] = with_nulls(np.resize(count, number.size), there)
    return {
        "platform": decode(places.codes, np.repeat(np.append(places.platform, -1), DAYS)),
        "day": np.tile(TODAY, len(code)),
        **drawn,
    }


def _hash_matches(region: Region, places: Places, adverts: Ints) -> Ints:
    """Return thousandths of reports a day: by a platform's size, kind and policy, which some change on one day."""
    names = places.site_kinds
    rate = region.values("market.hash_matches", names)
    policies = region.values("market.hash_policy")
    stream = region.stream("market/policy")
    before, later = (policies[stream.below(places.platform, len(policies), k)] for k in (0, 1))
    changes = stream.chance(places.platform, probability(region["market.hash_change"]), 2)
    day = np.where(changes, stream.below(places.platform, DAYS, 3), DAYS)
    policy = np.where(day[:, None] > TODAY, before[:, None], later[:, None])
    return adverts * rate[:, None] // 1000 * policy // 1000


def _interventions(region: Region, places: Places, campaigns: Campaigns) -> Columns:
    closed = int(places.closed[places.dominant])
    closures = np.zeros(int(closed < DAYS), dtype=np.int64)
    number = np.concatenate([closures, campaigns.number])
    site = places.codes[places.platform[places.dominant]]
    return {
        "intervention": region.ids("interventions", number),
        "number": number,
        "kind": np.where(number == 0, CLOSURE, CAMPAIGN).astype(str),
        "platform": pl.Series([site if n == 0 else None for n in number], dtype=pl.String),
        "day": np.concatenate([closures + closed, campaigns.day]),
        "reach": pl.Series([None] * len(closures) + campaigns.reach.tolist(), dtype=pl.Int32),
    }


Effect = tuple[int, int, str, str | None, int, int, int, int, int | None, int]
_EFFECT = {
    "number": pl.Int64,
    "local": pl.Int64,
    "outcome": pl.String,
    "platform": pl.String,
    "first_day": pl.Int32,
    "last_day": pl.Int32,
    "expected_with": pl.Int64,
    "expected_without": pl.Int64,
    "displaced": pl.Int64,
    "truth": pl.Int32,
}


def _closure_effects(region: Region, places: Places, adverts: Ints, without: Ints) -> Iterator[Effect]:
    day = int(places.closed[places.dominant])
    if day == DAYS:
        return
    for window, (first, last) in enumerate(region["market.windows"]):
        days = slice(day + first, day + last + 1)
        is_, would = adverts[:, days].sum(axis=1), without[:, days].sum(axis=1)
        local, span = EFFECT_ROOM // 2 * window, (day + first, day + last)
        total, all_would = int(is_.sum()), int(would.sum())
        yield 0, local, ADVERTS, None, *span, total, all_would, None, _log_of_ratio(total, all_would)
        displaced = int(would[places.dominant])
        for at in destinations(region, places):
            code, sums = int(places.platform[at]), (int(is_[at]), int(would[at]))
            share = 1000 * (sums[0] - sums[1]) // displaced
            yield 0, local + 1 + code, DISPLACED, places.codes[code], *span, *sums, displaced, share


def _campaign_effects(region: Region, usual: Ints, campaigns: Campaigns) -> Iterator[Effect]:
    every = campaigns.lift.sum(axis=0)
    for turn, number in enumerate(campaigns.number):
        for window, (first, last) in enumerate(region["market.windows"]):
            span = (int(campaigns.day[turn]) + first, int(campaigns.day[turn]) + last)
            days = slice(span[0], span[1] + 1)
            total, would = (
                int(lift_intensity(usual, lift)[:, days].sum())
                for lift in (every, every - campaigns.lift[turn])
            )
            local = int(number) * EFFECT_ROOM + EFFECT_ROOM // 2 * window
            yield int(number), local, CONTACTS, None, *span, total, would, None, _log_of_ratio(total, would)


def _log_of_ratio(total: int, would: int) -> int:
    """Return log(total / would) in milli-nats by the shipped table, both positive."""
    small, large = sorted((total, would))
    fall = int(log(np.array(small * ONE // large)))
    return fall if total < would else -fall


STAGE = Stage("market", ("places",), tuple(TABLES.values()), generate)
