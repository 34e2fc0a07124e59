"""Wallets and payments: a documented sample of whole wallets, those of a part of all operations among them.

Money moves by schemes whose habits are drawn given who is behind them: rent, takings, remittance circles, wages
passed on, deals, touring and loans, and by the same mechanisms funnel accounts, front companies, wages taken away,
spending on adverts and rooms, and layers. Around them goes everyday life. Given its habits a scheme pays alike
whoever is behind it.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.tables import decode, join_rows, with_nulls
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.operations.stage import Operations
from tipdata.stages.payments import everyday, mechanisms, wallets
from tipdata.stages.payments.everyday import Holders, Inhabitants
from tipdata.stages.payments.mechanisms import NOT_KNOWN, PaidAdverts
from tipdata.stages.payments.schemes import LAYERS, Schemes, draw_sample, draw_schemes, draw_work
from tipdata.stages.payments.wallets import CASH, CHANNELS, FIRST, PURPOSES, STRANGERS, Calendar, PaymentRows
from tipdata.stages.places import Places

GROUPS = wallets.TABLES["payments"].values("group")
"""Lawful groups: who is behind a payment, or its household."""


HOUSEHOLD, EMPLOYER, AGENCY = "household", "employer", "agency"
NEVER = -30_000
"""Log-odds of payments that belong to no scheme, milli-nats."""
HOMES, FIRMS = 1 << 12, 1 << 13
"""Local numbers of the communities of households and of employers start here; schemes have their own below, and those
of outsiders are their wallets'."""


def generate(region: Region, past: Past) -> tuple[None, Tables]:
    """Draw the schemes, the people and the payments of one region."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    trips, suppliers = past["trips"], past["suppliers"]
    work = draw_work(region, o, past["adverts"], trips, suppliers)
    number, firms = suppliers.agencies.number, suppliers.firms.agency
    seen = np.zeros(len(o.id), dtype=bool)
    travels = np.append(trips.circuits.operation[trips.stops.circuit], trips.bookings.operation)
    seen[travels[travels >= 0]] = True
    seen[number[firms[firms >= 0]]] = True
    sampled = draw_sample(region, o, seen)
    schemes = draw_schemes(region, o, work, sampled, places.weight)
    first_home = sum(len(s.number) for s in schemes.values())
    first_firm = first_home + region["payments.households"]
    calendar = Calendar(region)
    people = everyday.draw_households(region, places.weight, first_home)
    staff = mechanisms.find_workers(region, schemes["relay"])
    crowd = past["people"]
    for_adverts, paid = mechanisms.pay_adverts(region, o, schemes, past["adverts"], calendar)
    doings = join_rows(
        [
            *mechanisms.collect(region, schemes["collect"], people, calendar),
            *mechanisms.relay_wages(region, o, schemes["relay"], staff, crowd, first_firm),
            *mechanisms.make_deals(region, schemes["deal"], calendar),
            *mechanisms.spend(region, schemes["spend"], calendar),
            *mechanisms.send_round(region, schemes["round"], people, calendar),
            *mechanisms.pay_tours(region, schemes, trips, calendar),
            *mechanisms.pay_others(region, o, schemes, crowd, calendar),
            *for_adverts,
        ]
    )
    # What waits to be passed on when an operation ends never is.
    owner = np.concatenate([s.owner for s in schemes.values()])
    of = owner[np.minimum(doings.source, len(owner) - 1)]
    doings = doings.where(~doings.core | (of < 0) | (doings.minute // MINUTES_A_DAY <= o.ends[of]))
    doings = doings.where(_is_earned(o, schemes, owner, doings))
    used = np.unique(np.concatenate([doings.payer, doings.payee]))
    possibly = everyday.possible_holders(region, list(schemes.values()), people)
    holders = everyday.find_holders(region, possibly, used, places.weight)
    first_outsider = first_firm + region["payments.employers"]
    others = everyday.find_members(region, list(schemes.values()), holders, first_outsider)
    everyone = join_rows([people, others])
    lived = everyday.live_everyday(region, everyone, people, calendar)
    # Adverts of an operation are paid for when they are posted: by its scheme of spending, or by any other.
    advert = (lived.payee - wallets.VENUES) // wallets.A_KIND == wallets.VENUE_KINDS.index("advert")
    lived = lived.where((lived.payer >= FIRST) | ~advert)
    wages = everyday.pay_wages(region, everyone, first_firm)
    legs = join_rows([doings, lived, wages, everyday.pay_offices(region, first_firm, calendar)])
    used = np.unique(np.concatenate([legs.payer, legs.payee]))
    holders = everyday.find_holders(region, possibly, used, places.weight)
    return None, _tables(region, places, o, legs, _sources(region, schemes, people, others), holders, paid)


def _is_earned(
    o: Operations, schemes: dict[str, Schemes], owner: np.ndarray, legs: PaymentRows
) -> np.ndarray:
    """Return which payments are possible, bool: all except layering of money that the owner has not begun to earn."""
    layers = np.concatenate([~s.lawful & (s.mechanism == LAYERS[0]) for s in schemes.values()])
    source = np.minimum(legs.source, len(owner) - 1)
    owned = legs.core & (owner[source] >= 0)
    layering, earning = owned & layers[source], owned & ~layers[source]
    first = np.full(len(o.id), DAYS * MINUTES_A_DAY)
    np.minimum.at(first, owner[source[earning]], legs.minute[earning])
    return ~layering | (legs.minute > first[owner[source]])


@dataclass(frozen=True)
class PaymentSources:
    """What payments come of: schemes, then households, employers, and the homes of outsiders; one entry each.

    ``community``: local number of the cluster. ``owner``: local number of the operation, -1 for nobody's.
    ``group``: lawful group, ``typology``: of illicit schemes; '' for the others. ``log_odds`` of being illicit.
    """

    community: np.ndarray
    owner: np.ndarray
    group: np.ndarray
    typology: np.ndarray
    migrant: np.ndarray
    log_odds: np.ndarray


def _sources(
    region: Region, schemes: dict[str, Schemes], people: Inhabitants, others: Inhabitants
) -> PaymentSources:
    def lawful(community: np.ndarray, group: np.ndarray | str, migrant: np.ndarray) -> PaymentSources:
        many = len(community)
        nobody, never = np.full(many, -1), np.full(many, NEVER)
        return PaymentSources(
            community, nobody, np.broadcast_to(group, many), np.full(many, ""), migrant, never
        )

    parts = []
    for s in schemes.values():
        name = np.array(s.groups)[s.group]
        groups = np.where(s.lawful, name, ""), np.where(s.lawful, "", name)
        parts.append(PaymentSources(s.number, s.owner, *groups, s.migrant, s.log_odds))
    homes, firms = np.arange(region["payments.households"]), np.arange(region["payments.employers"])
    migrant_homes = np.zeros(len(homes), dtype=bool)
    migrant_homes[people.source - people.source[0]] = people.migrant
    kind = np.where(firms >= len(firms) - region["payments.agencies"], AGENCY, EMPLOYER)
    outside = others.wallet >= STRANGERS
    return join_rows(
        [
            *parts,
            lawful(HOMES + homes, HOUSEHOLD, migrant_homes),
            lawful(FIRMS + firms, kind, np.zeros(len(firms), dtype=bool)),
            lawful(others.wallet[outside], HOUSEHOLD, others.migrant[outside]),
        ]
    )


def _tables(
    region: Region,
    places: Places,
    o: Operations,
    legs: PaymentRows,
    sources: PaymentSources,
    holders: Holders,
    paid: PaidAdverts,
) -> Tables:
    source, owner = legs.source, sources.owner[legs.source]
    ids = region.ids("wallets", holders.wallet)
    payer, payee = (np.searchsorted(holders.wallet, end) for end in (legs.payer, legs.payee))
    elsewhere = region.chance("payments/counter", legs.number, "payments.other_counter")
    counter = np.where(elsewhere, holders.town[payee], holders.town[payer])
    group, typology = ([name or None for name in names] for names in (sources.group, sources.typology))
    account = np.append(paid.account, NOT_KNOWN)[wallets.first_position(paid.number, legs.number)]
    first = np.full(len(holders.wallet), DAYS)
    for end in (payer, payee):
        np.minimum.at(first, end, legs.minute // MINUTES_A_DAY)
    return {
        "wallets": {
            "wallet": ids,
            "holder": decode(everyday.HOLDERS, holders.kind),
            "opened_day": np.minimum(holders.opened, first),
            "town": with_nulls(places.town[holders.town], holders.town != everyday.NOWHERE),
            "jurisdiction": with_nulls(places.jurisdiction[holders.town], holders.town != everyday.NOWHERE),
            "operation": with_nulls(o.id[holders.owner], holders.owner >= 0),
            "role": decode(everyday.ROLES, holders.role),
            "group": with_nulls(holders.group, holders.group != ""),
        },
        "payments": {
            "payment": region.ids("payments", legs.number),
            "minute": legs.minute,
            "payer": ids[payer],
            "payee": ids[payee],
            "amount": legs.amount,
            "channel": decode(CHANNELS, legs.channel),
            "purpose": decode(PURPOSES, legs.purpose),
            "account": with_nulls(account, account != NOT_KNOWN),
            "town": with_nulls(places.town[counter], (legs.channel == CASH) & (counter != everyday.NOWHERE)),
            "operation": with_nulls(o.id[owner], owner >= 0),
            "typology": decode(typology, np.where(legs.core, source, -1)),
            "community": with_nulls(region.ids("communities", sources.community)[source], owner < 0),
            "group": decode(group, source),
            "migrant": sources.migrant[source],
            "log_odds": np.where(legs.core, sources.log_odds[source], NEVER),
        },
    }


STAGE = Stage(
    "payments",
    ("places", "operations", "adverts", "suppliers", "trips", "people"),
    tuple(wallets.TABLES.values()),
    generate,
)
