"""People with an everyday life in the ledger, who holds each wallet, and what everyday life pays and is paid.

Households and members of schemes have an everyday life: wallets are shown whole, whatever else they are used for.
"""

from dataclasses import dataclass, replace

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


def draw_households(region: Region, town_weight: Ints, employers: int, first: int) -> Inhabitants:
    """Return the people of households. ``first``: position of the first household among the sources."""
    count = region["payments.households"]
    home = np.arange(count)
    size = 1 + region.stream("payments/household_size").choose(
        home, region.values("payments.household_sizes")
    )
    of, place = repeat_rows(size)
    wallet = wallets.PEOPLE + of * 4 + place
    town = region.stream("payments/home").choose(home, town_weight)[of]
    long = region.stream("payments/stay").quantile(of, "gamma_2.0")
    long = region["payments.stay_days"] * long // 2_000_000
    early = region["payments.before_days"]
    start = region.stream("payments/arrival").below(of, DAYS + early) - early
    migrant = (
        region.stream("payments/migrant_home").below(home, 1000) < region["payments.migrants"]["household"]
    )
    life = region.values("payments.life")
    return Inhabitants(
        wallet,
        first + of,
        town,
        np.maximum(start, 0),
        np.clip(start + long, 0, DAYS - 1),
        draw_employers(region, wallet, employers),
        life[region.stream("payments/life").choose(of, region.values("payments.life_weights"))],
        region.chance("payments/waged", wallet, "payments.waged"),
        draw_wages(region, wallet),
        migrant[of],
        np.zeros(len(of), dtype=bool),
    )


def draw_employers(region: Region, ids: Ids, employers: int) -> Ints:
    """Return position of an employer for each id; a few employ many."""
    weight = 1000 // (1 + np.arange(employers))
    return region.stream("payments/employer").choose(ids, weight)


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
    return join_rows([*parts, _lawful(region, people.wallet, people.town, PERSON, HOUSEHOLD, people.start)])


def find_holders(region: Region, known: Holders, used: Ints, town_weight: Ints) -> Holders:
    """Return the holders of the wallets used, in their order: ``known`` ones, strangers and services."""
    every = join_rows([known, _strangers(region, used, town_weight), _services(region, used, town_weight)])
    # A controller behind two schemes is met first with the first of them.
    found, first = np.unique(every.wallet, return_index=True)
    at = first[np.searchsorted(found, used)]
    return take_rows(every, at)


def _of_scheme(region: Region, s: Schemes) -> Holders:
    rows = np.repeat(np.arange(len(s.number)), 8)
    place = np.tile(np.arange(8), len(s.number))
    behind, head = place == wallets.PRINCIPAL, place == 0
    wallet = np.where(behind, s.principal(rows), s.own(rows, place))
    seats = s.number[rows] * 8 + place
    firm = region.stream("payments/firm_behind").chance(
        seats, np.array([probability(p) for p in region["payments.firm_behind"].values()])[s.line][rows]
    )
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
    return _lawful(
        region, wallet, region.stream("payments/outside_town").choose(wallet, town_weight), PERSON, OUTSIDER
    )


def _services(region: Region, used: Ints, town_weight: Ints) -> Holders:
    wallet = used[(used >= wallets.VENUES) & (used < wallets.PEOPLE)]
    kind = (wallet - wallets.VENUES) // wallets.A_KIND
    town = region.stream("payments/outside_town").choose(wallet, town_weight)
    local = np.isin(kind, [wallets.VENUE_KINDS.index(name) for name in ("shop", "room")])
    abroad = kind == wallets.VENUE_KINDS.index("abroad")
    town = np.where(
        local, (wallet - wallets.VENUES) % wallets.A_KIND // wallets.A_TOWN, np.where(abroad, NOWHERE, town)
    )
    return _lawful(region, wallet, town, np.where(abroad, PERSON, FIRM), SERVICE)


def _lawful(
    region: Region, wallet: Ints, town: Ints, kind: Ints | int, group: str, start: Ints | int = DAYS
) -> Holders:
    """Return holders outside any scheme, whose wallets are opened before ``start``."""
    new = region.chance("payments/opens_new", wallet, "payments.opens_new")
    low, high = region["payments.opened_new"], region["payments.opened_before"]
    before = np.where(new, region.stream("payments/opened").below(wallet, low), low)
    before = np.where(new, before, low + region.stream("payments/opened").below(wallet, high))
    none = np.full(len(wallet), -1)
    return Holders(
        wallet,
        np.broadcast_to(kind, wallet.shape),
        start - before,
        town,
        none,
        none,
        np.full(len(wallet), group),
    )


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
    relayed = np.concatenate([np.full(len(s.number), s.mechanism == "relay") for s in schemes])[source]
    thin = np.concatenate(
        [s.level(region, "life") if s.mechanism == "relay" else np.full(len(s.number), 1000) for s in schemes]
    )[source]
    outside = outside[at]
    lives = np.where(outside, first_outsider + np.cumsum(outside) - 1, source)
    stay = np.where(outside, region["payments.outside_days"], region["payments.stay_days"])
    stay = stay // 4 + stay * 3 * region.stream("payments/stay").quantile(wallet, "gamma_2.0") // 8_000_000
    first = start - region.stream("payments/arrival").below(wallet, np.maximum(stay, 1))
    life = region.values("payments.life")
    drawn = life[region.stream("payments/life").choose(wallet, region.values("payments.life_weights"))]
    employers = region["payments.employers"]
    waged = region.chance("payments/waged", wallet, "payments.members_waged")
    return Inhabitants(
        wallet,
        lives,
        np.maximum(holders.town[at], 0),
        np.clip(first, 0, DAYS - 1),
        np.clip(first + stay, 0, DAYS - 1),
        draw_employers(region, wallet, employers),
        np.where(relayed & ~outside, thin, drawn),
        waged & ~relayed & ~outside & (holders.kind[at] == PERSON),
        draw_wages(region, wallet),
        migrant,
        holders.kind[at] != PERSON,
    )


def _scheme_of(schemes: list[Schemes], wallet: Ints) -> Ints:
    """Return the number of the scheme that each wallet belongs to, the first of several; -1 for none."""
    own, number = [], []
    for s in schemes:
        rows = np.arange(len(s.number))
        for place in range(wallets.A_SCHEME):
            own.append(s.own(rows, place))
            number.append(s.number)
        own.append(s.principal(rows))
        number.append(s.number)
    found, first = np.unique(np.concatenate(own), return_index=True)
    at = np.minimum(np.searchsorted(found, wallet), len(found) - 1)
    return np.where(found[at] == wallet, np.concatenate(number)[first][at], -1)


EVERYDAY, WAGES, OFFICES = 1 << 23, 3 << 30, 15 << 28
"""First local numbers of these payments; all stay below 1 << 32."""
A_PERSON, KIND_ROOM = 2048, 128
"""Room for the everyday payments of one wallet, and of one kind, in their numbers."""
AN_EMPLOYER, AN_OFFICE = 8192, 512
INCOMES = ("sale", "benefit", "custom")
"""Kinds of payments that the holder receives."""


def live_everyday(region: Region, people: Inhabitants, known: Inhabitants, calendar: Calendar) -> PaymentRows:
    """Return everyday payments of ``people``; the friends and relatives that they pay are among ``known``."""
    listed = region.group("payments.everyday")
    kinds = tuple(listed)
    rates = np.array([listed[k]["rate"] for k in kinds])
    home, firms, others = (
        np.array([listed[k].get(who, 1000) for k in kinds]) for who in ("migrants", "firms", "persons")
    )
    days = people.end - people.start + 1
    expected = days[:, None] * people.life[:, None] * rates[None, :] // 1000
    expected = np.where(people.migrant[:, None], expected * home[None, :] // 1000, expected)
    expected = expected * np.where(people.firm[:, None], firms[None, :], others[None, :]) // 1000
    cell = people.wallet[:, None] * 16 + np.arange(len(kinds))[None, :]
    more = region.stream("payments/more").below(cell, 1000) < expected % 1000
    counts = np.minimum(expected // 1000 + more, KIND_ROOM - 1)
    at, turn = repeat_rows(counts.ravel())
    person, kind = at // len(kinds), at % len(kinds)
    ids = EVERYDAY + people.wallet[person] * A_PERSON + kind * KIND_ROOM + turn
    day = calendar.day("payments/day", ids, people.start[person], people.end[person])
    base = np.array([listed[k]["sum"] for k in kinds])[kind]
    spread = np.array([listed[k]["spread"] for k in kinds])[kind]
    amount = vary(region, "payments/everyday", ids, base, spread)
    amount = heap(region, "payments/round", ids, amount, np.array([listed[k]["round"] for k in kinds])[kind])
    channels = np.array([listed[k]["channels"] for k in kinds])
    other = _counterparts(region, people, known, listed, kinds, person, kind, ids, day)
    takes = np.isin(np.array(kinds), INCOMES)[kind]
    wallet = people.wallet[person]
    named = np.array([PURPOSES.index(listed[k]["purpose"]) for k in kinds])
    stated = region.stream("payments/told").chance(
        ids, np.array([probability(listed[k]["told"]) for k in kinds])[kind]
    )
    legs = PaymentRows(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        amount,
        region.stream("payments/channel").choose(ids, channels[kind]),
        np.where(stated, named[kind], UNSTATED),
        people.source[person],
        np.zeros(len(ids), dtype=bool),
    )
    return legs.where(legs.payer != legs.payee)


def _counterparts(
    region: Region,
    people: Inhabitants,
    known: Inhabitants,
    listed: dict[str, dict],
    kinds: tuple[str, ...],
    person: Ints,
    kind: Ints,
    ids: Ints,
    day: Ints,
) -> Ints:
    away = region.chance("payments/elsewhere", ids, "payments.elsewhere")
    towns = region["places.towns"]
    town = np.where(away, region.stream("payments/other_town").below(ids, towns), people.town[person])
    # Housing and those abroad are always the same; other providers vary.
    steady = people.wallet[person] * 16 + kind
    found = np.full(len(ids), -1)
    for index, name in enumerate(kinds):
        rows = kind == index
        place = listed[name]["to"]
        if place == "person":
            # Everybody has a few whom they pay again and again.
            friend = steady[rows] * 4 + region.stream("payments/which_friend").below(ids[rows], 3)
            found[rows] = known.regular(
                region, "payments/friend", friend, people.town[person[rows]], day[rows]
            )
        elif place in ("shop", "room"):
            # People go to a few shops of their own.
            often = region.stream("payments/which_shop").below(ids[rows], 3)
            shop = region.stream("payments/shop").choose(
                (people.wallet[person[rows]] * 4 + often), wallets.hub_weights(region, wallets.A_TOWN)
            )
            found[rows] = wallets.venue(place, town[rows] * wallets.A_TOWN + shop)
            if name == "shop":
                chain = wallets.draw_provider(region, "payments/chain", ids[rows], "chain")
                goes = region.chance("payments/to_chain", ids[rows], "payments.chains")
                found[rows] = np.where(goes, wallets.venue("chain", chain), found[rows])
        else:
            key = steady[rows] if place in ("housing", "abroad") else ids[rows]
            found[rows] = wallets.venue(place, wallets.draw_provider(region, "payments/provider", key, place))
    return found


def pay_wages(region: Region, people: Inhabitants, first_employer: int, round_wages: int) -> PaymentRows:
    """Return wages on the employers' paydays. ``first_employer``: position among the sources."""
    month = region["payments.month_days"]
    employers = np.arange(region["payments.employers"])
    fortnight = region.chance("payments/fortnight", employers, "payments.fortnightly")
    period = np.where(fortnight, month // 2, month)
    phase = region.stream("payments/payday").below(employers, region["payments.payday_days"])
    waged = np.flatnonzero(people.waged)
    employer = people.employer[waged]
    first = -(-(people.start[waged] - phase[employer]) // period[employer])
    last = (people.end[waged] - phase[employer]) // period[employer]
    at, turn = repeat_rows(np.maximum(last - first + 1, 0))
    who, works_for = waged[at], employer[at]
    pay = first[at] + turn
    day = pay * period[works_for] + phase[works_for]
    ids = WAGES + people.wallet[who] * 256 + pay
    low, high = region["payments.office_minutes"]
    minute = (
        day * MINUTES_A_DAY
        + low
        + region.stream("payments/payroll").below(works_for * 1024 + pay, high - low)
    )
    wage = vary(region, "payments/paid", ids, people.wage[who], region["payments.paid_spread"])
    wage = heap(region, "payments/wage_round", ids, wage * period[works_for] // month, round_wages)
    stated = region.chance("payments/told", ids, "payments.wages_told")
    return PaymentRows(
        ids,
        minute,
        wallets.EMPLOYERS + works_for,
        people.wallet[who],
        np.maximum(wage, 1),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(stated, PURPOSES.index("wages"), UNSTATED),
        first_employer + works_for,
        np.zeros(len(ids), dtype=bool),
    )


def pay_offices(region: Region, first_employer: int, calendar: Calendar) -> PaymentRows:
    """Return what employers pay to suppliers and offices, and what they receive from other companies."""
    listed = region.group("payments.offices")
    kinds = tuple(listed)
    employers = np.arange(region["payments.employers"])
    counts = np.tile(np.array([listed[k]["number"] for k in kinds]), len(employers))
    at, turn = repeat_rows(counts)
    employer, kind = at // len(kinds), at % len(kinds)
    ids = OFFICES + employer * AN_EMPLOYER + kind * AN_OFFICE + turn
    day = calendar.day("payments/day", ids, np.zeros_like(ids), np.full_like(ids, DAYS - 1))
    base = np.array([listed[k]["sum"] for k in kinds])[kind]
    amount = vary(region, "payments/everyday", ids, base, region["payments.trade_spread"])
    places = np.array([wallets.VENUE_KINDS.index(listed[k]["to"]) for k in kinds])[kind]
    other = np.zeros_like(ids)
    for index, name in enumerate(kinds):
        rows = kind == index
        found = wallets.draw_provider(region, "payments/provider", ids[rows], listed[name]["to"])
        other[rows] = wallets.venue(places[rows], found)
    takes = np.array([listed[k]["takes"] for k in kinds])[kind]
    wallet = wallets.EMPLOYERS + employer
    purpose = np.array([PURPOSES.index(listed[k]["purpose"]) for k in kinds])[kind]
    stated = region.chance("payments/told", ids, "payments.wages_told")
    return PaymentRows(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        heap(region, "payments/round", ids, amount, region["payments.trade_round"]),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(stated, purpose, UNSTATED),
        first_employer + employer,
        np.zeros(len(ids), dtype=bool),
    )
