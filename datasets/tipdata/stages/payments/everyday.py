"""People with an everyday life in the ledger, who holds each wallet, and what everyday life pays and is paid.

Households and members of schemes have an everyday life: wallets are shown whole, whatever else they are used for.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tipdata.core.draw import Ids, Ints, probability
from tipdata.core.tables import join_rows, repeat_rows, take_rows
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.schemes import Schemes
from tipdata.stages.payments.wallets import CHANNELS, PURPOSES, UNSTATED, Calendar, PaymentRows, heap, vary

TRIES = 3
"""Candidates that are tried to find one who lives in the town and is there on the day."""


@dataclass(frozen=True)
class Inhabitants:
    """One entry a person: wallet, position among the sources, rank of the town, first and last day, position of the
    employer, permille of a full everyday life, whether wages are paid, monthly wage in minor units, migrant, and
    whether a firm or an association holds the wallet."""

    wallet: Ints
    source: Ints
    town: Ints
    start: Ints
    end: Ints
    employer: Ints
    life: Ints
    waged: np.ndarray
    wage: Ints
    migrant: np.ndarray
    firm: np.ndarray

    def regular(self, region: Region, column: str, ids: Ids, town: Ints, day: Ints) -> Ints:
        """Return the wallet of a person, if possible of one who lives in the town and is there on the day."""
        found = np.full(np.shape(ids), -1)
        good = np.zeros(np.shape(ids), dtype=bool)
        for turn in range(TRIES):
            candidate = region.stream(column).below(ids, len(self.wallet), turn)
            fits = (
                (self.town[candidate] == town) & (self.start[candidate] <= day) & (day <= self.end[candidate])
            )
            found = np.where((found < 0) | (fits & ~good), candidate, found)
            good |= fits
        return self.wallet[found]


def draw_households(region: Region, town_weight: Ints, first: int) -> Inhabitants:
    """Return the people of households. ``first``: position of the first household among the sources."""
    home = np.arange(region["payments.households"])
    of, place = repeat_rows(1 + region.choose("payments/household_size", home, "payments.household_sizes"))
    wallet = wallets.PEOPLE + of * 4 + place
    town = region.stream("payments/home").choose(home, town_weight)[of]
    long = region.spread("payments/stay", of, "gamma_2.0", region["payments.stay_days"]) // 2
    early = region["payments.before_days"]
    start = region.stream("payments/arrival").below(of, DAYS + early) - early
    share = region["payments.migrants"]["household"]
    migrant = region.stream("payments/migrant_home").below(home, 1000) < share
    return Inhabitants(
        wallet,
        first + of,
        town,
        np.maximum(start, 0),
        np.clip(start + long, 0, DAYS - 1),
        draw_employers(region, wallet),
        _draw_life(region, of),
        region.chance("payments/waged", wallet, "payments.waged"),
        draw_wages(region, wallet),
        migrant[of],
        np.zeros(len(of), dtype=bool),
    )


def draw_employers(region: Region, ids: Ids) -> Ints:
    """Return position of an employer for each id; a few employ many."""
    weight = 1000 // (1 + np.arange(region["payments.employers"]))
    return region.stream("payments/employer").choose(ids, weight)


def _draw_life(region: Region, ids: Ids) -> Ints:
    return region.values("payments.life")[region.choose("payments/life", ids, "payments.life_weights")]


def draw_wages(region: Region, wallet: Ids) -> Ints:
    """Return monthly wage of each wallet's holder, minor units."""
    base = np.full(len(wallet), region["payments.wage"])
    return vary(region, "payments/wage", wallet, base, region["payments.wage_spread"])


HOLDERS = wallets.TABLES["wallets"].values("holder")
PERSON, FIRM = 0, 1
ROLES = wallets.TABLES["wallets"].values("role")
"""Places in a scheme: whoever stands behind it, its head, and those who pay for it or are paid by it."""
SERVICE, OUTSIDER, HOUSEHOLD = "service", "outsider", "household"
NOWHERE = -1


@dataclass(frozen=True)
class Holders:
    """One entry a wallet. ``wallet``: local number. ``kind``: index into :data:`HOLDERS`. ``opened``: day. ``town``:
    rank, -1 abroad. ``owner``: local number of the operation, -1 for none. ``role``: index into :data:`ROLES`, -1 for
    none. ``group``: the lawful group's name, '' for operations."""

    wallet: Ints
    kind: Ints
    opened: Ints
    town: Ints
    owner: Ints
    role: Ints
    group: np.ndarray


def possible_holders(region: Region, schemes: list[Schemes], people: Inhabitants) -> Holders:
    """Return all possible holders of wallets in schemes, and all people of households."""
    parts = [_of_scheme(region, s) for s in schemes]
    # Travellers of a second team may have wallets of a second scheme that there is none of.
    parts += [_of_scheme(region, replace(s, slot=1 - s.slot)) for s in schemes]
    persons = np.full(len(people.wallet), PERSON)
    return join_rows([*parts, _lawful(region, people.wallet, people.town, persons, HOUSEHOLD, people.start)])


def find_holders(region: Region, known: Holders, used: Ints, town_weight: Ints) -> Holders:
    """Return the holders of the wallets used, in their order: ``known`` ones, strangers and services."""
    every = join_rows([known, _strangers(region, used, town_weight), _services(region, used, town_weight)])
    # A controller behind two schemes is met first with the first of them.
    return take_rows(every, wallets.first_position(every.wallet, used))


def _of_scheme(region: Region, s: Schemes) -> Holders:
    rows, place = repeat_rows(np.full(len(s.number), 8))
    behind, head = place == wallets.PRINCIPAL, place == 0
    wallet = np.where(behind, s.principal(rows), s.own(rows, place))
    seats = s.number[rows] * 8 + place
    p = region.chances("payments.firm_behind")[s.line][rows]
    firm = region.stream("payments/firm_behind").chance(seats, p)
    kind = np.where(head, s.habits["holder"][rows], np.where(behind & firm, FIRM, PERSON))
    low, high = (s.level(region, "age")[rows][:, end] for end in (0, 1))
    opened = s.start[rows] - low - region.stream("payments/opened").below(seats, high - low)
    towns = region["places.towns"]
    apart = region.chance("payments/apart", seats, "payments.apart")
    elsewhere = np.where(behind, s.habits["reach"][rows] == 1, ~head & apart)
    other = (s.town[rows] + 1 + region.stream("payments/other_place").below(seats, towns - 1)) % towns
    owned = s.owner[rows] >= 0
    return Holders(
        wallet,
        kind,
        opened,
        np.where(elsewhere, other, s.town[rows]),
        s.owner[rows],
        np.where(owned, np.where(behind, 0, np.where(head, 1, 2)), -1),
        np.where(s.lawful[rows], np.array(s.groups)[s.group[rows]], ""),
    )


def _strangers(region: Region, used: Ints, town_weight: Ints) -> Holders:
    wallet = used[used >= wallets.STRANGERS]
    town = region.stream("payments/outside_town").choose(wallet, town_weight)
    return _lawful(region, wallet, town, np.full(len(wallet), PERSON), OUTSIDER)


def _services(region: Region, used: Ints, town_weight: Ints) -> Holders:
    wallet = used[(used >= wallets.VENUES) & (used < wallets.PEOPLE)]
    kind, place = np.divmod(wallet - wallets.VENUES, wallets.A_KIND)
    town = region.stream("payments/outside_town").choose(wallet, town_weight)
    local = np.isin(kind, [wallets.VENUE_KINDS.index(name) for name in ("shop", "room")])
    abroad = kind == wallets.VENUE_KINDS.index("abroad")
    town = np.where(local, place // wallets.A_TOWN, np.where(abroad, NOWHERE, town))
    return _lawful(region, wallet, town, np.where(abroad, PERSON, FIRM), SERVICE)


def _lawful(
    region: Region, wallet: Ints, town: Ints, kind: Ints, group: str, start: Ints | int = DAYS
) -> Holders:
    """Return holders outside any scheme, whose wallets are opened before ``start``."""
    new = region.chance("payments/opens_new", wallet, "payments.opens_new")
    low, high = region["payments.opened_new"], region["payments.opened_before"]
    young, old = (region.stream("payments/opened").below(wallet, days) for days in (low, high))
    opened = start - np.where(new, young, low + old)
    none = np.full(len(wallet), -1)
    return Holders(wallet, kind, opened, town, none, none, np.full(len(wallet), group))


def find_members(
    region: Region, schemes: list[Schemes], holders: Holders, first_outsider: int
) -> Inhabitants:
    """Return the people behind the wallets of schemes, among those held: their own, their principals' and outsiders'.

    The everyday life of outsiders is their own and not the scheme's. ``first_outsider``: position of the first of them
    among the sources.
    """
    every = holders.wallet
    outside = every >= wallets.STRANGERS
    place = np.where(outside, (every - wallets.STRANGERS) // 64, _scheme_of(schemes, every))
    at = np.flatnonzero(place >= 0)
    wallet, number = every[at], place[at]
    position = np.full(1 + max(int(s.number.max()) for s in schemes), -1)
    for s in schemes:
        position[s.number] = s.first + np.arange(len(s.number))
    source = position[number]
    start = np.concatenate([s.start for s in schemes])[source]
    migrant = np.concatenate([s.migrant for s in schemes])[source]
    # Who passes wages on has little of an everyday life; -1 for all others.
    thin = np.concatenate(
        [s.level(region, "life") if s.mechanism == "relay" else np.full_like(s.number, -1) for s in schemes]
    )[source]
    outside = outside[at]
    passes_on = (thin >= 0) & ~outside
    home = np.where(outside, first_outsider + np.cumsum(outside) - 1, source)
    stay = np.where(outside, region["payments.outside_days"], region["payments.stay_days"])
    stay = stay // 4 + region.spread("payments/stay", wallet, "gamma_2.0", stay * 3) // 8
    first = start - region.stream("payments/arrival").below(wallet, np.maximum(stay, 1))
    waged = region.chance("payments/waged", wallet, "payments.members_waged")
    person = holders.kind[at] == PERSON
    return Inhabitants(
        wallet,
        home,
        np.maximum(holders.town[at], 0),
        np.clip(first, 0, DAYS - 1),
        np.clip(first + stay, 0, DAYS - 1),
        draw_employers(region, wallet),
        np.where(passes_on, thin, _draw_life(region, wallet)),
        waged & ~passes_on & ~outside & person,
        draw_wages(region, wallet),
        migrant,
        ~person,
    )


def _scheme_of(schemes: list[Schemes], wallet: Ints) -> Ints:
    """Return the number of the scheme that each wallet belongs to, the first of several; -1 for none."""
    own, number = [], []
    for s in schemes:
        rows = np.arange(len(s.number))
        own += [s.own(rows, np.arange(wallets.A_SCHEME)[:, None]).ravel(), s.principal(rows)]
        number.append(np.tile(s.number, wallets.A_SCHEME + 1))
    return np.append(np.concatenate(number), -1)[wallets.first_position(np.concatenate(own), wallet)]


EVERYDAY, WAGES, OFFICES = 1 << 23, 3 << 30, 15 << 28
"""First local numbers of these payments; all stay below 1 << 32."""
A_PERSON, KIND_ROOM = 2048, 128
"""Room for the everyday payments of one wallet, and of one kind, in their numbers."""
AN_EMPLOYER, AN_OFFICE = 8192, 512
INCOMES = ("sale", "benefit", "custom")
"""Kinds of payments that the holder receives."""


def _of_kinds(listed: dict[str, dict], name: str, usual: Any = None) -> np.ndarray:
    """Return one entry of each kind of payment, ``usual`` for kinds without it."""
    return np.array([entry.get(name, usual) for entry in listed.values()])


def live_everyday(region: Region, people: Inhabitants, known: Inhabitants, calendar: Calendar) -> PaymentRows:
    """Return everyday payments of ``people``; the friends and relatives that they pay are among ``known``."""
    listed = region.group("payments.everyday")
    count = len(listed)
    home, firms, others = (_of_kinds(listed, who, 1000) for who in ("migrants", "firms", "persons"))
    days = people.end - people.start + 1
    expected = days[:, None] * people.life[:, None] * _of_kinds(listed, "rate") // 1000
    expected = np.where(people.migrant[:, None], expected * home // 1000, expected)
    expected = expected * np.where(people.firm[:, None], firms, others) // 1000
    cell = people.wallet[:, None] * 16 + np.arange(count)
    more = region.stream("payments/more").below(cell, 1000) < expected % 1000
    at, turn = repeat_rows(np.minimum(expected // 1000 + more, KIND_ROOM - 1).ravel())
    person, kind = at // count, at % count
    ids = EVERYDAY + people.wallet[person] * A_PERSON + kind * KIND_ROOM + turn
    day = calendar.day("payments/day", ids, people.start[person], people.end[person])
    base, spread, rounded = (_of_kinds(listed, name)[kind] for name in ("sum", "spread", "round"))
    amount = vary(region, "payments/everyday", ids, base, spread)
    other = _counterparts(region, people, known, listed, person, kind, ids, day)
    told = np.array([probability(entry["told"]) for entry in listed.values()])[kind]
    takes, wallet = np.isin(list(listed), INCOMES)[kind], people.wallet[person]
    legs = PaymentRows(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        heap(region, "payments/round", ids, amount, rounded),
        region.stream("payments/channel").choose(ids, _of_kinds(listed, "channels")[kind]),
        np.where(region.stream("payments/told").chance(ids, told), _purposes(listed)[kind], UNSTATED),
        people.source[person],
        np.zeros(len(ids), dtype=bool),
    )
    return legs.where(legs.payer != legs.payee)


def _purposes(listed: dict[str, dict]) -> Ints:
    return np.array([PURPOSES.index(entry["purpose"]) for entry in listed.values()])


def _counterparts(
    region: Region,
    people: Inhabitants,
    known: Inhabitants,
    listed: dict[str, dict],
    person: Ints,
    kind: Ints,
    ids: Ints,
    day: Ints,
) -> Ints:
    away = region.chance("payments/elsewhere", ids, "payments.elsewhere")
    wallet, home = people.wallet[person], people.town[person]
    town = region.stream("payments/other_town").below(ids, region["places.towns"])
    town = np.where(away, town, home)
    # Housing and those abroad are always the same; other providers vary.
    steady = wallet * 16 + kind
    found = np.full(len(ids), -1)
    for index, (name, entry) in enumerate(listed.items()):
        rows, place = kind == index, entry["to"]
        if place == "person":
            # Everybody has a few whom they pay again and again.
            friend = steady[rows] * 4 + region.stream("payments/which_friend").below(ids[rows], 3)
            found[rows] = known.regular(region, "payments/friend", friend, home[rows], day[rows])
        elif place in ("shop", "room"):
            # People go to a few shops of their own.
            often = wallet[rows] * 4 + region.stream("payments/which_shop").below(ids[rows], 3)
            shop = region.stream("payments/shop").choose(often, wallets.hub_weights(region, wallets.A_TOWN))
            found[rows] = wallets.venue(place, town[rows] * wallets.A_TOWN + shop)
            if name == "shop":
                chain = wallets.draw_provider(region, "payments/chain", ids[rows], "chain")
                goes = region.chance("payments/to_chain", ids[rows], "payments.chains")
                found[rows] = np.where(goes, wallets.venue("chain", chain), found[rows])
        else:
            key = steady[rows] if place in ("housing", "abroad") else ids[rows]
            found[rows] = wallets.venue(place, wallets.draw_provider(region, "payments/provider", key, place))
    return found


def wage_rows(
    region: Region,
    staff: Inhabitants,
    worker: Ints,
    ids: Ids,
    minute: Ints,
    days: Ints,
    stated: np.ndarray,
    first_employer: int,
) -> PaymentRows:
    """Return wages of workers, each for so many ``days``. ``first_employer``: position among the sources."""
    employer = staff.employer[worker]
    wage = vary(region, "payments/paid", ids, staff.wage[worker], region["payments.paid_spread"])
    wage = wage * days // region["payments.month_days"]
    wage = heap(region, "payments/wage_round", ids, wage, region["payments.wage_round"])
    return PaymentRows(
        ids,
        minute,
        wallets.EMPLOYERS + employer,
        staff.wallet[worker],
        np.maximum(wage, 1),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(stated, PURPOSES.index("wages"), UNSTATED),
        first_employer + employer,
        np.zeros(len(ids), dtype=bool),
    )


def pay_wages(region: Region, people: Inhabitants, first_employer: int) -> PaymentRows:
    """Return wages on the employers' paydays. ``first_employer``: position among the sources."""
    month = region["payments.month_days"]
    employers = np.arange(region["payments.employers"])
    fortnight = region.chance("payments/fortnight", employers, "payments.fortnightly")
    phase = region.stream("payments/payday").below(employers, region["payments.payday_days"])
    waged = np.flatnonzero(people.waged)
    employer = people.employer[waged]
    period, phase = np.where(fortnight, month // 2, month)[employer], phase[employer]
    first = -(-(people.start[waged] - phase) // period)
    last = (people.end[waged] - phase) // period
    at, turn = repeat_rows(np.maximum(last - first + 1, 0))
    pay = first[at] + turn
    ids = WAGES + people.wallet[waged[at]] * 256 + pay
    low, high = region["payments.office_minutes"]
    payroll = region.stream("payments/payroll").below(employer[at] * 1024 + pay, high - low)
    minute = (pay * period[at] + phase[at]) * MINUTES_A_DAY + low + payroll
    stated = region.chance("payments/told", ids, "payments.wages_told")
    return wage_rows(region, people, waged[at], ids, minute, period[at], stated, first_employer)


def pay_offices(region: Region, first_employer: int, calendar: Calendar) -> PaymentRows:
    """Return what employers pay to suppliers and offices, and what they receive from other companies."""
    listed = region.group("payments.offices")
    count = len(listed)
    at, turn = repeat_rows(np.tile(_of_kinds(listed, "number"), region["payments.employers"]))
    employer, kind = at // count, at % count
    ids = OFFICES + employer * AN_EMPLOYER + kind * AN_OFFICE + turn
    day = calendar.day("payments/day", ids, np.zeros_like(ids), np.full_like(ids, DAYS - 1))
    base = _of_kinds(listed, "sum")[kind]
    amount = vary(region, "payments/everyday", ids, base, region["payments.trade_spread"])
    other = np.zeros_like(ids)
    for index, entry in enumerate(listed.values()):
        rows = kind == index
        found = wallets.draw_provider(region, "payments/provider", ids[rows], entry["to"])
        other[rows] = wallets.venue(entry["to"], found)
    stated = region.chance("payments/told", ids, "payments.wages_told")
    takes, wallet = _of_kinds(listed, "takes")[kind], wallets.EMPLOYERS + employer
    return PaymentRows(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        heap(region, "payments/round", ids, amount, region["payments.trade_round"]),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(stated, _purposes(listed)[kind], UNSTATED),
        first_employer + employer,
        np.zeros(len(ids), dtype=bool),
    )
