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
from tipdata.core.world import DAYS, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.accounts import Accounts
from tipdata.stages.operations.habits import draw_levels
from tipdata.stages.places import Places


@dataclass(frozen=True)
class Spans:
    """Days between which accounts may have ties; int64 arrays with one entry an account."""

    start: Ints
    end: Ints
    """From its creation to the last day on which it does anything."""
    sends_from: Ints
    sends_until: Ints
    """An account addresses strangers while its operation recruits: until it stops posting."""


def are_alive(spans: Spans, source: Ints, target: Ints, day: Ints) -> np.ndarray:
    """Return which ties lie in the lives of both accounts."""
    return (
        (day >= np.maximum(spans.start[source], spans.start[target]))
        & (day <= np.minimum(spans.end[source], spans.end[target]))
        & (day < DAYS)
    )


TABLES = read_tables("account_habits")
RESIDENT = len(KINDS)
GROUPS = TABLES["account_habits"].values("group")
"""Kinds of actors: those of operations, and nobody's accounts."""


@dataclass(frozen=True)
class Actors:
    """Accounts as sources of ties: arrays with one entry an account, in the order of the local numbers."""

    number: np.ndarray
    actor: np.ndarray
    """Local number of the operation, or of the account itself where it is nobody's."""
    group: np.ndarray
    """Index into :data:`GROUPS`."""
    size: np.ndarray
    """Accounts of its actor."""
    habits: dict[str, np.ndarray]
    outreach: np.ndarray
    platform: np.ndarray
    language: np.ndarray
    town: np.ndarray
    circle: np.ndarray
    """The core that it belongs to: its operation, or a household of its community."""
    spans: Spans
    """Days on which it may have ties."""
    log_odds: np.ndarray


def generate(region: Region, past: Past) -> tuple[Actors, Tables]:
    """Draw the habits behind the accounts of one region."""
    places: Places = past["places"]
    accounts: Accounts = past["accounts"]
    o = past["operations"]
    number, owner = accounts.number, accounts.owner
    owned = owner >= 0
    actor = np.where(owned, owner, number)
    group = np.where(owned, o.kind[owner], RESIDENT)
    size = accounts.circles.size
    streams = ("parameter/account_habits", "account_habits")
    habits, habit_log = draw_levels(region, actor, group, GROUPS, region.group("ties.habits"), streams)
    outreach, outreach_log = _outreach(region, accounts, number, owner, group)
    lives = accounts.lives
    start = np.maximum(lives.created, 0)
    recruits = outreach & owned
    since = np.where(recruits, np.maximum(start, o.begins[owner]), start)
    until = np.where(recruits, np.minimum(lives.until, o.last_day[owner]), lives.until)
    actors = Actors(
        number,
        actor,
        group,
        size,
        habits,
        outreach,
        accounts.site,
        accounts.language,
        accounts.circles.town,
        accounts.circles.circle,
        Spans(start, lives.until, since, until),
        _log_odds(region, accounts, group, size, habit_log + outreach_log),
    )
    return actors, {
        "account_habits": {
            "account": accounts.columns["account"],
            "group": pl.Series(GROUPS)[actors.group],
            "outreach": actors.outreach,
            "town": places.town[actors.town],
            **actors.habits,
            "log_odds": actors.log_odds,
        }
    }


def _outreach(
    region: Region, accounts: Accounts, number: np.ndarray, owner: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return who addresses strangers, and its log probability over all accounts of the actor, (accounts, groups)."""
    shares = {"trafficking": region["accounts.recruits"], **region["ties.outreach"]}
    p = np.array([probability(shares[g]) for g in GROUPS])
    recruits = accounts.columns["role"] == "recruits"
    drawn = region.stream("account_habits/outreach").chance(number, p[group])
    outreach = np.where(group == TRAFFICKING, recruits, drawn)
    own = np.where(outreach[:, None], log(p)[None, :], log(ONE - p)[None, :])
    total = np.zeros((owner.max(initial=-1) + 1, len(GROUPS)), dtype=np.int64)
    np.add.at(total, owner[owner >= 0], own[owner >= 0])
    return outreach, np.where((owner >= 0)[:, None], total[owner] if len(total) else own, own)


def _log_odds(
    region: Region, accounts: Accounts, group: np.ndarray, size: np.ndarray, habit_log: np.ndarray
) -> np.ndarray:
    """Return log-odds of trafficking, milli-nats, given the actor's habits, its number of accounts and their
    verification.

    The prior is the region's own composition among actors with one account, and among those with several.
    """
    several = (size > 1).astype(np.int64)
    counts = np.stack([np.bincount(group[several == s], minlength=len(GROUPS)) for s in (0, 1)])
    prior = log(normalise(counts * ONE))
    # Accounts of nobody are verified as those of independents are.
    shares = {**region["accounts.verified"], "resident": region["accounts.verified"]["independent"]}
    p = np.array([probability(shares[g]) for g in GROUPS])
    verified = accounts.columns["verified"]
    own = np.where(verified[:, None], log(p)[None, :], log(ONE - p)[None, :])
    total = prior[several] + habit_log + own
    return total[:, TRAFFICKING] - log_sum(np.delete(total, TRAFFICKING, axis=1))


STAGE = Stage(
    "account_habits",
    ("places", "operations", "accounts"),
    tuple(TABLES.values()),
    generate,
    parameters=("ties.habits", "ties.outreach"),
)
