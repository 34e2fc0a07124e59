"""The model behind conversations: the chain of :mod:`acts`, and what makes it a thread.

Beside stage, course, form and who speaks, an act depends on where it stands (greetings come first) and on what the
other has just said (who is asked answers); a form of exploitation also leads more often to some stages. Days of the
week have their own rhythm by course. All of it is known once the messages before are, so that a filter stays exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import ONE, normalised
from tipdata.core.world import Region
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import ACTS, COURSES, STAGES, STRATEGIES, Acts
from tipdata.stages.operations.habits import log_ratio

WEEK = 7
OWN, NOTHING = len(ACTS), 2 * len(ACTS)
"""Rows of :attr:`Threads.reply`: those of acts of one's own begin at the first; the second stands where nothing is to
be answered, at the start and after a deleted act."""
AGAIN = ("small_talk", "share_personal")
"""Acts that one goes on with."""
AWAY = ("call", "other_platform")
"""Channels on which a conversation goes on when its site closes."""


@dataclass(frozen=True)
class Threads:
    """Integer tables of one region: those of :class:`Acts`, and more. A acts, C courses, P profiles, S stages."""

    chain: Acts
    onward: np.ndarray
    """(P, S, S) weights of the stage that follows."""
    place: np.ndarray
    """(places, A) log odds ratio of an act by its place from the first message on; the last row is for all later."""
    reply: np.ndarray
    """(2 A + 1, A) log odds ratio of an act after the other's, and after one's own."""
    weekdays: np.ndarray
    """(C, 7) weights."""
    away: np.ndarray
    """(C, H) weights of a channel away from the site, chosen when the site has closed."""

    @classmethod
    def of(cls, region: Region) -> "Threads":
        """Compile the model of a region."""
        chain = Acts.of(region)
        away = np.isin(region["messages.channels"], AWAY)
        return cls(
            chain=chain,
            onward=_onward(region, chain),
            place=np.array([_ratios(listed) for listed in region["messages.place"]]),
            reply=_replies(region),
            weekdays=np.array([region["messages.weekdays"][c] for c in COURSES], dtype=np.int64),
            away=np.where(away, chain.next_channel, 0),
        )

    def of_place(self, step: np.ndarray) -> np.ndarray:
        """Return (messages, A) log odds ratios by sequence number from 0."""
        return self.place[np.minimum(step, len(self.place) - 1)]


def heard(act: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return the row of :attr:`Threads.reply` after each act, -1 for a deleted one; ``turns``: the other answers."""
    return np.where(act >= 0, act + np.where(turns, 0, OWN), NOTHING)


def _ratios(listed: dict[str, float]) -> np.ndarray:
    """Return (A,) log odds ratios; 0 where an act is not named."""
    row = np.zeros(len(ACTS), dtype=np.int64)
    for act, ratio in listed.items():
        row[ACTS.index(act)] = log_ratio(ratio)
    return row


def _replies(region: Region) -> np.ndarray:
    table = np.zeros((NOTHING + 1, len(ACTS)), dtype=np.int64)
    goes_on = np.isin(ACTS, AGAIN)
    table[OWN:NOTHING] = np.diag(np.where(goes_on, 0, log_ratio(region["messages.repeats"])))
    for said, listed in region.group("messages.reply").items():
        table[ACTS.index(said)] = _ratios(listed)
    return table


def _onward(region: Region, chain: Acts) -> np.ndarray:
    """Return the chain's weights by profile: in a recruitment each form leads more often to some stages."""
    names = acts.forms(region.world)
    pull = np.array([[round(region[f"messages.toward.{f}"].get(s, 1) * ONE) for s in STAGES] for f in names])
    course = acts.course_of_profile(region.world)
    weights = chain.onward[course] * ONE
    recruits = len(STRATEGIES) * len(names)
    weights[:recruits] = weights[:recruits] * np.tile(pull, (len(STRATEGIES), 1))[:, None, :] // ONE
    return np.where(weights > 0, normalised(weights), 0)
