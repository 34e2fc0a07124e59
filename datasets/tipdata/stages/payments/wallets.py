"""Numbers of wallets: who stands behind a local number can be learnt from it, and from nothing that is shown.

Operation i has i * 16 + k, k = 0 its controller's; all others start at 1 << 20 and end below 1 << 21.
"""

import numpy as np

from tipdata.core.draw import Ids, Ints
from tipdata.core.world import Region

A_OPERATION = 16
"""Wallets of an operation: its controller's, and those of at most two schemes."""
A_SCHEME = 7
"""Wallets of its own that a scheme has room for: its head's, and six more."""
FIRST = 1 << 20
VENUES = FIRST
"""Shops, lodgings, offices and others whom many pay: kind * 1024 + place."""
EMPLOYERS = FIRST + (1 << 14)
PEOPLE = FIRST + (1 << 15)
"""Household * 4 + person."""
OWN = FIRST + (1 << 16)
"""Wallets of lawful schemes: scheme * 8 + place; the last is the principal's."""
PRINCIPAL = 7
STRANGERS = FIRST + (1 << 18)
"""People who deal with a scheme and have no other part here: scheme * 64 + place."""
LAST = 1 << 21

VENUE_KINDS = (
    *("shop", "housing", "transport", "advert", "room", "travel", "supplier", "office", "abroad"),
    *("clinic", "bureau", "chain"),
)
A_KIND = 1024
A_TOWN = 20
"""Shops, or lodgings, of a town."""


def venue(kind: str | Ints, place: Ints | int) -> Ints:
    """Return the wallet of a place: of a shop or lodging the rank of its town * 20 + its own, of others a number."""
    index = VENUE_KINDS.index(kind) if isinstance(kind, str) else kind
    return np.asarray(VENUES + index * A_KIND + place)


def is_venue(wallet: Ints, kind: str) -> np.ndarray:
    """Return bool: whether wallets are of places of a kind."""
    low = venue(kind, 0)
    return (wallet >= low) & (wallet < low + A_KIND)


def provider(region: Region, column: str, ids: Ids, kind: str) -> Ints:
    """Return place of a provider of a kind for each id: a few serve most."""
    return region.stream(column).choose(ids, ranked(region, region["payments.venues"][kind]))


def ranked(region: Region, count: int) -> Ints:
    """Return weights of so many providers, the first of them hubs."""
    return 1_000_000 // (region["payments.hubs"] + np.arange(count))


def own(number: Ints, owner: Ints, slot: Ints, place: Ints | int) -> Ints:
    """Return the wallet at a place (0 the head's, to 6) of each scheme, by its number, its operation (-1: none) and
    slot."""
    return np.where(owner >= 0, owner * A_OPERATION + 1 + slot * A_SCHEME + place, OWN + number * 8 + place)


def principal(number: Ints, owner: Ints) -> Ints:
    """Return the wallet of whoever stands behind each scheme: an operation's controller, or a lawful scheme's own."""
    return np.where(owner >= 0, owner * A_OPERATION, OWN + number * 8 + PRINCIPAL)


def stranger(number: Ints, place: Ints) -> Ints:
    """Return the wallet of a scheme's outsider."""
    return STRANGERS + number * 64 + place
