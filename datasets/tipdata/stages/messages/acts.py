"""The model behind conversations of coded acts: stages, their acts, and how each course moves between them.

One compilation of the world's ``messages`` for a region, in integers, read by the stage that draws
conversations and by the oracle that filters them. A *course* is how a kind of conversation runs; a recruitment has
two, hunting and fishing, and for each form of exploitation a *profile* of its own; other courses have one profile.

The chain over stages is semi-Markov: a stage lasts ``1 + a + b`` messages, a and b geometric with one mean (see
:func:`dwell_scale`), then leads onward by the course. Acts, speakers, gaps and channels are drawn given the stage.
Beside stage, course, form and speaker, an act depends on its place in the conversation (greetings come first) and on
the other side's last act (a question is answered); a form of exploitation also leads more often to some stages. Each
course has its own weekly rhythm. All of this is known once the messages before are, so that a filter stays exact.
"""

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import ONE, log, normalise, probability
from tipdata.core.kinds import STRATEGIES
from tipdata.core.tables import read_tables
from tipdata.core.world import Region, World
from tipdata.stages.operations.habits import log_ratio

TABLES = read_tables("messages")
ACTS = TABLES["messages"].values("act")
"""Code words, in the order of the literature's stages and then what anyone answers. Never a sentence."""
STAGES = TABLES["messages"].values("stage")
COMMITMENT = STAGES.index("commitment")
KINDS = TABLES["conversations"].values("kind")
"""Kinds of conversations, recruitment first."""
COURSES = (*STRATEGIES, *KINDS[1:])
HOLDER, OTHER = 0, 1
ROLES = ("holder", "other")
SHORTEST_STEP = 200
"""Least mean of a stage's further messages, in thousandths, so that no stage is over before it began."""


def forms(world: World) -> tuple[str, ...]:
    """Return forms of exploitation in a world, in the order of ``operations.form``."""
    return tuple(world.parameters["operations.form"]["value"])


def course_of_profile(world: World) -> np.ndarray:
    """Return the course of each profile, int64: the recruitments by course and form, then one of each other course."""
    recruits = np.repeat(np.arange(len(STRATEGIES)), len(forms(world)))
    return np.concatenate([recruits, np.arange(len(STRATEGIES), len(COURSES))])


def profile(world: World, course: np.ndarray, form: np.ndarray) -> np.ndarray:
    """Return the profile of each course and form (-1 if there is none), int64."""
    recruits = course < len(STRATEGIES)
    count = len(forms(world))
    lawful = len(STRATEGIES) * count + course - len(STRATEGIES)
    return np.where(recruits, course * count + np.maximum(form, 0), lawful)


WEEK = 7
OWN, NOTHING = len(ACTS), 2 * len(ACTS)
"""Rows of :attr:`ThreadModel.reply`: the speaker's own acts begin at the first; the second is used where there is
nothing to answer, at the start and after a deleted act."""
AGAIN = ("small_talk", "share_personal")
"""Acts that one goes on with."""
AWAY = ("call", "other_platform")
"""Channels on which a conversation goes on when its site closes."""


@dataclass(frozen=True)
class ThreadModel:
    """Integer tables of one region; log probabilities in milli-nats, probabilities and weights out of 65,536.

    P profiles, C courses, S stages, A acts, G classes of gaps, H channels.
    """

    act: np.ndarray
    """(P, S, 2 roles, A) log weight of an act before the leanings of who speaks."""
    onward: np.ndarray
    """(P, S, S) weights of the stage that follows; a stage that never ends leads to itself."""
    dwell: np.ndarray
    """(C, S) mean length in thousandths of the conversation's."""
    opens: np.ndarray
    """(C,) probability that the holder opens."""
    again: np.ndarray
    """(C, 2 roles) probability that the same role speaks again."""
    gap: np.ndarray
    """(C, S, G) log weight of a class of gaps."""
    hours: np.ndarray
    """(C, 24) weights."""
    weekdays: np.ndarray
    """(C, 7) weights."""
    first_channel: np.ndarray
    """(C, H) weights."""
    next_channel: np.ndarray
    """(C, H) weights."""
    away: np.ndarray
    """(C, H) weights of a channel away from the site, chosen when the site has closed."""
    hop: np.ndarray
    """(S,) probability that the channel is chosen again."""
    place: np.ndarray
    """(places, A) log odds ratio of an act by its place from the first message on; the last row is for all later."""
    reply: np.ndarray
    """(2 A + 1, A) log odds ratio of an act after the other's, and after one's own."""

    @classmethod
    def of(cls, region: Region) -> "ThreadModel":
        """Compile the model of a region."""

        def shares(name: str) -> np.ndarray:
            return normalise(region.values(f"messages.{name}", COURSES) * ONE)

        gaps, next_channel = log(shares("gaps")), shares("next_channel")
        schedule = normalise(region.values("schedule.hour_weights") * ONE)
        quickening = region.milli("messages.quickening", STAGES)[:, None] * np.arange(gaps.shape[1])
        own = np.stack([_weights(region, f"messages.stages.{stage}") for stage in STAGES])
        share = probability(region["messages.own_share"])
        mixed = (own * share + _weights(region, "messages.any_stage") * (ONE - share)) // ONE
        return cls(
            act=log(np.maximum(mixed, 1)) + _leanings(region)[:, None, None, :],
            onward=_onward(region),
            dwell=np.stack([region.values(f"messages.dwell.{course}", STAGES) for course in COURSES]),
            opens=region.chances("messages.opens", COURSES),
            again=np.array([[probability(p) for p in region["messages.again"][c]] for c in COURSES]),
            gap=gaps[:, None, :] + quickening,
            hours=region.values("messages.hours", COURSES) @ schedule,
            weekdays=region.values("messages.weekdays", COURSES),
            first_channel=shares("first_channel"),
            next_channel=next_channel,
            away=np.where(np.isin(region["messages.channels"], AWAY), next_channel, 0),
            hop=region.chances("messages.hop", STAGES),
            place=np.array([_log_ratios(listed) for listed in region["messages.place"]]),
            reply=_replies(region),
        )

    def of_place(self, step: np.ndarray) -> np.ndarray:
        """Return (messages, A) log odds ratios by sequence number from 0."""
        return self.place[np.minimum(step, len(self.place) - 1)]


def reply_rows(act: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Return the row of :attr:`ThreadModel.reply` after each act, -1 for a deleted one.

    ``turns``: bool, the other side answers.
    """
    return np.where(act >= 0, act + np.where(turns, 0, OWN), NOTHING)


def _weights(region: Region, path: str) -> np.ndarray:
    """Return (2 roles, A) listed weights of one set of acts as probabilities; 0 where an act is not listed."""
    listed = region[path]
    unknown = {act for role in ROLES for act in listed[role]} - set(ACTS)
    if unknown:
        raise ValueError(f"{path} names {sorted(unknown)}, which are not acts")
    table = np.array([[listed[role].get(act, 0) for act in ACTS] for role in ROLES], dtype=np.int64)
    return table * ONE // table.sum(axis=1, keepdims=True)


def _leanings(region: Region) -> np.ndarray:
    """Return (P, A) log odds ratios of acts: of the course, with the region's own deviation, and of the form."""
    cells = np.arange(len(COURSES) * len(ACTS)).reshape(len(COURSES), len(ACTS))
    deviation = region.spread("parameter/messages/acts", cells, "normal", region.milli("messages.jitter"))
    course, form = (
        np.stack([_log_ratios(region[f"messages.{group}.{name}"]) for name in names])
        for group, names in (("leanings", COURSES), ("forms", forms(region.world)))
    )
    course += deviation
    recruits = course[: len(STRATEGIES), None, :] + form
    return np.concatenate([recruits.reshape(-1, len(ACTS)), course[len(STRATEGIES) :]])


def _onward(region: Region) -> np.ndarray:
    """Return (P, S, S) weights of the stage that follows: of the course, and of where a form leads more often."""
    table = np.tile(np.eye(len(STAGES), dtype=np.int64), (len(COURSES), 1, 1))
    for c, course in enumerate(COURSES):
        for stage, listed in region[f"messages.onward.{course}"].items():
            table[c, STAGES.index(stage)] = [listed.get(s, 0) for s in STAGES]
    weights = table[course_of_profile(region.world)] * ONE
    toward = [region[f"messages.toward.{form}"] for form in forms(region.world)]
    pull = np.array([[round(listed.get(s, 1) * ONE) for s in STAGES] for listed in toward])
    pull = np.tile(pull, (len(STRATEGIES), 1))[:, None, :]
    weights[: len(pull)] = weights[: len(pull)] * pull // ONE
    return np.where(weights > 0, normalise(weights), 0)


def _log_ratios(listed: dict[str, float]) -> np.ndarray:
    """Return (A,) log odds ratios; 0 where an act is not named."""
    row = np.zeros(len(ACTS), dtype=np.int64)
    for act, ratio in listed.items():
        row[ACTS.index(act)] = log_ratio(ratio)
    return row


def _replies(region: Region) -> np.ndarray:
    table = np.zeros((NOTHING + 1, len(ACTS)), dtype=np.int64)
    goes_on = np.isin(ACTS, AGAIN)
    table[OWN:NOTHING] = np.diag(np.where(goes_on, 0, log_ratio(region["messages.repeats"])))
    for act, listed in region.group("messages.reply").items():
        table[ACTS.index(act)] = _log_ratios(listed)
    return table


def dwell_scale(permille: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Return scale, in thousandths of a message, of each of the two geometric parts of a stage's further messages.

    A part is ``floor(scale / 1000 * E)`` of a unit exponential E, that is geometric with ratio exp(-1000/scale).
    """
    return np.maximum(permille * length - 1000, SHORTEST_STEP) // 2


def draw_habits(region: Region, holder: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return (conversations, A) leanings to each act in milli-nats: the holder's, and the conversation's own.

    Args:
        holder: number under which the holder's habits are drawn; one for all conversations of an operation.
        number: local number of the conversation.
    """
    acts = np.arange(len(ACTS))
    of_holder, of_conversation = (
        region.spread(f"messages/{name}", who[:, None], "normal", region.milli(f"messages.{name}"), acts)
        for name, who in (("habits", holder), ("partner", number))
    )
    return of_holder + of_conversation


def draw_pace(region: Region, holder: np.ndarray) -> np.ndarray:
    """Return (conversations,) each holder's leaning to long gaps, milli-nats a class."""
    return region.spread("messages/pace", holder, "normal", region.milli("messages.pace"))
