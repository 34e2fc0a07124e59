"""Who talks with whom: the conversations of a region, each held by an operation's account or by nobody's.

Trafficking operations recruit, most often in vain, and talk with customers and friends as well; lawful recruiters,
brokers and sellers, private people and spam do what they do. Recruiters, lawful or not, write from the beginning of
the operation's life until it stops posting (one that never posts: until its life ends), mostly around the start of
posting; sellers and friends write while the operation lives. The account must exist on the day. How a conversation
then runs is in :mod:`tipdata.stages.messages.acts`.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import scale_exp
from tipdata.core.kinds import FAMILIES, KINDS, TRAFFICKING
from tipdata.core.tables import take_rows
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.accounts import BACKGROUND, MAX_SITES, Accounts, background_site, spoken_language
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import WEEK, ThreadModel
from tipdata.stages.operations.stage import Operations, draw_hunts
from tipdata.stages.places import Places

NOBODY = "nobody"
MESSAGE_ROOM = 256
"""A message's local number is its conversation's times this plus its sequence number."""


@dataclass(frozen=True)
class Conversations:
    """Conversations by local number; int64 arrays of equal length unless stated."""

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
        of_kind = np.flatnonzero(kind == k)
        if len(members):
            owner[of_kind] = members[region.stream("messages/owner").choose(number[of_kind], busy[members])]
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
    fishing = 1 - draw_hunts(region, np.arange(len(o.id)))[owner].astype(np.int64)
    return np.where(kind == 0, fishing, kind + len(acts.STRATEGIES) - 1)


@dataclass(frozen=True)
class MessageRows:
    """Messages in order of conversation and sequence; arrays of equal length (messages), int64 unless stated."""

    at: np.ndarray
    """Position of the conversation."""
    step: np.ndarray
    """Sequence number from 0."""
    row: np.ndarray
    """Local number of the message."""
    stage: np.ndarray


RECRUITING = (*acts.STRATEGIES, "lawful_recruitment", "brokerage")
ACCOUNT_TRIES = 8
"""Accounts of nobody's operation that are tried for one that lives."""


def draw_conversations(
    region: Region, places: Places, o: Operations, accounts: Accounts, model: ThreadModel
) -> Conversations:
    """Draw the conversations of a region."""
    number = np.arange(region["messages.conversations"])
    owner = draw_owners(region, o, number)
    course = draw_courses(region, o, owner, number)
    day = _draw_days(region, o, owner, course, number, model.weekdays)
    account, site, opened = _draw_accounts(region, places, accounts, owner, number, day)
    hour = region.stream("messages/hour").choose(number, model.chain.hours[course])
    fewest, most = region["messages.length"]
    spread = region.stream("messages/length").quantile(number, "normal") * round(
        region["messages.length_sd"] * 1000
    )
    length = (
        scale_exp(np.full(len(number), region["messages.length_median"] * 1000), spread // 1_000_000) // 1000
    )
    made = Conversations(
        number=number,
        owner=owner,
        account=account,
        site=site,
        language=np.where(owner >= 0, o.language[owner], spoken_language(region, o, account)),
        course=course,
        form=np.where(course < len(acts.STRATEGIES), o.form[owner], -1),
        opens=region.stream("messages/opens").chance(number, model.chain.opens[course]),
        start=day * MINUTES_A_DAY + hour * 60 + region.stream("messages/first").below(number, 60),
        length=np.clip(length, fewest, most),
    )
    return take_rows(made, opened)


def _draw_days(
    region: Region,
    o: Operations,
    owner: np.ndarray,
    course: np.ndarray,
    number: np.ndarray,
    weekdays: np.ndarray,
) -> np.ndarray:
    """Return the day of the first message, in the rhythm of the course's week: (courses, 7) weights ``weekdays``."""
    begins, ends = np.maximum(o.begins, 0), np.minimum(o.ends, DAYS - 1)
    recruits = np.isin(course, [acts.COURSES.index(name) for name in RECRUITING])
    first = np.where(owner >= 0, begins[owner], 0)
    until = np.where(recruits & o.posts[owner], o.last_day[owner], ends[owner])
    last = np.where(owner >= 0, until, DAYS - 1)
    day = first + region.stream("messages/day").below(number, last - first + 1)
    apart = region.stream("messages/around").quantile(number, "logistic") * region["messages.around_days"]
    near = o.first_day[owner] + apart // 1_000_000
    busy = region.chance("messages/busy_time", number, "messages.around")
    day = np.where((owner >= 0) & recruits & busy & (near >= first) & (near <= last), near, day)
    week = day[:, None] // WEEK * WEEK + np.arange(WEEK)
    inside = (week >= first[:, None]) & (week <= last[:, None])
    weights = np.where(inside, weekdays[course], 0)
    return week[:, 0] + region.stream("messages/first_weekday").choose(number, weights)


def _draw_accounts(
    region: Region, places: Places, accounts: Accounts, owner: np.ndarray, number: np.ndarray, day: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return local number of each conversation's account, the position of its platform, and whether it lives."""
    lives, usable = accounts.lives, accounts.alive(owner, day)
    site = region.stream("messages/site").choose(number, (usable | ~usable.any(axis=1, keepdims=True)) * 1)
    others = max(region["accounts.total"] - int(accounts.has.sum()), 1)
    tried = BACKGROUND + region.stream("messages/account").below(
        number[:, None], others, np.arange(ACCOUNT_TRIES)
    )
    there = background_site(region, places, tried.ravel()).reshape(tried.shape)
    at = np.searchsorted(accounts.number, tried)
    fits = (lives.created[at] <= day[:, None]) & (day[:, None] < lives.closed[at])
    first = fits.argmax(axis=1)[:, None]
    background = np.take_along_axis(tried, first, axis=1)[:, 0]
    site = np.where(owner >= 0, site, np.take_along_axis(there, first, axis=1)[:, 0])
    opened = np.where(owner >= 0, usable.any(axis=1), fits.any(axis=1))
    return np.where(owner >= 0, owner * MAX_SITES + site, background), site, opened
