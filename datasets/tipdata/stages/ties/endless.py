"""Ties up to data 0.3.0, whose accounts never end: on any day, and to partners of any time."""

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.stages.account_habits.spans import Spans
from tipdata.stages.accounts.stage import Accounts
from tipdata.stages.operations.lives import within
from tipdata.stages.operations.stage import Operations
from tipdata.stages.ties.attachment import Pool


def days_of_endless(
    region: Region, spans: Spans, account: Ints, number: Ints, source: Ints, hurried: np.ndarray
) -> Ints:
    """Return days of ties: any, or those of bursts.

    Args:
        account: local numbers of all accounts.
        number, source: of the ties.
        hurried: which come in bursts.
    """
    first, last = spans.sends_from, spans.sends_until
    span = last - first + 1
    steady = first[source] + region.stream("ties/day").below(number, span[source])
    burst = region.stream("ties/burst").below(number, region["ties.bursts"])
    peak = first[source] + region.stream("ties/peak").below(account[source], span[source], burst)
    within_burst = region.stream("ties/in_burst").below(number, region["ties.burst_days"])
    return np.where(hurried, np.minimum(peak + within_burst, last[source]), steady)


def partners_of_endless(
    region: Region, o: Operations, accounts: Accounts, number: Ints, source: Ints
) -> Ints:
    """Of each tie an account of one of the operation's partners, -1 where there is none."""
    local = np.arange(len(o.id))
    everyone = np.ones(len(local), dtype=bool)
    anyone = np.zeros(len(local), dtype=np.int64)
    partners = []
    for turn in range(region["ties.partner_count"]):
        alike = region.stream(f"ties/partner_alike/{turn}").chance(
            local, probability(region["ties.partners_of_a_kind"])
        )
        of_kind = within(region, f"ties/partner_of_kind/{turn}", local, o.kind, everyone)
        of_any = within(region, f"ties/partner_of_any/{turn}", local, anyone, everyone)
        partners.append(np.where(alike, of_kind, of_any))
    which = region.stream("ties/which_partner").below(number, len(partners))
    owner = accounts.owner[source]
    partner = np.stack(partners)[which, owner]
    wanted = (owner >= 0) & (partner != owner)
    pool = Pool(accounts.owner, np.ones(len(accounts.owner), dtype=np.int64))
    return pool.draw(region.stream("ties/partner"), number, np.where(wanted, partner, -2))
