"""People with an everyday life in the ledger: households, and those whose wages a scheme passes on."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from tipdata.core.draw import Ids, Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.payments import wallets
from tipdata.stages.payments.amounts import varied

TRIES = 3
"""People that are looked at for one who lives in the town and is there on the day."""


@dataclass(frozen=True)
class People:
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
        """Return the wallet of someone, of the town and there on the day where such a one is found soon."""
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


def together(parts: Iterable[People]) -> People:
    """Return all of them, one part after the other."""
    parts = list(parts)
    return People(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(People)))


def households(region: Region, town_weight: Ints, employers: int, first: int) -> People:
    """Return the people of households. ``first``: position of the first household among the sources."""
    count = region["payments.households"]
    home = np.arange(count)
    size = 1 + region.stream("payments/household_size").choose(
        home, np.array(region["payments.household_sizes"])
    )
    of = np.repeat(home, size)
    place = np.arange(len(of)) - np.repeat(np.cumsum(size) - size, size)
    wallet = wallets.PEOPLE + of * 4 + place
    town = region.stream("payments/home").choose(home, town_weight)[of]
    long = region.stream("payments/stay").quantile(of, "gamma_2.0")
    long = region["payments.stay_days"] * long // 2_000_000
    early = region["payments.before_days"]
    start = region.stream("payments/arrival").below(of, DAYS + early) - early
    migrant = (
        region.stream("payments/migrant_home").below(home, 1000) < region["payments.migrants"]["household"]
    )
    life = np.array(region["payments.life"])
    return People(
        wallet,
        first + of,
        town,
        np.maximum(start, 0),
        np.clip(start + long, 0, DAYS - 1),
        employed(region, wallet, employers),
        life[region.stream("payments/life").choose(of, np.array(region["payments.life_weights"]))],
        region.stream("payments/waged").chance(wallet, probability(region["payments.waged"])),
        wages(region, wallet),
        migrant[of],
        np.zeros(len(of), dtype=bool),
    )


def employed(region: Region, ids: Ids, employers: int) -> Ints:
    """Return position of an employer for each id; a few employ many."""
    weight = 1000 // (1 + np.arange(employers))
    return region.stream("payments/employer").choose(ids, weight)


def wages(region: Region, wallet: Ids) -> Ints:
    """Return monthly wage of each wallet's holder, minor units."""
    base = np.full(len(wallet), region["payments.wage"])
    return varied(region, "payments/wage", wallet, base, region["payments.wage_spread"])
