"""Who is close to whom: accounts of one operation, and households of one town and language."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places

HOUSEHOLDS = 1024
"""Room for the households of one community in the number of a circle."""
OTHERS = 1 << 20
"""Circles of households are numbered from here on; those before are operations."""


@dataclass(frozen=True)
class Circles:
    """Int64 arrays with one entry an account."""

    size: Ints
    """Accounts of its operation; 1 for nobody's."""
    town: Ints
    """Rank."""
    circle: Ints
    """Its operation where that has several accounts, else a household of its community."""


def draw_circles(
    region: Region, places: Places, o: Operations, number: Ints, owner: Ints, language: Ints
) -> Circles:
    """Draw where accounts of nobody are, and the households of those who have no other circle, each of about so many.

    Args:
        owner: operation of each account, -1 where it is nobody's.
        language: index of each account's.
    """
    owned = owner >= 0
    size = np.where(owned, np.bincount(owner[owned], minlength=len(o.id))[owner], 1)
    anywhere = region.stream("account_habits/town").choose(number, np.array(region["places.town_weights"]))
    town = np.where(owned, o.town[owner], anywhere)
    community = language * len(places.town) + town
    households = np.maximum(np.bincount(community) // region["ties.circle"], 1)[community]
    household = community * HOUSEHOLDS + region.stream("account_habits/circle").below(number, households)
    return Circles(size, town, np.where(owned & (size > 1), owner, OTHERS + household))
