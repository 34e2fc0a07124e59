"""Partners of operations: those who live at the same time, mostly of one's own kind."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.accounts.stage import Accounts
from tipdata.stages.operations.stage import Operations
from tipdata.stages.ties.attachment import Groups


def partner_ties(region: Region, o: Operations, accounts: Accounts, number: Ints, source: Ints) -> Ints:
    """Return the account of a partner that each tie goes to, -1 where there is none."""
    owner = accounts.owner[source]
    partners = _partners(region, o)
    which = region.stream("ties/which_partner").below(number, partners.shape[1])
    partner = np.where(owner >= 0, partners[owner, which], -1)
    # The accounts of nobody's operation are the first group.
    pool = Groups(accounts.owner + 1).weighed(np.ones(len(accounts.owner), dtype=np.int64))
    return pool.draw(region.stream("ties/partner"), number, np.where(partner >= 0, partner + 1, -1))


def _partners(region: Region, o: Operations) -> Ints:
    """Return (operations, partners) local numbers, -1 where there is none: by how long both live."""
    local = np.arange(len(o.id))
    begins, ends = np.maximum(o.begins, 0), np.minimum(o.ends, DAYS - 1)
    both = np.minimum(ends[:, None], ends) - np.maximum(begins[:, None], begins) + 1
    both = np.maximum(both, 0)
    np.fill_diagonal(both, 0)
    of_kind = np.where(o.kind[:, None] == o.kind, both, 0)
    share = probability(region["ties.partners_of_a_kind"])
    chosen = []
    for turn in range(region["ties.partner_count"]):
        alike = region.stream(f"ties/partner_alike/{turn}").chance(local, share)
        weights = np.where(alike[:, None], of_kind, both)
        found = region.stream(f"ties/partner_of/{turn}").choose(local, weights)
        chosen.append(np.where(weights.any(axis=1), found, -1))
    return np.stack(chosen, axis=1)
