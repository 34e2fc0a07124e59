"""What operations in the sample pay each other: for somebody who was sold, and lawful ones a commission.

A buyer's controller pays the seller's for all who came in some weeks, on the day of the last; a lawful operation pays
another of its line of work in the same way. Both go out of the payer's first scheme.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.lives import within
from tipdata.stages.operations.stage import Operations
from tipdata.stages.payments.amounts import heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.legs import Legs
from tipdata.stages.payments.paying import legs_of, payment_ids
from tipdata.stages.payments.schemes import Schemes
from tipdata.stages.payments.wallets import principal
from tipdata.stages.people.stage import People

PLACE = 7168
"""Payments to others are numbered within their scheme from here on."""


def pay_others(
    region: Region, o: Operations, schemes: dict[str, Schemes], people: People, calendar: Calendar
) -> list[Legs]:
    """Return payments from one operation in the sample to another."""
    sampled = np.zeros(len(o.id), dtype=bool)
    for s in schemes.values():
        sampled[s.owner[s.owner >= 0]] = True
    parts = _sales(region, people), _commissions(region, o, schemes, sampled)
    payer, payee, day, heads = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = np.flatnonzero(sampled[payer] & sampled[payee])
    kept = kept[np.lexsort((payee[kept], day[kept], payer[kept]))]
    due = np.stack([payer, payee, day, heads, np.zeros_like(day)])[:, kept]
    due[4] = PLACE + np.arange(len(kept)) - np.searchsorted(due[0], due[0])
    return [_paid(region, s, calendar, *due) for s in schemes.values()]


def _sales(region: Region, people: People) -> tuple[Ints, Ints, Ints, Ints]:
    """Return who pays whom for people, on which day, and for how many."""
    came = np.flatnonzero(people.sold >= 0)
    payer, payee, day = people.owner[came], people.owner[people.sold[came]], people.start[came]
    weeks = day // region["payments.between.settle_days"]
    _, at, heads = np.unique(np.stack([payer, payee, weeks]), axis=1, return_inverse=True, return_counts=True)
    last = np.zeros(len(heads), dtype=np.int64)
    np.maximum.at(last, at.ravel(), day)
    first = np.unique(at.ravel(), return_index=True)[1]
    return payer[first], payee[first], last, heads


def _commissions(
    region: Region, o: Operations, schemes: dict[str, Schemes], sampled: np.ndarray
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return which lawful operation pays which, when, while both live, and once."""
    local = np.arange(len(o.id))
    line = np.zeros(len(o.id), dtype=np.int64)
    for s in schemes.values():
        line[s.owner[s.owner >= 0]] = s.line[s.owner >= 0]
    lawful = sampled & (o.kind != TRAFFICKING)
    pays = lawful & region.stream("payments/commission").chance(
        local, probability(region["payments.between.commission"])
    )
    other = within(region, "payments/commission_to", local, line, lawful)
    low = np.maximum(np.maximum(o.begins, o.begins[other]), 0)
    high = np.minimum(np.minimum(o.ends, o.ends[other]), DAYS - 1)
    at = np.flatnonzero(pays & (other >= 0) & (other != local) & (high >= low))
    day = low[at] + region.stream("payments/commission_day").below(at, (high - low)[at] + 1)
    return at, other[at], day, np.ones_like(at)


def _paid(
    region: Region,
    s: Schemes,
    calendar: Calendar,
    payer: Ints,
    payee: Ints,
    day: Ints,
    heads: Ints,
    place: Ints,
) -> Legs:
    """Return the payments of the operations whose first scheme is one of these."""
    first = np.flatnonzero((s.owner >= 0) & (s.slot == 0))
    first = first[np.argsort(s.owner[first])]
    at = np.flatnonzero(np.isin(payer, s.owner[first]))
    rows = first[np.searchsorted(s.owner[first], payer[at])]
    ids = payment_ids(s, rows, place[at])
    base = region["payments.between.sum"] * heads[at]
    amount = varied(region, "payments/sum", ids, base, region["payments.between.spread"])
    amount = heaped(region, "payments/round", ids, amount, region["payments.between.round"])
    minute = calendar.minute("payments/others", ids, day[at])
    ends = s.principal(rows), principal(s.number[rows], payee[at])
    return legs_of(region, s, rows, place[at], minute, ends, amount)
