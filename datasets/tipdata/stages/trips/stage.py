"""Trips: circuits of towns with their stops, and every traveller's bookings, one traveller a row.

Operations that tour, and lawful travellers, go round a plan of three to eight towns and depart from it at times.
Beside their legs stand journeys. Some lines of work do not tour: who places people with households or arranges
marriages sends each of them one way, and a medical broker takes people to a clinic and back. Lawful operations of the
same category do so by the same law. Everyday journeys are those of commuters, visitors and families.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import Ints
from tipdata.core.kinds import CATEGORIES, SPAM
from tipdata.core.tables import as_lists, decode, join_rows, repeat_rows, take_rows, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.trips.circuits import (
    GROUPS,
    LAWFUL,
    ORDERS,
    SLOTS,
    STEADINESS,
    TABLES,
    Circuits,
    Slots,
    Tours,
    draw_slots,
    has_own_way,
    next_town_logs,
)

MODES = TABLES["trips"].values("mode")
UNKNOWN = -1
WALLETS = 16
"""Wallets of an operation: its controller's, which books for groups, and those of travellers."""
MEMBERS = 4
"""Travellers of a circuit or a family at most."""
PEOPLE = 1024
"""People of lawful circuits are numbered below it, those of everyday journeys from it on."""
_OWN = 7
"""Wallets of the travellers of one team."""
_JOURNEYS = 64
YEAR, MONTH = 365, 30
_LATER = 2 * DAYS
"""More than any day of coming back."""
_EVERYDAY = 1 << 31


@dataclass(frozen=True)
class Bookings:
    """One traveller's leg a row; int64 arrays of equal length. Towns are ranks.

    ``wallet`` and ``mode`` are :data:`UNKNOWN` if they are not known. ``circuit``: position, and ``operation``:
    local number, -1 for none.
    """

    number: Ints
    traveller: Ints
    day: Ints
    origin: Ints
    town: Ints
    mode: Ints
    wallet: Ints
    circuit: Ints
    operation: Ints


@dataclass(frozen=True)
class StopArrivals:
    """How each stop was reached, in the order of the stops; int64 arrays, :data:`UNKNOWN` if it is not known."""

    mode: Ints
    wallet: Ints
    booked: np.ndarray
    """bool: known to have been booked, which the leg to the first stop of a circuit never is."""
    paid: np.ndarray
    """bool: and by wallet."""


def draw_arrivals(region: Region, places: Places, c: Circuits, s: Slots) -> StopArrivals:
    """Return how these slots were reached; they are the published stops, in order."""
    number = c.number[s.circuit] * SLOTS + s.slot
    first = np.append(True, s.circuit[1:] != s.circuit[:-1])
    unbooked = region.chance("stops/unbooked", number, "trips.unbooked")
    booked = ~first & ~unbooked
    paid = booked & ~region.chance("stops/cash", number, "trips.cash")
    mode = draw_modes(region, places, "stops", number, np.roll(s.town, 1), s.town)
    payer = _payer(c, s.circuit, np.zeros_like(s.circuit))
    return StopArrivals(np.where(booked, mode, UNKNOWN), np.where(paid, payer, UNKNOWN), booked, paid)


def _payer(c: Circuits, circuit: Ints, member: Ints) -> Ints:
    """Return the wallet that books for a traveller: the controller's, the first traveller's, or the own one."""
    owner, member = c.operation[circuit], np.where(c.together[circuit], 0, member)
    team = np.where(c.together[circuit], -1, 1 + c.team[circuit] * _OWN + member)
    lawful = LAWFUL + (c.number[circuit] - LAWFUL) * MEMBERS + member
    return np.where(owner >= 0, owner * WALLETS + np.maximum(team, 0), lawful)


def circuit_bookings(c: Circuits, s: Slots, legs: StopArrivals) -> Bookings:
    """Return one row for each traveller of each booked leg; the slots are those of :func:`draw_arrivals`."""
    leg = np.flatnonzero(legs.booked)
    size = c.party[s.circuit[leg]]
    at, member = repeat_rows(size)
    row = leg[at]
    circuit = s.circuit[row]
    number = c.number[circuit]
    return Bookings(
        number=(number * SLOTS + s.slot[row]) * MEMBERS + member,
        traveller=number * MEMBERS + member - np.where(number >= LAWFUL, LAWFUL * (MEMBERS - 1), 0),
        day=s.day[row],
        origin=s.town[row - 1],
        town=s.town[row],
        mode=legs.mode[row],
        wallet=np.where(legs.paid[row], _payer(c, circuit, member), UNKNOWN),
        circuit=circuit,
        operation=c.operation[circuit],
    )


def everyday_bookings(region: Region, places: Places, flow: Ints) -> Bookings:
    """Return everyday journeys there and back: commutes, visits, and journeys of families together."""
    person = np.arange(region["trips.travellers"])
    purposes = region["trips.purpose"]
    purpose = region.stream("trips/purpose").choose(person, np.array(list(purposes.values())))
    home = region.stream("trips/home").choose(person, places.weight)
    more = region.values("trips.more_journeys", purposes)[purpose]
    drawn = region.stream("trips/journeys").quantile(person, "gamma_0.5")
    count = np.minimum(region["trips.journeys"] * more * drawn // 500_000, region["trips.most_journeys"])
    who, place = repeat_rows(count)
    journey = who * _JOURNEYS + place
    # Who commutes goes to one town always.
    fixed = list(purposes).index("commute") == purpose[who]
    town = region.stream("trips/town").choose(np.where(fixed, who * _JOURNEYS, journey), flow[home[who]])
    day, back = _days(region, tuple(purposes), purpose[who], journey)
    order = np.lexsort((back, day, who))
    since = who[order] * _LATER
    ended = np.maximum.accumulate(since + back[order])
    made = np.sort(order[since + day[order] > np.append(-1, ended[:-1])])
    who, journey, town, day, back = (values[made] for values in (who, journey, town, day, back))
    family = list(purposes).index("family") == purpose[who]
    weights = region.values("trips.family_party")
    party = np.where(family, 1 + region.stream("trips/party").choose(who, weights), 1)
    every, place = repeat_rows(2 * party)
    member, returns = place // 2, place % 2 == 1
    leg = journey[every] * 2 + returns
    here, there = home[who][every], town[every]
    origin, town = np.where(returns, there, here), np.where(returns, here, there)
    first = PEOPLE + who[every] * MEMBERS
    cash = region.chance("trips/cash", leg, "trips.cash")
    made = Bookings(
        number=_EVERYDAY + leg * MEMBERS + member,
        traveller=LAWFUL + first + member,
        day=np.where(returns, back[every], day[every]),
        origin=origin,
        town=town,
        mode=draw_modes(region, places, "trips", leg, origin, town),
        wallet=np.where(cash, UNKNOWN, LAWFUL + first),
        circuit=np.full(len(every), -1),
        operation=np.full(len(every), -1),
    )
    rows = made.day < DAYS
    return take_rows(made, rows)


def _days(region: Region, purposes: tuple[str, ...], purpose: Ints, journey: Ints) -> tuple[Ints, Ints]:
    month, weekday = (
        region.stream(f"trips/{name}").choose(
            journey, np.array([region[f"trips.{name}"][p] for p in purposes])[purpose]
        )
        for name in ("month", "weekday")
    )
    year = region.stream("trips/year").below(journey, DAYS // YEAR)
    day = year * YEAR + month * MONTH + region.stream("trips/day").below(journey, MONTH)
    day = np.minimum(day // 7 * 7 + weekday, DAYS - 1)
    stay = region.values("trips.stay", purposes)[purpose]
    return day, day + region.between("trips/stay", journey, stay)


def draw_modes(region: Region, places: Places, stream: str, number: Ints, origin: Ints, town: Ints) -> Ints:
    """Index into :data:`MODES` by distance, ships from one port to another only."""
    apart = (places.x[origin] - places.x[town]) ** 2 + (places.y[origin] - places.y[town]) ** 2
    near, middle = region["trips.mode_km"]
    far = (apart > near**2).astype(np.int64) + (apart > middle**2)
    listed = region.group("trips.modes")
    weights = np.array([[by_mode[mode] for mode in MODES] for by_mode in listed.values()])[far]
    weights[places.port[origin] & places.port[town], MODES.index("ship")] = region["trips.ship"]
    return region.stream(f"{stream}/mode").choose(number, weights)


MOST = 32
"""Journeys of an operation at most."""
_NUMBER, _TRAVELLER = 3 << 30, 1 << 24
"""Bookings and travellers are numbered from here on."""


def own_bookings(region: Region, places: Places, o: Operations, flow: Ints) -> Bookings:
    """Return the journeys of these operations, within their lives, as rows of one traveller each."""
    operation, journey = _own_journeys(region, o)
    lines = region.group("trips.own_way")
    category = np.array(list(CATEGORIES))[o.category[operation]]

    def of_line(name: str) -> Ints:
        return np.array([lines[name][line] for line in category.tolist()], dtype=np.int64)

    returns = of_line("returns") == 1
    party = 1 + region.stream("own_way/party").choose(journey, of_line("party"))
    stay = region.between("own_way/stay", journey, of_line("stay"))
    day = _own_days(region, o, operation, journey, np.where(returns, stay, 0))
    home = o.town[operation]
    abroad = places.jurisdiction[None, :] != places.jurisdiction[home][:, None]
    weights = np.where(abroad & ~o.cross_border[operation][:, None], 0, flow[home])
    town = region.stream("own_way/town").choose(np.where(returns, operation * MOST, journey), weights)
    # Who would come back after the last day does not go.
    goes = day + np.where(returns, stay, 0) < DAYS
    every = np.repeat(np.arange(len(journey)), goes * party * (1 + returns))
    turn = np.arange(len(every)) - np.searchsorted(every, every)
    member, back = turn % party[every], turn // party[every]
    leg = journey[every] * 2 + back
    here, there = o.town[operation][every], town[every]
    origin, town = np.where(back, there, here), np.where(back, here, there)
    cash = region.chance("own_way/cash", leg, "trips.cash")
    return Bookings(
        number=_NUMBER + leg * MEMBERS + member,
        traveller=_TRAVELLER + journey[every] * MEMBERS + member,
        day=day[every] + back * stay[every],
        origin=origin,
        town=town,
        mode=draw_modes(region, places, "own_way", leg, origin, town),
        wallet=np.where(cash, UNKNOWN, operation[every] * WALLETS),
        circuit=np.full(len(every), -1),
        operation=operation[every],
    )


def _own_journeys(region: Region, o: Operations) -> tuple[Ints, Ints]:
    goes = np.flatnonzero(has_own_way(region, o) & (o.kind != SPAM))
    means = region["trips.own_way.journeys"]
    names = np.array(list(CATEGORIES))[o.category[goes]]
    mean = np.array(
        [means[name][level] for name, level in zip(names, o.traits["circuit"][goes], strict=True)]
    )
    drawn = mean * region.stream("own_way/journeys").quantile(goes, "exponential")
    count = np.minimum(drawn.astype(np.int64) // 1_000_000, MOST)
    operation = np.repeat(goes, count)
    return operation, operation * MOST + np.arange(len(operation)) - np.searchsorted(operation, operation)


def _own_days(region: Region, o: Operations, operation: Ints, journey: Ints, stay: Ints) -> Ints:
    """Return the day of leaving, before weekends: after the first advert, or at any time of the life."""
    low = np.maximum(np.where(o.posts, o.first_day, o.begins)[operation], 0)
    high = np.maximum(np.minimum(o.ends[operation], DAYS - 1) - stay, low)
    day = low + region.stream("own_way/day").below(journey, high - low + 1)
    week = np.array(region["trips.weekday"]["visit"])
    return np.clip(day // 7 * 7 + region.stream("own_way/weekday").choose(journey, week), low, high)


@dataclass(frozen=True)
class Trips:
    """What later stages may read: the circuits, their published stops, and all bookings."""

    circuits: Circuits
    stops: Slots
    bookings: Bookings


def generate(region: Region, past: Past) -> tuple[Trips, Tables]:
    """Draw the circuits, stops and trips of one region."""
    places: Places = past["places"]
    operations: Operations = past["operations"]
    tours: Tours = past["adverts"].tours
    flow, (circuits, begun) = tours.flow, tours.with_travellers(operations)
    slots = draw_slots(region, places, circuits, flow, begun)
    count = np.bincount(slots.circuit[slots.arrives], minlength=len(circuits.number))
    rows = np.flatnonzero(slots.arrives & (count >= region["trips.fewest_stops"])[slots.circuit])
    following = next_town_logs(slots)[rows]
    stops = take_rows(slots, rows)
    legs = draw_arrivals(region, places, circuits, stops)
    bookings = join_rows(
        (
            circuit_bookings(circuits, stops, legs),
            everyday_bookings(region, places, flow),
            own_bookings(region, places, operations, flow),
        )
    )
    ids = region.ids("circuits", circuits.number)
    first = np.flatnonzero(np.append(True, stops.circuit[1:] != stops.circuit[:-1]))
    last = np.append(first[1:], len(stops.circuit)) - 1
    at = stops.circuit[first]
    planned = np.arange(circuits.towns.shape[1]) < circuits.size[at][:, None]
    return Trips(circuits, stops, bookings), {
        "circuits": {
            "circuit": ids[at],
            "first_day": stops.day[first],
            "party": circuits.party[at],
            "last_day": stops.day[last],
            "operation": with_nulls(operations.id[circuits.operation[at]], circuits.operation[at] >= 0),
            "kind": pl.Series(GROUPS)[circuits.group[at]],
            "order": pl.Series(ORDERS)[circuits.order[at]],
            "steadiness": pl.Series(STEADINESS)[circuits.steadiness[at]],
            "advertised": circuits.advertised[at],
            "home": places.town[circuits.home[at]],
            "plan": as_lists(places.town[circuits.towns[at]], planned),
        },
        "stops": {
            **_stops_frame(region, places, circuits, stops, legs, following, ids),
            "adverts": _linked_adverts(past["adverts"].operation, past["adverts"].day, circuits, stops),
        },
        "trips": {
            "trip": region.ids("trips", bookings.number),
            "traveller": region.ids("travellers", bookings.traveller),
            "day": bookings.day,
            "origin": places.town[bookings.origin],
            "town": places.town[bookings.town],
            "mode": decode(MODES, bookings.mode),
            "wallet": with_nulls(region.ids("wallets", np.maximum(bookings.wallet, 0)), bookings.wallet >= 0),
            "operation": with_nulls(operations.id[bookings.operation], bookings.operation >= 0),
            "circuit": with_nulls(ids[bookings.circuit], bookings.circuit >= 0),
        },
    }


def _linked_adverts(operation: np.ndarray, day: np.ndarray, c: Circuits, s: Slots) -> np.ndarray:
    """Return adverts of each circuit's operation from the arrival before until the day before this one.

    ``operation``, ``day``: of all adverts.
    """
    posted = np.sort(operation * DAYS + day)
    begin = c.operation[s.circuit] * DAYS
    first = np.append(True, s.circuit[1:] != s.circuit[:-1])
    before = np.where(first, s.day, np.roll(s.day, 1))
    until, since = (np.searchsorted(posted, begin + day) for day in (s.day, before))
    return np.where(c.operation[s.circuit] >= 0, until - since, 0)


def _stops_frame(
    region: Region,
    places: Places,
    c: Circuits,
    s: Slots,
    legs: StopArrivals,
    following: np.ndarray,
    ids: np.ndarray,
) -> Columns:
    by_id = following[:, np.argsort(places.town, kind="stable")]
    first = np.append(True, s.circuit[1:] != s.circuit[:-1])
    start = np.flatnonzero(first)
    return {
        "stop": region.ids("stops", c.number[s.circuit] * SLOTS + s.slot),
        "circuit": ids[s.circuit],
        "sequence": np.arange(len(first)) - np.repeat(start, np.diff(np.append(start, len(first)))) + 1,
        "day": s.day,
        "town": places.town[s.town],
        "mode": decode(MODES, legs.mode),
        "wallet": with_nulls(region.ids("wallets", np.maximum(legs.wallet, 0)), legs.wallet >= 0),
        "slot": s.slot,
        "departs": s.town != s.planned,
        "next_log": as_lists(by_id, np.ones(by_id.shape, dtype=bool)),
    }


STAGE = Stage("trips", ("places", "operations", "adverts"), tuple(TABLES.values()), generate)
