"""Who talks with whom: the conversations of a region, each held by an operation's account or by nobody's.

Trafficking operations recruit, most often in vain, and talk with customers and friends as well; lawful recruiters,
brokers and sellers, private people and spam do what they do. How each conversation then runs is
:mod:`tipdata.stages.messages.acts`.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.kinds import FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import Region
from tipdata.stages.messages import acts
from tipdata.stages.operations.stage import Operations, hunts

NOBODY = "nobody"
ROOM = 256
"""A message's local number is its conversation's times this plus its sequence number."""


@dataclass(frozen=True)
class Conversations:
    """Conversations by local number; int64 arrays of equal length unless said."""

    number: np.ndarray
    owner: np.ndarray
    """Local number of the operation that holds one side; -1 where nobody's does."""
    account: np.ndarray
    """Local number of the account."""
    site: np.ndarray
    """Position of the account's platform among those present."""
    language: np.ndarray
    course: np.ndarray
    form: np.ndarray
    """Form of exploitation of a recruitment; -1 for every other course."""
    opens: np.ndarray
    """bool: the holder of the account writes first."""
    start: np.ndarray
    """Minute of the first message."""
    length: np.ndarray
    """Messages it would have; the end of the window cuts some."""

    @property
    def holder(self) -> np.ndarray:
        """Number under which the habits of the holder are drawn."""
        return np.where(self.owner >= 0, self.owner, self.account)


def draw_owners(region: Region, o: Operations, number: np.ndarray) -> np.ndarray:
    """Return the operation of each conversation; busy ones have many (exponential weights), and those that post more.
    -1 for nobody's."""
    listed = region["messages.owners"]
    share = np.array([listed[kind] for kind in (*KINDS, NOBODY)])
    kind = region.stream("messages/owner_kind").choose(number, share)
    local = np.arange(len(o.id))
    busy = 1 + region.stream("messages/busy").quantile(local, "exponential") // 1000
    busy = busy * np.where(o.posts, region["messages.posting_talks"], 1)
    owner = np.full(len(number), -1)
    for k in range(len(KINDS)):
        members = np.flatnonzero(o.kind == k)
        held = np.flatnonzero(kind == k)
        if len(members):
            owner[held] = members[region.stream("messages/owner").choose(number[held], busy[members])]
    return owner


def draw_courses(region: Region, o: Operations, owner: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the course of each conversation: by the owner's kind and, for lawful owners, by what they offer."""
    sources = ("trafficking", "spam", NOBODY, *FAMILIES)
    weights = np.array(
        [[region[f"messages.courses.{s}"].get(kind, 0) for kind in acts.KINDS] for s in sources]
    )
    lawful = sources.index(FAMILIES[0]) + o.family[owner]
    source = np.where(
        o.kind[owner] == TRAFFICKING, 0, np.where(o.kind[owner] == KINDS.index("spam"), 1, lawful)
    )
    source = np.where(owner < 0, sources.index(NOBODY), source)
    kind = region.stream("messages/course").choose(number, weights[source])
    fishing = 1 - hunts(region, np.arange(len(o.id)))[owner].astype(np.int64)
    return np.where(kind == 0, fishing, kind + len(acts.STRATEGIES) - 1)


@dataclass(frozen=True)
class Lines:
    """Messages in order of conversation and sequence; arrays of equal length (messages), int64 unless said."""

    at: np.ndarray
    """Position of the conversation."""
    step: np.ndarray
    """Sequence number from 0."""
    row: np.ndarray
    """Local number of the message."""
    stage: np.ndarray
