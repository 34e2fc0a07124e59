"""Those in schemes have an everyday life as well: wallets are shown whole, whatever else they are used for."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.holders import PERSON, Holders
from tipdata.stages.payments.people import People, employed, wages
from tipdata.stages.payments.schemes import Schemes


def members(region: Region, schemes: list[Schemes], held: Holders, first_outsider: int) -> People:
    """Return the people behind the wallets of schemes, among those held: their own, their principals' and outsiders'.

    The everyday life of outsiders is their own and not the scheme's. ``first_outsider``: position of the first of them
    among the sources.
    """
    every = held.wallet
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
    thin = np.concatenate([_thin(region, s) for s in schemes])[source]
    outside = outside[at]
    lives = np.where(outside, first_outsider + np.cumsum(outside) - 1, source)
    stay = np.where(outside, region["payments.outside_days"], region["payments.stay_days"])
    stay = stay // 4 + stay * 3 * region.stream("payments/stay").quantile(wallet, "gamma_2.0") // 8_000_000
    first = start - region.stream("payments/arrival").below(wallet, np.maximum(stay, 1))
    life = np.array(region["payments.life"])
    drawn = life[region.stream("payments/life").choose(wallet, np.array(region["payments.life_weights"]))]
    employers = region["payments.employers"]
    waged = region.stream("payments/waged").chance(wallet, probability(region["payments.members_waged"]))
    return People(
        wallet,
        lives,
        np.maximum(held.town[at], 0),
        np.clip(first, 0, DAYS - 1),
        np.clip(first + stay, 0, DAYS - 1),
        employed(region, wallet, employers),
        np.where(relayed & ~outside, thin, drawn),
        waged & ~relayed & ~outside & (held.kind[at] == PERSON),
        wages(region, wallet),
        migrant,
        held.kind[at] != PERSON,
    )


def _scheme_of(schemes: list[Schemes], wallet: Ints) -> Ints:
    """Return number of the scheme that each wallet is of, -1 for those of none; the first of several."""
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


def _thin(region: Region, s: Schemes) -> Ints:
    """Return permille of a full everyday life that a relay leaves to those whose wages are passed on; 1000
    elsewhere."""
    return s.level(region, "life") if s.mechanism == "relay" else np.full(len(s.number), 1000)
