"""What becomes of recruitments that reach commitment: a person joins, or backs out and is lost."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages.messages import acts
from tipdata.stages.messages.conversations import Conversations, Lines
from tipdata.stages.operations.stage import Operations

JOINED, LOST = "joined", "lost"
OUTCOMES = (JOINED, LOST)
AFTERWARDS = tuple(acts.STAGES.index(name) for name in ("entrapment", "control", "coordination"))
"""Stages that are written of with somebody who is there."""


@dataclass(frozen=True)
class Joined:
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
) -> tuple[Joined, np.ndarray]:
    """Return who joins, and of each commitment whether somebody does.

    Args:
        number, owner, day: of the conversation, its operation, and the message of commitment.
        drawn_back: bool, the other withdraws at the end: lost.
    """
    stays = region["people.shortest_days"]
    high = np.minimum(np.minimum(day + region["messages.joining_days"], o.ends[owner] - stays), DAYS - 1)
    halves = [region.stream("messages/joining").below(number, 1 << 16, k) for k in (0, 1)]
    joining = day + (high - day + 1) * (halves[0] + halves[1]) // (1 << 17)
    lost = region.stream("messages/lost").chance(number, probability(region["messages.lost"]))
    joins = ~lost & ~drawn_back & (high >= day)
    return Joined(number[joins], owner[joins], joining[joins]), joins


def unwritten(
    region: Region, c: Conversations, lines: Lines, minute: np.ndarray, joined: Joined
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
