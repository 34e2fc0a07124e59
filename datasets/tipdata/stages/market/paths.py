"""Slow paths in milli-nats, one value per day: world factors that regions load, season, week, trend, own deviations."""

import numpy as np

from tipdata.core.draw import Ints, Stream, exp
from tipdata.core.world import DAYS, Region

YEAR = 365
ROOM = 64
"""A knot's number is its path's times this plus its own."""
TODAY = np.arange(DAYS)


def between(knots: Ints, spacing: int) -> Ints:
    """Return (..., knots) -> (..., DAYS): linear between knots that lie ``spacing`` days apart, integers rounded
    down."""
    at, rest = TODAY // spacing, TODAY % spacing
    return knots[..., at] + (knots[..., at + 1] - knots[..., at]) * rest // spacing


def fading(since: Ints, days: int | Ints) -> Ints:
    """Return exp(-since / days) out of 65,536, for ``since`` >= 0."""
    return exp(-1000 * np.maximum(since, 0) // days) >> 4


def level(stream: Stream, ids: Ints, bounds: list[int]) -> Ints:
    """Return uniform integers from and to the bounds."""
    low, high = bounds
    return low + stream.below(ids, high - low + 1)


def common(region: Region, what: str) -> Ints:
    """Return (DAYS,) milli-nats: week, season, factors and events of the world, trend and own deviations of a region.

    Args:
        what: adverts or contacts; each has loadings and deviations of its own.
    """
    one = np.array([0])
    load = region["market.season.loading"]
    season = level(region.stream(f"market/{what}/season"), one, load) * _season(
        region[f"market.season.{what}"]
    )
    count = region["market.factor.count"]
    own = level(region.stream(f"market/{what}/loading"), np.arange(count), region["market.factor.loading"])
    factors = (own[:, None] * world_factors(region, what)).sum(axis=0)
    yearly = (
        region["market.trend"] * region.stream(f"market/{what}/trend").quantile(one, "normal") // 1_000_000
    )
    week = np.array(region[f"market.week.{what}"])[TODAY % 7]
    local = deviations(region, f"market/{what}/local", 1, region["market.local"])[0]
    return (season + factors) // 1000 + yearly * TODAY // YEAR + week + local


def world_factors(region: Region, what: str) -> Ints:
    """Return (factors, DAYS) milli-nats: swings of the world, each with the events that go with it.

    The law falls on the first factor of adverts.
    """
    count = region["market.factor.count"]
    paths = swings(region, f"market/{what}/factor", np.arange(count), region[f"market.factor.{what}_step"])
    events = np.arange(region["market.event.count"])
    at = region.world.stream(f"market/{what}/event_day").below(events, DAYS)
    drawn = region.world.stream(f"market/{what}/event_size").quantile(events, "normal")
    size = region["market.event.size"] * drawn // 1_000_000
    days = level(region.world.stream(f"market/{what}/event_days"), events, region["market.event.days"])
    if what == "adverts":
        law = level(region.world.stream("market/law"), np.array([0]), region["market.event.law_day"])
        at, size = np.append(at, law), np.append(size, region["market.event.law_size"])
        days = np.append(days, region["market.event.law_days"])
    since = TODAY[None, :] - at[:, None]
    felt = np.where(since >= 0, size[:, None] * fading(since, days[:, None]) >> 16, 0)
    for number, effect in enumerate(felt[::-1]):
        paths[number % count] += effect
    return paths


def swings(region: Region, name: str, which: Ints, step: int) -> Ints:
    """Return (paths, DAYS): of the world, each knot part of the one before plus a normal step of sd ``step``."""
    spacing, memory = region["market.factor.spacing"], region["market.factor.memory"]
    number = np.arange(DAYS // spacing + 2)
    drawn = region.world.stream(name).quantile(which[:, None] * ROOM + number, "normal")
    knots = step * drawn // 1_000_000
    for knot in number[1:]:
        knots[:, knot] += knots[:, knot - 1] * memory // 1000
    return between(knots, spacing)


def deviations(region: Region, name: str, paths: int, sd: int) -> Ints:
    """Return (paths, DAYS): deviations of a region's own that come and go, with sd ``sd`` at the knots."""
    spacing = region["market.factor.spacing"]
    number = np.arange(paths)[:, None] * ROOM + np.arange(DAYS // spacing + 2)
    return between(sd * region.stream(name).quantile(number, "normal") // 1_000_000, spacing)


def _season(months: list[int]) -> Ints:
    """Return (DAYS,) milli-nats: linear between the values of the months, the same every year."""
    knots = np.array([*months, months[0]])
    along = TODAY % YEAR * len(months)
    at, rest = along // YEAR, along % YEAR
    return knots[at] + (knots[at + 1] - knots[at]) * rest // YEAR
