"""Travel that is paid for where it is booked: by the wallet that the stop or the trip names."""

from dataclasses import replace

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.amounts import heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.legs import PURPOSES, Legs
from tipdata.stages.payments.paying import legs_of, payment_ids, told
from tipdata.stages.payments.schemes import Schemes
from tipdata.stages.trips.stage import Trips

BOOKED = 5120
"""Places of numbers of what is booked start here."""
DAY = 1024
OF_THE_SCHEME = (0, 1, 1 + wallets.A_SCHEME)
"""Wallets of an operation that book for it: its controller's, and those of the first traveller of each team."""


def book(region: Region, schemes: dict[str, Schemes], trips: Trips, calendar: Calendar) -> list[Legs]:
    """Return what operations pay for the legs of their circuits and journeys: a wallet pays at once for all legs of
    some weeks and all for whom it books, up to some days before the first. It is a scheme's own doing where
    the scheme is spending."""
    found, legs = _booked(region, trips)
    parts, left = [], np.ones(len(found), dtype=bool)
    for s in (schemes["spend"], *(s for name, s in schemes.items() if name != "spend")):
        rows = _first_scheme(s, found // DAY // wallets.A_OPERATION)
        mine = np.flatnonzero(left & (rows >= 0))
        left[mine] = False
        order = mine[np.argsort(rows[mine], kind="stable")]
        parts.append(_paid(region, s, rows[order], found[order], legs[order], calendar))
    return parts


def _paid(region: Region, s: Schemes, rows: Ints, found: Ints, legs: Ints, calendar: Calendar) -> Legs:
    """Return the payments of one mechanism's schemes; ``rows``: of the scheme of each, rising."""
    wallet, day = found // DAY, found % DAY
    place = BOOKED + np.arange(len(rows)) - np.searchsorted(rows, rows)
    ids = payment_ids(s, rows, place)
    day = np.maximum(day - region.stream("payments/ahead").below(ids, region["payments.spend.ahead"]), 0)
    sums, rounds = (region[f"payments.spend.{name}"]["travel"] for name in ("sums", "round"))
    amount = varied(region, "payments/sum", ids, legs * sums, region["payments.spend.spread"])
    amount = heaped(region, "payments/round", ids, amount, rounds)
    payee = wallets.venue("travel", wallets.provider(region, "payments/provider", ids, "travel"))
    minute = calendar.minute("payments/spent", ids, day)
    made = legs_of(region, s, rows, place, minute, (wallet, payee), amount)
    made = told(region, s, made, rows, np.full(len(rows), PURPOSES.index("travel")))
    # Who travels on money of their own is not paid for by the scheme.
    paid_for = np.isin(wallet % wallets.A_OPERATION, OF_THE_SCHEME)
    return replace(made, core=paid_for & (s.mechanism == "spend"))


def _booked(region: Region, trips: Trips) -> tuple[Ints, Ints]:
    """Return wallet * DAY + day on which operations pay for legs, distinct, and how many they pay for: one of a
    traveller is one."""
    b = trips.bookings
    owned = (b.wallet >= 0) & (b.operation >= 0)
    ahead = region["payments.spend.books_for"]
    key = np.sort(b.wallet[owned] * DAY + b.day[owned])
    block = key // DAY * DAY + key % DAY // ahead
    _, first, count = np.unique(block, return_index=True, return_counts=True)
    return key[first], count


def _first_scheme(s: Schemes, owner: Ints) -> Ints:
    """Return position of each operation's first scheme, -1 where it has none of these."""
    held = np.flatnonzero(s.owner >= 0)
    found, first = np.unique(s.owner[held], return_index=True)
    if not len(found):
        return np.full(len(owner), -1)
    at = np.minimum(np.searchsorted(found, owner), len(found) - 1)
    return np.where(found[at] == owner, held[first[at]], -1)
