"""When an operation that places people with firms does so, and how long it exploits them there: within its life.

The spell of a firm is drawn whether or not exploitation is in force, so that the log-odds of what
comes to light in it stay exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places.stage import Places
from tipdata.stages.suppliers.agencies import Agencies, sector_weights, within_reach
from tipdata.stages.suppliers.firms import DIRECT, Firms

YEAR = 365
NOBODY = -1


@dataclass(frozen=True)
class Placing:
    """By firm; int64 arrays. ``operation``: local number of the one that places people there, lawful agencies too, or
    would run the firm; :data:`NOBODY` for none. ``start`` and ``end``: first and last day on which it does; they mean
    nothing where nobody does."""

    operation: Ints
    start: Ints
    end: Ints

    def of_trafficking(self, o: Operations) -> np.ndarray:
        """Return bool: whether the operation is a trafficking one."""
        return (self.operation != NOBODY) & (o.kind[np.maximum(self.operation, 0)] == TRAFFICKING)


def draw_placing(
    region: Region, places: Places, o: Operations, agencies: Agencies, firms: Firms, length: Ints
) -> Placing:
    """Return who places people with each firm, and when: near its adverts where it posts, else at any time of its life.

    ``length``: days that a spell at each firm lasts at most.
    """
    local = np.arange(firms.count)
    operation = _who(region, places, o, agencies, firms, local)
    of = np.maximum(operation, 0)
    early = region["suppliers.exploitation.before_posting"]
    low = np.where(o.posts[of], np.maximum(o.begins[of], o.first_day[of] - early), o.begins[of])
    at = low + region.stream("exploitation/placed").below(local, o.last_day[of] - low + 1)
    # A spell touches the world's time, and does not begin before the firm does.
    at = np.maximum(np.maximum(at, -(length // 2)), -YEAR * (firms.age + 1))
    return Placing(operation, at, np.minimum(at + length, o.ends[of]))


def _who(
    region: Region, places: Places, o: Operations, agencies: Agencies, firms: Firms, local: Ints
) -> Ints:
    """Return the operation that is a firm's agency, or a trafficking one of no agency that may run the firm: where it
    works, and of its line of work rather than of another."""
    known = firms.agency != DIRECT
    operation = np.where(known, np.append(agencies.number, NOBODY)[firms.agency], NOBODY)
    forms = np.isin(o.form, [o.forms.index(f) for f in region["suppliers.agencies.forms"]])
    free = (o.kind == TRAFFICKING) & forms
    free[agencies.number] = False
    others = np.flatnonzero(free)
    lawful = ~known | ~np.append(agencies.trafficking, False)[firms.agency]
    run = lawful & region.stream("exploitation/run").chance(
        local, probability(region["suppliers.exploitation.run_by_an_operation"])
    )
    if not len(others):
        return operation
    suits = sector_weights(region, o, others, firms.sectors).T[firms.sector]
    suits = suits * within_reach(places, o, others, firms.town)
    run &= suits.any(axis=1)
    suits[~run] = 1
    return np.where(run, others[region.stream("exploitation/which").choose(local, suits)], operation)


def whose(o: Operations, agencies: Agencies, placing: Placing, in_force: np.ndarray) -> Ints:
    """Return the trafficking operation whose exploitation it is. One that is no agency runs the first such firm alone;
    what it would run beside is the firm's own."""
    found = np.where(in_force & placing.of_trafficking(o), placing.operation, NOBODY)
    agency = np.isin(found, agencies.number)
    _, first = np.unique(found, return_index=True)
    return np.where(agency | np.isin(np.arange(len(found)), first), found, NOBODY)
