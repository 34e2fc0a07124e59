"""Who answers the phone of whom: a few booking offices do so for many."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import BUSINESS, KINDS
from tipdata.core.world import Region
from tipdata.stages.operations.stage import Operations


def booking_office(region: Region, o: Operations) -> Ints:
    """Return local number of the business at whose number each operation is reached, -1 where it is its own.

    Offices are businesses of the operation's part; the first of them serves more than the second, and so on.
    """
    local = np.arange(len(o.id))
    p = np.array([probability(region["contacts.at_office"][kind]) for kind in KINDS])[o.kind]
    served = region.stream("contacts/at_office").chance(local, p)
    offices = np.flatnonzero(o.posts & (o.kind == BUSINESS))
    offices = offices[np.lexsort((region.stream("contacts/office_turn").bits(offices), o.part[offices]))]
    first = np.searchsorted(o.part[offices], o.part, side="left")
    count = np.searchsorted(o.part[offices], o.part, side="right") - first
    weights = np.array(region["contacts.office_weights"])
    turn = region.stream("contacts/office").choose(
        local, np.where(np.arange(len(weights)) < count[:, None], weights, 0)
    )
    known = served & (count > 0)
    return np.where(known, offices[np.where(known, first + turn, 0)] if len(offices) else -1, -1)
