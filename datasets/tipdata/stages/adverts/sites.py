"""In which town and on which site adverts appear: on the tour, and from an account that lives."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.stages.accounts.stage import Accounts
from tipdata.stages.adverts.schedule import Schedule, lost_to_closure
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places
from tipdata.stages.trips.tours import Tours, town_of


def place_on_tour(
    region: Region, places: Places, o: Operations, accounts: Accounts, plan: Schedule, touring: Tours
) -> tuple[Ints, Ints, np.ndarray]:
    """Return town rank and platform position of each candidate, and whether it is posted at all."""
    row, operation = plan.row, plan.operation
    rows = np.arange(len(row))
    weights = np.where(accounts.has, accounts.weights, 0)[operation]
    loyal = region.stream("adverts/loyal").chance(row, probability(region["platforms.loyalty"]))
    wanted = np.where(loyal, accounts.home[operation], region.stream("adverts/site").choose(row, weights))
    lost = lost_to_closure(region, places, o, plan, wanted)
    open_ = accounts.alive(operation, plan.day)
    possible = np.where(open_, weights, 0)
    other = region.stream("adverts/other_site").choose(row, possible)
    site = np.where(open_[rows, wanted], wanted, np.minimum(other, open_.shape[1] - 1))
    left = o.disturbed
    paused = (left.quiet[operation] <= plan.day) & (plan.day < left.again[operation])
    return _towns(region, places, o, plan, touring), site, ~lost & ~paused & (possible.sum(axis=1) > 0)


def _towns(region: Region, places: Places, o: Operations, plan: Schedule, touring: Tours) -> Ints:
    """Return town rank of each candidate: home, at times another, or where the tour is."""
    row, operation = plan.row, plan.operation
    home = o.town[operation]
    away = region.stream("adverts/away").chance(row, probability(region["schedule.away"]))
    elsewhere = region.stream("adverts/town").choose(row, places.weight)
    town = np.where(away, elsewhere, home)
    abroad = places.jurisdiction[town] != places.jurisdiction[home]
    town = np.where(abroad & ~o.cross_border[operation], home, town)
    tours = np.flatnonzero(touring.at[operation] >= 0)
    town[tours] = town_of(touring.circuits, touring.begun, touring.at[operation[tours]], plan.day[tours])
    return town
