"""Schemes: standing arrangements by which money moves. What each habitually does is drawn given who is behind it.

Four typologies of published red flags and the arrangements of lawful groups share five mechanisms. Given its habits a
scheme pays alike whoever is behind it, so the log-odds of an illicit scheme given its true habits is a sum of
tabulated integers: the reference of payment_risk.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import DAYS, Region
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
    work: Work
    """When and where owners work."""
    line: Ints
    """Position of each scheme's line of work, the last for nobody's."""

    @property
    def lawful(self) -> np.ndarray:
        """bool: of a lawful group, whoever owns it."""
        return self.group >= self.illicit

    def day(self, rows: Ints, turn: Ints, apart: Ints | int) -> Ints:
        """Return day of each turn: so many days apart, put off to a day on which the owner works and no turn was
        before; ``DAYS`` where there is none."""
        wanted = self.start[rows] + turn * apart
        owner = self.owner[rows]
        found = self.work.next(self.work.days, owner, wanted)
        taken = (turn > 0) & (found == self.work.next(self.work.days, owner, wanted - apart))
        return np.where(owner < 0, wanted, np.where(taken, DAYS, found))

    def within(self, rows: Ints, usual: int) -> Ints:
        """Return within how many days of each turn's day something happens."""
        return np.where(self.owner[rows] >= 0, SOON, usual)

    def lasts(self, rows: Ints, day: Ints) -> np.ndarray:
        """Return bool: whether the owner is still there on a day; nobody always is."""
        return (self.owner[rows] < 0) | (day <= self.work.ends[self.owner[rows]])

    def level(self, region: Region, habit: str) -> Ints:
        """Return what a habit means: the parameter of its level for each scheme, (schemes,) or (schemes, values)."""
        return np.array(region[f"payments.{self.mechanism}.levels.{habit}"])[self.habits[habit]]

    def own(self, rows: Ints, place: Ints | int) -> Ints:
        """Return a wallet of their own of the schemes at these positions."""
        return wallets.own(self.number[rows], self.owner[rows], self.slot[rows], place)

    def principal(self, rows: Ints) -> Ints:
        return wallets.principal(self.number[rows], self.owner[rows])


def adoption(region: Region, number: Ints) -> Ints:
    """Return day from which each scheme may pay by prepaid card or virtual currency: an S-curve, the same for
    everyone."""
    middle = region.world.stream("payments/adoption").below(np.array([0]), region["payments.adoption_drawn"])[
        0
    ]
    spread = region["payments.adoption_spread"]
    drawn = region.stream("payments/adopts").quantile(number, "logistic")
    return region["payments.adoption_day"] + middle + spread * drawn // 1_000_000
