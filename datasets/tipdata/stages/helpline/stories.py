"""Give a contact what it has from the caller's own story: when, how often, in which trade.

Who was exploited calls after getting out, or in the last days before; their trade is that of the operation, and what
was kept from them is what the table of people says. Lawful callers follow the same calendar.
"""

import numpy as np

from tipdata.core.draw import ONE, normalised, probability
from tipdata.core.kinds import CATEGORIES
from tipdata.core.world import Region
from tipdata.stages.helpline.cases import EXPLOITED_KINDS, INSIDE
from tipdata.stages.operations.stage import Operations
from tipdata.stages.people.lives import MOVED_ON
from tipdata.stages.people.stage import People

WEEK = 7
MONTHS = 12
YEAR = 365
TRIES = 8
"""Candidates that are tried for someone who gets out soon."""
KINDS_OF_FORMS = {
    "labour": "labour",
    "domestic_servitude": "labour",
    "sexual": "services",
    "sex_tourism": "services",
}


def season_of_weeks(region: Region, opens: np.ndarray) -> np.ndarray:
    """Return weights of documented weeks by the month that they begin in."""
    month = opens * WEEK % YEAR * MONTHS // YEAR
    return np.array(region["helpline.season"])[month]


def weekday(region: Region, first: np.ndarray, turn: int) -> np.ndarray:
    """Return a day of the week for each."""
    weights = np.array(region["helpline.weekdays"])
    return region.stream("helpline/weekday").choose(first, weights, turn)


def days_between(region: Region, first: np.ndarray, turn: int) -> np.ndarray:
    """Return days from one call of a person to the next: few, so that calls of one person cluster."""
    return 1 + region.stream("helpline/between").choose(
        first, np.array(region["helpline.days_between"]), turn
    )


def able(region: Region, o: Operations, people: People) -> np.ndarray:
    """Return positions of those who may call: exploited, and not handed on to others.

    People of operations that post stand there several times: where there are adverts, there are helplines' as well.
    """
    here = np.flatnonzero(people.exploited & (people.exit != MOVED_ON))
    return np.repeat(here, np.where(o.posts[people.owner[here]], region["helpline.outreach"], 1))


def pick_soon(
    region: Region, people: People, ordered: np.ndarray, first: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each first contact a place in ``ordered`` (by end) of somebody who gets out within some days, and
    whether there is one."""
    ends = people.end[ordered]
    start = np.searchsorted(ends, day, side="right")
    stop = np.searchsorted(ends, day + region["helpline.soon_days"], side="right")
    tried = start[:, None] + region.stream("helpline/inside").below(
        first[:, None], np.maximum(stop - start, 1)[:, None], np.arange(TRIES)
    )
    tried = np.minimum(tried, len(ordered) - 1)
    fits = (people.start[ordered[tried]] <= day[:, None]) & (tried < stop[:, None])
    return tried[np.arange(len(first)), fits.argmax(axis=1)], fits.any(axis=1)


def held_back(
    region: Region, o: Operations, people: People, kind: np.ndarray, tables: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return chances of circumstances, by kind and phase, as the people of the region have them.

    Args:
        kind: of each of ``people``.
        tables: the chances as they are listed, for kinds that nobody of the region is of.
    """
    means, here = people.means.index, able(region, o, people)
    used, of = people.control[here], kind[here]
    took = used[:, means("takes_earnings")] | used[:, means("debt_bondage")]
    found = {"earnings": took, "documents": used[:, means("withholds_documents")]}
    found |= {"restricted": used[:, means("restricts_movement")], "threatened": used[:, means("threats")]}
    made = dict(tables)
    for name, has in found.items():
        made[name] = tables[name].copy()
        for k in range(EXPLOITED_KINDS):
            if (of == k).any():
                made[name][k] = np.clip(int(has[of == k].sum()) * ONE // int((of == k).sum()), 1, ONE - 1)
    made["restricted"][:, INSIDE + 1 :] = 0
    return made


def trades(region: Region, o: Operations) -> np.ndarray:
    """Return the level of the fact ``sector`` that is the trade of each operation."""
    levels = list(region["helpline.fact.sector"])
    by_category = [levels.index(region["helpline.trades"][name]) for name in CATEGORIES]
    return np.array(by_category)[o.category]


def trade_table(region: Region, o: Operations, people: People, kind: np.ndarray) -> np.ndarray:
    """Return (kinds, sectors) probabilities of the fact ``sector``: of those exploited mostly their operation's."""
    listed = normalised(np.array(list(region["helpline.fact.sector"].values()), dtype=np.int64).T * ONE)
    own, here = probability(region["helpline.own_trade"]), able(region, o, people)
    level = trades(region, o)[people.owner[here]]
    for k in range(EXPLOITED_KINDS):
        among = np.bincount(level[kind[here] == k], minlength=listed.shape[1])
        if among.any():
            listed[k] = (among * ONE // among.sum() * own + listed[k] * (ONE - own)) // ONE
    return normalised(listed)
