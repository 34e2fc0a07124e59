"""Collections: many pay one in every round, who passes the sum on, or keeps it, or it is another's turn next time.

Rent, takings, donations, remittance circles and savings clubs are collected so, and so are the proceeds of funnel
accounts, front companies and of strangers who were deceived.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments.amounts import between, heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.legs import Legs, repeated
from tipdata.stages.payments.paying import legs_of, payers, payment_ids
from tipdata.stages.payments.people import People
from tipdata.stages.payments.schemes import Schemes
from tipdata.stages.payments.wallets import A_SCHEME, venue

SEATS = 64
PASSED_ON = 4096
"""Places of what is passed on start here."""
OWN, ROTATING, ABROAD = 0, 1, 2
FLAT, CAPPED = 0, 3


def collect(region: Region, s: Schemes, people: People, calendar: Calendar) -> list[Legs]:
    """Return what is paid in, and what is passed on."""
    size = between(region, "payments/size", s.number, s.level(region, "size"))
    size = np.where(s.habits["payers"] == OWN, np.minimum(size, A_SCHEME - 1), size)
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))
    rows, place = repeated(turns * size)
    turn, seat = place // size[rows], place % size[rows]
    ids = payment_ids(s, rows, turn * SEATS + seat)
    happens = region.stream("payments/pays").chance(ids, probability(region["payments.pays"]))
    opens = s.day(rows, turn, s.level(region, "rhythm")[rows]) * MINUTES_A_DAY
    minute = opens + region.stream("payments/together").below(ids, s.level(region, "together")[rows])
    day = minute // MINUTES_A_DAY
    happens &= (day >= 0) & (day < DAYS)
    minute = calendar.minute("payments/collected", ids, np.clip(day, 0, DAYS - 1))
    payer = payers(region, s, people, rows, seat)
    taker = turn % size[rows]
    rotates = s.habits["collector"][rows] == ROTATING
    payee = np.where(rotates, payers(region, s, people, rows, taker), s.own(rows, 0))
    happens &= payer != payee
    amount = _sums(region, s, rows, seat, ids)
    paid = legs_of(region, s, rows, turn * SEATS + seat, minute, (payer, payee), amount).where(happens)
    kept = happens & ~rotates
    return [paid, _passed_on(region, s, rows[kept], turn[kept], minute[kept], amount[kept])]


def _sums(region: Region, s: Schemes, rows: Ints, seat: Ints, ids: Ints) -> Ints:
    """Return what each payer pays: always the same, a round sum, any, or just below what must be reported."""
    level, habit = s.level(region, "level"), s.habits["sums"]
    base = varied(region, "payments/base", s.number, level, region["payments.base_spread"])[rows]
    seats = s.number[rows] * SEATS + seat
    each = varied(region, "payments/each", seats, base, region["payments.seat_spread"])
    base = np.where(habit[rows] == FLAT, base, each)
    spread = np.array(region["payments.collect.spread"])[habit][rows]
    amount = varied(region, "payments/sum", ids, base, spread)
    limit = region["payments.reported"]
    less = region.stream("payments/just_below").below(ids, region["payments.just_below"])
    amount = np.where(habit[rows] == CAPPED, limit - limit * less // 1000, amount)
    round_share = np.array(region["payments.collect.round"])[habit][rows]
    return heaped(region, "payments/round", ids, amount, round_share)


def _passed_on(region: Region, s: Schemes, rows: Ints, turn: Ints, minute: Ints, amount: Ints) -> Legs:
    """After each round the head pays on a share of what came in."""
    rounds = rows * SEATS + turn
    found, at = np.unique(rounds, return_inverse=True)
    total, last = np.zeros(len(found), dtype=np.int64), np.zeros(len(found), dtype=np.int64)
    np.add.at(total, at, amount)
    np.maximum.at(last, at, minute)
    of, place = found // SEATS, PASSED_ON + found % SEATS
    ids = payment_ids(s, of, place)
    minute = last + between(region, "payments/onward", ids, s.level(region, "onward")[of])
    share = between(region, "payments/kept", ids, s.level(region, "kept")[of])
    amount = heaped(
        region, "payments/passed", ids, np.maximum(total * share // 1000, 1), region["payments.passed_round"]
    )
    payee = destination(region, s, of)
    legs = legs_of(region, s, of, place, minute, (s.own(of, 0), payee), amount, "outlet")
    return legs.where(minute < DAYS * MINUTES_A_DAY)


def destination(region: Region, s: Schemes, rows: Ints) -> Ints:
    """Return where a scheme's money goes: to whoever stands behind it, or to someone abroad."""
    place = region.stream("payments/abroad").below(s.number, region["payments.venues"]["abroad"])
    abroad = venue("abroad", place)[rows]
    return np.where(s.habits["reach"][rows] == ABROAD, abroad, s.principal(rows))
