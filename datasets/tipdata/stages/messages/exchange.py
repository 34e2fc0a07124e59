"""The messages of conversations, one after the other: minute, act and channel; and the outcome of each recruitment that
reaches commitment: a person joins, or backs out and is lost.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import choose_from_bits, exp
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import WEEK, ThreadModel, reply_rows
from tipdata.stages.messages.conversations import Conversations, MessageRows
from tipdata.stages.operations.stage import Operations

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
    number: np.ndarray,
    owner: np.ndarray,
    day: np.ndarray,
    drawn_back: np.ndarray,
) -> tuple[JoinedPeople, np.ndarray]:
    """Return the people who join, and for each commitment whether somebody joins.

    Args:
        number, owner, day: of the conversation, its operation, and the message of commitment.
        drawn_back: bool, the other withdraws at the end: lost.
    """
    stays = region["people.shortest_days"]
    high = np.minimum(np.minimum(day + region["messages.joining_days"], o.ends[owner] - stays), DAYS - 1)
    halves = [region.stream("messages/joining").below(number, 1 << 16, k) for k in (0, 1)]
    joining = day + (high - day + 1) * (halves[0] + halves[1]) // (1 << 17)
    lost = region.chance("messages/lost", number, "messages.lost")
    joins = ~lost & ~drawn_back & (high >= day)
    return JoinedPeople(number[joins], owner[joins], joining[joins]), joins


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
    total, first = np.cumsum(idle), np.arange(len(idle)) - lines.step
    return total - total[first] + idle[first] > 0


DELETED = UNKNOWN = -1


@dataclass(frozen=True)
class DrawnMessages:
    """By message: minute, act (-1 where deleted), channel (-1 where unknown), and whether it was ever written."""

    minute: np.ndarray
    act: np.ndarray
    channel: np.ndarray
    kept: np.ndarray


def draw_messages(
    region: Region,
    model: ThreadModel,
    c: Conversations,
    lines: MessageRows,
    role: np.ndarray,
    closed: np.ndarray,
    ends: np.ndarray,
) -> DrawnMessages:
    """Draw minutes, acts and channels.

    Args:
        closed: (conversations,) day from which on the account is no more, as when its site closes.
        ends: day after the last on which the operation that holds one side writes.
    """
    minute = _draw_minutes(region, model, c, lines)
    late = (minute >= closed[lines.at] * MINUTES_A_DAY) & (closed[lines.at] < DAYS)
    moves = region.chance("messages/moves", c.number, "messages.moves")
    return DrawnMessages(
        minute=minute,
        act=_draw_acts(region, model, c, lines, role),
        channel=_draw_channels(region, model, c, lines, late),
        kept=(minute < np.minimum(ends, DAYS)[lines.at] * MINUTES_A_DAY) & (~late | moves[lines.at]),
    )


def _draw_minutes(region: Region, model: ThreadModel, c: Conversations, lines: MessageRows) -> np.ndarray:
    """Return minute of each message: within a sitting after some minutes, else on a later day of the course's week at
    an hour of the course, and at least as long after as a sitting may pause."""
    minutes, days = region["messages.gap_minutes"], region["messages.gap_days"]
    course = c.course[lines.at]
    classes = np.arange(model.chain.gap.shape[-1])
    pace = acts.draw_pace(region, c.holder)[lines.at]
    drawn = region.stream("messages/gap").choose(
        lines.row, exp(model.chain.gap[course, lines.stage] + pace[:, None] * classes)
    )
    low, high = np.array(minutes[:-1] + days[:-1])[drawn], np.array(minutes[1:] + days[1:])[drawn]
    sits = drawn < len(minutes) - 1
    waited = low + region.stream("messages/wait").below(lines.row, high - low)
    clock, later = np.zeros(len(drawn), dtype=np.int64), np.flatnonzero(~sits)
    hour = region.stream("messages/hour_again").choose(lines.row[later], model.chain.hours[course[later]])
    clock[later] = hour * 60 + region.stream("messages/minute").below(lines.row[later], 60)
    drawn_day = region.stream("messages/weekday").bits(lines.row)
    ahead = _weights_ahead(model, days)
    minute, now = np.zeros(len(drawn), dtype=np.int64), c.start.copy()
    first = lines.row - lines.step == lines.row
    minute[first] = now
    for going, row in _steps(c, lines):
        before = now[going]
        then = before + waited[row]
        apart = np.flatnonzero(~sits[row])
        late, day = row[apart], before[apart] // MINUTES_A_DAY
        on = 1 + choose_from_bits(
            drawn_day[late], ahead[drawn[late] - len(minutes) + 1, course[late], day % WEEK]
        )
        then[apart] = np.maximum((day + on) * MINUTES_A_DAY + clock[late], before[apart] + minutes[-1])
        now[going] = minute[row] = then
    return minute


def _weights_ahead(model: ThreadModel, days: list[int]) -> np.ndarray:
    """Return (classes of gaps in days, courses, weekdays, days ahead) weights of the next message's day."""
    ahead = np.arange(1, days[-1])
    low, high = np.array(days[:-1])[:, None], np.array(days[1:])[:, None]
    in_class = (ahead >= low) & (ahead < high)
    week = (np.arange(WEEK)[:, None] + ahead) % WEEK
    return np.where(in_class[:, None, None, :], model.weekdays[:, week], 0)


def _draw_acts(
    region: Region, model: ThreadModel, c: Conversations, lines: MessageRows, role: np.ndarray
) -> np.ndarray:
    """Return the act of each message: by stage, profile and speaker, by habit, by place, and as an answer."""
    leanings = acts.draw_habits(region, c.holder, c.number)
    profile = acts.profile(region.world, c.course, c.form)
    often = region.chance("messages/deletes", c.holder, "messages.deletes_often")
    rates = region.chances("messages.deleted")
    deleted = region.stream("messages/deleted").chance(lines.row, rates[often.astype(np.int64)][lines.at])
    base = (
        model.chain.act[profile[lines.at], lines.stage, role]
        + leanings[lines.at]
        + model.of_place(lines.step)
    )
    act, last_act = np.zeros(len(lines.row), dtype=np.int64), np.full(len(c.number), DELETED)
    drawn = region.stream("messages/act").bits(lines.row)
    turns = role != role[np.maximum(np.arange(len(role)) - 1, 0)]
    for going, row in _steps(c, lines, first=0):
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
    anew = begins | moved | region.stream("messages/hop").chance(lines.row, model.chain.hop[stage])
    weights = np.where(late[:, None], model.away[course], model.chain.next_channel[course])
    weights = np.where(begins[:, None], model.chain.first_channel[course], weights)
    chosen = region.stream("messages/channel").choose(lines.row, weights)
    anew &= ~unknown
    channel = chosen[np.maximum.accumulate(np.where(anew, np.arange(len(anew)), 0))]
    return np.where(unknown, UNKNOWN, channel)


def _steps(c: Conversations, lines: MessageRows, first: int = 1):
    """Yield, step by step, the conversations that go on and the rows of their messages."""
    start = np.cumsum(c.length) - c.length
    for step in range(first, int(c.length.max())):
        going = np.flatnonzero(c.length > step)
        yield going, start[going] + step
