"""Travel that is paid for where it is booked: by the wallet that the stop or the trip names."""

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


def book(region: Region, s: Schemes, trips: Trips, calendar: Calendar) -> Legs:
    """Return what the operations of these schemes pay for the legs of their circuits: a wallet pays at once for all
    legs of some weeks and all for whom it books, up to some days before the first."""
    found, legs = _booked(region, trips)
    wallet, day = found // DAY, found % DAY
    owner = wallet // wallets.A_OPERATION
    rows = _first_scheme(s, owner)
    kept = rows >= 0
    rows, wallet, day, legs = rows[kept], wallet[kept], day[kept], legs[kept]
    order = np.argsort(rows, kind="stable")
    rows, wallet, day, legs = rows[order], wallet[order], day[order], legs[order]
    place = BOOKED + np.arange(len(rows)) - np.searchsorted(rows, rows)
    ids = payment_ids(s, rows, place)
    day = np.maximum(day - region.stream("payments/ahead").below(ids, region["payments.spend.ahead"]), 0)
    base = legs * region["payments.spend.sums"]["travel"]
    amount = varied(region, "payments/sum", ids, base, region["payments.spend.spread"])
    amount = heaped(region, "payments/round", ids, amount, region["payments.spend.round"]["travel"])
    payee = wallets.venue("travel", wallets.provider(region, "payments/provider", ids, "travel"))
    made = legs_of(
        region, s, rows, place, calendar.minute("payments/spent", ids, day), (wallet, payee), amount
    )
    return told(region, s, made, rows, np.full(len(rows), PURPOSES.index("travel")))


def _booked(region: Region, trips: Trips) -> tuple[Ints, Ints]:
    """Return wallet * DAY + day on which operations pay for legs, distinct, and how many they pay for: one of a
    traveller is one."""
    b = trips.bookings
    owned = (b.circuit >= 0) & (b.wallet >= 0) & (trips.circuits.operation[b.circuit] >= 0)
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
