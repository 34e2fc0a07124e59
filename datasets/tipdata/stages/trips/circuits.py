"""Circuits: who tours, when, through which towns, in what order, and where a circuit departs from its plan.

Adverts and stops show one tour, drawn once, by one law for operations that post, those that never do, and lawful
travellers of no operation. Lines of work that go there and back, or one way, make journeys and no tours
(:mod:`tipdata.stages.trips.stage`). A circuit's time is cut into slots. A plan gives the town of each slot: round and
round, back and forth, out from a base, or with the harvest. In some slots something else replaces the plan,
independently of all others, so that the distribution of the next town is exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import EXP_SCALE, ONE, Ints, exp, log, probability
from tipdata.core.kinds import CATEGORIES, SPAM
from tipdata.core.tables import read_tables, repeat_rows, take_rows
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.habits import draw_life, draw_spell
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places

TABLES = read_tables("trips")
GROUPS = TABLES["circuits"].values("kind")
"""Kinds of circuits: those of operations (spam sends nobody), and of lawful travellers of no operation."""
RESIDENT = len(GROUPS) - 1
ORDERS = TABLES["circuits"].values("order")
ROUND, SHUTTLE, STAR, HARVEST = range(len(ORDERS))
STEADINESS = TABLES["circuits"].values("steadiness")
TEAMS = 2
"""Circuits of an operation at most; a circuit's local number is its operation's times this plus its own."""
INDIVIDUAL = "individual"
LAWFUL = 1 << 21
"""Lawful travellers and their wallets are numbered from here on."""
SLOTS = 64
"""Slots of a circuit at most; a stop's local number is its circuit's times this plus its slot."""
_FLOW = 10**7
"""Keeps flows whole numbers, and the sum of those from a town below 2**31."""


@dataclass(frozen=True)
class Circuits:
    """Circuits by position; int64 arrays of equal length unless stated."""

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


def gravity(region: Region, places: Places) -> Ints:
    """Return (towns, towns) integer weight of going from one to another, 0 to itself."""
    apart = (places.x[:, None] - places.x) ** 2 + (places.y[:, None] - places.y) ** 2
    flow = places.weight * _FLOW // (apart + region["trips.soften_km"] ** 2)
    rank = np.arange(len(places.town))
    pair = np.minimum.outer(rank, rank) * len(rank) + np.maximum.outer(rank, rank)
    affinity = region.stream("circuits/pair").quantile(pair, "normal") // 1000
    flow = flow * exp(affinity * probability(region["trips.pair"]) // ONE) // EXP_SCALE
    abroad = places.jurisdiction[:, None] != places.jurisdiction
    flow = np.where(abroad, flow * probability(region["trips.border"]) // ONE, flow)
    flow = np.maximum(flow, 1)
    np.fill_diagonal(flow, 0)
    return flow


def find_touring(region: Region, o: Operations) -> tuple[Ints, Ints]:
    """Return operation (-1 for none) and local number of every circuit."""
    local = np.arange(len(o.id))
    tours = (o.traits["circuit"] == 1) & (o.kind != SPAM)
    second = tours & ~is_individual(region, o)
    second &= region.chance("circuits/second", local, "trips.second_team")
    teams = np.concatenate([local[tours] * TEAMS, local[second] * TEAMS + 1])
    lawful = LAWFUL + np.arange(region["trips.residents"])
    number = np.concatenate([np.sort(teams), lawful])
    return np.where(number < LAWFUL, number // TEAMS, -1), number


def is_individual(region: Region, o: Operations) -> np.ndarray:
    """Return bool: operations of one person, who is in one place at a time and brings nobody."""
    return o.organisation == list(region["operations.organisation"]).index(INDIVIDUAL)


def has_own_way(region: Region, o: Operations) -> np.ndarray:
    """Return bool: operations of lines of work that make journeys and no tours."""
    return np.isin(o.category, [list(CATEGORIES).index(name) for name in region["trips.own_way.returns"]])


def draw_party(region: Region, number: Ints, group: Ints, one: np.ndarray) -> tuple[Ints, np.ndarray]:
    """Return how many travel, and whether one wallet books for all. ``one``: bool, of who works alone."""
    weights = region.values("trips.party", GROUPS)
    party = np.where(one, 1, 1 + region.stream("circuits/party").choose(number, weights[group]))
    share = region.chances("trips.books_for_all", GROUPS)
    return party, region.stream("circuits/together").chance(number, share[group])


def draw_plans(region: Region, number: Ints, home: Ints, flow: Ints, most: int, shut: np.ndarray) -> Ints:
    """Return (circuits, most) towns from home on, each drawn by gravity from the one before among the others.

    ``shut``: (circuits, towns) bool, towns to which a circuit does not go, but where it has been everywhere else.
    """
    towns = np.empty((len(number), most), dtype=np.int64)
    towns[:, 0] = home
    left = np.ones((len(number), len(flow)), dtype=bool)
    stream = region.stream("circuits/tour")
    for step in range(1, most):
        here = towns[:, step - 1]
        left[np.arange(len(number)), here] = False
        open_ = left & (~shut | ~(left & ~shut).any(axis=1, keepdims=True))
        towns[:, step] = stream.choose(number, np.where(open_, flow[here], 0), step)
    return towns


def harvest_route(region: Region, places: Places, flow: Ints) -> Ints:
    """Return the towns of the seasonal route, from one to the next by gravity, among the smaller half."""
    count, one, stream = len(places.town), np.array([0]), region.stream("circuits/harvest")
    left = np.arange(count) >= count // 2
    route = [count // 2 + stream.below(one, count - count // 2)[0]]
    for step in range(1, region["trips.harvest_towns"]):
        left[route[-1]] = False
        route.append(stream.choose(one, np.where(left, flow[route[-1]], 0), step)[0])
    return np.array(route)


AHEAD = 8
"""Number of later slots that decide the next town: no plan stays longer in one town and then leaves."""
_FINE = 20
"""Probabilities of a slot's town are out of 2**20."""


@dataclass(frozen=True)
class Slots:
    """Slots of all circuits, those beyond the end among them; int64 arrays of equal length unless stated."""

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
    """bool: a published stop: in the window, before the circuit's end and not where it was the slot before."""


def count_slots(c: Circuits) -> Ints:
    """Return how many slots each circuit has at most."""
    span = np.maximum(c.end - c.start, 0) // c.dwell + 1
    return np.minimum(np.where(c.order == HARVEST, np.minimum(span, c.size), span), SLOTS - AHEAD)


def draw_slots(region: Region, c: Circuits, flow: Ints, begun: Ints) -> Slots:
    """Return where each circuit is in each slot, and what could have been.

    ``begun``: (circuits, SLOTS) day on which each slot begins.
    """
    span = count_slots(c)
    circuit, slot = repeat_rows(span + AHEAD)
    number = c.number[circuit] * SLOTS + slot
    plan = planned_town(c, circuit, slot)
    odds = _odds(region, c, circuit, slot, flow)
    town = region.stream("circuits/town").choose(number, odds)
    day = begun[circuit, slot]
    moves = (slot == 0) | (town != np.roll(town, 1))
    visible = (slot < span[circuit]) & (day >= 0) & (day <= c.end[circuit])
    # The first visible slot is a stop, wherever the circuit was before.
    new = visible & ((slot == 0) | ~np.roll(visible, 1))
    return Slots(circuit, slot, day, town, plan, odds, visible & (moves | new))


def planned_town(c: Circuits, circuit: Ints, slot: Ints) -> Ints:
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
    departs = region.chances("trips.departs")[c.steadiness[circuit]]
    departs = np.where(slot == 0, 0, departs) << (_FINE - 16)
    listed = region["trips.instead"]
    total = sum(listed.values())
    skips, elsewhere, home = (departs * listed[k] // total for k in ("skips", "elsewhere", "home"))
    before = planned_town(c, circuit, slot - 1)
    share = (flow << 16) // flow.sum(axis=1, keepdims=True)
    odds = share[before] * elsewhere[:, None] >> 16
    rows = np.arange(len(circuit))
    odds[rows, planned_town(c, circuit, slot + 1)] += skips
    odds[rows, c.home[circuit]] += home
    odds[rows, planned_town(c, circuit, slot)] += (1 << _FINE) - odds.sum(axis=1)
    return odds


def next_town_logs(s: Slots) -> Ints:
    """Return (slots, towns) log probability in milli-nats of the next town after each slot, given all that decides it.

    The next one is the first later slot's that is elsewhere; rows of the last slots of a circuit mean nothing.
    """
    rows = np.arange(len(s.town))
    stays = np.full(len(rows), 1 << _FINE)
    total = np.zeros_like(s.odds)
    odds = np.concatenate([s.odds, s.odds[:AHEAD]])
    for ahead in range(1, AHEAD + 1):
        later = odds[ahead : ahead + len(rows)]
        total += later * stays[:, None] >> _FINE
        stays = later[rows, s.town] * stays >> _FINE
    total[rows, s.town] = 0
    return log((total << 16) // np.maximum(total.sum(axis=1, keepdims=True), 1))


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
    order, steadiness = (
        region.stream(f"circuits/{name}").choose(number, region.values(f"trips.{name}", GROUPS)[group])
        for name in ("order", "steadiness")
    )
    home = np.where(owned, o.town[operation], region.stream("circuits/home").choose(number, places.weight))
    size = region.between("circuits/size", number, region["schedule.stops"])
    high = region["schedule.stops"][1]
    bound = owned & ~o.cross_border[operation]
    abroad = bound[:, None] & (places.jurisdiction != places.jurisdiction[home][:, None])
    towns = draw_plans(region, number, home, flow, high, abroad)
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
    bounds = np.array([region[f"trips.{name}"] for name in ("dwell", "harvest_dwell")])
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
        dwell=region.between("circuits/dwell", number, bounds[seasonal.astype(np.int64)]),
        party=party,
        together=together,
    )


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

    lead, tail = (
        region.spread(f"circuits/{name}", number, "gamma_2.0", region[f"trips.{name}_days"]) // 2
        for name in ("lead", "tail")
    )
    return np.maximum(first - lead, begins), np.minimum(last + tail, ends)


def slot_days(region: Region, c: Circuits) -> Ints:
    """Return (circuits, SLOTS) day on which each slot begins: with some lingering, and before weekends."""
    number = c.number[:, None] * SLOTS + np.arange(SLOTS)
    lingers = region.spread("circuits/lingers", number, "exponential", region["trips.lingers"])
    length = c.dwell[:, None] + lingers
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
