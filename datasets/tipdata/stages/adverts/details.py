"""What an advert shows beside its text: contacts, booking offices, images, the fields of a job, and its price."""

from __future__ import annotations

import numpy as np
import polars as pl

from tipdata.core.draw import EXP_SCALE, Ints, exp, probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, FAMILIES, KINDS, MAX_TEMPLATES
from tipdata.core.tables import read_tables, with_nulls
from tipdata.core.world import Region
from tipdata.stages.adverts.schedule import ROOM, Schedule
from tipdata.stages.adverts.statements import Statements, number_of
from tipdata.stages.operations.habits import pick_within
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import SILENT
from tipdata.text.book import BASES
from tipdata.text.facts import InFacts, facts_of, level_place

TABLES = read_tables("adverts", {"facts": InFacts()})
HALF_HOUR = "half_hour"
"""The basis of some prices whose category is paid by the hour."""


def booking_office(region: Region, o: Operations) -> Ints:
    """Return local number of the business at whose number each operation is reached, -1 if it is its own.

    Offices are businesses of the operation's part; the first of them serves more than the second, and so on.
    """
    local = np.arange(len(o.id))
    p = region.chances("contacts.at_office", KINDS)[o.kind]
    served = region.stream("contacts/at_office").chance(local, p)
    offices = np.flatnonzero(o.posts & (o.kind == BUSINESS))
    offices = offices[np.lexsort((region.stream("contacts/office_turn").bits(offices), o.part[offices]))]
    first = np.searchsorted(o.part[offices], o.part, side="left")
    count = np.searchsorted(o.part[offices], o.part, side="right") - first
    weights = region.values("contacts.office_weights")
    weights = np.where(np.arange(len(weights)) < count[:, None], weights, 0)
    turn = region.stream("contacts/office").choose(local, weights)
    known = served & (count > 0)
    return np.where(known, offices[np.where(known, first + turn, 0)] if len(offices) else -1, -1)


CROWDED_TOWNS = 3
"""The largest towns, in which competition is dense."""
LENGTH, SHORT = level_place(FAMILIES[0], "length=short")
PRICE_LEVELS = {level: level_place(FAMILIES[0], f"price={level}")[1] for level in ("usual", "low", "high")}


def draw_prices(
    region: Region,
    o: Operations,
    plan: Schedule,
    town: Ints,
    stated: np.ndarray,
    statements: Statements,
    states_price: np.ndarray,
) -> tuple[Ints, Ints]:
    """Return price in minor units of XTS (-1 if none is stated) and what it is for, a number of :data:`BASES`.

    What is said to be usual lies within ``prices.near`` of what is usual in the category and town, what is said to be
    low or high beyond it. Where an advert does not say it, the level is drawn whatever the kind. Half an
    hour has a price only where the advert says so: by its length, or beside the price where it says no length.

    Args:
        states_price: (n,) bool: the text states the price, and what it is for.
    """
    level = statements.level[:, number_of("price")]
    usual_shares = o.life.law.state.share[o.category[plan.operation], number_of("price"), -1].mean(axis=1)
    unsaid = region.stream("templates/price_level").choose(plan.template, usual_shares.astype(np.int64))
    level = np.where(level == SILENT, unsaid, level)
    level = np.where(level == SILENT, PRICE_LEVELS["usual"], level)
    base = region.values("prices.base", CATEGORIES)[o.category[plan.operation]] * 100
    length = statements.level[:, LENGTH]
    half = (o.family[plan.operation] == 0) & ((length == SHORT) | (length == SILENT) & states_price)
    half &= region.chance("templates/half_hour", plan.template, "prices.half_hour")
    usual = np.where(half, base * probability(region["prices.half_hour_share"]) >> 16, base)
    crowded = np.where(town < CROWDED_TOWNS, region.milli("prices.crowded"), 0)
    usual = usual * (exp(-crowded) >> 4) >> 16
    target = usual * (exp(_shift(region, plan, level)) >> 4) >> 16
    of = [BASES.index(region["prices.basis"][c]) for c in CATEGORIES]
    basis = np.where(half, BASES.index(HALF_HOUR), np.array(of)[o.category[plan.operation]])
    return np.where(stated, _round_prices(region, plan, level, usual, target), -1), basis


def _shift(region: Region, plan: Schedule, level: Ints) -> Ints:
    near = region.milli("prices.near")
    own = region.spread("operations/price", plan.operation, "normal", region.milli("prices.spread"))
    by_template = region.spread("templates/price", plan.template, "normal", region.milli("prices.wobble"))
    off = np.maximum(near + np.abs(own) + by_template, near)
    # Half of the spread: most of what is called usual then lies inside of what bounds it.
    inside = np.clip(own * near // (2 * region.milli("prices.spread")) + by_template, -near, near)
    return np.where(level == PRICE_LEVELS["low"], -off, np.where(level == PRICE_LEVELS["high"], off, inside))


def _round_prices(region: Region, plan: Schedule, level: Ints, usual: Ints, target: Ints) -> Ints:
    """Return prices as round numbers: the roundest that its template goes for, where it neither bends the price too far
    nor contradicts what is said of it; else the next finer one."""
    steps, weights = (np.array(region["prices.rounding"][name]) for name in ("steps", "weights"))
    preferred = region.stream("templates/round").choose(plan.template, weights)
    near, bend = int(region.milli("prices.near")), int(region.milli("prices.bend"))
    made = np.full(len(target), -1, dtype=np.int64)
    for number, step in enumerate(steps * 100):
        price = np.maximum((target + step // 2) // step, 1) * step
        fits = _within(price, target, bend) & _agrees(level, price, usual, near + bend // 4)
        made = np.where((made < 0) & (preferred <= number) & fits, price, made)
    finest = int(steps[-1]) * 100
    down, up = np.maximum(target // finest, 1) * finest, (target // finest + 1) * finest
    return np.where(made >= 0, made, np.where(level == PRICE_LEVELS["high"], up, down))


def _within(price: Ints, of: Ints, milli: int) -> np.ndarray:
    low, high = (exp(np.array([way * milli]))[0] for way in (-1, 1))
    return (price * EXP_SCALE >= of * low) & (price * EXP_SCALE <= of * high)


def _agrees(level: Ints, price: Ints, usual: Ints, near: int) -> np.ndarray:
    """Return whether a price is what it is said to be: about the usual one, below or above it."""
    off = np.where(level == PRICE_LEVELS["low"], price < usual, price > usual)
    return np.where(level == PRICE_LEVELS["usual"], _within(price, usual, near), off)


STATED_BY_FACT = {
    "wage_deductions": ("fees", {"none": False, "share": True}),
    "transport": ("transport", {"self": False, "driver": True, "ticket": True}),
    "accommodation": ("lodging", {"single": True, "shared": True, "family": True}),
    "help_settling": ("advance", {"none": False, "lent": True, "repaid": True}),
    "transfer_support": ("papers", {"own": False, "handled": True, "kept": True}),
    "experience": ("experience", {"years": True, "none": False}),
}
"""Fields of a job advert that say what a fact says: the fact, and what its levels mean for the field."""
JOB_FIELDS = tuple(STATED_BY_FACT)


def draw_contacts(region: Region, o: Operations, plan: Schedule) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, 3) contact ids and whether an extractor finds them: phone, messenger, mail."""
    n, slot = len(plan.row), np.arange(3)
    owner = np.repeat(plan.operation[:, None], 3, axis=1)
    period = region.values("contacts.period_days")[o.traits["churn"]]
    epoch = (plan.day - o.first_day[plan.operation])[:, None] // (period[owner] * (1 + (slot > 1)))
    local = np.arange(len(o.id))
    partner = booking_office(region, o)
    at_desk = (partner >= 0)[owner] & (slot == 0)
    owner, epoch = np.where(at_desk, partner[owner], owner), np.where(at_desk, 0, epoch)
    number = (owner * 4 + slot) * ROOM + epoch
    near = o.first_day // region["contacts.reuse_days"] * 3 + o.part
    previous = pick_within(region, "contacts/previous", local, near, o.posts)
    recycled = region.chance("contacts/recycled", number, "contacts.recycled")
    recycled &= (slot == 0) & (previous[owner] >= 0) & ~at_desk
    number = np.where(recycled, previous[owner] * 4 * ROOM, number)
    has = np.ones((n, 3), dtype=bool)
    messenger = region.chance("contacts/messenger", local, "contacts.messenger")
    mail = region.chance("contacts/mail", local, "contacts.mail")
    has[:, 1] = messenger[plan.operation] | (plan.day >= o.adopts_messaging[plan.operation])
    has[:, 2] = mail[plan.operation]
    hides = (plan.day >= o.adopts_obfuscation[plan.operation])[:, None]
    missed = (
        region.stream("contacts/missed").below(plan.row[:, None], 1000, slot)
        < o.obfuscation[plan.operation][:, None]
    )
    return region.ids("contacts", number), has & ~(hides & missed)


def draw_images(region: Region, o: Operations, plan: Schedule, source: Ints) -> tuple[Ints, np.ndarray]:
    """Return (n, most) image hashes and which are there; copied templates show the copied operation's images."""
    owner = source // MAX_TEMPLATES
    level = o.traits["images"][owner]
    pool, shown = region.values("images.pool")[level], region.values("images.shown")[level]
    k = np.arange(max(region["images.shown"]))[None, :]
    turn = region.stream("adverts/image").below(plan.row, np.maximum(pool, 1))
    which = (source[:, None] + turn[:, None] // 2 + k) % np.maximum(pool, 1)[:, None]
    image = owner[:, None] * ROOM + which
    # From a word that can be worked back anyone could tell whose image it is.
    value = region.stream("images/hash").one_way(image).view(np.int64)
    recoded = region.chance("images/recoded", plan.row[:, None], "images.recoded", k)
    flipped = np.int64(1) << region.stream("images/flipped").below(plan.row[:, None], 62, k)
    return np.where(recoded, value ^ flipped, value), k < shown[:, None]


def job_fields(region: Region, o: Operations, plan: Schedule, statements: Statements) -> dict[str, pl.Series]:
    """Return what a job advert states in its form, agreeing with its text; null where nothing is stated."""
    job = o.family[plan.operation] == FAMILIES.index("jobs")
    yes = probability(region["job_fields.says_yes"])
    fields: dict[str, pl.Series] = {}
    for name in JOB_FIELDS:
        stated = region.chance(f"templates/states_{name}", plan.template, f"job_fields.{name}")
        value = region.stream(f"templates/{name}").chance(plan.template, yes)
        # The advert's text decides, else the draw.
        fact, means = STATED_BY_FACT[name]
        number, levels = next(
            (i, list(one.levels)) for i, one in enumerate(facts_of(FAMILIES[1])) if one.name == fact
        )
        level = statements.level[:, number]
        for level_name in means:
            value = np.where(level == levels.index(level_name), means[level_name], value)
        fields[name] = with_nulls(value, job & stated)
    return fields
