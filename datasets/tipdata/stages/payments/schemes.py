"""Schemes: standing arrangements by which money moves. What each habitually does is drawn given who is behind it.

Four typologies of published red flags and the arrangements of lawful groups share five mechanisms. Given its habits a
scheme pays alike whoever is behind it, so the log-odds of an illicit scheme given its true habits is a sum of
tabulated integers: the reference of payment_risk.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import ONE, Ints, log, log_sum, normalised, probability
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.habits import drawn_levels
from tipdata.stages.operations.stage import Operations
from tipdata.stages.payments import wallets
from tipdata.stages.payments.work import Work

MECHANISMS = {
    "collect": ("funnel", "front_company", "scam_proceeds"),
    "relay": ("wages_out",),
    "deal": ("brokered",),
    "spend": ("spending",),
    "round": ("layering",),
}
"""Mechanisms, and the typologies of trafficking operations that use them."""
TYPOLOGIES = tuple(name for names in MECHANISMS.values() for name in names)
A_MECHANISM = 128
"""Numbers of schemes a mechanism; the upper half is of operations."""
SLOTS = 2
SOON = 4
"""Days, that of work among them, within which an owner's payments follow it."""


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
    work: Work | None = None
    """From data 0.4.0 on, when and where owners work."""
    line: Ints | None = None
    """And position of each scheme's line of work, the last for nobody's."""

    @property
    def lawful(self) -> np.ndarray:
        """bool: of a lawful group, whoever owns it."""
        return self.group >= self.illicit

    def day(self, rows: Ints, turn: Ints, apart: Ints | int) -> Ints:
        """Return day of each turn: so many days apart, put off to a day on which the owner works and no turn was
        before; ``DAYS`` where there is none."""
        wanted = self.start[rows] + turn * apart
        if self.work is None:
            return wanted
        owner = self.owner[rows]
        found = self.work.next(self.work.days, owner, wanted)
        taken = (turn > 0) & (found == self.work.next(self.work.days, owner, wanted - apart))
        return np.where(owner < 0, wanted, np.where(taken, DAYS, found))

    def within(self, rows: Ints, usual: int) -> Ints:
        """Return within how many days of each turn's day something happens."""
        return np.where((self.owner[rows] >= 0) & (self.work is not None), SOON, usual)

    def lasts(self, rows: Ints, day: Ints) -> np.ndarray:
        """Return bool: whether the owner is still there on a day; nobody always is."""
        if self.work is None:
            return np.ones(len(rows), dtype=bool)
        return (self.owner[rows] < 0) | (day <= self.work.ends[self.owner[rows]])

    def level(self, region: Region, habit: str) -> Ints:
        """Return what a habit means: the parameter of its level for each scheme, (schemes,) or (schemes, values)."""
        return np.array(region[f"payments.{self.mechanism}.levels.{habit}"])[self.habits[habit]]

    def own(self, rows: Ints, place: Ints | int) -> Ints:
        """Return a wallet of their own of the schemes at these positions."""
        return wallets.own(self.number[rows], self.owner[rows], self.slot[rows], place)

    def principal(self, rows: Ints) -> Ints:
        return wallets.principal(self.number[rows], self.owner[rows])


def draw_schemes(region: Region, o: Operations, town_weight: Ints) -> dict[str, Schemes]:
    """Return the schemes of a region by mechanism."""
    operation, slot, typology = _of_operations(region, o)
    found: dict[str, Schemes] = {}
    first = 0
    for index, (mechanism, illicit) in enumerate(MECHANISMS.items()):
        counts = region.group(f"payments.{mechanism}.schemes")
        groups = (*illicit, *counts)
        here = np.isin(typology, [TYPOLOGIES.index(name) for name in illicit])
        lawful = np.repeat(np.arange(len(counts)) + len(illicit), list(counts.values()))
        numbers = A_MECHANISM * index + np.concatenate(
            [np.arange(len(lawful)), A_MECHANISM // 2 + np.flatnonzero(here)]
        )
        owner = np.concatenate([np.full(len(lawful), -1), operation[here]])
        group = np.concatenate([lawful, typology[here] - TYPOLOGIES.index(illicit[0])])
        slots = np.concatenate([np.zeros(len(lawful), dtype=np.int64), slot[here]])
        found[mechanism] = _with_habits(
            region, o, town_weight, mechanism, groups, numbers, group, owner, slots, first
        )
        first += len(numbers)
    return found


def _of_operations(region: Region, o: Operations) -> tuple[Ints, Ints, Ints]:
    """Of each illicit scheme its operation, slot and typology."""
    trafficking = np.flatnonzero(o.kind == TRAFFICKING)
    order = region.stream("payments/operations").shuffled(trafficking)
    chosen = trafficking[order][: region["payments.operations"]]
    by_form = region["payments.typologies"]
    weights = np.array([[by_form[form].get(name, 0) for name in TYPOLOGIES] for form in o.forms])
    local = np.tile(chosen, SLOTS)
    slot = np.repeat(np.arange(SLOTS), len(chosen))
    typology = region.stream("payments/typology").choose(local, weights[o.form[local]], slot)
    second = region.stream("payments/second").chance(local, probability(region["payments.second"]))
    kept = (slot == 0) | second
    return local[kept], slot[kept], typology[kept]


def _with_habits(
    region: Region,
    o: Operations,
    town_weight: Ints,
    mechanism: str,
    groups: tuple[str, ...],
    number: Ints,
    group: Ints,
    owner: Ints,
    slot: Ints,
    first: int,
) -> Schemes:
    listed = region.group(f"payments.{mechanism}.habits")
    streams = (f"parameter/payments/{mechanism}", "payments/habit")
    habits, habit_log = drawn_levels(region, number, group, groups, listed, streams)
    illicit = len(MECHANISMS[mechanism])
    total = log(normalised(np.bincount(group, minlength=len(groups)) * ONE)) + habit_log
    lasts = region["payments.lasts_days"]
    early = region["payments.before_days"]
    opens = np.maximum(o.first_day - lasts, -early)
    spell = np.minimum(o.last_day + lasts, DAYS - 1) - opens
    free = region.stream("payments/start").below(number, DAYS + early) - early
    within = opens[owner] + region.stream("payments/start").below(number, spell[owner])
    town = region.stream("payments/town").choose(number, town_weight)
    migrant = np.array([region["payments.migrants"][name] for name in groups])[group]
    return Schemes(
        mechanism,
        groups,
        number,
        group,
        owner,
        slot,
        np.where(owner >= 0, within, free),
        np.where(owner >= 0, o.town[owner], town),
        region.stream("payments/migrant").below(number, 1000) < migrant,
        adoption(region, number),
        habits,
        log_sum(total[:, :illicit]) - log_sum(total[:, illicit:]),
        first,
        illicit,
    )


def adoption(region: Region, number: Ints) -> Ints:
    """Return day from which each scheme may pay by prepaid card or virtual currency: an S-curve, the same for
    everyone."""
    middle = region.world.stream("payments/adoption").below(np.array([0]), region["payments.adoption_drawn"])[
        0
    ]
    spread = region["payments.adoption_spread"]
    drawn = region.stream("payments/adopts").quantile(number, "logistic")
    return region["payments.adoption_day"] + middle + spread * drawn // 1_000_000
