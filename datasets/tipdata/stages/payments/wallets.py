"""Numbers of wallets, sums, days and hours of payments, and the rows of payments before they have an id.

Who stands behind a wallet's local number can be worked out from the number, and from nothing that is published.
Operation i has i * 16 + k, k = 0 its controller's; all others start at 1 << 20 and end below 1 << 21.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ids, Ints, scale_exp
from tipdata.core.tables import read_tables, take_rows
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region

TABLES = read_tables("payments")
A_OPERATION = 16
"""Wallets of an operation: its controller's, and those of at most two schemes."""
A_SCHEME = 7
"""Wallets of its own that a scheme has room for: its head's, and six more."""
FIRST = 1 << 20
VENUES = FIRST
"""Shops, lodgings, offices and other venues that many pay: kind * 1024 + place."""
EMPLOYERS = FIRST + (1 << 14)
PEOPLE = FIRST + (1 << 15)
"""Household * 4 + person."""
OWN = FIRST + (1 << 16)
"""Wallets of lawful schemes: scheme * 8 + place; the last is the principal's."""
PRINCIPAL = 7
STRANGERS = FIRST + (1 << 18)
"""People who deal with a scheme and have no other part here: scheme * 64 + place."""
LAST = 1 << 21

VENUE_KINDS = (
    *("shop", "housing", "transport", "advert", "room", "travel", "supplier", "office", "abroad"),
    *("clinic", "bureau", "chain"),
)
A_KIND = 1024
A_TOWN = 20
"""Shops, or lodgings, of a town."""


def venue(kind: str | Ints, place: Ints | int) -> Ints:
    """Return the wallet of a place: of a shop or lodging the rank of its town * 20 + its own, of others a number."""
    index = VENUE_KINDS.index(kind) if isinstance(kind, str) else kind
    return np.asarray(VENUES + index * A_KIND + place)


def first_position(keys: Ints, wanted: Ints) -> Ints:
    """Return the position of the first of the keys that equals each wanted one, -1 where none does."""
    order = np.argsort(keys, kind="stable")
    at = np.append(order, -1)[np.searchsorted(keys, wanted, sorter=order)]
    return np.where(np.append(keys, -1)[at] == wanted, at, -1)


def draw_provider(region: Region, column: str, ids: Ids, kind: str) -> Ints:
    """Return place of a provider of a kind for each id: a few serve most."""
    return region.stream(column).choose(ids, hub_weights(region, region["payments.venues"][kind]))


def hub_weights(region: Region, count: int) -> Ints:
    """Return weights of so many providers, the first of them hubs."""
    return 1_000_000 // (region["payments.hubs"] + np.arange(count))


def own_wallet(number: Ints, owner: Ints, slot: Ints, place: Ints | int) -> Ints:
    """Return the wallet at a place (0 the head's, to 6) of each scheme, by number, operation (-1: none) and slot."""
    return np.where(owner >= 0, owner * A_OPERATION + 1 + slot * A_SCHEME + place, OWN + number * 8 + place)


def principal_wallet(number: Ints, owner: Ints) -> Ints:
    """Return the wallet of whoever stands behind each scheme: an operation's controller, or a lawful scheme's own."""
    return np.where(owner >= 0, owner * A_OPERATION, OWN + number * 8 + PRINCIPAL)


def stranger_wallet(number: Ints, place: Ints) -> Ints:
    """Return the wallet of a scheme's outsider."""
    return STRANGERS + number * 64 + place


UNITS = np.array([1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000])
"""What sums are rounded to, minor units."""
FINENESS = 8
"""A sum is rounded to the largest unit of which it has at least so many."""


def vary(region: Region, column: str, ids: Ids, base: Ints, spread: Ints | int) -> Ints:
    """Return ``base`` times a lognormal factor; ``spread``: its standard deviation in milli-nats."""
    return np.maximum(scale_exp(base, region.spread(column, ids, "normal", spread)), 1)


def heap(region: Region, column: str, ids: Ids, amount: Ints, permille: Ints | int) -> Ints:
    """Return the sums with so many in a thousand at a round number."""
    unit = UNITS[np.maximum(np.searchsorted(UNITS * FINENESS, amount, side="right") - 1, 0)]
    round_sum = np.maximum((amount + unit // 2) // unit * unit, 1)
    return np.where(region.stream(column).below(ids, 1000) < permille, round_sum, amount)


YEAR = 365
HOUR = 60


class Calendar:
    """Days and hours of a region; the season is the world's."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self.month = region["payments.month_days"]
        day = np.arange(DAYS)
        season = region.world.stream("payments/season")
        busy = season.below(day % YEAR // self.month, region["payments.season"])
        early = day % self.month < region["payments.early_days"]
        weight = (1000 + busy) * region.values("payments.week")[day % 7]
        weight = weight * np.where(early, region["payments.early"], 100)
        self._total = np.concatenate([[0], np.cumsum(weight // 1000)])
        self._hours = region.values("payments.hours")

    def day(self, column: str, ids: Ids, start: Ints, end: Ints) -> Ints:
        """Return a day of [start, end] for each id, all within the days of the world, busy days more often."""
        low, high = self._total[start], self._total[end + 1]
        at = low + self._region.stream(column).below(ids, np.maximum(high - low, 1))
        return np.searchsorted(self._total, at, side="right") - 1

    def minute(self, column: str, ids: Ids, day: Ints) -> Ints:
        """Return a minute of each day, by the hours at which payments are made."""
        hour = self._region.stream(f"{column}_hour").choose(ids, self._hours)
        return day * MINUTES_A_DAY + hour * HOUR + self._region.stream(f"{column}_minute").below(ids, HOUR)


CHANNELS, PURPOSES = map(TABLES["payments"].values, ("channel", "purpose"))
CASH = CHANNELS.index("cash_deposit")
UNSTATED = -1


@dataclass(frozen=True)
class PaymentRows:
    """One entry a payment; int64 but for ``core``.

    ``number``: local number of the payment. ``payer``, ``payee``: local numbers of wallets. ``amount``: minor units.
    ``channel``, ``purpose``: indices into :data:`CHANNELS` and :data:`PURPOSES` (-1 if none is given).
    ``source``: position of the scheme, household or employer that it comes of. ``core``: whether it is the scheme's
    own doing, and not the everyday life of those in it.
    """

    number: np.ndarray
    minute: np.ndarray
    payer: np.ndarray
    payee: np.ndarray
    amount: np.ndarray
    channel: np.ndarray
    purpose: np.ndarray
    source: np.ndarray
    core: np.ndarray

    def where(self, kept: np.ndarray) -> "PaymentRows":
        """Return those of a mask or of positions."""
        return take_rows(self, kept)
