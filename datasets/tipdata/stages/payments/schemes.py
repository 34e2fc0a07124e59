"""Schemes: standing arrangements by which money moves, and the operations in the sample that own them.

Four typologies of published red flags and the arrangements of lawful groups share five mechanisms. Given its habits a
scheme pays alike whoever is behind it, so the log-odds of an illicit scheme given its true habits is a sum of
tabulated integers: the reference of payment_risk.

A line of work is a form of exploitation together with the lawful work nearest to it. It leans the habits of both
alike, and so does who is behind a scheme. The log-odds of an illicit scheme therefore stay a sum of tabulated
integers, over the lines that it may be of. Payments follow the days on which operations work: those that post or tour
work on the days of their adverts, arrivals and placements, and on some other days of their life; the rest have days of
their own.
"""

from dataclasses import dataclass, replace

import numpy as np

from tipdata.core.draw import ONE, Ints, log, log_sum, normalise, probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, SPAM, TRAFFICKING
from tipdata.core.world import DAYS, Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.habits import Lead, draw_levels
from tipdata.stages.operations.stage import Operations, prior_weights
from tipdata.stages.payments import takings, wallets
from tipdata.stages.suppliers.stage import Suppliers
from tipdata.stages.trips.stage import Trips

SPAN = 2048
"""A day of an operation has the number: local number of the operation times this plus the day."""
WEEKS, A_WEEK = 128, 7
LONGEST_STOP = 14
"""Most days for which a stop counts, also the last one."""


@dataclass(frozen=True)
class Work:
    """Days of operations. ``days`` of work, ``posted`` and ``stops``: distinct numbers as of :data:`SPAN`, rising;
    ``town``: rank, of each stop; ``begins`` and ``ends``: of lives, by operation."""

    days: Ints
    posted: Ints
    stops: Ints
    town: Ints
    begins: Ints
    ends: Ints

    def next(self, days: Ints, operation: Ints, day: Ints, later: Ints | int = 0) -> Ints:
        """Return the operation's first of ``days`` from a day on, or the ``later``-th after it; ``DAYS`` for none."""
        at = np.searchsorted(days, operation * SPAN + np.clip(day, 0, SPAN - 1)) + later
        found = np.append(days, -1)[np.minimum(at, len(days))]
        return np.where(found // SPAN == operation, found % SPAN, DAYS)

    def first(self, region: Region, number: Ints, operation: Ints) -> Ints:
        """Return a day of work on which something begins for each operation, not among its last days."""
        low, high = (np.searchsorted(self.days, (operation + end) * SPAN) for end in (0, 1))
        room = np.maximum((high - low) * probability(region["payments.starts"]) >> 16, 1)
        return self.days[low + region.stream("payments/start").below(number, room)] % SPAN

    def stay(self, operation: Ints, day: Ints) -> tuple[Ints, Ints]:
        """Return the town of an operation's stop on a day (-1 for none), and how many days it still stays."""
        at = np.searchsorted(self.stops, operation * SPAN + day, side="right") - 1
        here = self.stops[np.maximum(at, 0)]
        following = np.append(self.stops, -1)[at + 1]
        until = np.where(following // SPAN == operation, following % SPAN, DAYS)
        until = np.minimum(until, here % SPAN + LONGEST_STOP)
        there = (at >= 0) & (here // SPAN == operation) & (day < until)
        return np.where(there, self.town[np.maximum(at, 0)], -1), np.where(there, until - day, 0)

    def tours(self, operation: Ints) -> np.ndarray:
        """Return whether an operation has stops, bool."""
        return np.isin(operation, self.stops // SPAN)


def draw_work(region: Region, o: Operations, adverts: Adverts, trips: Trips, suppliers: Suppliers) -> Work:
    """Return when and where the operations of a region work."""
    posted = np.unique(adverts.operation * SPAN + adverts.day)
    owner = trips.circuits.operation[trips.stops.circuit]
    owned = np.flatnonzero(owner >= 0)
    stops, first = np.unique((owner * SPAN + trips.stops.day)[owned], return_index=True)
    placing = suppliers.exploitation.placing
    known = (placing.operation >= 0) & (placing.start >= 0) & (placing.start < DAYS)
    placed = placing.operation[known] * SPAN + placing.start[known]
    own = _own_days(region, o)
    days = np.unique(np.concatenate([posted, stops, placed, own]))
    idle = np.setdiff1d(np.arange(len(o.id)), days // SPAN)
    days = np.union1d(days, idle * SPAN + o.first_day[idle])
    return Work(days, posted, stops, trips.stops.town[owned][first], o.begins, o.ends)


def _own_days(region: Region, o: Operations) -> Ints:
    """Return days of work that are in no other table: outside the spell of posting of those that post."""
    first = np.arange(WEEKS) * A_WEEK
    lives = (first + A_WEEK > o.begins[:, None]) & (first <= o.ends[:, None]) & (first < DAYS)
    operation, week = np.nonzero(lives)
    ids = operation * WEEKS + week
    p = region.chances("payments.work_weeks", ("silent", "posts"))[o.posts[operation].astype(np.int64)]
    day = week * A_WEEK + region.choose("payments/work_day", ids, "payments.week")
    posting = o.posts[operation] & (day >= o.first_day[operation]) & (day <= o.last_day[operation])
    alive = (day >= o.begins[operation]) & (day <= o.ends[operation]) & (day < DAYS)
    kept = alive & ~posting & region.stream("payments/works").chance(ids, p)
    return operation[kept] * SPAN + day[kept]


MECHANISMS = {
    "collect": ("funnel", "front_company", "scam_proceeds"),
    "relay": ("wages_out",),
    "deal": ("brokered",),
    "spend": ("spending",),
    "round": ("layering",),
}
"""Mechanisms, and the typologies of trafficking operations that use them."""
SLOTS = 2
SOON = 4
"""An owner's payments follow a day of work within so many days, that day included."""


@dataclass(frozen=True)
class Schemes:
    """Schemes of one mechanism: arrays with one entry each.

    ``number``: local number among all schemes. ``group``: index into ``groups``, typologies first. ``owner``: local
    number of the operation, -1 for the lawful; ``slot``: its first or second scheme. ``start``: first day. ``town``:
    rank of the town. ``adopts``: day from which prepaid cards and virtual currency are used. ``first``: position of the
    first scheme among all sources.
    """

    mechanism: str
    groups: tuple[str, ...]
    number: Ints
    group: Ints
    owner: Ints
    slot: Ints
    start: Ints
    town: Ints
    migrant: np.ndarray
    adopts: Ints
    habits: dict[str, Ints]
    log_odds: Ints
    first: int
    illicit: int
    """Groups that are typologies; the others are lawful."""
    work: Work
    """When and where owners work."""
    line: Ints
    """Position of each scheme's line of work, the last for nobody's."""
    scale: Ints
    """Thousandths by which what is paid in is multiplied, as its owner's prices and hours are."""

    @property
    def lawful(self) -> np.ndarray:
        """bool: of a lawful group, whoever owns it."""
        return self.group >= self.illicit

    def day(self, rows: Ints, turn: Ints, apart: Ints | int) -> Ints:
        """Return day of each turn: so many days apart, put off to a day on which the owner works and no turn was
        before; ``DAYS`` if there is none."""
        wanted = self.start[rows] + turn * apart
        owner = self.owner[rows]
        found = self.work.next(self.work.days, owner, wanted)
        taken = (turn > 0) & (found == self.work.next(self.work.days, owner, wanted - apart))
        return np.where(owner < 0, wanted, np.where(taken, DAYS, found))

    def within(self, rows: Ints, usual: int) -> Ints:
        """Return the number of days after the day of each turn within which something happens."""
        return np.where(self.owner[rows] >= 0, SOON, usual)

    def lasts(self, rows: Ints, day: Ints) -> np.ndarray:
        """Return whether the owner still lives on a day, bool; true for schemes without an owner."""
        return (self.owner[rows] < 0) | (day <= self.work.ends[self.owner[rows]])

    def level(self, region: Region, habit: str) -> Ints:
        """Return the parameter of each scheme's level of a habit, (schemes,) or (schemes, values)."""
        return region.values(f"payments.{self.mechanism}.levels.{habit}")[self.habits[habit]]

    def draw(self, region: Region, habit: str) -> Ints:
        """Return a whole number for each scheme, between the bounds of its level of a habit."""
        return region.between(f"payments/{habit}", self.number, self.level(region, habit))

    def own(self, rows: Ints, place: Ints | int) -> Ints:
        """Return an own wallet of the schemes at these positions."""
        return wallets.own_wallet(self.number[rows], self.owner[rows], self.slot[rows], place)

    def principal(self, rows: Ints) -> Ints:
        return wallets.principal_wallet(self.number[rows], self.owner[rows])


def draw_scheme_adoption(region: Region, number: Ints) -> Ints:
    """Return day from which each scheme may pay by prepaid card or virtual currency: an S-curve."""
    middle = region.world.stream("payments/adoption").below(np.array([0]), region["payments.adoption_drawn"])
    spread = region.spread("payments/adopts", number, "logistic", region["payments.adoption_spread"])
    return region["payments.adoption_day"] + middle + spread


SCHEME_ROOM, OF_NOBODY = 200, 64
"""Room for the schemes of one mechanism, and how many of these belong to no operation."""
TOURING = ("spend", "spending"), ("spend", "touring")
"""Additional scheme of a touring operation, trafficking and lawful: it spends on rooms and travel."""
LAYERS = ("round", "layering")
USUAL = 100
"""Percent that leave the weight of a level unchanged."""


def draw_schemes(
    region: Region, o: Operations, work: Work, sampled: Ints, town_weight: Ints
) -> dict[str, Schemes]:
    """Return the schemes of a region by mechanism: of the sampled operations, and lawful ones of nobody."""
    lines = tuple(region.group("payments.lines"))
    ways = _ways(region, lines)
    weights = prior_weights(region, o)
    operations, slots, used, worked = _schemes(region, o, work, sampled, lines, ways)
    found: dict[str, Schemes] = {}
    first = 0
    for index, (mechanism, illicit) in enumerate(MECHANISMS.items()):
        counts = region.group(f"payments.{mechanism}.schemes")
        here = np.flatnonzero(np.array([w == mechanism for w, _ in ways])[used])
        lawful = sorted({group for w, group in ways if w == mechanism and group not in illicit})
        names = [(group, line) for group in (*illicit, *lawful) for line in lines]
        names += [(group, "") for group in counts]
        number = SCHEME_ROOM * index + np.concatenate(
            [np.arange(sum(counts.values())), OF_NOBODY + np.arange(len(here))]
        )
        at = {name: position for position, name in enumerate(names)}
        nobodys = np.repeat([at[group, ""] for group in counts], list(counts.values()))
        theirs = [
            at[ways[w][1], lines[n]] for w, n in zip(used[here].tolist(), worked[here].tolist(), strict=True)
        ]
        group = np.concatenate([nobodys, np.array(theirs, dtype=np.int64)])
        owner = np.concatenate([np.full(len(nobodys), -1), operations[here]])
        slot = np.concatenate([np.zeros(len(nobodys), dtype=np.int64), slots[here]])
        counts = np.where(owner >= 0, weights[owner], 1000)
        led = takings.lead_habits(region, o, mechanism, number, owner)
        habits, log_odds = _habits(
            region, mechanism, names, len(illicit) * len(lines), number, group, counts, led
        )
        early = region["payments.before_days"]
        free = region.stream("payments/start").below(number, DAYS + early) - early
        shares = region["payments.migrants"]
        share = np.array([shares[name] if not line else 0 for name, line in names])[group]
        drawn = region.stream("payments/migrant").below(number, 1000) < share
        found[mechanism] = Schemes(
            mechanism,
            tuple(name for name, _ in names),
            number,
            group,
            owner,
            slot,
            np.where(owner >= 0, work.first(region, number, np.maximum(owner, 0)), free),
            np.where(owner >= 0, o.town[owner], region.stream("payments/town").choose(number, town_weight)),
            np.where(owner >= 0, o.traits["migrant"][owner] == 1, drawn),
            draw_scheme_adoption(region, number),
            habits,
            log_odds,
            first,
            len(illicit) * len(lines),
            work,
            np.array([lines.index(line) if line else len(lines) for _, line in names])[group],
            takings.scale_sums(region, o, mechanism, owner),
        )
        first += len(number)
    found[LAYERS[0]] = _start_layers_late(region, o, found)
    return found


def _start_layers_late(region: Region, o: Operations, found: dict[str, Schemes]) -> Schemes:
    begins = np.zeros(len(o.id), dtype=np.int64)
    for s in found.values():
        main = (s.owner >= 0) & (s.slot == 0)
        begins[s.owner[main]] = s.start[main]
    rounds = found[LAYERS[0]]
    earned = begins[rounds.owner] + region["payments.round.after_days"]
    layers = (rounds.owner >= 0) & (rounds.slot == 1) & ~rounds.lawful
    return replace(rounds, start=np.where(layers, np.maximum(rounds.start, earned), rounds.start))


def _ways(region: Region, lines: tuple[str, ...]) -> list[tuple[str, str]]:
    ways = [(mechanism, name) for mechanism, names in MECHANISMS.items() for name in names]
    listed = region.group("payments.arrangements")
    for line in lines:
        for by_way in listed[line].values():
            ways += [(mechanism, group) for mechanism, groups in by_way.items() for group in groups]
    return list(dict.fromkeys([*ways, *TOURING]))


def _schemes(
    region: Region,
    o: Operations,
    work: Work,
    sampled: Ints,
    lines: tuple[str, ...],
    ways: list[tuple[str, str]],
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return one or two schemes per operation: local number, first or second, index of the way and of the line."""
    by_category = np.array([lines.index(region["payments.line"][c]) for c in CATEGORIES])
    by_form = np.array([lines.index(form) for form in o.forms])
    line = np.where(o.form >= 0, by_form[np.maximum(o.form, 0)], by_category[o.category])[sampled]
    who = np.select([o.kind == TRAFFICKING, o.kind == BUSINESS], [0, 1], 2)[sampled]
    weights = _weights(region, lines, ways)[line, who]
    stream = region.stream("payments/typology")
    main, other = (stream.choose(sampled, weights, k) for k in range(SLOTS))
    # Layers are of money that was earned: who would do nothing else does that first.
    layers, layering = main == ways.index(LAYERS), np.arange(len(ways)) == ways.index(LAYERS)
    main = np.where(layers, stream.choose(sampled, np.where(layering, 0, weights), SLOTS), main)
    spends = np.array([mechanism == "spend" for mechanism, _ in ways])
    must = work.tours(sampled) & ~spends[main] & ~layers
    must &= region.chance("payments/tours_spend", sampled, "payments.tours_spend")
    tour = np.where(o.kind[sampled] == TRAFFICKING, *(ways.index(way) for way in TOURING))
    second = must | layers | region.chance("payments/second", sampled, "payments.second")
    other = np.where(layers, ways.index(LAYERS), other)
    return (
        np.concatenate([sampled, sampled[second]]),
        np.repeat(np.arange(SLOTS), [len(sampled), second.sum()]),
        np.concatenate([main, np.where(must, tour, other)[second]]),
        np.concatenate([line, line[second]]),
    )


def _weights(region: Region, lines: tuple[str, ...], ways: list[tuple[str, str]]) -> Ints:
    illicit, lawful = region["payments.typologies"], region.group("payments.arrangements")
    table = np.zeros((len(lines), 3, len(ways)), dtype=np.int64)
    for row, line in enumerate(lines):
        for column, (mechanism, name) in enumerate(ways):
            table[row, 0, column] = illicit[line].get(name, 0) if name in MECHANISMS[mechanism] else 0
            for kind, who in enumerate(("business", "independent"), 1):
                table[row, kind, column] = lawful[line][who].get(mechanism, {}).get(name, 0)
    return table


def _habits(
    region: Region,
    mechanism: str,
    names: list[tuple[str, str]],
    illicit: int,
    number: Ints,
    group: Ints,
    counts: Ints,
    led: dict[str, Lead],
) -> tuple[dict[str, Ints], Ints]:
    """Return levels of habits by scheme, and log-odds of being illicit given them and the region's schemes, each of
    which ``counts`` so many thousandths."""
    leaning = {**region.group("payments.lines"), "": {}}
    line_of = [list(leaning).index(line) for _, line in names]
    groups = tuple(f"{name} {line}" for name, line in names)
    listed = {}
    for habit, weights in region.group(f"payments.{mechanism}.habits").items():
        usual = [USUAL] * len(weights["levels"])
        leans = np.array([line.get(mechanism, {}).get(habit, usual) for line in leaning.values()])
        by_group = leans[line_of] * np.array([weights[name] for name, _ in names])
        listed[habit] = dict(zip(groups, by_group, strict=True))
    streams = (f"parameter/payments/{mechanism}", "payments/habit")
    habits, habit_log = draw_levels(region, number, group, groups, listed, streams, led)
    composition = np.zeros(len(groups), dtype=np.int64)
    np.add.at(composition, group, counts)
    total = log(normalise(composition * ONE)) + habit_log
    return habits, log_sum(total[:, :illicit]) - log_sum(total[:, illicit:])


def draw_sample(region: Region, o: Operations, seen: np.ndarray) -> Ints:
    """Return local numbers of the operations in the sample. ``seen``: bool, those that travel or place people with
    firms.

    Whether an operation posts, and whether it is seen otherwise, decides; nothing else does.
    """
    posts, other, silent = region.chances("payments.sampled", ("posts", "seen", "silent"))
    chance = np.where(o.posts, posts, np.where(seen, other, silent))
    drawn = region.stream("payments/operations").chance(np.arange(len(o.id)), chance)
    return np.flatnonzero(drawn & (o.kind != SPAM))
