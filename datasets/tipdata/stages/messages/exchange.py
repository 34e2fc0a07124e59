"""What is written in conversations: minute, act and channel of each message, one after the other."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import chosen, exp, probability
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.messages import acts
from tipdata.stages.messages.conversations import Conversations, Lines
from tipdata.stages.messages.threads import WEEK, Threads, heard

DELETED = UNKNOWN = -1


@dataclass(frozen=True)
class Exchange:
    """By message: minute, act (-1 where deleted), channel (-1 where unknown), and whether it was ever written."""

    minute: np.ndarray
    act: np.ndarray
    channel: np.ndarray
    kept: np.ndarray


def draw_exchange(
    region: Region,
    model: Threads,
    c: Conversations,
    lines: Lines,
    role: np.ndarray,
    closed: np.ndarray,
    ends: np.ndarray,
) -> Exchange:
    """Draw minutes, acts and channels.

    Args:
        closed: (conversations,) day from which on the account is no more, as when its site closes.
        ends: day after the last on which the operation that holds one side writes.
    """
    minute = _minutes(region, model, c, lines)
    late = (minute >= closed[lines.at] * MINUTES_A_DAY) & (closed[lines.at] < DAYS)
    moves = region.stream("messages/moves").chance(c.number, probability(region["messages.moves"]))
    return Exchange(
        minute=minute,
        act=_acts(region, model, c, lines, role),
        channel=_channels(region, model, c, lines, late),
        kept=(minute < np.minimum(ends, DAYS)[lines.at] * MINUTES_A_DAY) & (~late | moves[lines.at]),
    )


def _minutes(region: Region, model: Threads, c: Conversations, lines: Lines) -> np.ndarray:
    """Return minute of each message: within a sitting after some minutes, else on a later day of the course's week at
    an hour of the course, and at least as long after as a sitting may pause."""
    minutes, days = region["messages.gap_minutes"], region["messages.gap_days"]
    course = c.course[lines.at]
    classes = np.arange(model.chain.gap.shape[-1])
    pace = acts.pace(region, c.holder)[lines.at]
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
    ahead = _ahead(model, days)
    minute, now = np.zeros(len(drawn), dtype=np.int64), c.start.copy()
    first = lines.row - lines.step == lines.row
    minute[first] = now
    for going, row in _steps(c, lines):
        before = now[going]
        then = before + waited[row]
        apart = np.flatnonzero(~sits[row])
        late, day = row[apart], before[apart] // MINUTES_A_DAY
        on = 1 + chosen(drawn_day[late], ahead[drawn[late] - len(minutes) + 1, course[late], day % WEEK])
        then[apart] = np.maximum((day + on) * MINUTES_A_DAY + clock[late], before[apart] + minutes[-1])
        now[going] = minute[row] = then
    return minute


def _ahead(model: Threads, days: list[int]) -> np.ndarray:
    """Return (classes of gaps in days, courses, weekdays, days ahead) weights of the next message's day."""
    ahead = np.arange(1, days[-1])
    low, high = np.array(days[:-1])[:, None], np.array(days[1:])[:, None]
    asked = (ahead >= low) & (ahead < high)
    week = (np.arange(WEEK)[:, None] + ahead) % WEEK
    return np.where(asked[:, None, None, :], model.weekdays[:, week], 0)


def _acts(region: Region, model: Threads, c: Conversations, lines: Lines, role: np.ndarray) -> np.ndarray:
    """Return the act of each message: by stage, profile and speaker, by habit, by place, and as an answer."""
    leanings = acts.habits(region, c.holder, c.number)
    profile = acts.profile(region.world, c.course, c.form)
    often = region.stream("messages/deletes").chance(c.holder, probability(region["messages.deletes_often"]))
    rates = np.array([probability(p) for p in region["messages.deleted"]])
    gone = region.stream("messages/deleted").chance(lines.row, rates[often.astype(np.int64)][lines.at])
    base = (
        model.chain.act[profile[lines.at], lines.stage, role]
        + leanings[lines.at]
        + model.of_place(lines.step)
    )
    act, said = np.zeros(len(lines.row), dtype=np.int64), np.full(len(c.number), DELETED)
    drawn = region.stream("messages/act").bits(lines.row)
    turns = role != role[np.maximum(np.arange(len(role)) - 1, 0)]
    for going, row in _steps(c, lines, first=0):
        weights = exp(base[row] + model.reply[heard(said[going], turns[row])])
        said[going] = act[row] = np.where(gone[row], DELETED, chosen(drawn[row], weights))
    return act


def _channels(region: Region, model: Threads, c: Conversations, lines: Lines, late: np.ndarray) -> np.ndarray:
    """Return the channel of each message: kept until it is chosen anew, away from the site once that has closed.

    Where a channel is not known it is not chosen anew either, so that the last known one is the one before; the first
    message's, and the first one's after the closing, are known.
    """
    course, stage = c.course[lines.at], lines.stage
    moved = late & ~np.concatenate([[False], late[:-1]])
    begins = lines.step == 0
    unknown = region.stream("messages/unknown_channel").chance(
        lines.row, probability(region["messages.unknown_channel"])
    )
    unknown &= ~begins & ~moved
    anew = begins | moved | region.stream("messages/hop").chance(lines.row, model.chain.hop[stage])
    weights = np.where(late[:, None], model.away[course], model.chain.next_channel[course])
    weights = np.where(begins[:, None], model.chain.first_channel[course], weights)
    chosen = region.stream("messages/channel").choose(lines.row, weights)
    anew &= ~unknown
    channel = chosen[np.maximum.accumulate(np.where(anew, np.arange(len(anew)), 0))]
    return np.where(unknown, UNKNOWN, channel)


def _steps(c: Conversations, lines: Lines, first: int = 1):
    """Yield, step by step, the conversations that go on and the rows of their messages."""
    start = np.cumsum(c.length) - c.length
    for step in range(first, int(c.length.max())):
        going = np.flatnonzero(c.length > step)
        yield going, start[going] + step
