"""Relays: what comes in goes out again. Wages passed on within the family, home, or to one who controls; and deals.

In a deal a client pays an agent, and the agent the one who provides: brokers of homes, marriages or treatment work so.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.amounts import between, heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.collecting import destination
from tipdata.stages.payments.legs import CHANNELS, PURPOSES, Legs, repeated
from tipdata.stages.payments.paying import legs_of, payment_ids
from tipdata.stages.payments.people import People, employed, wages
from tipdata.stages.payments.schemes import Schemes

SEATS = 8
ONWARD = 4096
EXTRA = 6144
OFFICES = 2
"""Levels of the habit of extras up to this are travel, a room, none; then come clinics and bureaus."""
END = DAYS * MINUTES_A_DAY


def workers(region: Region, s: Schemes, employers: int) -> People:
    """Return those whose wages are passed on, and who employs them."""
    size = between(region, "payments/size", s.number, s.level(region, "size"))
    rows, seat = repeated(size)
    wallet = s.own(rows, seat + 1)
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))
    long = turns * s.level(region, "rhythm")
    ids = s.number[rows] * SEATS
    mixed = s.habits["employers"][rows] == 1
    return People(
        wallet,
        s.first + rows,
        s.town[rows],
        np.clip(s.start[rows], 0, DAYS - 1),
        np.clip((s.start + long)[rows], 0, DAYS - 1),
        employed(region, wallets.OWN * 16 + ids + np.where(mixed, seat, 0), employers),
        s.level(region, "life")[rows],
        np.ones(len(rows), dtype=bool),
        wages(region, wallet),
        s.migrant[rows],
        np.zeros(len(rows), dtype=bool),
    )


def relay(region: Region, s: Schemes, staff: People, first_employer: int, round_wages: int) -> list[Legs]:
    """Return wages of the staff of schemes, and what they pass on. ``first_employer``: position among the sources."""
    of = staff.source - s.first
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))[of]
    rows, turn = repeated(turns)
    scheme, worker = of[rows], rows
    seat = worker - np.searchsorted(of, scheme)
    rhythm = s.level(region, "rhythm")
    place = turn * SEATS + seat
    ids = payment_ids(s, scheme, place)
    day = s.start[scheme] + (turn + 1) * rhythm[scheme]
    payroll = (s.number[scheme] * 64 + turn) * 64 + staff.employer[worker]
    # All who work for one employer are paid in one go.
    minute = day * MINUTES_A_DAY + between(
        region, "payments/payroll", payroll, _all(region, "office_minutes", rows)
    )
    wage = varied(region, "payments/paid", ids, staff.wage[worker], region["payments.paid_spread"])
    wage = heaped(
        region,
        "payments/wage_round",
        ids,
        wage * rhythm[scheme] // region["payments.month_days"],
        round_wages,
    )
    there = (day >= 0) & (minute < END) & s.lasts(scheme, day)
    income = Legs(
        ids,
        minute,
        wallets.EMPLOYERS + staff.employer[worker],
        staff.wallet[worker],
        np.maximum(wage, 1),
        np.full(len(rows), CHANNELS.index("bank")),
        np.full(len(rows), PURPOSES.index("wages")),
        first_employer + staff.employer[worker],
        np.zeros(len(rows), dtype=bool),
    )
    minute = minute + between(region, "payments/onward", ids, s.level(region, "onward")[scheme])
    share = between(region, "payments/kept", ids, s.level(region, "kept")[scheme])
    amount = heaped(
        region, "payments/passed", ids, np.maximum(wage * share // 1000, 1), s.level(region, "sums")[scheme]
    )
    ends = staff.wallet[worker], destination(region, s, scheme)
    happens = (
        there
        & (minute < END)
        & region.stream("payments/pays").chance(ids, probability(region["payments.pays"]))
    )
    out = legs_of(region, s, scheme, ONWARD + place, minute, ends, amount).where(happens)
    return [income.where(there), out]


def _all(region: Region, parameter: str, rows: Ints) -> Ints:
    return np.broadcast_to(np.array(region[f"payments.{parameter}"]), (len(rows), 2))


def _place(region: Region, s: Schemes, rows: Ints, ids: Ints, extra: Ints) -> Ints:
    """Return number of the office that sells travel, or of the clinic or bureau with which an agent always works."""
    steady = wallets.provider(region, "payments/extra", s.number[rows], "clinic")
    return np.where(extra > OFFICES, steady, wallets.provider(region, "payments/extra", ids, "travel"))


def deal(region: Region, s: Schemes, calendar: Calendar) -> list[Legs]:
    """Return a client pays the agent, the agent passes a share on and, for some, pays for travel or a room as well."""
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))
    rows, turn = repeated(turns)
    ids = payment_ids(s, rows, turn)
    apart = region["payments.deal.apart_days"]
    day = s.day(rows, turn, apart) + region.stream("payments/deal_day").below(ids, s.within(rows, apart))
    there = (day >= 0) & (day < DAYS)
    minute = calendar.minute("payments/dealt", ids, np.clip(day, 0, DAYS - 1))
    base = varied(
        region, "payments/base", s.number, s.level(region, "level"), region["payments.base_spread"]
    )[rows]
    amount = varied(region, "payments/sum", ids, base, region["payments.deal.spread"])
    amount = heaped(region, "payments/round", ids, amount, s.level(region, "sums")[rows])
    client = wallets.stranger(s.number[rows], turn)
    paid = legs_of(region, s, rows, turn, minute, (client, s.own(rows, 0)), amount).where(there)

    venue, spent = _extras(region, s, rows, ids)
    spent = np.minimum(spent, amount // 2)  # what a client pays is enough for all
    left = np.where(venue >= 0, amount - spent, amount)
    onward = minute + between(region, "payments/onward", ids, s.level(region, "onward")[rows])
    share = between(region, "payments/kept", ids, s.level(region, "kept")[rows])
    sent = heaped(
        region, "payments/passed", ids, np.maximum(left * share // 1000, 1), region["payments.passed_round"]
    )
    ends = s.own(rows, 0), destination(region, s, rows)
    passed = legs_of(region, s, rows, ONWARD + turn, onward, ends, sent, "outlet").where(
        there & (onward < END)
    )
    later = minute + between(region, "payments/extra_wait", ids, s.level(region, "onward")[rows])
    ends = s.own(rows, 0), np.maximum(venue, 0)
    added = legs_of(region, s, rows, EXTRA + turn, later, ends, np.maximum(spent, 1))
    return [paid, passed, added.where(there & (venue >= 0) & (later < END))]


def _extras(region: Region, s: Schemes, rows: Ints, ids: Ints) -> tuple[Ints, Ints]:
    """Return who is paid by each deal besides, -1 for nobody, and how much."""
    extra = s.habits["extras"][rows]
    listed = region["payments.deal.levels.extras"]
    kind = np.array([wallets.VENUE_KINDS.index(kind) if kind else -1 for kind in listed])[extra]
    place = _place(region, s, rows, ids, extra)
    cost = np.broadcast_to(np.array(region["payments.deal.extra"]), (len(listed),))[extra]
    spent = varied(region, "payments/extra_sum", ids, cost, region["payments.base_spread"])
    place = np.where(extra == 1, s.town[rows] * wallets.A_TOWN, place)
    return np.where(kind >= 0, wallets.venue(np.maximum(kind, 0), place), -1), spent
