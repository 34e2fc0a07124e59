"""Who holds each wallet: what a bank knows of the holder, and what it does not."""

from dataclasses import dataclass, fields, replace

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.people import People
from tipdata.stages.payments.schemes import Schemes

HOLDERS = ("person", "firm", "association")
PERSON, FIRM = 0, 1
ROLES = ("controller", "head", "member")
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


def possible(region: Region, schemes: list[Schemes], people: People) -> Holders:
    """Return whoever may hold a wallet in a scheme, and everybody of the households."""
    parts = [_of_scheme(region, s) for s in schemes]
    # Travellers of a second team may have wallets of a second scheme that there is none of.
    parts += [_of_scheme(region, replace(s, slot=1 - s.slot)) for s in schemes]
    return _together([*parts, _people(region, people)])


def holders(region: Region, known: Holders, used: Ints, town_weight: Ints) -> Holders:
    """Return the holders of the wallets used, in the order of their local numbers; ``known``: those who may hold one
    without being strangers or services."""
    every = _together([known, _strangers(region, used, town_weight), _services(region, used, town_weight)])
    # A controller behind two schemes is met first with the first of them.
    found, first = np.unique(every.wallet, return_index=True)
    at = first[np.searchsorted(found, used)]
    return Holders(*(getattr(every, f.name)[at] for f in fields(Holders)))


def _together(parts: list[Holders]) -> Holders:
    return Holders(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Holders)))


def _of_scheme(region: Region, s: Schemes) -> Holders:
    """Return wallets of a scheme's own, and of whoever stands behind it; of each scheme all that there may be."""
    rows = np.repeat(np.arange(len(s.number)), 8)
    place = np.tile(np.arange(8), len(s.number))
    behind, head = place == wallets.PRINCIPAL, place == 0
    wallet = np.where(behind, s.principal(rows), s.own(rows, place))
    seats = s.number[rows] * 8 + place
    firm = region.stream("payments/firm_behind").chance(seats, _firm_behind(region, s)[rows])
    kind = np.where(head, s.habits["holder"][rows], np.where(behind & firm, FIRM, PERSON))
    low, high = (s.level(region, "age")[rows][:, end] for end in (0, 1))
    opened = s.start[rows] - low - region.stream("payments/opened").below(seats, high - low)
    towns = region["places.towns"]
    apart = region.stream("payments/apart").chance(seats, probability(region["payments.apart"]))
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


def _firm_behind(region: Region, s: Schemes) -> Ints:
    """Return probability out of 65,536 that a firm stands behind each scheme, by its line of work."""
    return np.array([probability(p) for p in region["payments.firm_behind"].values()])[s.line]


def _strangers(region: Region, used: Ints, town_weight: Ints) -> Holders:
    wallet = used[used >= wallets.STRANGERS]
    return _lawful(
        region, wallet, region.stream("payments/outside_town").choose(wallet, town_weight), PERSON, OUTSIDER
    )


def _services(region: Region, used: Ints, town_weight: Ints) -> Holders:
    """Return shops, lodgings, offices and employers; those abroad are people."""
    wallet = used[(used >= wallets.VENUES) & (used < wallets.PEOPLE)]
    kind = (wallet - wallets.VENUES) // wallets.A_KIND
    town = region.stream("payments/outside_town").choose(wallet, town_weight)
    local = np.isin(kind, [wallets.VENUE_KINDS.index(name) for name in ("shop", "room")])
    abroad = kind == wallets.VENUE_KINDS.index("abroad")
    town = np.where(
        local, (wallet - wallets.VENUES) % wallets.A_KIND // wallets.A_TOWN, np.where(abroad, NOWHERE, town)
    )
    return _lawful(region, wallet, town, np.where(abroad, PERSON, FIRM), SERVICE)


def _people(region: Region, people: People) -> Holders:
    return _lawful(region, people.wallet, people.town, PERSON, HOUSEHOLD, people.start)


def _lawful(
    region: Region, wallet: Ints, town: Ints, kind: Ints | int, group: str, start: Ints | int = DAYS
) -> Holders:
    """Return holders outside any scheme, whose wallets are opened before ``start``."""
    new = region.stream("payments/opens_new").chance(wallet, probability(region["payments.opens_new"]))
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
