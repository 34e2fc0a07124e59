"""When accounts may have ties: while they live, and those who recruit while they recruit."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.world import DAYS
from tipdata.stages.accounts.stage import Accounts
from tipdata.stages.operations.stage import Operations


@dataclass(frozen=True)
class Spans:
    """Days between which accounts may have ties; int64 arrays with one entry an account."""

    start: Ints
    end: Ints
    """From its creation to the last day on which it does anything."""
    sends_from: Ints
    sends_until: Ints
    """Who addresses strangers does so while its operation recruits: until it posts no more."""


def spans_of(o: Operations, accounts: Accounts, outreach: np.ndarray) -> Spans:
    """Return the spans of all accounts."""
    owner, lives = accounts.owner, accounts.lives
    start = np.maximum(lives.created, 0)
    recruits = outreach & (owner >= 0)
    since = np.where(recruits, np.maximum(start, o.begins[owner]), start)
    until = np.where(recruits, np.minimum(lives.until, o.last_day[owner]), lives.until)
    return Spans(start, lives.until, since, until)


def alive(spans: Spans, source: Ints, target: Ints, day: Ints) -> np.ndarray:
    """Return which ties lie in the lives of both accounts."""
    return (
        (day >= np.maximum(spans.start[source], spans.start[target]))
        & (day <= np.minimum(spans.end[source], spans.end[target]))
        & (day < DAYS)
    )
