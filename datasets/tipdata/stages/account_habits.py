"""What decides whom an account ties itself to: habits of its operation, or of itself where it is nobody's.

Each habit is a level drawn given the kind of the operation, every level shared by lawful groups, so the log-odds of an
account being a trafficking operation's, given its true habits, is a sum of tabulated integers: the reference of
account_risk. All hidden; the ties follow from it.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import ONE, Ints, log, log_sum, normalise, probability
from tipdata.core.kinds import KINDS, TRAFFICKING
from tipdata.core.tables import read_tables
from tipdata.core.world import Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.accounts import RECRUITS, Accounts
from tipdata.stages.operations.habits import draw_levels
from tipdata.stages.operations.stage import Operations, prior_weights
from tipdata.stages.places import Places

TABLES = read_tables("account_habits")
RESIDENT = len(KINDS)
GROUPS = TABLES["account_habits"].values("group")
"""Kinds of actors: those of operations, and nobody's accounts."""


@dataclass(frozen=True)
class Actors:
    """Accounts as sources of ties: arrays with one entry an account, in the order of the local numbers.

    ``habits``: by name, the level that each account has. ``outreach``: bool, it addresses strangers. ``start``,
    ``end``: days between which it may have ties, from its creation to the last on which it does anything.
    ``sends_from``, ``sends_until``: days between which it sends ties; an operation's account addresses strangers while
    its operation recruits, until that stops posting.
    """

    habits: dict[str, Ints]
    outreach: np.ndarray
    start: Ints
    end: Ints
    sends_from: Ints
    sends_until: Ints


def generate(region: Region, past: Past) -> tuple[Actors, Tables]:
    """Draw the habits behind the accounts of one region."""
    places: Places = past["places"]
    accounts: Accounts = past["accounts"]
    o: Operations = past["operations"]
    owner = accounts.owner
    owned = owner >= 0
    actor = np.where(owned, owner, accounts.number)
    group = np.where(owned, o.kind[owner], RESIDENT)
    counts = np.where(owned, prior_weights(region, o)[owner], 1000)
    streams = ("parameter/account_habits", "account_habits")
    habits, habit_log = draw_levels(region, actor, group, GROUPS, region.group("ties.habits"), streams)
    outreach, outreach_log = _outreach(region, accounts, group)
    start, end, recruits = np.maximum(accounts.created, 0), accounts.until, outreach & owned
    since = np.where(recruits, np.maximum(start, o.begins[owner]), start)
    until = np.where(recruits, np.minimum(end, o.last_day[owner]), end)
    return Actors(habits, outreach, start, end, since, until), {
        "account_habits": {
            "account": accounts.columns["account"],
            "group": pl.Series(GROUPS)[group],
            "outreach": outreach,
            "town": places.town[accounts.town],
            **habits,
            "log_odds": _log_odds(region, accounts, group, counts, habit_log + outreach_log),
        }
    }


def _outreach(region: Region, accounts: Accounts, group: Ints) -> tuple[np.ndarray, Ints]:
    """Return who addresses strangers, and its log probability over all accounts of the actor, (accounts, groups)."""
    shares = {"trafficking": region["accounts.recruits"], **region["ties.outreach"]}
    p = np.array([probability(shares[g]) for g in GROUPS])
    drawn = region.stream("account_habits/outreach").chance(accounts.number, p[group])
    outreach = np.where(group == TRAFFICKING, accounts.columns["role"] == RECRUITS, drawn)
    own, owner = _log_of(outreach, p), accounts.owner
    owned = owner >= 0
    total = np.zeros((owner.max(initial=-1) + 1, len(GROUPS)), dtype=np.int64)
    np.add.at(total, owner[owned], own[owned])
    own[owned] = total[owner[owned]]
    return outreach, own


def _log_of(happens: np.ndarray, p: Ints) -> Ints:
    """Return (accounts, groups) log probability of whether something happens, milli-nats; ``p``: of each group."""
    return np.where(happens[:, None], log(p), log(ONE - p))


def _log_odds(region: Region, accounts: Accounts, group: Ints, counts: Ints, habit_log: Ints) -> Ints:
    """Return log-odds of trafficking, milli-nats, given the actor's habits, its number of accounts and their
    verification.

    The prior is the region's own composition among actors with one account, and among those with several, where each
    account ``counts`` so many thousandths.
    """
    several = (accounts.size > 1).astype(np.int64)
    composition = np.zeros((2, len(GROUPS)), dtype=np.int64)
    np.add.at(composition, (several, group), counts)
    prior = log(normalise(composition * ONE))
    # Accounts of nobody are verified as those of independents are.
    shares = {**region["accounts.verified"], "resident": region["accounts.verified"]["independent"]}
    p = np.array([probability(shares[g]) for g in GROUPS])
    total = prior[several] + habit_log + _log_of(accounts.columns["verified"], p)
    return total[:, TRAFFICKING] - log_sum(np.delete(total, TRAFFICKING, axis=1))


STAGE = Stage(
    "account_habits",
    ("places", "operations", "accounts"),
    tuple(TABLES.values()),
    generate,
    parameters=("ties.habits", "ties.outreach"),
)
