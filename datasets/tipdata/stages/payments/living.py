"""Everyday life: wages, rent, shopping, travel, money sent home; and what employers pay and are paid."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.amounts import heaped, varied
from tipdata.stages.payments.calendar import Calendar
from tipdata.stages.payments.legs import CHANNELS, PURPOSES, UNSTATED, Legs, repeated
from tipdata.stages.payments.people import People

EVERYDAY, WAGES, OFFICES = 1 << 23, 3 << 30, 15 << 28
"""Where the numbers of these payments start; all stay under 1 << 32."""
A_PERSON, A_KIND = 2048, 128
"""Numbers of everyday payments a wallet, and of each kind."""
AN_EMPLOYER, AN_OFFICE = 8192, 512
INCOMES = ("sale", "benefit", "custom")
"""Kinds that the holder is paid and does not pay."""


def live(region: Region, people: People, known: People, calendar: Calendar) -> Legs:
    """Return everyday payments of ``people``; friends and relatives they pay are of ``known``."""
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
    counts = np.minimum(expected // 1000 + more, A_KIND - 1)
    at, turn = repeated(counts.ravel())
    person, kind = at // len(kinds), at % len(kinds)
    ids = EVERYDAY + people.wallet[person] * A_PERSON + kind * A_KIND + turn
    day = calendar.day("payments/day", ids, people.start[person], people.end[person])
    base = np.array([listed[k]["sum"] for k in kinds])[kind]
    spread = np.array([listed[k]["spread"] for k in kinds])[kind]
    amount = varied(region, "payments/everyday", ids, base, spread)
    amount = heaped(
        region, "payments/round", ids, amount, np.array([listed[k]["round"] for k in kinds])[kind]
    )
    channels = np.array([listed[k]["channels"] for k in kinds])
    other = _counterparts(region, people, known, listed, kinds, person, kind, ids, day)
    takes = np.isin(np.array(kinds), INCOMES)[kind]
    wallet = people.wallet[person]
    named = np.array([PURPOSES.index(listed[k]["purpose"]) for k in kinds])
    told = region.stream("payments/told").chance(
        ids, np.array([probability(listed[k]["told"]) for k in kinds])[kind]
    )
    legs = Legs(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        amount,
        region.stream("payments/channel").choose(ids, channels[kind]),
        np.where(told, named[kind], UNSTATED),
        people.source[person],
        np.zeros(len(ids), dtype=bool),
    )
    return legs.where(legs.payer != legs.payee)


def _counterparts(
    region: Region,
    people: People,
    known: People,
    listed: dict[str, dict],
    kinds: tuple[str, ...],
    person: Ints,
    kind: Ints,
    ids: Ints,
    day: Ints,
) -> Ints:
    """Return whom each payment goes to or comes from: the town's shop or lodging, one of several providers, or a
    person."""
    away = region.stream("payments/elsewhere").chance(ids, probability(region["payments.elsewhere"]))
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
            shop = _shop(region, people.wallet[person[rows]] * 4 + often)
            found[rows] = wallets.venue(place, town[rows] * wallets.A_TOWN + shop)
            if name == "shop":
                found[rows] = _chains(region, found[rows], ids[rows])
        else:
            key = steady[rows] if place in ("housing", "abroad") else ids[rows]
            found[rows] = wallets.venue(place, wallets.provider(region, "payments/provider", key, place))
    return found


def _shop(region: Region, ids: Ints) -> Ints:
    """Return number of a shop or lodging of a town; a few have most customers."""
    return region.stream("payments/shop").choose(ids, wallets.ranked(region, wallets.A_TOWN))


def _chains(region: Region, shop: Ints, ids: Ints) -> Ints:
    """Return the shops, a chain of the whole region in the place of some."""
    chain = wallets.venue("chain", wallets.provider(region, "payments/chain", ids, "chain"))
    goes = region.stream("payments/to_chain").chance(ids, probability(region["payments.chains"]))
    return np.where(goes, chain, shop)


def earn(region: Region, people: People, first_employer: int, round_wages: int) -> Legs:
    """Return wages of those who are employed, on their employer's paydays. ``first_employer``: position among the
    sources."""
    month = region["payments.month_days"]
    employers = np.arange(region["payments.employers"])
    fortnight = region.stream("payments/fortnight").chance(
        employers, probability(region["payments.fortnightly"])
    )
    period = np.where(fortnight, month // 2, month)
    phase = region.stream("payments/payday").below(employers, region["payments.payday_days"])
    waged = np.flatnonzero(people.waged)
    employer = people.employer[waged]
    first = -(-(people.start[waged] - phase[employer]) // period[employer])
    last = (people.end[waged] - phase[employer]) // period[employer]
    at, turn = repeated(np.maximum(last - first + 1, 0))
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
    wage = varied(region, "payments/paid", ids, people.wage[who], region["payments.paid_spread"])
    wage = heaped(region, "payments/wage_round", ids, wage * period[works_for] // month, round_wages)
    told = region.stream("payments/told").chance(ids, probability(region["payments.wages_told"]))
    return Legs(
        ids,
        minute,
        wallets.EMPLOYERS + works_for,
        people.wallet[who],
        np.maximum(wage, 1),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(told, PURPOSES.index("wages"), UNSTATED),
        first_employer + works_for,
        np.zeros(len(ids), dtype=bool),
    )


def trade(region: Region, first_employer: int, calendar: Calendar) -> Legs:
    """Return what employers pay suppliers and offices, and what other companies pay them."""
    listed = region.group("payments.offices")
    kinds = tuple(listed)
    employers = np.arange(region["payments.employers"])
    counts = np.tile(np.array([listed[k]["number"] for k in kinds]), len(employers))
    at, turn = repeated(counts)
    employer, kind = at // len(kinds), at % len(kinds)
    ids = OFFICES + employer * AN_EMPLOYER + kind * AN_OFFICE + turn
    day = calendar.day("payments/day", ids, np.zeros_like(ids), np.full_like(ids, DAYS - 1))
    base = np.array([listed[k]["sum"] for k in kinds])[kind]
    amount = varied(region, "payments/everyday", ids, base, region["payments.trade_spread"])
    places = np.array([wallets.VENUE_KINDS.index(listed[k]["to"]) for k in kinds])[kind]
    other = np.zeros_like(ids)
    for index, name in enumerate(kinds):
        rows = kind == index
        found = wallets.provider(region, "payments/provider", ids[rows], listed[name]["to"])
        other[rows] = wallets.venue(places[rows], found)
    takes = np.array([listed[k]["takes"] for k in kinds])[kind]
    wallet = wallets.EMPLOYERS + employer
    purpose = np.array([PURPOSES.index(listed[k]["purpose"]) for k in kinds])[kind]
    told = region.stream("payments/told").chance(ids, probability(region["payments.wages_told"]))
    return Legs(
        ids,
        calendar.minute("payments/lived", ids, day),
        np.where(takes, other, wallet),
        np.where(takes, wallet, other),
        heaped(region, "payments/round", ids, amount, region["payments.trade_round"]),
        np.full(len(ids), CHANNELS.index("bank")),
        np.where(told, purpose, UNSTATED),
        first_employer + employer,
        np.zeros(len(ids), dtype=bool),
    )
