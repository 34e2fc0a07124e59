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
from tipdata.core.tables import (
    as_lists,
    begins_group,
    decode,
    join_rows,
    place_in_group,
    repeat_rows,
    take_rows,
    with_nulls,
)
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
    TEAMS,
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


def draw_arrivals(region: Region, places: Places, c: Circuits, s: Slots) -> tuple[Ints, Ints]:
    """Return the mode by which each of these slots was reached, and the wallet that paid for its first traveller;
    :data:`UNKNOWN` where the leg is not known to have been booked, or to have been paid by wallet.

    The slots are the published stops, in order. The leg to the first stop of a circuit is never known.
    """
    number = c.number[s.circuit] * SLOTS + s.slot
    booked = ~begins_group(s.circuit) & ~region.chance("stops/unbooked", number, "trips.unbooked")
    paid = booked & ~region.chance("stops/cash", number, "trips.cash")
    mode = draw_modes(region, places, "stops", number, np.roll(s.town, 1), s.town)
    payer = _payer(c, s.circuit, np.zeros_like(s.circuit))
    return np.where(booked, mode, UNKNOWN), np.where(paid, payer, UNKNOWN)


def _payer(c: Circuits, circuit: Ints, member: Ints) -> Ints:
    """Return the wallet that books for a traveller: the controller's, the first traveller's, or the own one."""
    owner, member = c.operation[circuit], np.where(c.together[circuit], 0, member)
    team = c.number[circuit] - owner * TEAMS
    team = np.where(c.together[circuit], -1, 1 + team * _OWN + member)
    lawful = LAWFUL + (c.number[circuit] - LAWFUL) * MEMBERS + member
    return np.where(owner >= 0, owner * WALLETS + np.maximum(team, 0), lawful)


def circuit_bookings(c: Circuits, s: Slots, mode: Ints, wallet: Ints) -> Bookings:
    """Return one row for each traveller of each booked leg; ``mode``, ``wallet``: of :func:`draw_arrivals`."""
    row, member = repeat_rows(np.where(mode == UNKNOWN, 0, c.party[s.circuit]))
    circuit = s.circuit[row]
    number = c.number[circuit]
    return Bookings(
        number=(number * SLOTS + s.slot[row]) * MEMBERS + member,
        traveller=number * MEMBERS + member - np.where(number >= LAWFUL, LAWFUL * (MEMBERS - 1), 0),
        day=s.day[row],
        origin=s.town[row - 1],
        town=s.town[row],
        mode=mode[row],
        wallet=np.where(wallet[row] == UNKNOWN, UNKNOWN, _payer(c, circuit, member)),
        circuit=circuit,
        operation=c.operation[circuit],
    )


def everyday_bookings(region: Region, places: Places, flow: Ints) -> Bookings:
    """Return everyday journeys there and back: commutes, visits, and journeys of families together."""
    person = np.arange(region["trips.travellers"])
    purposes = tuple(region["trips.purpose"])
    purpose = region.choose("trips/purpose", person, "trips.purpose")
    home = region.stream("trips/home").choose(person, places.weight)
    more = region.values("trips.more_journeys", purposes)[purpose]
    drawn = region.stream("trips/journeys").quantile(person, "gamma_0.5")
    count = np.minimum(region["trips.journeys"] * more * drawn // 500_000, region["trips.most_journeys"])
    who, place = repeat_rows(count)
    journey = who * _JOURNEYS + place
    # Who commutes goes to one town always.
    fixed = purposes.index("commute") == purpose[who]
    town = region.stream("trips/town").choose(np.where(fixed, who * _JOURNEYS, journey), flow[home[who]])
    day, back = _days(region, purposes, purpose[who], journey)
    order = np.lexsort((back, day, who))
    since = who[order] * _LATER
    ended = np.maximum.accumulate(since + back[order])
    made = np.sort(order[since + day[order] > np.append(-1, ended[:-1])])
    who, journey, town, day, back = (values[made] for values in (who, journey, town, day, back))
    family = purposes.index("family") == purpose[who]
    party = np.where(family, 1 + region.choose("trips/party", who, "trips.family_party"), 1)
    every, place = repeat_rows(2 * party)
    first, member, returns = PEOPLE + who[every] * MEMBERS, place // 2, place % 2
    leg = journey[every] * 2 + returns
    made = Bookings(
        number=_EVERYDAY + leg * MEMBERS + member,
        traveller=LAWFUL + first + member,
        day=np.where(returns, back[every], day[every]),
        **_there_and_back(region, places, "trips", leg, home[who[every]], town[every], LAWFUL + first),
        operation=np.full(len(every), -1),
    )
    return take_rows(made, made.day < DAYS)


def _there_and_back(
    region: Region, places: Places, stream: str, leg: Ints, home: Ints, away: Ints, wallet: Ints
) -> dict[str, Ints]:
    """Return the columns of :class:`Bookings` that everyday journeys and those of operations fill in alike.

    ``leg``: number of each leg, odd on the way back; ``wallet``: which pays, unless the leg is paid in cash.
    """
    origin, town = np.where(leg % 2, away, home), np.where(leg % 2, home, away)
    return {
        "origin": origin,
        "town": town,
        "mode": draw_modes(region, places, stream, leg, origin, town),
        "wallet": np.where(region.chance(f"{stream}/cash", leg, "trips.cash"), UNKNOWN, wallet),
        "circuit": np.full(len(leg), -1),
    }


def _days(region: Region, purposes: tuple[str, ...], purpose: Ints, journey: Ints) -> tuple[Ints, Ints]:
    month, weekday = (
        region.stream(f"trips/{name}").choose(journey, region.values(f"trips.{name}", purposes)[purpose])
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
    listed = region.group("trips.modes").values()
    weights = np.array([[by_mode[mode] for mode in MODES] for by_mode in listed])[far]
    weights[places.port[origin] & places.port[town], MODES.index("ship")] = region["trips.ship"]
    return region.stream(f"{stream}/mode").choose(number, weights)


MOST = 32
"""Journeys of an operation at most."""
_NUMBER, _TRAVELLER = 3 << 30, 1 << 24
"""Bookings and travellers are numbered from here on."""


def own_bookings(region: Region, places: Places, o: Operations, flow: Ints) -> Bookings:
    """Return the journeys of these operations, within their lives, as rows of one traveller each."""
    operation, journey = _own_journeys(region, o)

    def of_line(name: str) -> Ints:
        return _by_line(region, o, operation, name).astype(np.int64)

    returns = of_line("returns") == 1
    party = 1 + region.stream("own_way/party").choose(journey, of_line("party"))
    stay = np.where(returns, region.between("own_way/stay", journey, of_line("stay")), 0)
    day = _own_days(region, o, operation, journey, stay)
    home = o.town[operation]
    abroad = places.jurisdiction != places.jurisdiction[home][:, None]
    weights = np.where(abroad & ~o.cross_border[operation][:, None], 0, flow[home])
    town = region.stream("own_way/town").choose(np.where(returns, operation * MOST, journey), weights)
    # Who would come back after the last day does not go.
    every, turn = repeat_rows((day + stay < DAYS) * party * (1 + returns))
    member, back = turn % party[every], turn // party[every]
    leg, of = journey[every] * 2 + back, operation[every]
    return Bookings(
        number=_NUMBER + leg * MEMBERS + member,
        traveller=_TRAVELLER + journey[every] * MEMBERS + member,
        day=day[every] + back * stay[every],
        **_there_and_back(region, places, "own_way", leg, o.town[of], town[every], of * WALLETS),
        operation=of,
    )


def _by_line(region: Region, o: Operations, operation: Ints, name: str) -> np.ndarray:
    """Return a parameter of the own way for the line of work of each operation; there may be no operation."""
    path = f"trips.own_way.{name}"
    lines = list(region[path])
    row = np.array([lines.index(category) if category in lines else -1 for category in CATEGORIES])
    return region.values(path)[row[o.category[operation]]]


def _own_journeys(region: Region, o: Operations) -> tuple[Ints, Ints]:
    goes = np.flatnonzero(has_own_way(region, o) & (o.kind != SPAM))
    mean = _by_line(region, o, goes, "journeys")[np.arange(len(goes)), o.traits["circuit"][goes]]
    drawn = mean * region.stream("own_way/journeys").quantile(goes, "exponential")
    at, place = repeat_rows(np.minimum(drawn.astype(np.int64) // 1_000_000, MOST))
    return goes[at], goes[at] * MOST + place


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
    adverts = past["adverts"]  # no type: the module of Adverts imports circuits of this package
    tours: Tours = adverts.tours
    flow, (circuits, begun) = tours.flow, tours.with_travellers(operations)
    slots = draw_slots(region, circuits, flow, begun)
    count = np.bincount(slots.circuit[slots.arrives], minlength=len(circuits.number))
    rows = np.flatnonzero(slots.arrives & (count >= region["trips.fewest_stops"])[slots.circuit])
    following = next_town_logs(slots)[rows][:, np.argsort(places.town, kind="stable")]
    stops = take_rows(slots, rows)
    mode, wallet = draw_arrivals(region, places, circuits, stops)
    bookings = join_rows(
        (
            circuit_bookings(circuits, stops, mode, wallet),
            everyday_bookings(region, places, flow),
            own_bookings(region, places, operations, flow),
        )
    )
    ids = region.ids("circuits", circuits.number)
    return Trips(circuits, stops, bookings), {
        "circuits": _circuit_columns(places, operations, circuits, stops, ids),
        "stops": {
            "stop": region.ids("stops", circuits.number[stops.circuit] * SLOTS + stops.slot),
            "circuit": ids[stops.circuit],
            "sequence": place_in_group(stops.circuit) + 1,
            "day": stops.day,
            "town": places.town[stops.town],
            "mode": decode(MODES, mode),
            "wallet": _wallet_ids(region, wallet),
            "slot": stops.slot,
            "departs": stops.town != stops.planned,
            "next_log": as_lists(following, np.ones(following.shape, dtype=bool)),
            "adverts": _linked_adverts(adverts.operation, adverts.day, circuits, stops),
        },
        "trips": {
            "trip": region.ids("trips", bookings.number),
            "traveller": region.ids("travellers", bookings.traveller),
            "day": bookings.day,
            "origin": places.town[bookings.origin],
            "town": places.town[bookings.town],
            "mode": decode(MODES, bookings.mode),
            "wallet": _wallet_ids(region, bookings.wallet),
            "operation": with_nulls(operations.id[bookings.operation], bookings.operation >= 0),
            "circuit": with_nulls(ids[bookings.circuit], bookings.circuit >= 0),
        },
    }


def _circuit_columns(places: Places, o: Operations, c: Circuits, s: Slots, ids: Ints) -> Columns:
    first = np.flatnonzero(begins_group(s.circuit))
    last = np.append(first[1:], len(s.circuit)) - 1
    at = s.circuit[first]
    planned = np.arange(c.towns.shape[1]) < c.size[at][:, None]
    return {
        "circuit": ids[at],
        "first_day": s.day[first],
        "party": c.party[at],
        "last_day": s.day[last],
        "operation": with_nulls(o.id[c.operation[at]], c.operation[at] >= 0),
        "kind": pl.Series(GROUPS)[c.group[at]],
        "order": pl.Series(ORDERS)[c.order[at]],
        "steadiness": pl.Series(STEADINESS)[c.steadiness[at]],
        "advertised": c.advertised[at],
        "home": places.town[c.home[at]],
        "plan": as_lists(places.town[c.towns[at]], planned),
    }


def _wallet_ids(region: Region, wallet: Ints) -> pl.Series:
    return with_nulls(region.ids("wallets", np.maximum(wallet, 0)), wallet != UNKNOWN)


def _linked_adverts(operation: Ints, day: Ints, c: Circuits, s: Slots) -> Ints:
    """Return adverts of each circuit's operation from the arrival before until the day before this one.

    ``operation``, ``day``: of all adverts.
    """
    posted = np.sort(operation * DAYS + day)
    begin = c.operation[s.circuit] * DAYS
    before = np.where(begins_group(s.circuit), s.day, np.roll(s.day, 1))
    until, since = (np.searchsorted(posted, begin + day) for day in (s.day, before))
    return np.where(c.operation[s.circuit] >= 0, until - since, 0)


STAGE = Stage("trips", ("places", "operations", "adverts"), tuple(TABLES.values()), generate)
