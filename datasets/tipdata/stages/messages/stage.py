"""Messages: conversations between adults as coded acts, minute by minute; never a sentence.

Trafficking operations recruit, most often in vain, and talk with customers and friends as well; lawful recruiters,
brokers and sellers, private people and spam do what they do. Recruiters, lawful or not, write from the beginning of
the operation's life until it stops posting, mostly around the start of posting; sellers and friends write while the
operation lives. The account must exist on the day. Each conversation runs through stages by the chain of
:mod:`tipdata.stages.messages.acts`; act, speaker, gap and channel are drawn given the stage, the course, the holder's
habits and, less so, the conversation's own. A recruitment's onset is its first message of commitment: then a person
joins, or backs out and is lost. Lawful courses reach commitment too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tipdata.core.draw import Ints, choose_from_bits, exp, scale_exp
from tipdata.core.kinds import FAMILIES, KINDS, LANGUAGES, SPAM, TRAFFICKING
from tipdata.core.tables import decode, place_in_group, repeat_rows, take_rows, with_nulls
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages import Past, Stage, Tables
from tipdata.stages.accounts import BACKGROUND, MAX_SITES, Accounts, background_site, spoken_language
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import WEEK, ThreadModel, reply_rows
from tipdata.stages.operations.sizes import draw_sizes, size_bounds
from tipdata.stages.operations.stage import Operations, draw_hunts, prior_weights
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
    profile: np.ndarray
    """Of the course and form (:func:`~tipdata.stages.messages.acts.profile`)."""
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


def draw_owners(region: Region, o: Operations) -> np.ndarray:
    """Return the operation of each conversation, -1 for nobody's; busy ones and those that post have more.

    Each operation talks as much as in the world: where a size draws more of a kind, there are more conversations.
    """
    busy = 1 + region.stream("messages/busy").quantile(np.arange(len(o.id)), "exponential") // 1000
    busy = busy * np.where(o.posts, region["messages.posting_talks"], 1)
    usual, count = region.values("messages.owners", (*KINDS, NOBODY)), region["messages.conversations"]
    here, world = (
        np.bincount(o.kind, talk, len(KINDS)) for talk in (busy * 1000, busy * prior_weights(region, o))
    )
    times = np.append(np.where(world > 0, here * 1000 // np.maximum(world, 1), 1000), 1000).astype(np.int64)
    number = np.arange(count * int((usual * times).sum()) // int(1000 * usual.sum()))
    kind = region.stream("messages/owner_kind").choose(number, usual * times)
    owner = np.full(len(number), -1)
    for k in range(len(KINDS)):
        members = np.flatnonzero(o.kind == k)
        of_kind = np.flatnonzero(kind == k)
        if len(members):
            owner[of_kind] = members[region.stream("messages/owner").choose(number[of_kind], busy[members])]
    return owner


def draw_courses(region: Region, o: Operations, owner: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the course of each conversation: by the owner's kind and, for lawful owners, by what they offer."""
    sources = (*FAMILIES, "trafficking", "spam", NOBODY)
    listed = [region[f"messages.courses.{source}"] for source in sources]
    weights = np.array([[by_kind.get(kind, 0) for kind in acts.KINDS] for by_kind in listed])
    of = o.kind[owner]
    unlike = [owner < 0, of == TRAFFICKING, of == SPAM]
    source = np.select(unlike, [sources.index(s) for s in (NOBODY, "trafficking", "spam")], o.family[owner])
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

    @property
    def first(self) -> np.ndarray:
        """Position of the first message of each one's conversation."""
        return np.arange(len(self.step)) - self.step


RECRUITING = (*acts.STRATEGIES, "lawful_recruitment", "brokerage")
ACCOUNT_TRIES = 8
"""Accounts of nobody's operation that are tried for one that lives."""


def draw_conversations(
    region: Region, places: Places, o: Operations, accounts: Accounts, model: ThreadModel
) -> Conversations:
    """Draw the conversations of a region."""
    owner = draw_owners(region, o)
    number = np.arange(len(owner))
    course = draw_courses(region, o, owner, number)
    form = np.where(course < len(acts.STRATEGIES), o.form[owner], -1)
    day = _draw_days(region, o, owner, course, number, model.weekdays)
    account, site, opened = _draw_accounts(region, places, accounts, owner, number, day)
    hour = region.stream("messages/hour").choose(number, model.hours[course])
    fewest, most = region["messages.length"]
    spread = region.spread("messages/length", number, "normal", region.milli("messages.length_sd"))
    length = scale_exp(np.array(region["messages.length_median"] * 1000), spread) // 1000
    made = Conversations(
        number=number,
        owner=owner,
        account=account,
        site=site,
        language=np.where(owner >= 0, o.language[owner], spoken_language(region, o, account)),
        course=course,
        form=form,
        profile=acts.profile(region.world, course, form),
        opens=region.stream("messages/opens").chance(number, model.opens[course]),
        start=day * MINUTES_A_DAY + hour * 60 + region.stream("messages/first").below(number, 60),
        length=np.clip(length, fewest, most),
    )
    return take_rows(made, opened)


def _draw_days(
    region: Region, o: Operations, owner: Ints, course: Ints, number: Ints, weekdays: Ints
) -> Ints:
    """Return the day of the first message, in the rhythm of the course's week: (courses, 7) weights ``weekdays``."""
    begins, ends = np.maximum(o.begins, 0), np.minimum(o.ends, DAYS - 1)
    recruits = np.isin(course, [acts.COURSES.index(name) for name in RECRUITING])
    first = np.where(owner >= 0, begins[owner], 0)
    until = np.where(recruits & o.posts[owner], o.last_day[owner], ends[owner])
    last = np.where(owner >= 0, until, DAYS - 1)
    day = first + region.stream("messages/day").below(number, last - first + 1)
    apart = region.spread("messages/around", number, "logistic", region["messages.around_days"])
    near = o.first_day[owner] + apart
    busy = region.chance("messages/busy_time", number, "messages.around")
    day = np.where((owner >= 0) & recruits & busy & (near >= first) & (near <= last), near, day)
    week = day[:, None] // WEEK * WEEK + np.arange(WEEK)
    inside = (week >= first[:, None]) & (week <= last[:, None])
    weights = np.where(inside, weekdays[course], 0)
    return week[:, 0] + region.stream("messages/first_weekday").choose(number, weights)


def _draw_accounts(
    region: Region, places: Places, accounts: Accounts, owner: Ints, number: Ints, day: Ints
) -> tuple[Ints, Ints, np.ndarray]:
    """Return the account of each conversation, the position of its platform, and whether there is one on the day."""
    usable = accounts.alive(owner, day)
    site = region.stream("messages/site").choose(number, (usable | ~usable.any(axis=1, keepdims=True)) * 1)
    others = max(region["accounts.total"] - int(accounts.has.sum()), 1)
    turns = np.arange(ACCOUNT_TRIES)
    tried = BACKGROUND + region.stream("messages/account").below(number[:, None], others, turns)
    there = background_site(region, places, tried.ravel()).reshape(tried.shape)
    at = np.searchsorted(accounts.number, tried)
    fits = (accounts.created[at] <= day[:, None]) & (day[:, None] < accounts.closed[at])
    first = fits.argmax(axis=1)[:, None]
    background = np.take_along_axis(tried, first, axis=1)[:, 0]
    site = np.where(owner >= 0, site, np.take_along_axis(there, first, axis=1)[:, 0])
    opened = np.where(owner >= 0, usable.any(axis=1), fits.any(axis=1))
    return np.where(owner >= 0, owner * MAX_SITES + site, background), site, opened


OUTCOMES = JOINED, LOST = acts.TABLES["conversations"].values("outcome")
AFTERWARDS = tuple(acts.STAGES.index(name) for name in ("entrapment", "control", "coordination"))
"""Stages that are written of with somebody who is there."""


@dataclass(frozen=True)
class JoinedPeople:
    """Those who join by a conversation; int64 arrays of equal length.

    ``conversation``: its local number; ``owner``: of the operation; ``day``: of joining.
    """

    conversation: np.ndarray
    owner: np.ndarray
    day: np.ndarray


def draw_outcomes(
    region: Region,
    o: Operations,
    c: Conversations,
    lines: MessageRows,
    minute: Ints,
    kept: np.ndarray,
    onset: Ints,
) -> tuple[JoinedPeople, pl.Series]:
    """Return the people who join, and the outcome of each conversation, null where nobody commits.

    ``minute``: of each message; ``kept``: bool, it was written; ``onset``: sequence number of the message of
    commitment, 0 for none. Who withdraws at the end is lost.
    """
    commits = np.flatnonzero(onset > 0)
    number, owner = c.number[commits], c.owner[commits]
    begins = np.cumsum(c.length) - c.length
    day = minute[begins[commits] + onset[commits] - 1] // MINUTES_A_DAY
    last = begins + np.add.reduceat(kept, begins) - 1
    drawn_back = lines.stage[last[commits]] == acts.STAGES.index("withdrawal")
    stays = region["people.shortest_days"]
    high = np.minimum(np.minimum(day + region["messages.joining_days"], o.ends[owner] - stays), DAYS - 1)
    halves = [region.stream("messages/joining").below(number, 1 << 16, k) for k in (0, 1)]
    joining = day + (high - day + 1) * (halves[0] + halves[1]) // (1 << 17)
    lost = region.chance("messages/lost", number, "messages.lost")
    joins = ~lost & ~drawn_back & (high >= day)
    most = np.maximum(draw_sizes(region, o), size_bounds(region, o)[:, 1])
    joins[joins] = _has_room(most, number[joins], owner[joins], joining[joins])
    code = np.full(len(onset), -1)
    code[commits] = np.where(joins, OUTCOMES.index(JOINED), OUTCOMES.index(LOST))
    return JoinedPeople(number[joins], owner[joins], joining[joins]), decode(OUTCOMES, code)


def _has_room(most: Ints, number: Ints, owner: Ints, day: Ints) -> np.ndarray:
    """Return bool: whether an operation has room for each who would join, the earliest first, beside one who comes
    otherwise. ``most``: how many each operation can exploit."""
    order = np.lexsort((number, day, owner))
    room = np.empty(len(number), dtype=bool)
    room[order] = place_in_group(owner[order]) < np.maximum(most[owner[order]] - 1, 1)
    return room


def find_unwritten(
    region: Region, c: Conversations, lines: MessageRows, minute: np.ndarray, joined: JoinedPeople
) -> np.ndarray:
    """Return bool by message: those that are not written since one side has joined.

    A conversation ends with the day of joining, but for a few days of control and logistics: fewer than anybody stays.
    """
    joining = np.full(len(c.number), DAYS)
    joining[np.searchsorted(c.number, joined.conversation)] = joined.day
    since = minute // MINUTES_A_DAY - joining[lines.at]
    most = min(region["messages.afterwards_days"], region["people.shortest_days"])
    idle = (since > 0) & (~np.isin(lines.stage, AFTERWARDS) | (since > most))
    total = np.cumsum(idle)
    return total - total[lines.first] + idle[lines.first] > 0


DELETED = UNKNOWN = -1


def _find_written(
    region: Region, o: Operations, accounts: Accounts, c: Conversations, lines: MessageRows, minute: Ints
) -> tuple[np.ndarray, np.ndarray]:
    """Return bool by message: those after the closing of the account, and those that are written at all.

    Nothing is written after the operation ends, or once the account is closed, unless the conversation moves.
    """
    closed = accounts.closed[np.searchsorted(accounts.number, c.account)][lines.at]
    late = (minute >= closed * MINUTES_A_DAY) & (closed < DAYS)
    ends = np.minimum(np.where(c.owner >= 0, o.ends[c.owner] + 1, DAYS), DAYS)[lines.at]
    moves = region.chance("messages/moves", c.number, "messages.moves")[lines.at]
    return late, (minute < ends * MINUTES_A_DAY) & (~late | moves)


def _draw_minutes(region: Region, model: ThreadModel, c: Conversations, lines: MessageRows) -> Ints:
    """Return the minute of each message: in a sitting, or on a later day and hour of the course's week."""
    minutes, days = region["messages.gap_minutes"], region["messages.gap_days"]
    course = c.course[lines.at]
    pace = acts.draw_pace(region, c.holder)[lines.at]
    gap = model.gap[course, lines.stage] + pace[:, None] * np.arange(model.gap.shape[-1])
    drawn = region.stream("messages/gap").choose(lines.row, exp(gap))
    low, high = np.array(minutes[:-1] + days[:-1])[drawn], np.array(minutes[1:] + days[1:])[drawn]
    sits = drawn < len(minutes) - 1
    waited = low + region.stream("messages/wait").below(lines.row, high - low)
    clock, later = np.zeros(len(drawn), dtype=np.int64), np.flatnonzero(~sits)
    hour = region.stream("messages/hour_again").choose(lines.row[later], model.hours[course[later]])
    clock[later] = hour * 60 + region.stream("messages/minute").below(lines.row[later], 60)
    drawn_day = region.stream("messages/weekday").bits(lines.row)
    ahead = _weights_ahead(model, days)
    minute, now = np.zeros(len(drawn), dtype=np.int64), c.start.copy()
    minute[lines.step == 0] = now
    for going, row in _steps(c):
        before = now[going]
        then = before + waited[row]
        apart = np.flatnonzero(~sits[row])
        late, day = row[apart], before[apart] // MINUTES_A_DAY
        weights = ahead[drawn[late] - len(minutes) + 1, course[late], day % WEEK]
        on = 1 + choose_from_bits(drawn_day[late], weights)
        then[apart] = np.maximum((day + on) * MINUTES_A_DAY + clock[late], before[apart] + minutes[-1])
        now[going] = minute[row] = then
    return minute


def _weights_ahead(model: ThreadModel, days: list[int]) -> np.ndarray:
    ahead = np.arange(1, days[-1])
    low, high = np.array(days[:-1])[:, None], np.array(days[1:])[:, None]
    in_class = (ahead >= low) & (ahead < high)
    week = (np.arange(WEEK)[:, None] + ahead) % WEEK
    return np.where(in_class[:, None, None, :], model.weekdays[:, week], 0)


def _draw_acts(region: Region, model: ThreadModel, c: Conversations, lines: MessageRows, role: Ints) -> Ints:
    """Return the act of each message: by stage, profile and speaker, by habit, by place, and as an answer."""
    leanings = acts.draw_habits(region, c.holder, c.number)
    often = region.chance("messages/deletes", c.holder, "messages.deletes_often")
    rates = region.chances("messages.deleted")
    deleted = region.stream("messages/deleted").chance(lines.row, rates[often.astype(np.int64)][lines.at])
    base = model.act[c.profile[lines.at], lines.stage, role]
    base += leanings[lines.at]
    base += model.of_place(lines.step)
    act, last_act = np.zeros(len(lines.row), dtype=np.int64), np.full(len(c.number), DELETED)
    drawn = region.stream("messages/act").bits(lines.row)
    turns = role != role[np.maximum(np.arange(len(role)) - 1, 0)]
    for going, row in _steps(c, first=0):
        weights = exp(base[row] + model.reply[reply_rows(last_act[going], turns[row])])
        last_act[going] = act[row] = np.where(deleted[row], DELETED, choose_from_bits(drawn[row], weights))
    return act


def _draw_channels(
    region: Region, model: ThreadModel, c: Conversations, lines: MessageRows, late: np.ndarray
) -> np.ndarray:
    """Return the channel of each message: kept until it is chosen anew, away from the site once that has closed.

    Where a channel is not known it is not chosen anew either, so that the last known one is the one before; the first
    message's, and the first one's after the closing, are known.
    """
    course, stage = c.course[lines.at], lines.stage
    moved = late & ~np.concatenate([[False], late[:-1]])
    begins = lines.step == 0
    unknown = region.chance("messages/unknown_channel", lines.row, "messages.unknown_channel")
    unknown &= ~begins & ~moved
    anew = begins | moved | region.stream("messages/hop").chance(lines.row, model.hop[stage])
    weights = np.where(late[:, None], model.away[course], model.next_channel[course])
    weights = np.where(begins[:, None], model.first_channel[course], weights)
    chosen = region.stream("messages/channel").choose(lines.row, weights)
    anew &= ~unknown
    channel = chosen[np.maximum.accumulate(np.where(anew, np.arange(len(anew)), 0))]
    return np.where(unknown, UNKNOWN, channel)


def _steps(c: Conversations, first: int = 1) -> Iterator[tuple[Ints, Ints]]:
    """Yield, step by step, the positions of the conversations that go on, and of their messages."""
    start = np.cumsum(c.length) - c.length
    for step in range(first, int(c.length.max())):
        going = np.flatnonzero(c.length > step)
        yield going, start[going] + step


SIDES = acts.TABLES["messages"].values("side")
"""Who opened a conversation, and the other."""
SEGMENTS = 40
"""Most stages of a conversation; the last one lasts until its end."""


def generate(region: Region, past: Past) -> tuple[JoinedPeople, Tables]:
    """Draw the conversations of one region and their messages; the state is who joins by one."""
    places: Places = past["places"]
    o: Operations = past["operations"]
    accounts: Accounts = past["accounts"]
    model = ThreadModel.of(region)
    c = draw_conversations(region, places, o, accounts, model)
    lines = _draw_stages(region, c, model)
    role = _draw_roles(region, c, model, lines)
    minute = _draw_minutes(region, model, c, lines)
    act = _draw_acts(region, model, c, lines, role)
    late, kept = _find_written(region, o, accounts, c, lines, minute)
    channel = _draw_channels(region, model, c, lines, late)
    commits = kept & (lines.stage == acts.COMMITMENT) & (c.form[lines.at] >= 0)
    at, first = np.unique(lines.at[commits], return_index=True)
    onset = np.zeros(len(c.number), dtype=np.int64)
    onset[at] = lines.step[commits][first] + 1
    joined, outcome = draw_outcomes(region, o, c, lines, minute, kept, onset)
    written = np.flatnonzero(kept & ~find_unwritten(region, c, lines, minute, joined))
    replies = role[written] != role[lines.first[written]]
    id = region.ids("conversations", c.number)
    return joined, {
        "conversations": {
            "conversation": id,
            "platform": decode([places.codes[p] for p in places.platform], c.site),
            "minute": c.start,
            "language": decode(LANGUAGES, c.language),
            "operation": with_nulls(o.id[c.owner], c.owner >= 0),
            "account": region.ids("accounts", c.account),
            "kind": decode(acts.KINDS, np.maximum(c.course - len(acts.STRATEGIES) + 1, 0)),
            "strategy": decode(acts.COURSES, np.where(c.form >= 0, c.course, -1)),
            "form": decode(o.forms, c.form),
            "opens": c.opens,
            "onset": with_nulls(onset, onset > 0),
            "number": c.number,
            "holder": c.holder,
            "length": c.length,
            "outcome": outcome,
        },
        "messages": {
            "conversation": id[lines.at[written]],
            "sequence": lines.step[written] + 1,
            "minute": minute[written],
            "side": decode(SIDES, replies.astype(np.int64)),
            "act": decode(acts.ACTS, act[written]),
            "channel": decode(region["messages.channels"], channel[written]),
            "stage": decode(acts.STAGES, lines.stage[written]),
        },
    }


def _draw_stages(region: Region, c: Conversations, model: ThreadModel) -> MessageRows:
    """Return stages of all messages: whole stages are drawn one after the other until every conversation is full."""
    stage = np.zeros(len(c.number), dtype=np.int64)
    left = c.length.copy()
    stages, lasting = [], []
    for turn in range(SEGMENTS):
        scale = acts.dwell_scale(model.dwell[c.course, stage], c.length)
        first, second = (
            region.spread("messages/dwell", c.number, "exponential", scale, 2 * turn + part) // 1000
            for part in (0, 1)
        )
        dwell = left if turn == SEGMENTS - 1 else np.minimum(1 + first + second, left)
        stages.append(stage)
        lasting.append(dwell)
        left = left - dwell
        if not left.any():
            break
        stage = region.stream("messages/onward").choose(c.number, model.onward[c.profile, stage], turn)
    at, step = repeat_rows(c.length)
    return MessageRows(
        at=at,
        step=step,
        row=c.number[at] * MESSAGE_ROOM + step,
        stage=np.repeat(np.stack(stages, axis=1).ravel(), np.stack(lasting, axis=1).ravel()),
    )


def _draw_roles(region: Region, c: Conversations, model: ThreadModel, lines: MessageRows) -> Ints:
    """Return who speaks: holder or other, a two-state chain. (messages,) int64.

    One uniform draw a message either sets the speaker whoever spoke before, or makes the speaker change, so that
    the chain needs no loop: a speaker is the last one set, changed as often as there were changes since.
    """
    drawn = region.stream("messages/role").below(lines.row, 1 << 16)
    again = model.again[c.course[lines.at]]
    begins = lines.step == 0
    holds = np.where(begins, c.opens[lines.at], drawn < again[:, acts.HOLDER])
    fixed = begins | holds | (drawn >= (1 << 16) - again[:, acts.OTHER])
    last = np.maximum.accumulate(np.where(fixed, np.arange(len(drawn)), 0))
    changes = np.cumsum(~fixed)
    holder = holds[last] ^ ((changes - changes[last]) % 2 == 1)
    # Nobody commits unheard: where one side alone has written, the other writes the first message of commitment.
    opens = c.opens[lines.at]
    answers = np.cumsum(holder != opens)
    answers -= answers[lines.first]
    commits = np.flatnonzero(lines.stage == acts.COMMITMENT)
    first = commits[np.unique(lines.at[commits], return_index=True)[1]]
    unanswered = first[(answers[first] == 0) & (lines.step[first] > 0)]
    holder[unanswered] = ~opens[unanswered]
    return np.where(holder, acts.HOLDER, acts.OTHER)


STAGE = Stage("messages", ("places", "operations", "accounts"), tuple(acts.TABLES.values()), generate)
