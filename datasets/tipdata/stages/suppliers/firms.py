"""Firms and recruitment agencies: place in the chain, workers, who placed them, who supplies whom, and exploitation.

A firm's log-odds of exploitation add up from its sector, tier, season, tied housing, the pressure of its buyers, its
care, and who places its workers. Who runs it and what language it or its workers speak add nothing. An operation
places people with firms within its life. The spell of a firm is drawn whether or not exploitation is in force, so
that the log-odds of what comes to light in it stay exact.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import Ints, probability, sigmoid
from tipdata.core.kinds import BUSINESS, CATEGORIES, LANGUAGES, TRAFFICKING
from tipdata.core.tables import place_in_group, read_tables, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places

YEAR = 365


@dataclass(frozen=True)
class Agencies:
    """Agencies by position: arrays of equal length. ``number``: local number of the operation that an agency is."""

    number: np.ndarray
    id: np.ndarray
    trafficking: np.ndarray
    hold: np.ndarray
    habits: dict[str, np.ndarray]
    """Whether it charges those it places (``fees``), and keeps their papers (``documents``); bool."""
    weight: np.ndarray
    """(agencies, sectors): how likely a firm of a sector is to turn to it."""
    columns: Columns


def sector_weights(region: Region, o: Operations, number: np.ndarray, sectors: tuple[str, ...]) -> np.ndarray:
    """Return (operations, sectors) how likely each of some operations works in a sector: by its category, and by its
    form or the line of work of a lawful one."""
    placed: dict[str, list[str]] = region["suppliers.agencies.categories"]
    own = np.array([[sector in placed.get(c, ()) for sector in sectors] for c in CATEGORIES])
    near = region.values("suppliers.agencies.affinity")[own.astype(np.int64)]
    listed: dict[str, dict[str, int]] = region["suppliers.agencies.forms"]
    by_form = np.array([[listed.get(form, {}).get(sector, 0) for sector in sectors] for form in o.forms])
    line = np.array([o.forms.index(region["payments.line"][c]) for c in CATEGORIES])[o.category[number]]
    form = np.where(o.form[number] >= 0, o.form[number], line)
    return near[o.category[number]] * by_form[form]


def is_within_reach(places: Places, o: Operations, number: np.ndarray, town: np.ndarray) -> np.ndarray:
    """Return (towns, operations) bool: whether each town is where an operation works: in the jurisdiction of its home,
    or anywhere of one that works across borders."""
    home = places.jurisdiction[o.town[number]]
    return (places.jurisdiction[town][:, None] == home) | o.cross_border[number]


def places_people(region: Region, o: Operations) -> np.ndarray:
    """Return bool: operations of a form by which people are placed with firms."""
    return np.isin(o.form, [o.forms.index(form) for form in region["suppliers.agencies.forms"]])


def draw_agencies(region: Region, o: Operations, sectors: tuple[str, ...]) -> Agencies:
    """Return which operations place workers with firms, and of what kind they are."""
    serves = region["suppliers.agencies.serves"]
    categories = tuple(CATEGORIES)
    jobs = np.isin(o.category, [categories.index(c) for c in region["suppliers.agencies.categories"]])
    illicit = jobs & (o.kind == TRAFFICKING) & places_people(region, o)
    p = np.where(illicit, probability(serves["trafficking"]), 0)
    p = np.where(jobs & (o.kind == BUSINESS), probability(serves["business"]), p)
    number = np.flatnonzero(region.stream("agencies/serves").chance(np.arange(len(o.id)), p))
    trafficking = o.kind[number] == TRAFFICKING

    def happens(name: str, shares: dict[str, float]) -> np.ndarray:
        p = np.where(trafficking, probability(shares["trafficking"]), probability(shares["lawful"]))
        return region.stream(f"agencies/{name}").chance(number, p)

    levels = np.array(region["suppliers.agencies.hold"]["weights"])
    hold = region.stream("agencies/hold").choose(number, levels)
    habits = {name: happens(name, shares) for name, shares in region["suppliers.agencies.habits"].items()}
    reach = region.spread("agencies/reach", number, "gamma_1.0", region["suppliers.agencies.reach"])
    weight = region["suppliers.agencies.least"] + reach
    years = region.spread("agencies/age", number, "gamma_2.0", region["suppliers.agencies.age_years"]) // 2
    taken = region.chance("agencies/taken_over", number, "suppliers.agencies.taken_over")
    years = np.where(taken, years, np.minimum(years, np.maximum(-o.begins[number], 0) // YEAR))
    ids = region.ids("agencies", number)
    columns = {
        "agency": ids,
        "language": pl.Series(LANGUAGES)[o.language[number]],
        "licensed": happens("licensed", region["suppliers.agencies.licensed"]),
        "age_years": years,
        "operation": o.id[number],
        "trafficking": trafficking,
        "hold": hold,
        **habits,
    }
    by_sector = weight[:, None] * sector_weights(region, o, number, sectors)
    return Agencies(number, ids, trafficking, hold, habits, by_sector, columns)


SIZES = read_tables("suppliers")["firms"].values("size")
DIRECT = -1


@dataclass(frozen=True)
class Firms:
    """Firms by local number: int64 or bool arrays of equal length."""

    id: np.ndarray
    tier: np.ndarray
    """From 0, which sells to the public."""
    sector: np.ndarray
    sectors: tuple[str, ...]
    size: np.ndarray
    town: np.ndarray
    """Rank of the town."""
    age: np.ndarray
    language: np.ndarray
    migrant: np.ndarray
    """Run in another language than the region's majority."""
    workers: np.ndarray
    """Language of most workers."""
    seasonal: np.ndarray
    housing: np.ndarray
    agency: np.ndarray
    """Position of the main recruitment agency, :data:`DIRECT` if there is none."""
    care: np.ndarray
    squeeze: np.ndarray
    agency_habits: dict[str, np.ndarray]
    """Habits of the main agency, bool; none where there is no agency."""

    @property
    def count(self) -> int:
        return len(self.id)


def draw_firms(region: Region, places: Places, o: Operations, agencies: Agencies) -> Firms:
    """Return the firms of one region."""
    local, majority = np.arange(region["suppliers.count"]), o.majority
    tiers = region["suppliers.tiers"]
    tier = region.stream("firms/tier").choose(local, np.array(region["suppliers.tier_weights"][:tiers]))
    sectors = tuple(region["suppliers.sectors"])
    sector = region.stream("firms/sector").choose(local, region.values("suppliers.sectors").T[tier])
    size = region.stream("firms/size").choose(local, region.values("suppliers.sizes", SIZES).T[tier])
    years = region.spread("firms/age", local, "gamma_1.0", region["suppliers.age_years"])
    migrant = region.stream("firms/migrant").chance(local, region.chances("suppliers.migrant_run")[size])
    p_seasonal = region.chances("suppliers.seasonal", sectors)
    seasonal = region.stream("firms/seasonal").chance(local, p_seasonal[sector])
    p_housing = region.chances("suppliers.housing")
    town = region.stream("firms/town").choose(local, places.weight)
    weights = agencies.weight.T[sector] * is_within_reach(places, o, agencies.number, town)
    agency = _draw_agency(region, local, weights)
    language = np.where(migrant, _languages(region, local, majority, "firms/language"), majority)
    shares = region["suppliers.workers_from_elsewhere"]
    p = np.where(agency == DIRECT, probability(shares["direct"]), probability(shares["agency"]))
    elsewhere = region.stream("firms/workers_elsewhere").chance(local, p)
    other = _languages(region, local, majority, "firms/workers")
    alike = migrant & region.chance("firms/workers_alike", local, "suppliers.workers_of_the_firms_language")
    return Firms(
        id=region.ids("firms", local),
        tier=tier,
        sector=sector,
        sectors=sectors,
        size=size,
        town=town,
        age=np.minimum(years, region["suppliers.age_most"]),
        language=language,
        migrant=migrant,
        workers=np.where(alike, language, np.where(elsewhere, other, majority)),
        seasonal=seasonal,
        housing=region.stream("firms/housing").chance(local, p_housing[seasonal.astype(np.int64)]),
        agency=agency,
        agency_habits={
            name: (agency != DIRECT) & np.append(has, False)[agency] for name, has in agencies.habits.items()
        },
        care=region.stream("firms/care").choose(local, np.array(region["suppliers.care"]["weights"])),
        squeeze=region.stream("firms/squeeze").choose(
            local, np.array(region["suppliers.squeeze"]["weights"])
        ),
    )


def _languages(region: Region, local: np.ndarray, majority: int, stream: str) -> np.ndarray:
    weights = region.values("operations.languages", LANGUAGES)
    weights[majority] = 0
    return region.stream(stream).choose(local, weights)


def _draw_agency(region: Region, local: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the main agency of each by (firms, agencies) weights; none if there is none to turn to."""
    supplied = region.chance("firms/supplied", local, "suppliers.agencies.supplied")
    if not weights.any():
        return np.full(len(local), DIRECT)
    chosen = region.stream("firms/agency").choose(local, weights)
    return np.where(supplied & weights.any(axis=1), chosen, DIRECT)


SUPPLY_ROOM = 8
"""A supply's local number is its supplier's times this plus its own."""
WHOLE = 1000


def draw_trade(region: Region, firms: Firms) -> tuple[Columns, Ints]:
    """Return the table ``supplies``, and by firm how hard its buyers press it, in thousandths of the most that they
    could."""
    local = np.arange(firms.count)
    wanted = 1 + region.choose("supplies/several", local, "suppliers.supplies.several")
    source = np.repeat(local, np.where(firms.tier > 0, wanted, 0))
    number = source * SUPPLY_ROOM + place_in_group(source)
    buyer = _buyers(region, firms, number, source)
    # The first supply of a pair stands; rows are in order of their numbers.
    keep = np.flatnonzero(buyer >= 0)
    pair = source[keep] * firms.count + buyer[keep]
    keep = keep[np.sort(np.unique(pair, return_index=True)[1])]
    number, source, buyer = number[keep], source[keep], buyer[keep]
    amount = 1 + region.stream("supplies/amount").quantile(number, "gamma_2.0") // 1000
    total, pressure = np.zeros((2, firms.count), dtype=np.int64)
    np.add.at(total, source, amount)
    share = np.maximum(amount * WHOLE // total[source], 1)
    squeeze = firms.squeeze[buyer]
    np.add.at(pressure, source, share * region.values("suppliers.squeeze_pressure")[squeeze])
    weights = region.values("suppliers.supplies.payment_weights", region["suppliers.squeeze"]["levels"])
    days = region.values("suppliers.supplies.payment_days")
    paid = days[region.stream("supplies/payment").choose(number, weights[squeeze])]
    recorded = region.chance("supplies/days_known", number, "suppliers.supplies.days_known")
    products = region["suppliers.supplies.products"]
    product = region.stream("supplies/product").below(number, products)
    codes = np.array([[f"{sector}-{k + 1}" for k in range(products)] for sector in firms.sectors])
    latest = region["suppliers.supplies.latest_day"]
    ago = region.spread("supplies/since", number, "exponential", region["suppliers.supplies.since_days"])
    younger = np.minimum(firms.age[source], firms.age[buyer])
    return {
        "supply": region.ids("supplies", number),
        "supplier": firms.id[source],
        "buyer": firms.id[buyer],
        "product": codes[firms.sector[source], product],
        "share": share,
        # What would be too long ago starts again from the latest day, so that no day stands out.
        "since_day": latest - ago % (latest + YEAR * younger + 1),
        "payment_days": with_nulls(paid, recorded),
    }, np.minimum(pressure // WHOLE, WHOLE)


def _buyers(region: Region, firms: Firms, number: Ints, source: Ints) -> Ints:
    affinity = region["suppliers.affinity"]
    customers: dict[str, list[str]] = region["suppliers.customers"]
    between = np.full((len(firms.sectors),) * 2, affinity["other"])
    for at, sector in enumerate(firms.sectors):
        between[at, np.isin(firms.sectors, customers[sector])] = affinity["customer"]
    np.fill_diagonal(between, affinity["own"])
    # (suppliers' sectors, buyers): what a supplier of a sector weighs each buyer by.
    weight = between[:, firms.sector] * region.values("suppliers.size_weight")[firms.size][None, :]
    skips = region.chance("supplies/skips", number, "suppliers.supplies.skips")
    tier = firms.tier[source]
    found = np.full(len(number), -1)
    for at in range(1, int(firms.tier.max()) + 1):
        for skipping, allowed in ((False, firms.tier == at - 1), (True, firms.tier < at)):
            rows = np.flatnonzero((tier == at) & (skips == skipping))
            candidates = np.flatnonzero(allowed)
            if len(rows) and len(candidates):
                table = weight[:, candidates][firms.sector[source[rows]]]
                picked = region.stream("supplies/buyer").choose(number[rows], table)
                found[rows] = candidates[picked]
    return found


NOBODY = -1


@dataclass(frozen=True)
class Placing:
    """By firm; int64 arrays. ``operation``: local number of the one that places people there, lawful agencies too, or
    would run the firm; :data:`NOBODY` for none. ``start`` and ``end``: first and last day on which it does; they mean
    nothing where nobody does."""

    operation: Ints
    start: Ints
    end: Ints


def draw_placing(
    region: Region, places: Places, o: Operations, agencies: Agencies, firms: Firms, length: Ints
) -> Placing:
    """Return who places people with each firm, and when: near its adverts where it posts, else at any time of its life.

    ``length``: days that a spell at each firm lasts at most.
    """
    local = np.arange(firms.count)
    operation = _find_placing(region, places, o, agencies, firms, local)
    of = np.maximum(operation, 0)
    early = region["suppliers.exploitation.before_posting"]
    low = np.where(o.posts[of], np.maximum(o.begins[of], o.first_day[of] - early), o.begins[of])
    at = low + region.stream("exploitation/placed").below(local, o.last_day[of] - low + 1)
    # A spell touches the world's time, and does not begin before the firm does.
    at = np.maximum(np.maximum(at, -(length // 2)), -YEAR * (firms.age + 1))
    return Placing(operation, at, np.minimum(at + length, o.ends[of]))


def _find_placing(
    region: Region, places: Places, o: Operations, agencies: Agencies, firms: Firms, local: Ints
) -> Ints:
    """Return the operation that is a firm's agency, or a trafficking one within reach that may run the firm."""
    known = firms.agency != DIRECT
    operation = np.where(known, np.append(agencies.number, NOBODY)[firms.agency], NOBODY)
    free = (o.kind == TRAFFICKING) & places_people(region, o)
    free[agencies.number] = False
    others = np.flatnonzero(free)
    lawful = ~known | ~np.append(agencies.trafficking, False)[firms.agency]
    run = lawful & region.chance("exploitation/run", local, "suppliers.exploitation.run_by_an_operation")
    if not len(others):
        return operation
    suits = sector_weights(region, o, others, firms.sectors).T[firms.sector]
    suits = suits * is_within_reach(places, o, others, firms.town)
    run &= suits.any(axis=1)
    suits[~run] = 1
    return np.where(run, others[region.stream("exploitation/which").choose(local, suits)], operation)


@dataclass(frozen=True)
class Exploitation:
    """By firm: arrays of equal length. ``start`` and ``end`` are those of the spell that there would be as well.

    ``operation``: local number of the trafficking operation whose it is, :data:`NOBODY` if it is the firm's own.
    ``prior``: log-odds of exploitation before anything has come to light, milli-nats.
    """

    in_force: np.ndarray
    start: np.ndarray
    end: np.ndarray
    operation: np.ndarray
    prior: np.ndarray
    placing: Placing
    """Who places people with each firm, lawful agencies too, and when."""

    def at(self, firm: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Return whether a day falls into the spell that a firm has or would have, bool."""
        return (day >= self.start[firm]) & (day <= self.end[firm])


def draw_exploitation(
    region: Region, places: Places, o: Operations, agencies: Agencies, firms: Firms, pressure: np.ndarray
) -> Exploitation:
    """Return where exploitation is in force at some time between the first and the last day."""
    local = np.arange(firms.count)
    supply = region.milli("suppliers.exploitation.supply", ("direct", "lawful", "some", "much"))
    supply_level = np.where(agencies.trafficking, 2 + agencies.hold, 1)
    who = np.zeros(firms.count, dtype=np.int64)
    placed = firms.agency != DIRECT
    who[placed] = supply_level[firms.agency[placed]]
    prior = (
        region.milli("suppliers.exploitation.base")
        + region.milli("suppliers.exploitation.sector", firms.sectors)[firms.sector]
        + region.milli("suppliers.exploitation.tier")[firms.tier]
        + region.milli("suppliers.exploitation.seasonal") * firms.seasonal
        + region.milli("suppliers.exploitation.housing") * firms.housing
        + region.milli("suppliers.exploitation.seasonal_with_housing") * (firms.seasonal & firms.housing)
        + region.milli("suppliers.exploitation.pressure") * pressure // 1000
        + region.milli("suppliers.exploitation.care")[firms.care]
        + supply[who]
    )
    in_force = region.stream("exploitation/in_force").chance(local, sigmoid(prior))
    start, end, length = _spell(region, firms, local)
    placing = draw_placing(region, places, o, agencies, firms, length)
    theirs = (placing.operation != NOBODY) & (o.kind[placing.operation] == TRAFFICKING)
    # An operation that is no agency runs the first such firm alone; what it would run beside is the firm's own.
    found = np.where(in_force & theirs, placing.operation, NOBODY)
    agency = np.isin(found, agencies.number)
    _, first = np.unique(found, return_index=True)
    return Exploitation(
        in_force,
        np.where(theirs, placing.start, start),
        np.where(theirs, placing.end, end),
        np.where(agency | np.isin(np.arange(len(found)), first), found, NOBODY),
        prior,
        placing,
    )


def _spell(region: Region, firms: Firms, local: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return first and last day, and the days between: under one, one to two, or two to five years."""
    band = region.choose("exploitation/spell", local, "suppliers.exploitation.spell")
    low, wide = np.array([60, YEAR, 2 * YEAR])[band], np.array([YEAR - 60, YEAR, 3 * YEAR])[band]
    length = low + region.stream("exploitation/length").below(local, wide)
    start = region.stream("exploitation/from").below(local, DAYS + length) - length
    return np.maximum(start, -YEAR * (firms.age + 1)), start + length, length
