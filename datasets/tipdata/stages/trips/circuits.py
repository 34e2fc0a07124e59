"""Circuits: who tours, through which towns, in what order, and where it departs from its plan.

A circuit's time is cut into slots. A plan says for each slot where it should be: round and round, back and forth, out
from a base, or with the harvest; those of operations that post go where their adverts are. In some slots something
else is done in place of the plan, independently of all others, so that the distribution of the next town is exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.constants import EXP_SCALE, ONE
from tipdata.core.draw import Ints, exp, probability
from tipdata.core.kinds import KINDS, SPAM
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.stage import Operations
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


def gravity(region: Region, places: Places) -> Ints:
    """Return (towns, towns) integer weight of going from one to another, 0 to itself."""
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
    operation, number = who_tours(region, o)
    owned = operation >= 0
    group = np.where(owned, o.kind[operation], RESIDENT)
    team = np.where(owned, number - operation * TEAMS, 0)
    order, steadiness = (levels_of(region, name, number, group) for name in ("order", "steadiness"))
    advertised = owned & o.posts[operation] & (team == 0)
    order = np.where(advertised, ROUND, order)
    home = np.where(owned, o.town[operation], region.stream("circuits/home").choose(number, places.weight))
    low, high = region["schedule.stops"]
    size = low + region.stream("circuits/size").below(number, high - low + 1)
    tour = tours(region, number, home, size, flow, high)
    posted, stops = _advertised_towns(region, places, o, high)
    towns = np.where(advertised[:, None], posted[operation], tour)
    size = np.where(advertised, stops[operation], size)
    harvest = harvest_route(region, places, flow)
    towns = np.where((order == HARVEST)[:, None], np.resize(harvest, high), towns)
    size = np.where(order == HARVEST, np.minimum(len(harvest), high), size)
    start, end, lead, dwell = _time(region, o, operation, number, order, advertised)
    party, together = draw_party(region, number, group)
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


def who_tours(region: Region, o: Operations) -> tuple[Ints, Ints]:
    """Return operation (-1 for none) and local number of every circuit."""
    local = np.arange(len(o.id))
    tours = (o.traits["circuit"] == 1) & (o.kind != SPAM)
    second = tours & region.stream("circuits/second").chance(local, probability(region["trips.second_team"]))
    teams = np.concatenate([local[tours] * TEAMS, local[second] * TEAMS + 1])
    lawful = LAWFUL + np.arange(region["trips.residents"])
    number = np.concatenate([np.sort(teams), lawful])
    return np.where(number < LAWFUL, number // TEAMS, -1), number


def levels_of(region: Region, name: str, number: Ints, group: Ints) -> Ints:
    weights = np.array([region[f"trips.{name}"][kind] for kind in GROUPS])
    return region.stream(f"circuits/{name}").choose(number, weights[group])


def draw_party(region: Region, number: Ints, group: Ints) -> tuple[Ints, np.ndarray]:
    """Return how many travel, and whether one wallet books for all."""
    weights = np.array([region["trips.party"][kind] for kind in GROUPS])
    party = 1 + region.stream("circuits/party").choose(number, weights[group])
    share = np.array([probability(region["trips.books_for_all"][kind]) for kind in GROUPS])
    return party, region.stream("circuits/together").chance(number, share[group])


def tours(
    region: Region,
    number: Ints,
    home: Ints,
    size: Ints,
    flow: Ints,
    most: int,
    shut: np.ndarray | None = None,
) -> Ints:
    """Return (circuits, most) towns from home on, each drawn by gravity from the one before among those not yet in
    it.

    ``shut``: (circuits, towns) bool, towns to which a circuit does not go, but where it has been everywhere else.
    """
    count = len(flow)
    towns = np.empty((len(number), most), dtype=np.int64)
    towns[:, 0] = home
    left = np.ones((len(number), count), dtype=bool)
    stream = region.stream("circuits/tour")
    for step in range(1, most):
        here = towns[:, step - 1]
        left[np.arange(len(number)), here] = False
        open_ = left if shut is None else left & (~shut | ~(left & ~shut).any(axis=1, keepdims=True))
        towns[:, step] = stream.choose(number, np.where(open_, flow[here], 0), step)
    return towns


def _advertised_towns(region: Region, places: Places, o: Operations, most: int) -> tuple[Ints, Ints]:
    """Return (operations, most) towns that each operation's adverts go through, and how many of them count.

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


def harvest_route(region: Region, places: Places, flow: Ints) -> Ints:
    """Return the towns of the seasonal route, from one to the next by gravity, among the smaller half."""
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
    """Return day of slot 0, last day, slots before the first advert, and days of a slot."""
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
