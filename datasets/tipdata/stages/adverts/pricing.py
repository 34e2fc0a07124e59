"""Prices of adverts: they agree with what the advert says of its price, and are round numbers."""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import EXP_SCALE, Ints, exp, probability
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import Region
from tipdata.stages.adverts.saying import Said, number_of
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.adverts.tables import HALF_HOUR
from tipdata.stages.operations.facts import SILENT
from tipdata.stages.operations.stage import Operations
from tipdata.text.book import BASES
from tipdata.text.facts import place_of

CROWDED_TOWNS = 3
"""The largest towns, in which competition is dense."""
LENGTH, SHORT = place_of(FAMILIES[0], "length=short")
LEVELS = {level: place_of(FAMILIES[0], f"price={level}")[1] for level in ("usual", "low", "high")}


def stated_prices(region: Region, o: Operations, plan: Schedule) -> np.ndarray:
    """Return (n,) bool: the advert states a price."""
    missing = np.array([probability(region["prices.missing"][f]) for f in FAMILIES])
    return ~region.stream("templates/no_price").chance(plan.template, missing[o.family[plan.operation]])


def agreeing_prices(
    region: Region,
    o: Operations,
    plan: Schedule,
    town: Ints,
    stated: np.ndarray,
    said: Said,
    told: np.ndarray,
) -> tuple[Ints, Ints]:
    """Return price in minor units of XTS (-1 where none is stated) and what it is for, a number of :data:`BASES`.

    What is said to be usual lies within ``prices.near`` of what is usual in the category and town, what is said to be
    low or high beyond it. An advert that says nothing of its price has that of the level its operation holds. Half an
    hour has a price only where the advert says so: by its length, or beside the price where it says no length.

    Args:
        told: (n,) bool: the text states the price, and what it is for.
    """
    level = _claimed(o, plan, said)
    base = np.array([region["prices.base"][c] for c in CATEGORIES])[o.category[plan.operation]] * 100
    length = said.level[:, LENGTH]
    half = (o.family[plan.operation] == 0) & ((length == SHORT) | (length == SILENT) & told)
    half &= region.stream("templates/half_hour").chance(
        plan.template, probability(region["prices.half_hour"])
    )
    usual = np.where(half, base * probability(region["prices.half_hour_share"]) >> 16, base)
    crowded = np.where(town < CROWDED_TOWNS, _milli(region, "crowded"), 0)
    usual = usual * (exp(-crowded) >> 4) >> 16
    asked = usual * (exp(_shift(region, plan, level)) >> 4) >> 16
    of = [BASES.index(region["prices.basis"][c]) for c in CATEGORIES]
    basis = np.where(half, BASES.index(HALF_HOUR), np.array(of)[o.category[plan.operation]])
    return np.where(stated, _rounded(region, plan, level, usual, asked), -1), basis


def _claimed(o: Operations, plan: Schedule, said: Said) -> Ints:
    """Return the level of price that each advert says, or that its operation holds."""
    number = number_of("price")
    told, own = said.level[:, number], o.facts.level[plan.operation, number]
    level = np.where(told == SILENT, own, told)
    return np.where(level == SILENT, LEVELS["usual"], level)


def _shift(region: Region, plan: Schedule, level: Ints) -> Ints:
    """Return how far each price lies off the usual one, milli-nats."""
    near = _milli(region, "near")
    spread = region.stream("operations/price").quantile(plan.operation, "normal")
    wobble = region.stream("templates/price").quantile(plan.template, "normal")
    own = spread * _milli(region, "spread") // 1_000_000
    by_template = wobble * _milli(region, "wobble") // 1_000_000
    off = np.maximum(near + np.abs(own) + by_template, near)
    # Half of the spread: most of what is called usual then lies inside of what bounds it.
    inside = np.clip(own * near // (2 * _milli(region, "spread")) + by_template, -near, near)
    return np.where(level == LEVELS["low"], -off, np.where(level == LEVELS["high"], off, inside))


def _rounded(region: Region, plan: Schedule, level: Ints, usual: Ints, asked: Ints) -> Ints:
    """Return prices as round numbers: the roundest that its template goes for, where it neither bends the price too far
    nor contradicts what is said of it; else the next finer one."""
    steps, weights = (np.array(region["prices.rounding"][name]) for name in ("steps", "weights"))
    preferred = region.stream("templates/round").choose(plan.template, weights)
    near, bend = _milli(region, "near"), _milli(region, "bend")
    made = np.full(len(asked), -1, dtype=np.int64)
    for number, step in enumerate(steps * 100):
        price = np.maximum((asked + step // 2) // step, 1) * step
        fits = (
            (preferred <= number)
            & _within(price, asked, bend)
            & _agrees(level, price, usual, near + bend // 4)
        )
        made = np.where((made < 0) & fits, price, made)
    finest = int(steps[-1]) * 100
    down, up = np.maximum(asked // finest, 1) * finest, (asked // finest + 1) * finest
    return np.where(made >= 0, made, np.where(level == LEVELS["high"], up, down))


def _within(price: Ints, of: Ints, milli: int) -> np.ndarray:
    """Return whether prices lie within so many milli-nats of others."""
    low, high = (exp(np.array([way * milli]))[0] for way in (-1, 1))
    return (price * EXP_SCALE >= of * low) & (price * EXP_SCALE <= of * high)


def _agrees(level: Ints, price: Ints, usual: Ints, near: int) -> np.ndarray:
    """Return whether a price is what it is said to be: about the usual one, below or above it."""
    about = _within(price, usual, near)
    return np.where(
        level == LEVELS["usual"], about, np.where(level == LEVELS["low"], price < usual, price > usual)
    )


def _milli(region: Region, name: str) -> int:
    return round(region[f"prices.{name}"] * 1000)
