"""Journeys of lines of work that do not tour: one way, or to one place and back.

Whoever places people with households or arranges marriages sends each of them one way; a medical broker takes people to
a clinic and back. Lawful operations of the same category do so by the same law: nothing but category, the habit of
moving about, and life and home decide.
"""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import CATEGORIES, SPAM
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places
from tipdata.stages.trips.journeys import MEMBERS, UNKNOWN, WALLETS, Bookings, modes

MOST = 32
"""Journeys of an operation at most."""
_NUMBER, _TRAVELLER = 3 << 30, 1 << 24
"""Bookings and travellers are numbered from here on."""


def of_own_way(region: Region, o: Operations) -> np.ndarray:
    """Return bool: operations of lines of work that make journeys and no tours."""
    return np.isin(o.category, [list(CATEGORIES).index(name) for name in region["trips.own_way.returns"]])


def own_bookings(region: Region, places: Places, o: Operations, flow: Ints) -> Bookings:
    """Return the journeys of these operations, within their lives, as rows of one traveller each."""
    operation, journey = _journeys(region, o)
    lines = region.group("trips.own_way")
    category = np.array(list(CATEGORIES))[o.category[operation]]

    def of_line(name: str) -> Ints:
        return np.array([lines[name][line] for line in category.tolist()], dtype=np.int64)

    returns = of_line("returns") == 1
    party = 1 + region.stream("own_way/party").choose(journey, of_line("party"))
    low, high = of_line("stay").T
    stay = low + region.stream("own_way/stay").below(journey, high - low + 1)
    day = _days(region, o, operation, journey, np.where(returns, stay, 0))
    town = _towns(region, places, o, flow, operation, journey, returns)
    # Who would come back after the last day does not go.
    goes = day + np.where(returns, stay, 0) < DAYS
    every = np.repeat(np.arange(len(journey)), goes * party * (1 + returns))
    turn = np.arange(len(every)) - np.searchsorted(every, every)
    member, back = turn % party[every], turn // party[every]
    leg = journey[every] * 2 + back
    here, there = o.town[operation][every], town[every]
    origin, town = np.where(back, there, here), np.where(back, here, there)
    cash = region.stream("own_way/cash").chance(leg, probability(region["trips.cash"]))
    return Bookings(
        number=_NUMBER + leg * MEMBERS + member,
        traveller=_TRAVELLER + journey[every] * MEMBERS + member,
        day=day[every] + back * stay[every],
        origin=origin,
        town=town,
        mode=modes(region, places, "own_way", leg, origin, town),
        wallet=np.where(cash, UNKNOWN, operation[every] * WALLETS),
        circuit=np.full(len(every), -1),
        operation=operation[every],
    )


def _journeys(region: Region, o: Operations) -> tuple[Ints, Ints]:
    """Return operation and number of each journey; more of those that move about. Spam sends nobody."""
    goes = np.flatnonzero(of_own_way(region, o) & (o.kind != SPAM))
    means = region["trips.own_way.journeys"]
    names = np.array(list(CATEGORIES))[o.category[goes]]
    mean = np.array(
        [means[name][level] for name, level in zip(names, o.traits["circuit"][goes], strict=True)]
    )
    drawn = mean * region.stream("own_way/journeys").quantile(goes, "exponential")
    count = np.minimum(drawn.astype(np.int64) // 1_000_000, MOST)
    operation = np.repeat(goes, count)
    return operation, operation * MOST + np.arange(len(operation)) - np.searchsorted(operation, operation)


def _days(region: Region, o: Operations, operation: Ints, journey: Ints, stay: Ints) -> Ints:
    """Return the day of leaving: from the first advert on where there are any, else at any time of the life from which
    one is back within it; before weekends, as others do."""
    low = np.maximum(np.where(o.posts, o.first_day, o.begins)[operation], 0)
    high = np.maximum(np.minimum(o.ends[operation], DAYS - 1) - stay, low)
    day = low + region.stream("own_way/day").below(journey, high - low + 1)
    week = np.array(region["trips.weekday"]["visit"])
    return np.clip(day // 7 * 7 + region.stream("own_way/weekday").choose(journey, week), low, high)


def _towns(
    region: Region,
    places: Places,
    o: Operations,
    flow: Ints,
    operation: Ints,
    journey: Ints,
    returns: np.ndarray,
) -> Ints:
    """Return rank of the town gone to: by gravity, the same always where one comes back; abroad for those alone who
    work across borders."""
    home = o.town[operation]
    abroad = places.jurisdiction[None, :] != places.jurisdiction[home][:, None]
    weights = np.where(abroad & ~o.cross_border[operation][:, None], 0, flow[home])
    return region.stream("own_way/town").choose(np.where(returns, operation * MOST, journey), weights)
