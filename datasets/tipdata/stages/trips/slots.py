"""The slots of circuits: where each plan leads, where it is departed from, and which town is next."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, log, probability
from tipdata.core.world import Region
from tipdata.stages.places.stage import Places
from tipdata.stages.trips.circuits import HARVEST, SHUTTLE, SLOTS, STAR, Circuits

AHEAD = 8
"""Slots beyond each that decide where it goes next: no plan stays in one town for longer and then leaves."""
_FINE = 20
"""Probabilities of a slot's town are out of 2**20."""


@dataclass(frozen=True)
class Slots:
    """Slots of all circuits, those beyond the end among them; int64 arrays of equal length unless said."""

    circuit: Ints
    """Position of the circuit."""
    slot: Ints
    day: Ints
    town: Ints
    """Rank."""
    planned: Ints
    """Rank of the town of the plan."""
    odds: Ints
    """(slots, towns) probability out of 2**20 of being in each."""
    arrives: np.ndarray
    """bool: a stop that is told: in the window, before the circuit's end and not where it was the slot before."""


def span_of(c: Circuits) -> Ints:
    """Return how many slots each circuit has at most."""
    span = np.maximum(c.end - c.start, 0) // c.dwell + 1
    return np.minimum(np.where(c.order == HARVEST, np.minimum(span, c.size), span), SLOTS - AHEAD)


def draw_slots(region: Region, places: Places, c: Circuits, flow: Ints, begun: Ints) -> Slots:
    """Return where each circuit is in each slot, and what could have been.

    ``begun``: (circuits, SLOTS) day on which each slot begins.
    """
    span = span_of(c)
    count = span + AHEAD
    circuit = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    slot = np.arange(len(circuit)) - first[circuit]
    number = c.number[circuit] * SLOTS + slot
    plan = planned(c, circuit, slot)
    odds = _odds(region, c, circuit, slot, flow)
    town = region.stream("circuits/town").choose(number, odds)
    day = begun[circuit, slot]
    moves = (slot == 0) | (town != np.roll(town, 1))
    told = (slot < span[circuit]) & (day >= 0) & (day <= c.end[circuit])
    # The first slot that is told is a stop wherever it was before.
    new = told & ((slot == 0) | ~np.roll(told, 1))
    return Slots(circuit, slot, day, town, plan, odds, told & (moves | new))


def planned(c: Circuits, circuit: Ints, slot: Ints) -> Ints:
    """Rank of the town that the plan has for a slot (from -1 on)."""
    size, order = c.size[circuit], c.order[circuit]
    back = np.maximum(2 * size - 2, 1)
    there = slot % back
    turn = np.select(
        [order == SHUTTLE, order == STAR],
        [np.minimum(there, back - there), np.where(slot % 2 == 0, 0, 1 + slot // 2 % (size - 1))],
        slot % size,
    )
    return c.towns[circuit, turn]


def _odds(region: Region, c: Circuits, circuit: Ints, slot: Ints, flow: Ints) -> Ints:
    """Return (slots, towns) probability out of 2**20 of being in each town: the plan, or something in its place."""
    departs = np.array([probability(p) for p in region["trips.departs"]])[c.steadiness[circuit]]
    departs = np.where(slot == 0, 0, departs) << (_FINE - 16)
    listed = region["trips.instead"]
    total = sum(listed.values())
    skips, elsewhere, home = (departs * listed[k] // total for k in ("skips", "elsewhere", "home"))
    before = planned(c, circuit, slot - 1)
    share = (flow << 16) // flow.sum(axis=1, keepdims=True)
    odds = share[before] * elsewhere[:, None] >> 16
    rows = np.arange(len(circuit))
    odds[rows, planned(c, circuit, slot + 1)] += skips
    odds[rows, c.home[circuit]] += home
    odds[rows, planned(c, circuit, slot)] += (1 << _FINE) - odds.sum(axis=1)
    return odds


def next_town(s: Slots) -> Ints:
    """Return (slots, towns) log probability in milli-nats of the next town after each slot, given all that decides it.

    The next one is the first later slot's that is elsewhere; rows of the last slots of a circuit mean nothing.
    """
    slots = len(s.town)
    stays = np.full(slots, 1 << _FINE, dtype=np.int64)
    total, part = np.zeros_like(s.odds), np.empty_like(s.odds)
    rows = np.arange(slots)
    odds = np.concatenate([s.odds, s.odds[:AHEAD]])
    for ahead in range(1, AHEAD + 1):
        later = odds[ahead : ahead + slots]
        np.multiply(later, stays[:, None], out=part)
        part >>= _FINE
        total += part
        stays = later[rows, s.town] * stays >> _FINE
    total[rows, s.town] = 0
    return log((total << 16) // np.maximum(total.sum(axis=1, keepdims=True), 1))
