"""When somebody must be there: while an operation sells services, works in a firm, or travels with a party."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import FAMILIES, TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations
from tipdata.stages.suppliers.exploitation import NOBODY, Exploitation
from tipdata.stages.trips.tours import parties


@dataclass(frozen=True)
class Needed:
    """People whom operations need, one entry each, sorted by operation; int64 arrays of equal length.

    ``owner``: the operation. ``by``: the last day on which one may come, ``until``: the first on which one may leave;
    where that is the earlier of the two, somebody is there at some time between them.
    """

    owner: Ints
    by: Ints
    until: Ints

    @property
    def place(self) -> Ints:
        """Number of each within its operation, from 0."""
        return np.arange(len(self.owner)) - np.searchsorted(self.owner, self.owner)


def find_needed(region: Region, o: Operations, exploitation: Exploitation) -> Needed:
    """Return whom trafficking operations need: one as long as services are advertised, one at each firm in which they
    exploit, and with the controller the party of each circuit."""
    sells = np.flatnonzero((o.kind == TRAFFICKING) & o.posts & (o.family == FAMILIES.index("services")))
    firm = np.flatnonzero(exploitation.in_force & (exploitation.operation != NOBODY))
    operation, party, start, end = parties(region, o)
    travels = np.repeat(
        np.arange(len(party)), np.where(o.kind[operation] == TRAFFICKING, np.maximum(party - 1, 1), 0)
    )
    parts = (
        (sells, o.first_day[sells], o.last_day[sells]),
        (exploitation.operation[firm], exploitation.end[firm], exploitation.start[firm]),
        (operation[travels], start[travels], end[travels]),
    )
    owner, by, until = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(owner, kind="stable")
    return Needed(owner[order], by[order], until[order])
