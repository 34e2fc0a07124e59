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
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

GROUPS = (*KINDS[:SPAM], "resident")
"""Kinds of circuits: those of operations (spam sends nobody), and of lawful travellers of no operation."""
RESIDENT = len(GROUPS) - 1
ORDERS = ("round", "shuttle", "star", "harvest")
ROUND, SHUTTLE, STAR, HARVEST = range(len(ORDERS))
STEADINESS = ("steady", "loose", "restless")
TEAMS = 2
INDIVIDUAL = "individual"
LAWFUL = 1 << 21
"""Lawful travellers and their wallets are numbered from here on."""
SLOTS = 64
"""Slots of a circuit at most; a stop's local number is its circuit's times this plus its slot."""
_FLOW = 10**7
"""Keeps flows whole numbers, and the sum of those from a town below 2**31."""


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


def who_tours(region: Region, o: Operations) -> tuple[Ints, Ints]:
    """Return operation (-1 for none) and local number of every circuit."""
    local = np.arange(len(o.id))
    tours = (o.traits["circuit"] == 1) & (o.kind != SPAM)
    second = tours & ~alone(region, o)
    second &= region.stream("circuits/second").chance(local, probability(region["trips.second_team"]))
    teams = np.concatenate([local[tours] * TEAMS, local[second] * TEAMS + 1])
    lawful = LAWFUL + np.arange(region["trips.residents"])
    number = np.concatenate([np.sort(teams), lawful])
    return np.where(number < LAWFUL, number // TEAMS, -1), number


def alone(region: Region, o: Operations) -> np.ndarray:
    """Return bool: operations of one person, who is in one place at a time and brings nobody."""
    return o.organisation == list(region["operations.organisation"]).index(INDIVIDUAL)


def levels_of(region: Region, name: str, number: Ints, group: Ints) -> Ints:
    weights = np.array([region[f"trips.{name}"][kind] for kind in GROUPS])
    return region.stream(f"circuits/{name}").choose(number, weights[group])


def draw_party(region: Region, number: Ints, group: Ints, one: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Return how many travel, and whether one wallet books for all. ``one``: bool, of who works alone."""
    weights = np.array([region["trips.party"][kind] for kind in GROUPS])
    party = np.where(one, 1, 1 + region.stream("circuits/party").choose(number, weights[group]))
    share = np.array([probability(region["trips.books_for_all"][kind]) for kind in GROUPS])
    return party, region.stream("circuits/together").chance(number, share[group])


def tours(
    region: Region,
    number: Ints,
    home: Ints,
    size: Ints,
    flow: Ints,
    most: int,
    shut: np.ndarray,
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
        open_ = left & (~shut | ~(left & ~shut).any(axis=1, keepdims=True))
        towns[:, step] = stream.choose(number, np.where(open_, flow[here], 0), step)
    return towns


def harvest_route(region: Region, places: Places, flow: Ints) -> Ints:
    """Return the towns of the seasonal route, from one to the next by gravity, among the smaller half."""
    count = len(places.town)
    rural = np.arange(count) >= count // 2
    route = [int(region.stream("circuits/harvest").below(np.array([0]), count - count // 2)[0]) + count // 2]
    for step in range(1, region["trips.harvest_towns"]):
        weights = np.where(rural & ~np.isin(np.arange(count), route), flow[route[-1]], 0)
        route.append(int(region.stream("circuits/harvest").choose(np.array([0]), weights, step)[0]))
    return np.array(route)
