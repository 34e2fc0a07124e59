"""Firms: their place in the chain, who works for them, and who placed those workers."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places
from tipdata.stages.suppliers.agencies import Agencies, within_reach

SIZES = ("micro", "small", "medium", "large")
DIRECT = -1


@dataclass(frozen=True)
class Firms:
    """Firms by local number: int64 or bool arrays of equal length."""

    id: np.ndarray
    tier: np.ndarray
    """From 0, which sells to the public."""
    sector: np.ndarray
    sectors: tuple[str, ...]
    size: np.ndarray
    town: np.ndarray
    """Rank of the town."""
    age: np.ndarray
    language: np.ndarray
    migrant: np.ndarray
    """Run in another language than the region's majority."""
    workers: np.ndarray
    """Language of most workers."""
    seasonal: np.ndarray
    housing: np.ndarray
    agency: np.ndarray
    """Position of the main recruitment agency, :data:`DIRECT` where there is none."""
    care: np.ndarray
    squeeze: np.ndarray

    agency_habits: dict[str, np.ndarray]
    """Habits of the main agency, bool; none where there is no agency."""

    @property
    def count(self) -> int:
        return len(self.id)


def draw_firms(region: Region, places: Places, o: Operations, agencies: Agencies) -> Firms:
    """Return the firms of one region."""
    local, majority = np.arange(region["suppliers.count"]), o.majority
    tiers = region["suppliers.tiers"]
    tier = region.stream("firms/tier").choose(local, np.array(region["suppliers.tier_weights"][:tiers]))
    sectors = tuple(region["suppliers.sectors"])
    by_tier = np.array(list(region["suppliers.sectors"].values())).T
    sector = region.stream("firms/sector").choose(local, by_tier[tier])
    sizes = np.array([region["suppliers.sizes"][size] for size in SIZES]).T
    size = region.stream("firms/size").choose(local, sizes[tier])
    years = region["suppliers.age_years"] * region.stream("firms/age").quantile(local, "gamma_1.0")
    language = _languages(region, local, majority, "firms/language")
    migrant_run = np.array([probability(p) for p in region["suppliers.migrant_run"]])
    migrant = region.stream("firms/migrant").chance(local, migrant_run[size])
    p_seasonal = np.array([probability(region["suppliers.seasonal"][s]) for s in sectors])
    seasonal = region.stream("firms/seasonal").chance(local, p_seasonal[sector])
    p_housing = np.array([probability(p) for p in region["suppliers.housing"]])
    town = region.stream("firms/town").choose(local, places.weight)
    weights = agencies.weight.T[sector] * within_reach(places, o, agencies.number, town)
    agency = _agency(region, local, weights)
    language = np.where(migrant, language, majority)
    return Firms(
        id=region.ids("firms", local),
        tier=tier,
        sector=sector,
        sectors=sectors,
        size=size,
        town=town,
        age=np.minimum(years // 1_000_000, region["suppliers.age_most"]),
        language=language,
        migrant=migrant,
        workers=_workers(region, local, majority, language, migrant, agency),
        seasonal=seasonal,
        housing=region.stream("firms/housing").chance(local, p_housing[seasonal.astype(np.int64)]),
        agency=agency,
        agency_habits={
            name: (agency != DIRECT) & np.append(has, False)[agency] for name, has in agencies.habits.items()
        },
        care=region.stream("firms/care").choose(local, np.array(region["suppliers.care"]["weights"])),
        squeeze=region.stream("firms/squeeze").choose(
            local, np.array(region["suppliers.squeeze"]["weights"])
        ),
    )


def _languages(region: Region, local: np.ndarray, majority: int, stream: str) -> np.ndarray:
    """Return a language other than the majority's for each."""
    weights = np.array([region["operations.languages"][code] for code in LANGUAGES])
    weights[majority] = 0
    return region.stream(stream).choose(local, weights)


def _agency(region: Region, local: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the main agency of each by (firms, agencies) weights; none where there is none to turn to."""
    supplied = region.stream("firms/supplied").chance(
        local, probability(region["suppliers.agencies.supplied"])
    )
    if not weights.any():
        return np.full(len(local), DIRECT)
    chosen = region.stream("firms/agency").choose(local, weights)
    return np.where(supplied & weights.any(axis=1), chosen, DIRECT)


def _workers(
    region: Region,
    local: np.ndarray,
    majority: int,
    language: np.ndarray,
    migrant: np.ndarray,
    agency: np.ndarray,
) -> np.ndarray:
    shares = region["suppliers.workers_from_elsewhere"]
    p = np.where(agency == DIRECT, probability(shares["direct"]), probability(shares["agency"]))
    elsewhere = region.stream("firms/workers_elsewhere").chance(local, p)
    other = _languages(region, local, majority, "firms/workers")
    alike = migrant & region.stream("firms/workers_alike").chance(
        local, probability(region["suppliers.workers_of_the_firms_language"])
    )
    return np.where(alike, language, np.where(elsewhere, other, majority))
