"""Who talks with whom: the conversations of a region, each held by an operation's account or by nobody's.

Trafficking operations recruit, most often in vain, and talk with customers and friends as well; lawful recruiters,
brokers and sellers, private people and spam do what they do. How each conversation then runs is
:mod:`tipdata.stages.messages.acts`.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.kinds import FAMILIES, KINDS, TRAFFICKING
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.accounts.stage import BACKGROUND, MAX_SITES, Accounts, background_site, spoken_language
from tipdata.stages.messages import acts
from tipdata.stages.operations.stage import Operations, hunts
from tipdata.stages.places.stage import Places

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


def draw_conversations(
    region: Region, places: Places, o: Operations, accounts: Accounts, model: acts.Acts
) -> Conversations:
    """Draw the conversations of a region."""
    number = np.arange(region["messages.conversations"])
    owner = draw_owners(region, o, number)
    course = draw_courses(region, o, owner, number)
    day = _days(region, o, owner, number)
    account, site = _accounts(region, places, accounts, owner, number, day)
    language = np.where(owner >= 0, o.language[owner], spoken_language(region, o, account))
    hour = region.stream("messages/hour").choose(number, model.hours[course])
    shortest, scale, longest = region["messages.length"]
    length = shortest + scale * region.stream("messages/length").quantile(number, "gamma_2.0") // 1_000_000
    return Conversations(
        number=number,
        owner=owner,
        account=account,
        site=site,
        language=language,
        course=course,
        form=np.where(course < len(acts.STRATEGIES), o.form[owner], -1),
        opens=region.stream("messages/opens").chance(number, model.opens[course]),
        start=day * MINUTES_A_DAY + hour * 60 + region.stream("messages/first").below(number, 60),
        length=np.minimum(length, longest),
    )


def draw_owners(region: Region, o: Operations, number: np.ndarray, posting: int = 1) -> np.ndarray:
    """Return the operation of each conversation; busy ones have many (exponential weights). -1 for nobody's.

    ``posting``: how many times as often those that post talk as those that never do.
    """
    listed = region["messages.owners"]
    share = np.array([listed[kind] for kind in (*KINDS, NOBODY)])
    kind = region.stream("messages/owner_kind").choose(number, share)
    local = np.arange(len(o.id))
    busy = 1 + region.stream("messages/busy").quantile(local, "exponential") // 1000
    busy = busy * np.where(o.posts, posting, 1)
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


def _days(region: Region, o: Operations, owner: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the day of the first message: within the operation's spell, or any."""
    spell = o.last_day - o.first_day + 1
    first, length = np.where(owner >= 0, o.first_day[owner], 0), np.where(owner >= 0, spell[owner], DAYS)
    return first + region.stream("messages/day").below(number, length)


def _accounts(
    region: Region, places: Places, accounts: Accounts, owner: np.ndarray, number: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return local number of each conversation's account and the position of its platform.

    One of the operation's accounts, on a platform that is open where it has such; else of anybody's.
    """
    has = accounts.has[owner]
    is_open = (places.opened[None, :] <= day[:, None]) & (day[:, None] < places.closed[None, :])
    usable = np.where((has & is_open).any(axis=1, keepdims=True), has & is_open, has)
    site = region.stream("messages/site").choose(number, usable.astype(np.int64))
    others = max(region["accounts.total"] - int(accounts.has.sum()), 1)
    background = BACKGROUND + region.stream("messages/account").below(number, others)
    site = np.where(owner >= 0, site, background_site(region, places, background))
    return np.where(owner >= 0, owner * MAX_SITES + site, background), site


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
