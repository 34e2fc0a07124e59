"""Trips: circuits of towns with their stops, and every traveller's bookings.

Operations that tour by their trait, and lawful travellers of none, go round a plan of three to eight towns and depart
from it at times; those that post are where their adverts are. Beside their legs stand journeys: those of lines of work
that go one way or there and back (:mod:`tipdata.stages.trips.journeys`), and the everyday ones of others: commuters,
visitors, families whose first wallet books for all.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.tables import as_lists, decode, join_rows, take_rows, with_nulls
from tipdata.core.world import DAYS, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.trips.circuits import (
    GROUPS,
    ORDERS,
    SLOTS,
    STEADINESS,
    TABLES,
    Circuits,
    Slots,
    draw_slots,
    next_town_logs,
)
from tipdata.stages.trips.journeys import (
    MODES,
    Bookings,
    StopArrivals,
    circuit_bookings,
    draw_arrivals,
    everyday_bookings,
    own_bookings,
)
from tipdata.stages.trips.tours import Tours


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
    rows = _known_stops(region, circuits, slots)
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
    return Trips(circuits, stops, bookings), {
        "circuits": _circuits_frame(region, places, operations, circuits, stops, ids),
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


def _known_stops(region: Region, c: Circuits, s: Slots) -> np.ndarray:
    """Return rows of the slots that are stops of circuits with enough of them."""
    stops = np.bincount(s.circuit[s.arrives], minlength=len(c.number))
    return np.flatnonzero(s.arrives & (stops >= region["trips.fewest_stops"])[s.circuit])


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


def _circuits_frame(
    region: Region, places: Places, o: Operations, c: Circuits, s: Slots, ids: np.ndarray
) -> Columns:
    first = np.flatnonzero(np.append(True, s.circuit[1:] != s.circuit[:-1]))
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
