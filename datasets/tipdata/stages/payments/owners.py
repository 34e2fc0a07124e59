"""Schemes with an owner: what an operation in the sample does with money, by its line of work and its kind.

A line is a form of exploitation and the lawful work that is nearest to it. It leans the habits of
both alike; who is behind a scheme leans them as before. So the log-odds of an illicit scheme stay a sum of tabulated
integers, over the lines that it may be of.
"""

from dataclasses import dataclass, replace

import numpy as np

from tipdata.core.draw import ONE, Ints, log, log_sum, normalised, probability
from tipdata.core.kinds import BUSINESS, CATEGORIES, TRAFFICKING
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.habits import drawn_levels
from tipdata.stages.operations.stage import Operations
from tipdata.stages.payments.schemes import MECHANISMS, SLOTS, Schemes, adoption
from tipdata.stages.payments.work import Work

ROOM, OF_NOBODY = 200, 64
"""Numbers of schemes a mechanism, and how many of these are of no operation."""
TOURING = ("spend", "spending"), ("spend", "touring")
"""What a trafficking operation that tours may do beside, and a lawful one: it spends on rooms and travel."""
LAYERS = ("round", "layering")
USUAL = 100
"""Percent by which a line leaves a level as it is."""


@dataclass(frozen=True)
class _Owned:
    """Schemes of operations; int64 arrays: local number of the operation, first or second, index into the ways to deal
    with money, and into the lines of work."""

    operation: Ints
    slot: Ints
    way: Ints
    line: Ints


def draw_schemes(
    region: Region, o: Operations, work: Work, sampled: Ints, town_weight: Ints
) -> dict[str, Schemes]:
    """Return the schemes of a region by mechanism: those of the operations in the sample, and of nobody's lawful
    ones."""
    lines = tuple(region.group("payments.lines"))
    ways = _ways(region, lines)
    owned = _schemes(region, o, work, sampled, lines, ways)
    found: dict[str, Schemes] = {}
    first = 0
    for index, (mechanism, illicit) in enumerate(MECHANISMS.items()):
        counts = region.group(f"payments.{mechanism}.schemes")
        here = np.flatnonzero(np.array([w == mechanism for w, _ in ways])[owned.way])
        lawful = sorted({group for w, group in ways if w == mechanism and group not in illicit})
        names = [(group, line) for group in (*illicit, *lawful) for line in lines]
        names += [(group, "") for group in counts]
        number = ROOM * index + np.concatenate(
            [np.arange(sum(counts.values())), OF_NOBODY + np.arange(len(here))]
        )
        at = {name: position for position, name in enumerate(names)}
        nobodys = np.repeat([at[group, ""] for group in counts], list(counts.values()))
        theirs = [
            at[ways[w][1], lines[n]]
            for w, n in zip(owned.way[here].tolist(), owned.line[here].tolist(), strict=True)
        ]
        group = np.concatenate([nobodys, np.array(theirs, dtype=np.int64)])
        owner = np.concatenate([np.full(len(nobodys), -1), owned.operation[here]])
        slot = np.concatenate([np.zeros(len(nobodys), dtype=np.int64), owned.slot[here]])
        habits, log_odds = _habits(region, mechanism, names, len(illicit) * len(lines), number, group)
        found[mechanism] = Schemes(
            mechanism,
            tuple(name for name, _ in names),
            number,
            group,
            owner,
            slot,
            _start(region, work, number, owner),
            np.where(owner >= 0, o.town[owner], region.stream("payments/town").choose(number, town_weight)),
            _migrant(region, o, names, number, group, owner),
            adoption(region, number),
            habits,
            log_odds,
            first,
            len(illicit) * len(lines),
            work,
            np.array([lines.index(line) if line else len(lines) for _, line in names])[group],
        )
        first += len(number)
    found[LAYERS[0]] = _after_earning(region, o, found)
    return found


def _after_earning(region: Region, o: Operations, found: dict[str, Schemes]) -> Schemes:
    """Return the schemes by which money comes round; those of layers begin after the scheme that earns it."""
    begins = np.zeros(len(o.id), dtype=np.int64)
    for s in found.values():
        main = (s.owner >= 0) & (s.slot == 0)
        begins[s.owner[main]] = s.start[main]
    rounds = found[LAYERS[0]]
    earned = begins[rounds.owner] + region["payments.round.after_days"]
    layers = (rounds.owner >= 0) & (rounds.slot == 1) & ~rounds.lawful
    return replace(rounds, start=np.where(layers, np.maximum(rounds.start, earned), rounds.start))


def _ways(region: Region, lines: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return all (mechanism, typology or lawful group) by which operations deal with money."""
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
) -> _Owned:
    """Return one or two schemes an operation; the second of some that tour is spending on it."""
    line = _lines(region, o, lines)[sampled]
    weights = _weights(region, lines, ways)[
        line, np.select([o.kind == TRAFFICKING, o.kind == BUSINESS], [0, 1], 2)[sampled]
    ]
    stream = region.stream("payments/typology")
    main, other = (stream.choose(sampled, weights, k) for k in range(SLOTS))
    # Layers are of money that was earned: who would do nothing else does that first.
    layers, layering = main == ways.index(LAYERS), np.arange(len(ways)) == ways.index(LAYERS)
    main = np.where(layers, stream.choose(sampled, np.where(layering, 0, weights), SLOTS), main)
    spends = np.array([mechanism == "spend" for mechanism, _ in ways])
    must = work.tours(sampled) & ~spends[main] & ~layers
    must &= region.stream("payments/tours_spend").chance(sampled, probability(region["payments.tours_spend"]))
    tour = np.where(o.kind[sampled] == TRAFFICKING, *(ways.index(way) for way in TOURING))
    second = must | layers
    second |= region.stream("payments/second").chance(sampled, probability(region["payments.second"]))
    other = np.where(layers, ways.index(LAYERS), other)
    return _Owned(
        np.concatenate([sampled, sampled[second]]),
        np.repeat(np.arange(SLOTS), [len(sampled), second.sum()]),
        np.concatenate([main, np.where(must, tour, other)[second]]),
        np.concatenate([line, line[second]]),
    )


def _lines(region: Region, o: Operations, lines: tuple[str, ...]) -> Ints:
    """Return the line of work of each operation: its form, or that of the lawful ones of its category."""
    by_category = np.array([lines.index(region["payments.line"][c]) for c in CATEGORIES])
    by_form = np.array([lines.index(form) for form in o.forms])
    return np.where(o.form >= 0, by_form[np.maximum(o.form, 0)], by_category[o.category])


def _weights(region: Region, lines: tuple[str, ...], ways: list[tuple[str, str]]) -> Ints:
    """Return (lines, trafficking or business or independent, ways) weights."""
    illicit, lawful = region["payments.typologies"], region.group("payments.arrangements")
    table = np.zeros((len(lines), 3, len(ways)), dtype=np.int64)
    for row, line in enumerate(lines):
        for column, (mechanism, name) in enumerate(ways):
            table[row, 0, column] = illicit[line].get(name, 0) if name in MECHANISMS[mechanism] else 0
            for kind, who in enumerate(("business", "independent"), 1):
                table[row, kind, column] = lawful[line][who].get(mechanism, {}).get(name, 0)
    return table


def _habits(
    region: Region, mechanism: str, names: list[tuple[str, str]], illicit: int, number: Ints, group: Ints
) -> tuple[dict[str, Ints], Ints]:
    """Return levels of habits by scheme, and log-odds of being illicit given them and the region's schemes."""
    leaning = region.group("payments.lines")
    listed = {}
    for habit, weights in region.group(f"payments.{mechanism}.habits").items():
        usual = [USUAL] * len(weights["levels"])
        listed[habit] = {
            f"{name} {line}": [
                weight * lean
                for weight, lean in zip(
                    weights[name],
                    leaning[line].get(mechanism, {}).get(habit, usual) if line else usual,
                    strict=True,
                )
            ]
            for name, line in names
        }
    groups = tuple(f"{name} {line}" for name, line in names)
    streams = (f"parameter/payments/{mechanism}", "payments/habit")
    habits, habit_log = drawn_levels(region, number, group, groups, listed, streams)
    total = log(normalised(np.bincount(group, minlength=len(groups)) * ONE)) + habit_log
    return habits, log_sum(total[:, :illicit]) - log_sum(total[:, illicit:])


def _start(region: Region, work: Work, number: Ints, owner: Ints) -> Ints:
    """Return first day: one of the owner's work, any for nobody's."""
    early = region["payments.before_days"]
    free = region.stream("payments/start").below(number, DAYS + early) - early
    return np.where(owner >= 0, work.first(region, number, np.maximum(owner, 0)), free)


def _migrant(
    region: Region, o: Operations, names: list[tuple[str, str]], number: Ints, group: Ints, owner: Ints
) -> np.ndarray:
    """Return bool: the owner's migration, which says nothing of its kind; a share of nobody's schemes by group."""
    shares = region["payments.migrants"]
    share = np.array([shares[name] if not line else 0 for name, line in names])[group]
    drawn = region.stream("payments/migrant").below(number, 1000) < share
    return np.where(owner >= 0, o.traits["migrant"][owner] == 1, drawn)
