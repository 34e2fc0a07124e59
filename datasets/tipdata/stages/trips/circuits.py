"""Circuits: who tours, through which towns, in what order, and where it departs from its plan.

A circuit's time is cut into slots. A plan says for each slot where it should be: round and round, back and forth, out
from a base, or with the harvest; those of operations that post go where their adverts are. In some slots something
else is done in place of the plan, independently of all others, so that the distribution of the next town is exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.constants import EXP_SCALE, ONE
from tipdata.core.draw import Ints, exp, log, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.stage import KINDS, SPAM, Operations
from tipdata.stages.places.stage import Places

GROUPS = (*KINDS[:SPAM], "resident")
"""Kinds of circuits: those of operations (spam sends nobody), and of lawful travellers of no operation."""
RESIDENT = len(GROUPS) - 1
ORDERS = ("round", "shuttle", "star", "harvest")
ROUND, SHUTTLE, STAR, HARVEST = range(len(ORDERS))
STEADINESS = ("steady", "loose", "restless")
TEAMS = 2
LAWFUL = 1 << 21
"""Lawful travellers and their wallets are numbered from here on."""
SLOTS = 64
"""Slots of a circuit at most; a stop's local number is its circuit's times this plus its slot."""
AHEAD = 8
"""Slots beyond each that decide where it goes next: no plan stays in one town for longer and then leaves."""
_FINE = 20
"""Probabilities of a slot's town are out of 2**20."""
_FLOW = 10**7
"""Keeps flows whole numbers, and the sum of those from a town below 2**31."""
_YEAR = 365


@dataclass(frozen=True)
class Circuits:
    """Circuits by position; int64 arrays of equal length unless said."""

    number: Ints
    operation: Ints
    """Local number of the operation; -1 for lawful travellers of none."""
    group: Ints
    """Index into :data:`GROUPS`."""
    order: Ints
    steadiness: Ints
    advertised: np.ndarray
    """bool: the plan is where the operation's adverts are."""
    home: Ints
    """Rank of the base."""
    towns: Ints
    """(circuits, most) ranks of the towns of the plan; ``size`` of them count."""
    size: Ints
    start: Ints
    """Day of slot 0; may be before the first day."""
    end: Ints
    lead: Ints
    """Slots before the first advert."""
    dwell: Ints
    """Days of a slot; of those that post all alike."""
    party: Ints
    """Travellers, from one."""
    together: np.ndarray
    """bool: one wallet books for all."""

    @property
    def team(self) -> Ints:
        """Number of the circuit within its operation."""
        return np.where(self.operation >= 0, self.number - self.operation * TEAMS, 0)


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


def gravity(region: Region, places: Places) -> Ints:
    """(towns, towns) integer weight of going from one to another, 0 to itself."""
    apart = (places.x[:, None] - places.x[None, :]) ** 2 + (places.y[:, None] - places.y[None, :]) ** 2
    flow = places.weight[None, :] * _FLOW // (apart + region["trips.soften_km"] ** 2)
    rank = np.arange(len(places.town))
    pair = np.minimum.outer(rank, rank) * len(rank) + np.maximum.outer(rank, rank)
    affinity = region.stream("circuits/pair").quantile(pair, "normal") // 1000
    flow = flow * exp(affinity * probability(region["trips.pair"]) // ONE) // EXP_SCALE
    abroad = places.jurisdiction[:, None] != places.jurisdiction[None, :]
    flow = np.where(abroad, flow * probability(region["trips.border"]) // ONE, flow)
    flow = np.maximum(flow, 1)
    np.fill_diagonal(flow, 0)
    return flow


def draw_circuits(region: Region, places: Places, o: Operations, flow: Ints) -> Circuits:
    """Draw the circuits of a region."""
    operation, number = _who(region, o)
    owned = operation >= 0
    group = np.where(owned, o.kind[operation], RESIDENT)
    team = np.where(owned, number - operation * TEAMS, 0)
    order, steadiness = (_levels(region, name, number, group) for name in ("order", "steadiness"))
    advertised = owned & o.posts[operation] & (team == 0)
    order = np.where(advertised, ROUND, order)
    home = np.where(owned, o.town[operation], region.stream("circuits/home").choose(number, places.weight))
    low, high = region["schedule.stops"]
    size = low + region.stream("circuits/size").below(number, high - low + 1)
    tour = _tours(region, number, home, size, flow, high)
    posted, stops = _advertised_towns(region, places, o, high)
    towns = np.where(advertised[:, None], posted[operation], tour)
    size = np.where(advertised, stops[operation], size)
    harvest = _harvest_route(region, places, flow)
    towns = np.where((order == HARVEST)[:, None], np.resize(harvest, high), towns)
    size = np.where(order == HARVEST, np.minimum(len(harvest), high), size)
    start, end, lead, dwell = _time(region, o, operation, number, order, advertised)
    party, together = _party(region, number, group)
    return Circuits(
        number=number,
        operation=operation,
        group=group,
        order=order,
        steadiness=steadiness,
        advertised=advertised,
        home=np.where(order == HARVEST, towns[:, 0], home),
        towns=towns,
        size=size,
        start=start,
        end=end,
        lead=lead,
        dwell=dwell,
        party=party,
        together=together,
    )


def _who(region: Region, o: Operations) -> tuple[Ints, Ints]:
    """Operation (-1 for none) and local number of every circuit."""
    local = np.arange(len(o.id))
    tours = (o.traits["circuit"] == 1) & (o.kind != SPAM)
    second = tours & region.stream("circuits/second").chance(local, probability(region["trips.second_team"]))
    teams = np.concatenate([local[tours] * TEAMS, local[second] * TEAMS + 1])
    lawful = LAWFUL + np.arange(region["trips.residents"])
    number = np.concatenate([np.sort(teams), lawful])
    return np.where(number < LAWFUL, number // TEAMS, -1), number


def _levels(region: Region, name: str, number: Ints, group: Ints) -> Ints:
    weights = np.array([region[f"trips.{name}"][kind] for kind in GROUPS])
    return region.stream(f"circuits/{name}").choose(number, weights[group])


def _party(region: Region, number: Ints, group: Ints) -> tuple[Ints, np.ndarray]:
    """How many travel, and whether one wallet books for all."""
    weights = np.array([region["trips.party"][kind] for kind in GROUPS])
    party = 1 + region.stream("circuits/party").choose(number, weights[group])
    share = np.array([probability(region["trips.books_for_all"][kind]) for kind in GROUPS])
    return party, region.stream("circuits/together").chance(number, share[group])


def _tours(region: Region, number: Ints, home: Ints, size: Ints, flow: Ints, most: int) -> Ints:
    """(circuits, most) towns from home on, each drawn by gravity from the one before among those not yet in it."""
    count = len(flow)
    towns = np.empty((len(number), most), dtype=np.int64)
    towns[:, 0] = home
    left = np.ones((len(number), count), dtype=bool)
    stream = region.stream("circuits/tour")
    for step in range(1, most):
        here = towns[:, step - 1]
        left[np.arange(len(number)), here] = False
        towns[:, step] = stream.choose(number, np.where(left, flow[here], 0), step)
    return towns


def _advertised_towns(region: Region, places: Places, o: Operations, most: int) -> tuple[Ints, Ints]:
    """(operations, most) towns that each operation's adverts go through, and how many of them count.

    The same draws as those of the adverts, so that both tell of one tour.
    """
    local = np.arange(len(o.id))
    low, high = region["schedule.stops"]
    stops = low + region.stream("operations/stops").below(local, high - low + 1)
    which = np.arange(most)
    posted = region.stream("operations/stop").choose(
        np.repeat(local, most), places.weight, np.tile(which, len(local))
    )
    posted = posted.reshape(len(local), most)
    abroad = places.jurisdiction[posted] != places.jurisdiction[o.town][:, None]
    return np.where(abroad & ~o.cross_border[:, None], o.town[:, None], posted), stops


def _harvest_route(region: Region, places: Places, flow: Ints) -> Ints:
    """The towns of the seasonal route, from one to the next by gravity, among the smaller half."""
    count = len(places.town)
    rural = np.arange(count) >= count // 2
    route = [int(region.stream("circuits/harvest").below(np.array([0]), count - count // 2)[0]) + count // 2]
    for step in range(1, region["trips.harvest_towns"]):
        weights = np.where(rural & ~np.isin(np.arange(count), route), flow[route[-1]], 0)
        route.append(int(region.stream("circuits/harvest").choose(np.array([0]), weights, step)[0]))
    return np.array(route)


def _time(
    region: Region, o: Operations, operation: Ints, number: Ints, order: Ints, advertised: np.ndarray
) -> tuple[Ints, Ints, Ints, Ints]:
    """Day of slot 0, last day, slots before the first advert, and days of a slot."""
    shortest = region["trips.shortest_days"]

    def some(name: str, mean: int) -> Ints:
        return mean * region.stream(f"circuits/{name}").quantile(number, "gamma_2.0") // 2_000_000

    low, high = region["trips.dwell"]
    own = low + region.stream("circuits/dwell").below(number, high - low + 1)
    low, high = region["trips.harvest_dwell"]
    slow = low + region.stream("circuits/harvest_dwell").below(number, high - low + 1)
    dwell = np.where(advertised, region["schedule.dwell_days"], np.where(order == HARVEST, slow, own))
    lead = some("lead", region["trips.lead_days"]) // dwell
    length = shortest + some("length", region["trips.length_days"])
    free = region.stream("circuits/start").below(number, DAYS + 2 * shortest) - 2 * shortest
    owned = operation >= 0
    start = np.where(owned, o.first_day[operation] - lead * dwell, free)
    end = np.where(owned, o.last_day[operation] + some("tail", region["trips.tail_days"]), free + length)
    jitter = region.stream("circuits/season").below(number, region["trips.harvest_jitter"])
    season = np.maximum(start - region["trips.harvest_start"] + _YEAR // 2, 0) // _YEAR * _YEAR
    sown = season + region["trips.harvest_start"] + jitter
    seasonal = order == HARVEST
    start, end = np.where(seasonal, sown, start), np.where(seasonal, sown + length, end)
    return start, np.minimum(end, DAYS - 1), lead, dwell


def draw_slots(region: Region, places: Places, c: Circuits, flow: Ints) -> Slots:
    """Where each circuit is in each slot, and what could have been."""
    span = np.maximum(c.end - c.start, 0) // c.dwell + 1
    span = np.minimum(np.where(c.order == HARVEST, np.minimum(span, c.size), span), SLOTS - AHEAD)
    count = span + AHEAD
    circuit = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    slot = np.arange(len(circuit)) - first[circuit]
    number = c.number[circuit] * SLOTS + slot
    plan = planned(c, circuit, slot)
    odds = _odds(region, c, circuit, slot, flow)
    town = region.stream("circuits/town").choose(number, odds)
    day = _days(region, c, circuit, slot, number, first)
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
        (slot - np.where(c.advertised[circuit], c.lead[circuit], 0)) % size,
    )
    return c.towns[circuit, turn]


def _odds(region: Region, c: Circuits, circuit: Ints, slot: Ints, flow: Ints) -> Ints:
    """(slots, towns) probability out of 2**20 of being in each town: the plan, or something in its place."""
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


def _days(region: Region, c: Circuits, circuit: Ints, slot: Ints, number: Ints, first: Ints) -> Ints:
    """Day on which each slot begins: regular where adverts say so, else with some lingering and before weekends."""
    spread = region.stream("circuits/lingers").quantile(number, "exponential")
    linger = region["trips.lingers"] * spread // 1_000_000
    linger = np.where(c.advertised[circuit], 0, linger)
    length = c.dwell[circuit] + linger
    passed = np.cumsum(length) - length
    day = c.start[circuit] + passed - passed[first][circuit]
    moved = region.stream("circuits/weekend").chance(number, probability(region["trips.weekend"]))
    shift = np.select([day % 7 == 2, day % 7 == 5], [1, -1], 0)
    return day + np.where(moved & ~c.advertised[circuit], shift, 0)


def next_town(s: Slots) -> Ints:
    """(slots, towns) log probability in milli-nats of the next town after each slot, given all that decides it.

    The next one is the first later slot's that is elsewhere; rows of the last slots of a circuit mean nothing.
    """
    stays = np.full(len(s.town), 1 << _FINE, dtype=np.int64)
    total = np.zeros_like(s.odds)
    rows = np.arange(len(s.town))
    for ahead in range(1, AHEAD + 1):
        later = np.roll(s.odds, -ahead, axis=0)
        total += later * stays[:, None] >> _FINE
        stays = later[rows, s.town] * stays >> _FINE
    total[rows, s.town] = 0
    return log((total << 16) // np.maximum(total.sum(axis=1, keepdims=True), 1))
