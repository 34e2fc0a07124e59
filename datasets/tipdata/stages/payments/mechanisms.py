"""The five mechanisms of schemes: collections, relays and deals, spending, and money that comes round; travel; adverts;
and what operations pay each other.

*Collections*: many pay one in every round, who passes the sum on, or keeps it, or the turn passes to another. Rent,
takings, donations, remittance circles and savings clubs are collected so, and so are the proceeds of funnel accounts,
front companies and deceived strangers. *Relays*: what comes in goes out again, such as wages passed on within the
family, home, or to one who controls. *Deals*: a client pays an agent, and the agent the provider; brokers of homes,
marriages or treatment work so. *Spending*: adverts, rooms and travel week by week, and where the money comes from;
touring workers, agencies and travelling traders spend as those do who exploit others. *Rounds*: money in a cycle, out
to several and together again, or there and back; friends who lend, companies of one owner and launderers' layers look
alike.
"""

from dataclasses import dataclass, replace

import numpy as np

from tipdata.core.draw import Ids, Ints
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.tables import join_rows, place_in_group, repeat_rows
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.operations.habits import pick_within
from tipdata.stages.operations.stage import Operations
from tipdata.stages.payments import wallets
from tipdata.stages.payments.everyday import Inhabitants, draw_employers, draw_wages, wage_rows
from tipdata.stages.payments.schemes import SOON, Schemes
from tipdata.stages.payments.takings import is_taken
from tipdata.stages.payments.wallets import (
    A_SCHEME,
    PURPOSES,
    UNSTATED,
    Calendar,
    PaymentRows,
    heap,
    principal_wallet,
    stranger_wallet,
    vary,
    venue,
)
from tipdata.stages.people import People
from tipdata.stages.trips.stage import Trips

PAYMENT_ROOM = 1 << 13
"""Room for the payments of one scheme in their local numbers."""
END = DAYS * MINUTES_A_DAY
CASH_LEVEL, ALTERNATIVE_LEVEL = 1, 2
"""Levels of the habit of channels: transfers, cash, and what is adopted."""


def make_payments(
    region: Region,
    s: Schemes,
    rows: Ints,
    place: Ints,
    minute: Ints,
    ends: tuple[Ints, Ints],
    amount: Ints,
    channel: str = "channel",
) -> PaymentRows:
    """Return payments that are the schemes' own doing.

    Args:
        rows: position of the scheme of each.
        place: number of the payment within its scheme.
        ends: wallets of payers and of payees.
        channel: habit by which the channel is chosen.
    """
    ids = payment_ids(s, rows, place)
    level = s.habits[channel][rows]
    early = (level == ALTERNATIVE_LEVEL) & (minute // MINUTES_A_DAY < s.adopts[rows])
    level = np.where(early, CASH_LEVEL, level)
    named = [PURPOSES.index(n) if n else UNSTATED for n in region[f"payments.{s.mechanism}.levels.reason"]]
    return PaymentRows(
        ids,
        minute,
        *ends,
        amount,
        region.stream("payments/channel").choose(ids, region.values("payments.channels")[level]),
        np.where(_draw_stated(region, s, rows, ids), np.array(named)[s.habits["reason"][rows]], UNSTATED),
        s.first + rows,
        np.ones(len(rows), dtype=bool),
    )


def payment_ids(s: Schemes, rows: Ints, place: Ints) -> Ids:
    """Return local numbers of payments."""
    return s.number[rows] * PAYMENT_ROOM + place


def _draw_stated(region: Region, s: Schemes, rows: Ints, ids: Ids) -> np.ndarray:
    p = region.chances("payments.told")[s.habits["told"][rows]]
    return region.stream("payments/told").chance(ids, p)


def state_purpose(region: Region, s: Schemes, legs: PaymentRows, rows: Ints, purpose: str) -> PaymentRows:
    """Return payments whose stated purpose, if any, is this one instead of their scheme's."""
    stated = _draw_stated(region, s, rows, legs.number)
    return replace(legs, purpose=np.where(stated, PURPOSES.index(purpose), UNSTATED))


def find_payers(region: Region, s: Schemes, people: Inhabitants, rows: Ints, place: Ints) -> Ints:
    """Return the wallet at a place of those who pay into schemes: own, of regulars or of strangers, by habit."""
    level = s.habits["payers"][rows]
    seats = s.number[rows] * 64 + place
    regular = people.regular(region, "payments/regular", seats, s.town[rows], s.start[rows])
    return np.select(
        [level == 0, level == 1], [s.own(rows, place + 1), regular], stranger_wallet(s.number[rows], place)
    )


SEATS = 64
"""Room for the payments of one round of a collection, or of one week, in their numbers."""
PASSED_ON = 4096
"""Payments that pass money on are numbered from here within their scheme."""
OWN, ROTATING, ABROAD = 0, 1, 2
FLAT, CAPPED = 0, 3


def collect(region: Region, s: Schemes, people: Inhabitants, calendar: Calendar) -> list[PaymentRows]:
    """Return the payments into collections and those that pass money on."""
    size = s.draw(region, "size")
    size = np.where(s.habits["payers"] == OWN, np.minimum(size, A_SCHEME - 1), size)
    rows, place = repeat_rows(s.draw(region, "turns") * size)
    turn, seat = place // size[rows], place % size[rows]
    place = turn * SEATS + seat
    ids = payment_ids(s, rows, place)
    happens = region.chance("payments/pays", ids, "payments.pays")
    opens = s.day(rows, turn, s.level(region, "rhythm")[rows]) * MINUTES_A_DAY
    minute = opens + region.stream("payments/together").below(ids, s.level(region, "together")[rows])
    day = minute // MINUTES_A_DAY
    happens &= (day >= 0) & (day < DAYS)
    minute = calendar.minute("payments/collected", ids, np.clip(day, 0, DAYS - 1))
    payer = find_payers(region, s, people, rows, seat)
    taker = turn % size[rows]
    rotates = s.habits["collector"][rows] == ROTATING
    payee = np.where(rotates, find_payers(region, s, people, rows, taker), s.own(rows, 0))
    happens &= payer != payee
    amount = _collected_sums(region, s, rows, seat, ids)
    paid = make_payments(region, s, rows, place, minute, (payer, payee), amount).where(happens)
    kept = happens & ~rotates
    passed = _pass_on_rounds(region, s, rows[kept], turn[kept], minute[kept], amount[kept], "outlet")
    return [paid, passed]


def _pass_on_rounds(
    region: Region, s: Schemes, rows: Ints, turn: Ints, minute: Ints, amount: Ints, habit: str
) -> PaymentRows:
    """Return payments that pass on a share of all that came in one turn of a scheme, after the last of it."""
    found, at = np.unique(rows * SEATS + turn, return_inverse=True)
    total, last = np.zeros((2, len(found)), dtype=np.int64)
    np.add.at(total, at, amount)
    np.maximum.at(last, at, minute)
    of, place = found // SEATS, PASSED_ON + found % SEATS
    ids, rounded = payment_ids(s, of, place), region["payments.passed_round"]
    return _pass_on(region, s, of, ids, place, s.own(of, 0), last, total, rounded, habit)


def _collected_sums(region: Region, s: Schemes, rows: Ints, seat: Ints, ids: Ints) -> Ints:
    """Return the sum of each payment: always the same, a round sum, any, or just below the reporting limit."""
    habit, base = s.habits["sums"], base_sums(region, s)[rows]
    seats = s.number[rows] * SEATS + seat
    each = vary(region, "payments/each", seats, base, region["payments.seat_spread"])
    base = np.where(habit[rows] == FLAT, base, each)
    spread = region.values("payments.collect.spread")[habit][rows]
    amount = vary(region, "payments/sum", ids, base, spread)
    limit = region["payments.reported"]
    less = region.stream("payments/just_below").below(ids, region["payments.just_below"])
    amount = np.where(habit[rows] == CAPPED, limit - limit * less // 1000, amount)
    round_share = region.values("payments.collect.round")[habit][rows]
    return heap(region, "payments/round", ids, amount, round_share)


def _pass_on(
    region: Region,
    s: Schemes,
    rows: Ints,
    ids: Ids,
    place: Ints,
    payer: Ints,
    came: Ints,
    received: Ints,
    rounded: Ints | int,
    habit: str,
    happens: np.ndarray | bool = True,
) -> PaymentRows:
    """Return payments that pass on a share of what was ``received`` when it ``came``; ``ids``: of the draws."""
    minute = came + region.between("payments/onward", ids, s.level(region, "onward")[rows])
    share = region.between("payments/kept", ids, s.level(region, "kept")[rows])
    amount = heap(region, "payments/passed", ids, np.maximum(received * share // 1000, 1), rounded)
    ends = payer, destination(region, s, rows)
    made = make_payments(region, s, rows, place, minute, ends, amount, habit)
    return made.where(happens & (share > 0) & (minute < END))


def base_sums(region: Region, s: Schemes) -> Ints:
    """Return the sum around which the payments of each scheme lie."""
    base = s.level(region, "level") * s.scale // 1000
    return vary(region, "payments/base", s.number, base, region["payments.base_spread"])


def destination(region: Region, s: Schemes, rows: Ints) -> Ints:
    """Return the wallet that a scheme's money goes to: its principal's, or one abroad."""
    place = region.stream("payments/abroad").below(s.number, region["payments.venues"]["abroad"])
    abroad = venue("abroad", place)[rows]
    return np.where(s.habits["reach"][rows] == ABROAD, abroad, s.principal(rows))


RELAY_SEATS = 8
EXTRA_PLACES = 6144
OFFICES = 2
"""Levels of the habit of extras up to this are travel, a room, none; then come clinics and bureaus."""


def find_workers(region: Region, s: Schemes) -> Inhabitants:
    """Return the people whose wages are passed on, with their employers."""
    rows, seat = repeat_rows(s.draw(region, "size"))
    wallet = s.own(rows, seat + 1)
    long = s.draw(region, "turns") * s.level(region, "rhythm")
    ids = s.number[rows] * RELAY_SEATS
    mixed = s.habits["employers"][rows] == 1
    return Inhabitants(
        wallet,
        s.first + rows,
        s.town[rows],
        np.clip(s.start[rows], 0, DAYS - 1),
        np.clip((s.start + long)[rows], 0, DAYS - 1),
        draw_employers(region, wallets.OWN * 16 + ids + np.where(mixed, seat, 0)),
        s.level(region, "life")[rows],
        np.ones(len(rows), dtype=bool),
        draw_wages(region, wallet) * s.scale[rows] // 1000,
        s.migrant[rows],
        np.zeros(len(rows), dtype=bool),
    )


def relay_wages(
    region: Region, o: Operations, s: Schemes, staff: Inhabitants, people: People, first_employer: int
) -> list[PaymentRows]:
    """Return wages of the staff of schemes, and what they pass on. ``first_employer``: position among the sources."""
    of = staff.source - s.first
    worker, turn = repeat_rows(s.draw(region, "turns")[of])
    scheme, rhythm = of[worker], s.level(region, "rhythm")[of[worker]]
    seat = place_in_group(of)[worker]
    place = turn * RELAY_SEATS + seat
    ids = payment_ids(s, scheme, place)
    day = s.start[scheme] + (turn + 1) * rhythm
    # All who work for one employer are paid in one go.
    payroll = (s.number[scheme] * 64 + turn) * 64 + staff.employer[worker]
    payday = region.between("payments/payroll", payroll, region["payments.office_minutes"])
    minute = day * MINUTES_A_DAY + payday
    stated = np.ones(len(ids), dtype=bool)
    income = wage_rows(region, staff, worker, ids, minute, rhythm, stated, first_employer)
    there = (day >= 0) & (minute < END) & s.lasts(scheme, day)
    there &= is_taken(o, people, s.owner[scheme], day, seat)
    happens = there & region.chance("payments/pays", ids, "payments.pays")
    payer, wage, rounded = income.payee, income.amount, s.level(region, "sums")[scheme]
    place += PASSED_ON
    passed = _pass_on(region, s, scheme, ids, place, payer, minute, wage, rounded, "channel", happens)
    return [income.where(there), passed]


def make_deals(region: Region, s: Schemes, calendar: Calendar) -> list[PaymentRows]:
    """Return the payments of deals: by clients, of agents to providers, and for travel or rooms."""
    rows, turn = repeat_rows(s.draw(region, "turns"))
    ids = payment_ids(s, rows, turn)
    apart = region["payments.deal.apart_days"]
    day = s.day(rows, turn, apart) + region.stream("payments/deal_day").below(ids, s.within(rows, apart))
    there = (day >= 0) & (day < DAYS)
    minute = calendar.minute("payments/dealt", ids, np.clip(day, 0, DAYS - 1))
    base = base_sums(region, s)[rows]
    amount = vary(region, "payments/sum", ids, base, region["payments.deal.spread"])
    amount = heap(region, "payments/round", ids, amount, s.level(region, "sums")[rows])
    client, agent = stranger_wallet(s.number[rows], turn), s.own(rows, 0)
    paid = make_payments(region, s, rows, turn, minute, (client, agent), amount).where(there)
    venue, spent = _extras(region, s, rows, ids)
    spent = np.minimum(spent, amount // 2)  # what a client pays is enough for all
    left = np.where(venue >= 0, amount - spent, amount)
    place, rounded = PASSED_ON + turn, region["payments.passed_round"]
    passed = _pass_on(region, s, rows, ids, place, agent, minute, left, rounded, "outlet", there)
    later = minute + region.between("payments/extra_wait", ids, s.level(region, "onward")[rows])
    ends = agent, np.maximum(venue, 0)
    added = make_payments(region, s, rows, EXTRA_PLACES + turn, later, ends, np.maximum(spent, 1))
    return [paid, passed, added.where(there & (venue >= 0) & (later < END))]


def _extras(region: Region, s: Schemes, rows: Ints, ids: Ints) -> tuple[Ints, Ints]:
    extra = s.habits["extras"][rows]
    listed = region["payments.deal.levels.extras"]
    kind = np.array([wallets.VENUE_KINDS.index(kind) if kind else -1 for kind in listed])[extra]
    steady = wallets.draw_provider(region, "payments/extra", s.number[rows], "clinic")
    place = np.where(extra > OFFICES, steady, wallets.draw_provider(region, "payments/extra", ids, "travel"))
    cost = np.broadcast_to(region.values("payments.deal.extra"), (len(listed),))[extra]
    spent = vary(region, "payments/extra_sum", ids, cost, region["payments.base_spread"])
    place = np.where(extra == 1, s.town[rows] * wallets.A_TOWN, place)
    return np.where(kind >= 0, wallets.venue(np.maximum(kind, 0), place), -1), spent


STEPS = 32
"""Room for the steps of one turn in their numbers; the upper half gathers what the lower half scattered."""
SCATTER, BACK = 1, 2
"""Shapes of rounds; 0 is a cycle."""


def send_round(region: Region, s: Schemes, people: Inhabitants, calendar: Calendar) -> list[PaymentRows]:
    """Return all steps of all turns."""
    shape = s.habits["shape"]
    size = np.where(shape == BACK, 2, s.draw(region, "size"))
    steps = np.where(shape == SCATTER, 2 * size, size)
    rows, place = repeat_rows(s.draw(region, "turns") * steps)
    turn, step = place // steps[rows], place % steps[rows]
    scatter = shape[rows] == SCATTER
    # A cycle's steps come one after the other; what is scattered goes out together and is gathered together.
    half, seat = step // size[rows], step % size[rows]
    wave = np.where(scatter, half, step)
    place = turn * STEPS + np.where(scatter, half * (STEPS // 2) + seat, step)
    ids = payment_ids(s, rows, place)
    minute = _turn_minutes(region, s, calendar, rows, turn) + _wait_minutes(region, s, rows, turn, wave, ids)
    member = find_payers(region, s, people, rows, seat)
    following = find_payers(region, s, people, rows, (seat + 1) % size[rows])
    payer = np.where(scatter & (wave == 0), s.own(rows, 0), member)
    payee = np.where(scatter, np.where(wave == 0, member, s.principal(rows)), following)
    amount = _round_sums(region, s, rows, turn, seat, wave, scatter, ids)
    legs = make_payments(region, s, rows, place, minute, (payer, payee), amount)
    return [legs.where((minute >= 0) & (minute < END) & (payer != payee))]


def _turn_minutes(region: Region, s: Schemes, calendar: Calendar, rows: Ints, turn: Ints) -> Ints:
    ids = s.number[rows] * STEPS + turn
    apart = region["payments.round.apart_days"]
    day = s.day(rows, turn, apart) + region.stream("payments/turn_day").below(ids, s.within(rows, apart))
    minute = calendar.minute("payments/turn", ids, np.clip(day, 0, DAYS - 1))
    return np.where((day >= 0) & (day < DAYS), minute, -END)


def _wait_minutes(region: Region, s: Schemes, rows: Ints, turn: Ints, wave: Ints, ids: Ints) -> Ints:
    """Return minutes from the beginning of the turn: one wait for each wave before, and a little within a wave."""
    pace = s.level(region, "pace")[rows]
    turns = s.number[rows] * STEPS + turn
    total = np.zeros(len(rows), dtype=np.int64)
    for k in range(int(wave.max(initial=0))):
        wait = region.between("payments/wait", turns, pace, k)
        total += np.where(wave > k, wait, 0)
    return total + region.stream("payments/within_wave").below(ids, np.maximum(pace[:, 0], 1))


def _round_sums(
    region: Region, s: Schemes, rows: Ints, turn: Ints, seat: Ints, wave: Ints, scatter: np.ndarray, ids: Ints
) -> Ints:
    """Return the sums of all steps: each passes on a share of the one before; scattered parts are uneven."""
    base, turns = base_sums(region, s)[rows], s.number[rows] * STEPS + turn
    amount = vary(region, "payments/turn_sum", turns, base, region["payments.round.spread"])
    spread = region["payments.round.part_spread"]
    part = vary(region, "payments/part", turns * STEPS + seat, amount // 3, spread)
    amount = np.where(scatter, part, amount)
    share = s.level(region, "kept")[rows]
    for k in range(int(wave.max(initial=0))):
        drawn = region.between("payments/share", turns, share, k)
        amount = np.where(wave > k, amount * drawn // 1000, amount)
    return heap(region, "payments/round", ids, np.maximum(amount, 1), s.level(region, "sums")[rows])


DAYS_A_WEEK = 7
ITEMS = ("takings", "deposit", "transfer", "advert", "room", "travel")
"""Kinds of payments of a week, each with room for eight."""
INCOME = ITEMS[:2]
TOUR = 1


def spend(region: Region, s: Schemes, calendar: Calendar) -> list[PaymentRows]:
    """Return income, spending, and the share of income that is passed on at the end of each week."""
    rows, week = repeat_rows(s.draw(region, "turns"))
    weeks = s.number[rows] * SEATS + week
    funding = s.habits["funding"][rows]
    takings = region.between("payments/takings", weeks, region["payments.spend.takings"])
    weekly = region.between("payments/adverts", weeks, s.level(region, "adverts")[rows])
    counts = {
        "takings": np.where(funding == 0, takings, 0),
        "deposit": (funding == 1).astype(np.int64),
        "transfer": (funding == 2).astype(np.int64),
        # Owners pay for the adverts that they post.
        "advert": np.where(s.owner[rows] >= 0, 0, weekly),
        "room": s.level(region, "rooms")[rows],
        # Those that tour pay for each leg where it is booked.
        "travel": np.where(_tours(s, rows), 0, region.stream("payments/travels").below(weeks, 2)),
    }
    away = region.stream("payments/week_town").below(weeks, region["places.towns"])
    town = np.where(s.habits["circuit"][rows] == TOUR, away, s.town[rows])
    parts = [_items(region, s, calendar, item, rows, week, town, counts[item]) for item in ITEMS]
    # What came from the one behind the scheme does not go back to them.
    income = join_rows(parts[:2])
    of, week = income.source - s.first, income.number % PASSED_ON // SEATS
    return [*parts, _pass_on_rounds(region, s, of, week, income.minute, income.amount, "channel")]


def _items(
    region: Region, s: Schemes, calendar: Calendar, item: str, rows: Ints, week: Ints, town: Ints, count: Ints
) -> PaymentRows:
    at, turn = repeat_rows(count)
    of = rows[at]
    place = week[at] * SEATS + ITEMS.index(item) * 8 + turn
    ids = payment_ids(s, of, place)
    day, lodged = _spending_days(region, s, item, of, week[at], turn, ids)
    minute = calendar.minute("payments/spent", ids, np.clip(day, 0, DAYS - 1))
    head = s.own(of, 0)
    base = np.full(len(of), region["payments.spend.sums"][item])
    base = np.where(item in INCOME, base * s.scale[of] // 1000, base)
    amount = vary(region, "payments/sum", ids, base, region["payments.spend.spread"])
    amount = heap(region, "payments/round", ids, amount, region["payments.spend.round"][item])
    if item == "takings":
        ends = stranger_wallet(s.number[of], (week[at] * 8 + turn) % SEATS), head
    elif item == "deposit":
        ends = s.own(of, 1), head
    elif item == "transfer":
        ends = s.principal(of), head
    elif item == "room":
        lodging = region.stream("payments/lodging").below(ids // 8, wallets.A_TOWN)
        there = np.where(lodged >= 0, lodged, town[at])
        ends = head, wallets.venue("room", there * wallets.A_TOWN + lodging)
    else:
        ends = head, wallets.venue(item, wallets.draw_provider(region, "payments/provider", ids, item))
    legs = make_payments(region, s, of, place, minute, ends, amount)
    if item in PURPOSES:
        legs = state_purpose(region, s, legs, of, item)
    return legs.where((day >= 0) & (day < DAYS))


def _tours(s: Schemes, rows: Ints) -> np.ndarray:
    """Return whether the owner has stops, at which rooms and travel are paid for, bool."""
    return (s.owner[rows] >= 0) & s.work.tours(s.owner[rows])


def _spending_days(
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


TOUR_PLACES = 5120
"""Payments for travel are numbered from here within their scheme."""
DAY = 1024
OF_THE_SCHEME = (0, 1, 1 + wallets.A_SCHEME)
"""Wallets of an operation that book for it: its controller's, and those of the first traveller of each team."""


def pay_tours(
    region: Region, schemes: dict[str, Schemes], trips: Trips, calendar: Calendar
) -> list[PaymentRows]:
    """Return what operations pay for the legs of their circuits and journeys: a wallet pays at once for all legs of
    some weeks and all for whom it books, up to some days before the first. It is a scheme's own doing where
    the scheme is spending."""
    b = trips.bookings
    owned = (b.wallet >= 0) & (b.operation >= 0)
    ahead = region["payments.spend.books_for"]
    key = np.sort(b.wallet[owned] * DAY + b.day[owned])
    block = key // DAY * DAY + key % DAY // ahead
    _, first, count = np.unique(block, return_index=True, return_counts=True)
    found, legs = key[first], count
    parts, left = [], np.ones(len(found), dtype=bool)
    for s in sorted(schemes.values(), key=lambda s: s.mechanism != "spend"):
        rows = wallets.first_position(s.owner, found // DAY // wallets.A_OPERATION)
        mine = np.flatnonzero(left & (rows >= 0))
        left[mine] = False
        order = mine[np.argsort(rows[mine], kind="stable")]
        parts.append(_pay_tours(region, s, rows[order], found[order], legs[order], calendar))
    return parts


def _pay_tours(
    region: Region, s: Schemes, rows: Ints, found: Ints, legs: Ints, calendar: Calendar
) -> PaymentRows:
    """Return the payments of one mechanism's schemes; ``rows``: of the scheme of each, rising."""
    wallet, day = found // DAY, found % DAY
    place = TOUR_PLACES + place_in_group(rows)
    ids = payment_ids(s, rows, place)
    day = np.maximum(day - region.stream("payments/ahead").below(ids, region["payments.spend.ahead"]), 0)
    sums, rounds = (region[f"payments.spend.{name}"]["travel"] for name in ("sums", "round"))
    amount = vary(region, "payments/sum", ids, legs * sums, region["payments.spend.spread"])
    amount = heap(region, "payments/round", ids, amount, rounds)
    payee = wallets.venue("travel", wallets.draw_provider(region, "payments/provider", ids, "travel"))
    minute = calendar.minute("payments/spent", ids, day)
    made = make_payments(region, s, rows, place, minute, (wallet, payee), amount)
    made = state_purpose(region, s, made, rows, "travel")
    # Who travels on money of their own is not paid for by the scheme.
    paid_for = np.isin(wallet % wallets.A_OPERATION, OF_THE_SCHEME)
    return replace(made, core=paid_for & (s.mechanism == "spend"))


ADVERT_PLACES = 2048
"""Payments for adverts are numbered from here within their scheme, below :data:`PASSED_ON`."""
NOT_KNOWN = -1


@dataclass(frozen=True)
class PaidAdverts:
    """Payments for the adverts of operations. ``number``: local number of each, rising; ``account``: id of the account
    that posted them, :data:`NOT_KNOWN` where nobody knows."""

    number: Ints
    account: Ints


def pay_adverts(
    region: Region, o: Operations, schemes: dict[str, Schemes], adverts: Adverts, calendar: Calendar
) -> tuple[list[PaymentRows], PaidAdverts]:
    """Return what operations pay for the adverts that they post, and whose adverts those are.

    A payment is for all adverts of one account within some days, and comes within a day of the first. How many there
    are follows from the adverts and, where a scheme of spending pays, from its habit. Only then they are its own doing.
    """
    left = np.ones(len(adverts.day), dtype=bool)
    parts, known = [], []
    for s in sorted(schemes.values(), key=lambda s: s.mechanism != "spend"):
        rows = wallets.first_position(s.owner, adverts.operation)
        mine = np.flatnonzero(left & (rows >= 0))
        left[mine] = False
        made, account = _pay_adverts(
            region, o, s, rows[mine], adverts.day[mine], adverts.account[mine], calendar
        )
        parts.append(made)
        known.append(account)
    number, account = np.concatenate([made.number for made in parts]), np.concatenate(known)
    order = np.argsort(number)
    return parts, PaidAdverts(number[order], account[order])


def _pay_adverts(
    region: Region, o: Operations, s: Schemes, rows: Ints, day: Ints, account: Ints, calendar: Calendar
) -> tuple[PaymentRows, Ints]:
    """Return the payments of one mechanism's schemes, and the account of each.

    ``rows``, ``day`` and ``account``: scheme, day and account of each advert.
    """
    days = region["payments.adverts.days"]
    spends = s.mechanism == "spend"
    period = np.full(len(s.number), days["usual"])
    if spends:
        period = np.array([days["few"], days["many"]])[s.habits["adverts"]]
    key = np.stack([rows, day // period[rows], account])
    order = np.lexsort((day, *key[::-1]))
    _, first, many = np.unique(key[:, order], axis=1, return_index=True, return_counts=True)
    at = order[first]
    rows, day, account = rows[at], day[at], account[at]
    place = ADVERT_PLACES + place_in_group(rows)
    ids = payment_ids(s, rows, place)
    day = day - 1 + region.stream("payments/advert_day").below(ids, 3)
    day = np.clip(day, 0, np.minimum(o.ends[s.owner[rows]], DAYS - 1))
    sums, rounds = (region[f"payments.spend.{name}"]["advert"] for name in ("sums", "round"))
    amount = vary(region, "payments/sum", ids, many * sums, region["payments.spend.spread"])
    amount = heap(region, "payments/round", ids, amount, rounds)
    payee = wallets.venue("advert", wallets.draw_provider(region, "payments/provider", account, "advert"))
    minute = calendar.minute("payments/spent", ids, day)
    made = make_payments(region, s, rows, place, minute, (s.own(rows, 0), payee), amount)
    made = replace(state_purpose(region, s, made, rows, "advert"), core=np.full(len(rows), spends))
    pays = region.chance("payments/advert_paid", ids, "payments.adverts.paid")
    knows = region.chance("payments/advert_account", ids, "payments.adverts.account_known")
    return made.where(pays), np.where(knows, account, NOT_KNOWN)[pays]


BETWEEN_PLACES = 7168
"""Payments to others are numbered within their scheme from here on."""


def pay_others(
    region: Region, o: Operations, schemes: dict[str, Schemes], people: People, calendar: Calendar
) -> list[PaymentRows]:
    """Return payments from one operation in the sample to another."""
    sampled = np.zeros(len(o.id), dtype=bool)
    for s in schemes.values():
        sampled[s.owner[s.owner >= 0]] = True
    parts = _sale_payments(region, people), _commissions(region, o, schemes, sampled)
    payer, payee, day, heads = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = np.flatnonzero(sampled[payer] & sampled[payee])
    kept = kept[np.lexsort((payee[kept], day[kept], payer[kept]))]
    due = np.stack([payer, payee, day, heads, np.zeros_like(day)])[:, kept]
    due[4] = BETWEEN_PLACES + place_in_group(due[0])
    return [_pay_between(region, s, calendar, *due) for s in schemes.values()]


def _sale_payments(region: Region, people: People) -> tuple[Ints, Ints, Ints, Ints]:
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
    """Return which lawful operation pays which other one, once, on a day on which both live."""
    local = np.arange(len(o.id))
    line = np.zeros(len(o.id), dtype=np.int64)
    for s in schemes.values():
        line[s.owner[s.owner >= 0]] = s.line[s.owner >= 0]
    lawful = sampled & (o.kind != TRAFFICKING)
    pays = lawful & region.chance("payments/commission", local, "payments.between.commission")
    other = pick_within(region, "payments/commission_to", local, line, lawful)
    low = np.maximum(np.maximum(o.begins, o.begins[other]), 0)
    high = np.minimum(np.minimum(o.ends, o.ends[other]), DAYS - 1)
    at = np.flatnonzero(pays & (other >= 0) & (other != local) & (high >= low))
    day = low[at] + region.stream("payments/commission_day").below(at, (high - low)[at] + 1)
    return at, other[at], day, np.ones_like(at)


def _pay_between(
    region: Region,
    s: Schemes,
    calendar: Calendar,
    payer: Ints,
    payee: Ints,
    day: Ints,
    heads: Ints,
    place: Ints,
) -> PaymentRows:
    rows = wallets.first_position(s.owner, payer)
    # An operation pays from its first scheme, which comes before its second.
    at = np.flatnonzero((rows >= 0) & (s.slot[rows] == 0))
    rows, payee, day, place = rows[at], payee[at], day[at], place[at]
    ids = payment_ids(s, rows, place)
    base = region["payments.between.sum"] * heads[at]
    amount = vary(region, "payments/sum", ids, base, region["payments.between.spread"])
    amount = heap(region, "payments/round", ids, amount, region["payments.between.round"])
    minute = calendar.minute("payments/others", ids, day)
    ends = s.principal(rows), principal_wallet(s.number[rows], payee)
    return make_payments(region, s, rows, place, minute, ends, amount)
