"""What every scheme's payments have in common: by which channel they go, and what they are said to be for."""

from dataclasses import replace

import numpy as np

from tipdata.core.draw import Ids, Ints, probability
from tipdata.core.world import MINUTES_A_DAY, Region
from tipdata.stages.payments.legs import PURPOSES, UNSTATED, Legs
from tipdata.stages.payments.people import People
from tipdata.stages.payments.schemes import Schemes
from tipdata.stages.payments.wallets import stranger

A_SCHEME = 1 << 13
"""Numbers of payments of a scheme."""
CASH, ALTERNATIVE = 1, 2
"""Levels of the habit of channels: transfers, cash, and what is adopted."""


def legs_of(
    region: Region,
    s: Schemes,
    rows: Ints,
    place: Ints,
    minute: Ints,
    ends: tuple[Ints, Ints],
    amount: Ints,
    channel: str = "channel",
    core: bool = True,
) -> Legs:
    """Return payments of schemes.

    Args:
        rows: position of the scheme of each.
        place: number of the payment within its scheme.
        ends: wallets of payers and of payees.
        channel: habit by which the channel is chosen.
    """
    ids = payment_ids(s, rows, place)
    return Legs(
        ids,
        minute,
        *ends,
        amount,
        _channel(region, s, rows, ids, minute // MINUTES_A_DAY, channel),
        _purpose(region, s, rows, ids),
        s.first + rows,
        np.full(len(rows), core),
    )


def payment_ids(s: Schemes, rows: Ints, place: Ints) -> Ids:
    """Return local numbers of payments."""
    return s.number[rows] * A_SCHEME + place


def _channel(region: Region, s: Schemes, rows: Ints, ids: Ids, day: Ints, habit: str) -> Ints:
    level = s.habits[habit][rows]
    level = np.where((level == ALTERNATIVE) & (day < s.adopts[rows]), CASH, level)
    return region.stream("payments/channel").choose(ids, np.array(region["payments.channels"])[level])


def _purpose(region: Region, s: Schemes, rows: Ints, ids: Ids) -> Ints:
    named = [PURPOSES.index(n) if n else UNSTATED for n in region[f"payments.{s.mechanism}.levels.reason"]]
    return np.where(_says(region, s, rows, ids), np.array(named)[s.habits["reason"][rows]], UNSTATED)


def _says(region: Region, s: Schemes, rows: Ints, ids: Ids) -> np.ndarray:
    """Return bool: whether each payment states a purpose."""
    p = np.array([probability(share) for share in region["payments.told"]])[s.habits["told"][rows]]
    return region.stream("payments/told").chance(ids, p)


def told(region: Region, s: Schemes, legs: Legs, rows: Ints, purpose: Ints) -> Legs:
    """Return payments that state, where they state any, a purpose of their own and not their scheme's."""
    return replace(legs, purpose=np.where(_says(region, s, rows, legs.number), purpose, UNSTATED))


def payers(region: Region, s: Schemes, people: People, rows: Ints, place: Ints) -> Ints:
    """Return the wallet at a place of those who pay into schemes, by the habit ``payers``: own, regulars or
    strangers."""
    level = s.habits["payers"][rows]
    seats = s.number[rows] * 64 + place
    regular = people.regular(region, "payments/regular", seats, s.town[rows], s.start[rows])
    return np.select(
        [level == 0, level == 1], [s.own(rows, place + 1), regular], stranger(s.number[rows], place)
    )
