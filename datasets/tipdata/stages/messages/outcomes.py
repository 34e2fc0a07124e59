"""What becomes of recruitments that reach commitment: a person joins, or backs out and is lost."""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import probability
from tipdata.core.world import DAYS, Region
from tipdata.stages.operations.stage import Operations

JOINED, LOST = "joined", "lost"
OUTCOMES = (JOINED, LOST)


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
    before, after = region["messages.joining_days"]
    stays = region["people.shortest_days"]
    low = np.maximum(day - before, o.begins[owner])
    high = np.minimum(np.minimum(day + after, o.ends[owner] - stays), DAYS - 1)
    halves = [region.stream("messages/joining").below(number, 1 << 16, k) for k in (0, 1)]
    joining = low + (high - low + 1) * (halves[0] + halves[1]) // (1 << 17)
    lost = region.stream("messages/lost").chance(number, probability(region["messages.lost"]))
    joins = ~lost & ~drawn_back & (high >= low)
    return Joined(number[joins], owner[joins], joining[joins]), joins
