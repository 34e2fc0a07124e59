"""Tours that lie in a life: who goes round, when and where.

Adverts and stops tell of one tour, laid out once. Operations that post, those that never do, and lawful travellers of
no operation all tour by one law. Lines of work that go there and back, or one way, make journeys and no tours
(:mod:`tipdata.stages.trips.journeys`).
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import SPAM
from tipdata.core.tables import take_rows
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.lives import draw_life, draw_spell
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places
from tipdata.stages.trips.circuits import (
    HARVEST,
    RESIDENT,
    ROUND,
    SLOTS,
    TEAMS,
    Circuits,
    count_slots,
    draw_circuit_levels,
    draw_party,
    draw_plans,
    find_touring,
    gravity,
    harvest_route,
    has_own_way,
    is_individual,
    planned_town,
)

YEAR = 365


@dataclass(frozen=True)
class Tours:
    """The tours of a region.

    Attributes:
        flow: (towns, towns) weight of going from one to another.
        circuits: of operations that tour, and of lawful travellers. Spam has some as well, which are in its adverts
            alone: it sends nobody.
        begun: (circuits, slots) day on which each slot begins.
        at: position of the circuit on which each operation's adverts are, -1 where it stays.
    """

    flow: Ints
    circuits: Circuits
    begun: Ints
    at: Ints

    def with_travellers(self, o: Operations) -> tuple[Circuits, Ints]:
        """Return the circuits on which somebody travels, and when their slots begin."""
        operation = self.circuits.operation
        rows = np.flatnonzero((operation < 0) | (o.kind[operation] != SPAM))
        return take_rows(self.circuits, rows), self.begun[rows]


def draw_tours(region: Region, places: Places, o: Operations) -> Tours:
    """Draw the tours of a region."""
    flow = gravity(region, places)
    operation, number = find_touring(region, o)
    spam = np.flatnonzero(o.posts & (o.kind == SPAM) & (o.traits["circuit"] == 1))
    operation, number = np.append(operation, spam), np.append(number, spam * TEAMS)
    goes = (operation < 0) | ~has_own_way(region, o)[operation]
    circuits = _lay_out_circuits(region, places, o, flow, operation[goes], number[goes])
    at = np.full(len(o.id), -1)
    advertised = np.flatnonzero(circuits.advertised)
    at[circuits.operation[advertised]] = advertised
    return Tours(flow, circuits, slot_days(region, circuits), at)


def find_parties(region: Region, o: Operations) -> tuple[Ints, Ints, Ints, Ints]:
    """Return the operation of each circuit of one, how many travel, and between which days."""
    operation, number = find_touring(region, o)
    owned = (operation >= 0) & ~has_own_way(region, o)[operation]
    operation, number = operation[owned], number[owned]
    party, _ = draw_party(region, number, o.kind[operation], is_individual(region, o)[operation])
    start, end = _spells(region, o, operation, number)
    return operation, party, start, np.minimum(end, DAYS - 1)


def _lay_out_circuits(
    region: Region, places: Places, o: Operations, flow: Ints, operation: Ints, number: Ints
) -> Circuits:
    owned = operation >= 0
    kind = o.kind[operation]
    group = np.where(owned & (kind != SPAM), kind, RESIDENT)
    order, steadiness = (draw_circuit_levels(region, name, number, group) for name in ("order", "steadiness"))
    home = np.where(owned, o.town[operation], region.stream("circuits/home").choose(number, places.weight))
    low, high = region["schedule.stops"]
    size = low + region.stream("circuits/size").below(number, high - low + 1)
    bound = owned & ~o.cross_border[operation]
    abroad = bound[:, None] & (places.jurisdiction[None, :] != places.jurisdiction[home][:, None])
    towns = draw_plans(region, number, home, size, flow, high, abroad)
    start, end = _spells(region, o, operation, number)
    route = harvest_route(region, places, flow)
    jitter = region.stream("circuits/season").below(number, region["trips.harvest_jitter"])
    first = region["trips.harvest_start"] + jitter
    on = region["trips.harvest_days"]
    season_start = first + np.maximum(-(-(start - first - on) // YEAR), 0) * YEAR
    seasonal = (order == HARVEST) & (season_start <= end - region["trips.shortest_days"])
    order = np.where(seasonal, HARVEST, np.where(order == HARVEST, ROUND, order))
    rural = np.resize(route, high)
    away = np.take_along_axis(abroad, np.broadcast_to(rural, towns.shape), axis=1)
    towns = np.where(seasonal[:, None], np.where(away, home[:, None], rural), towns)
    party, together = draw_party(region, number, group, owned & is_individual(region, o)[operation])
    return Circuits(
        number=number,
        operation=operation,
        group=group,
        order=order,
        steadiness=steadiness,
        advertised=owned & o.posts[operation] & (number - operation * TEAMS == 0),
        home=np.where(seasonal, towns[:, 0], home),
        towns=towns,
        size=np.where(seasonal, min(len(route), high), size),
        start=np.where(seasonal, np.maximum(start, season_start), start),
        end=np.minimum(end, DAYS - 1),
        dwell=_dwell(region, number, seasonal),
        party=party,
        together=together,
    )


def _dwell(region: Region, number: Ints, seasonal: np.ndarray) -> Ints:
    """Return days of a slot: longer with the harvest."""
    bounds = np.array([region[f"trips.{name}"] for name in ("dwell", "harvest_dwell")])
    low, high = bounds[seasonal.astype(np.int64)].T
    return low + region.stream("circuits/dwell").below(number, high - low + 1)


def _spells(region: Region, o: Operations, operation: Ints, number: Ints) -> tuple[Ints, Ints]:
    """Return first and last day of each circuit: around the busiest time, and inside the operation's life.

    A traveller of no operation has a spell and a life as those who post have. Those who never post live longer, but
    tour no longer.
    """
    owned = operation >= 0
    free_first, free_last = draw_spell(region, number)
    first = np.where(owned, o.first_day[operation], free_first)
    last = np.where(owned, o.last_day[operation], free_last)
    usual = draw_life(region, number, np.ones(len(number), dtype=bool), first, last)
    posts = owned & o.posts[operation]
    begins, ends = (
        np.where(posts, life[operation], np.where(owned, pick(life[operation], free), free))
        for life, free, pick in ((o.begins, usual[0], np.maximum), (o.ends, usual[1], np.minimum))
    )

    def some(name: str) -> Ints:
        return (
            region[f"trips.{name}_days"]
            * region.stream(f"circuits/{name}").quantile(number, "gamma_2.0")
            // 2_000_000
        )

    return np.maximum(first - some("lead"), begins), np.minimum(last + some("tail"), ends)


def slot_days(region: Region, c: Circuits) -> Ints:
    """Return (circuits, SLOTS) day on which each slot begins: with some lingering, and before weekends."""
    number = c.number[:, None] * SLOTS + np.arange(SLOTS)
    linger = region["trips.lingers"] * region.stream("circuits/lingers").quantile(number, "exponential")
    length = c.dwell[:, None] + linger // 1_000_000
    day = c.start[:, None] + np.cumsum(length, axis=1) - length
    moved = region.chance("circuits/weekend", number, "trips.weekend")
    shift = np.select([day % 7 == 2, day % 7 == 5], [1, -1], 0)
    return np.maximum(day + np.where(moved, shift, 0), c.start[:, None])


def town_of(c: Circuits, begun: Ints, circuit: Ints, day: Ints) -> Ints:
    """Return rank of the town in which each circuit's plan has it on a day; its home before and after.

    ``begun``: of :func:`slot_days`.
    """
    slot = (begun[circuit] <= day[:, None]).sum(axis=1) - 1
    on = (slot >= 0) & (slot < count_slots(c)[circuit]) & (day <= c.end[circuit])
    return np.where(on, planned_town(c, circuit, np.maximum(slot, 0)), c.home[circuit])
