"""Spending week by week: adverts, rooms, travel, and where the money for them comes from.

Touring workers, agencies and travelling traders do so as well as those who exploit others.
"""

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.amounts import between, heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.collecting import destination
from tipdata.stages.payments.legs import PURPOSES, Legs, joined, repeated
from tipdata.stages.payments.paying import legs_of, payment_ids, told
from tipdata.stages.payments.schemes import SOON, Schemes

A_WEEK = 64
DAYS_A_WEEK = 7
PASSED_ON = 4096
ITEMS = ("takings", "deposit", "transfer", "advert", "room", "travel")
"""What there is in a week; eight places of numbers each."""
TOUR = 1


def spend(region: Region, s: Schemes, calendar: Calendar) -> list[Legs]:
    """Return income, spending, and what is passed on of the income at the end of each week."""
    turns = between(region, "payments/turns", s.number, s.level(region, "turns"))
    rows, week = repeated(turns)
    weeks = s.number[rows] * A_WEEK + week
    funding = s.habits["funding"][rows]
    counts = {
        "takings": np.where(
            funding == 0, between(region, "payments/takings", weeks, _bounds(region, rows)), 0
        ),
        "deposit": (funding == 1).astype(np.int64),
        "transfer": (funding == 2).astype(np.int64),
        "advert": between(region, "payments/adverts", weeks, s.level(region, "adverts")[rows]),
        "room": s.level(region, "rooms")[rows],
        # Those that tour pay for each leg where it is booked.
        "travel": np.where(_tours(s, rows), 0, region.stream("payments/travels").below(weeks, 2)),
    }
    towns = region["places.towns"]
    away = region.stream("payments/week_town").below(weeks, towns)
    town = np.where(s.habits["circuit"][rows] == TOUR, away, s.town[rows])
    parts = [_items(region, s, calendar, item, rows, week, town, counts[item]) for item in ITEMS]
    income = joined(parts[:3])
    return [*parts, _passed_on(region, s, income)]


def _bounds(region: Region, rows: Ints) -> Ints:
    return np.broadcast_to(np.array(region["payments.spend.takings"]), (len(rows), 2))


def _items(
    region: Region, s: Schemes, calendar: Calendar, item: str, rows: Ints, week: Ints, town: Ints, count: Ints
) -> Legs:
    """Return all payments of one kind."""
    at, turn = repeated(count)
    of = rows[at]
    place = week[at] * A_WEEK + ITEMS.index(item) * 8 + turn
    ids = payment_ids(s, of, place)
    day, lodged = _when(region, s, item, of, week[at], turn, ids)
    minute = calendar.minute("payments/spent", ids, np.clip(day, 0, DAYS - 1))
    head = s.own(of, 0)
    base = np.full(len(of), region["payments.spend.sums"][item])
    amount = varied(region, "payments/sum", ids, base, region["payments.spend.spread"])
    amount = heaped(region, "payments/round", ids, amount, region["payments.spend.round"][item])
    if item == "takings":
        ends = wallets.stranger(s.number[of], (week[at] * 8 + turn) % A_WEEK), head
    elif item == "deposit":
        ends = s.own(of, 1), head
    elif item == "transfer":
        ends = s.principal(of), head
    elif item == "room":
        lodging = region.stream("payments/lodging").below(ids // 8, wallets.A_TOWN)
        there = np.where(lodged >= 0, lodged, town[at])
        ends = head, wallets.venue("room", there * wallets.A_TOWN + lodging)
    else:
        ends = head, wallets.venue(item, wallets.provider(region, "payments/provider", ids, item))
    legs = legs_of(region, s, of, place, minute, ends, amount)
    if item in PURPOSES:
        legs = told(region, s, legs, of, np.full(len(of), PURPOSES.index(item)))
    return legs.where((day >= 0) & (day < DAYS))


def _tours(s: Schemes, rows: Ints) -> np.ndarray:
    """Return bool: whether the owner has stops, at which rooms and travel are paid for."""
    return (s.owner[rows] >= 0) & s.work.tours(s.owner[rows])


def _when(
    region: Region, s: Schemes, item: str, rows: Ints, week: Ints, turn: Ints, ids: Ints
) -> tuple[Ints, Ints]:
    """Return day of each payment, and rank of the town of a stop at which a room is taken, -1 for none.

    An owner pays for adverts within a day of one of its own, and where it tours for rooms during a stop.
    """
    town = np.full(len(rows), -1)
    opens = s.day(rows, week, DAYS_A_WEEK)
    day = opens + region.stream("payments/weekday").below(ids, s.within(rows, DAYS_A_WEEK))
    owner = s.owner[rows]
    if item == "advert":
        posted = s.work.next(s.work.posted, owner, opens, turn)
        beside = np.clip(posted - 1 + region.stream("payments/weekday").below(ids, 3), 0, DAYS - 1)
        near = posted - opens < DAYS_A_WEEK
        return np.where(owner < 0, day, np.where(near & (posted < DAYS), beside, DAYS)), town
    if item == "room":
        stop, left = s.work.stay(owner, opens)
        within = opens + region.stream("payments/weekday").below(ids, np.clip(left, 1, SOON))
        tours = _tours(s, rows)
        return np.where(tours, np.where(stop >= 0, within, DAYS), day), np.where(tours, stop, town)
    return day, town


def _passed_on(region: Region, s: Schemes, income: Legs) -> Legs:
    """At the end of a week a share of what came in, by habit; from those whose money comes from outside."""
    of = income.source - s.first
    week = income.number % PASSED_ON // A_WEEK
    found, at = np.unique(of * A_WEEK + week, return_inverse=True)
    total, last = np.zeros(len(found), dtype=np.int64), np.zeros(len(found), dtype=np.int64)
    np.add.at(total, at, income.amount)
    np.maximum.at(last, at, income.minute)
    rows, place = found // A_WEEK, PASSED_ON + found % A_WEEK
    ids = payment_ids(s, rows, place)
    minute = last + between(region, "payments/onward", ids, s.level(region, "onward")[rows])
    share = between(region, "payments/kept", ids, s.level(region, "kept")[rows])
    amount = heaped(region, "payments/passed", ids, total * share // 1000, region["payments.passed_round"])
    ends = s.own(rows, 0), destination(region, s, rows)
    # What came from the one behind the scheme does not go back to them.
    kept = (share > 0) & (amount > 0) & (s.habits["funding"][rows] != 2) & (minute < DAYS * MINUTES_A_DAY)
    return legs_of(region, s, rows, place, minute, ends, np.maximum(amount, 1)).where(kept)
