"""Bookings: the legs of circuits and the everyday journeys of lawful travellers, as rows of one traveller each."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.places.stage import Places
from tipdata.stages.trips.circuits import LAWFUL, SLOTS, Circuits
from tipdata.stages.trips.slots import Slots

MODES = ("bus", "train", "car", "plane", "ship")
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
_YEAR, _MONTH = 365, 30
_LATER = 2 * DAYS
"""More than any day of coming back."""
_EVERYDAY = 1 << 31


@dataclass(frozen=True)
class Bookings:
    """One traveller's leg a row; int64 arrays of equal length. Towns are ranks.

    ``wallet`` and ``mode`` are :data:`UNKNOWN` where they are not known. ``circuit``: position, and ``operation``:
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
class Legs:
    """How each stop was come to, beside the stops; int64 arrays, :data:`UNKNOWN` where it is not known."""

    mode: Ints
    wallet: Ints
    booked: np.ndarray
    """bool: known to have been booked, which the leg to the first stop of a circuit never is."""
    paid: np.ndarray
    """bool: and by wallet."""


def legs_of(region: Region, places: Places, c: Circuits, s: Slots) -> Legs:
    """Return the legs to these slots, which are the stops that are told, in order."""
    number = c.number[s.circuit] * SLOTS + s.slot
    first = np.append(True, s.circuit[1:] != s.circuit[:-1])
    unbooked = region.stream("stops/unbooked").chance(number, probability(region["trips.unbooked"]))
    booked = ~first & ~unbooked
    paid = booked & ~region.stream("stops/cash").chance(number, probability(region["trips.cash"]))
    mode = modes(region, places, "stops", number, np.roll(s.town, 1), s.town)
    payer = _payer(c, s.circuit, np.zeros_like(s.circuit))
    return Legs(np.where(booked, mode, UNKNOWN), np.where(paid, payer, UNKNOWN), booked, paid)


def _payer(c: Circuits, circuit: Ints, member: Ints) -> Ints:
    """Return the wallet that books for a traveller: the controller's or the first lawful traveller's, or the own
    one."""
    owner, member = c.operation[circuit], np.where(c.together[circuit], 0, member)
    team = np.where(c.together[circuit], -1, 1 + c.team[circuit] * _OWN + member)
    lawful = LAWFUL + (c.number[circuit] - LAWFUL) * MEMBERS + member
    return np.where(owner >= 0, owner * WALLETS + np.maximum(team, 0), lawful)


def circuit_bookings(c: Circuits, s: Slots, legs: Legs) -> Bookings:
    """Return one row for each traveller of each booked leg; the slots are those of :func:`legs_of`."""
    leg = np.flatnonzero(legs.booked)
    size = c.party[s.circuit[leg]]
    row = np.repeat(leg, size)
    member = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
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
    """Return journeys there and back: to the same work town week after week, to see people, and of families
    together."""
    person = np.arange(region["trips.travellers"])
    purposes = region["trips.purpose"]
    purpose = region.stream("trips/purpose").choose(person, np.array(list(purposes.values())))
    home = region.stream("trips/home").choose(person, places.weight)
    more = np.array([region["trips.more_journeys"][name] for name in purposes])[purpose]
    drawn = region.stream("trips/journeys").quantile(person, "gamma_0.5")
    count = np.minimum(region["trips.journeys"] * more * drawn // 500_000, region["trips.most_journeys"])
    who = np.repeat(person, count)
    journey = who * _JOURNEYS + np.arange(len(who)) - np.repeat(np.cumsum(count) - count, count)
    # Who commutes goes to one town always.
    fixed = list(purposes).index("commute") == purpose[who]
    town = region.stream("trips/town").choose(np.where(fixed, who * _JOURNEYS, journey), flow[home[who]])
    day, back = _days(region, tuple(purposes), purpose[who], journey)
    made = _apart(who, day, back)
    who, journey, town, day, back = (values[made] for values in (who, journey, town, day, back))
    family = list(purposes).index("family") == purpose[who]
    weights = np.array(region["trips.family_party"])
    party = np.where(family, 1 + region.stream("trips/party").choose(who, weights), 1)
    every = np.repeat(np.arange(len(who)), 2 * party)
    place = np.arange(len(every)) - np.repeat(np.cumsum(2 * party) - 2 * party, 2 * party)
    member, returns = place // 2, place % 2 == 1
    leg = journey[every] * 2 + returns
    here, there = home[who][every], town[every]
    origin, town = np.where(returns, there, here), np.where(returns, here, there)
    first = PEOPLE + who[every] * MEMBERS
    cash = region.stream("trips/cash").chance(leg, probability(region["trips.cash"]))
    made = Bookings(
        number=_EVERYDAY + leg * MEMBERS + member,
        traveller=LAWFUL + first + member,
        day=np.where(returns, back[every], day[every]),
        origin=origin,
        town=town,
        mode=modes(region, places, "trips", leg, origin, town),
        wallet=np.where(cash, UNKNOWN, LAWFUL + first),
        circuit=np.full(len(every), -1),
        operation=np.full(len(every), -1),
    )
    rows = made.day < DAYS
    return Bookings(*(getattr(made, name)[rows] for name in Bookings.__dataclass_fields__))


def _days(region: Region, purposes: tuple[str, ...], purpose: Ints, journey: Ints) -> tuple[Ints, Ints]:
    """Return days of leaving, by month and day of the week, and of coming back."""
    month, weekday = (
        region.stream(f"trips/{name}").choose(
            journey, np.array([region[f"trips.{name}"][p] for p in purposes])[purpose]
        )
        for name in ("month", "weekday")
    )
    year = region.stream("trips/year").below(journey, DAYS // _YEAR)
    day = year * _YEAR + month * _MONTH + region.stream("trips/day").below(journey, _MONTH)
    day = np.minimum(day // 7 * 7 + weekday, DAYS - 1)
    low, high = np.array([region["trips.stay"][p] for p in purposes]).T
    stay = low[purpose] + region.stream("trips/stay").below(journey, (high - low + 1)[purpose])
    return day, day + stay


def _apart(who: Ints, day: Ints, back: Ints) -> Ints:
    """Return rows of the journeys that begin after all earlier ones of the same person have ended."""
    order = np.lexsort((back, day, who))
    since = who[order] * _LATER
    ended = np.maximum.accumulate(since + back[order])
    return np.sort(order[since + day[order] > np.append(-1, ended[:-1])])


def modes(region: Region, places: Places, stream: str, number: Ints, origin: Ints, town: Ints) -> Ints:
    """Index into :data:`MODES` by distance, ships from one port to another only."""
    apart = (places.x[origin] - places.x[town]) ** 2 + (places.y[origin] - places.y[town]) ** 2
    near, middle = region["trips.mode_km"]
    far = (apart > near**2).astype(np.int64) + (apart > middle**2)
    listed = region.group("trips.modes")
    weights = np.array([[by_mode[mode] for mode in MODES] for by_mode in listed.values()])[far]
    weights[places.port[origin] & places.port[town], MODES.index("ship")] = region["trips.ship"]
    return region.stream(f"{stream}/mode").choose(number, weights)


def all_of(parts: tuple[Bookings, ...]) -> Bookings:
    """Return several sets of bookings as one."""
    return Bookings(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Bookings.__dataclass_fields__)
    )
