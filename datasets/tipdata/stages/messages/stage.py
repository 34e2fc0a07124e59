"""Messages: conversations between adults as coded acts, minute by minute; never a sentence.

Each conversation runs through stages by the chain of the module ``acts``; act, speaker, gap and channel are drawn
given the stage, the course, the holder's habits and, less so, the conversation's own. A recruitment's onset is its
first message of commitment; lawful courses reach commitment too, and most attempts to recruit never do.
"""

import numpy as np
import polars as pl

from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import decode, repeat_rows, with_nulls
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region
from tipdata.stages import Columns, Past, Stage, Tables
from tipdata.stages.accounts import Accounts
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import ThreadModel
from tipdata.stages.messages.conversations import MESSAGE_ROOM, Conversations, MessageRows, draw_conversations
from tipdata.stages.messages.exchange import (
    JOINED,
    LOST,
    OUTCOMES,
    DrawnMessages,
    JoinedPeople,
    draw_messages,
    draw_outcomes,
    find_unwritten,
)
from tipdata.stages.operations.stage import Operations
from tipdata.stages.places import Places

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
    lines = _draw_stages(region, c, model.chain, model.onward, acts.profile(region.world, c.course, c.form))
    role = _draw_roles(region, c, model.chain, lines)
    ends = np.where(c.owner >= 0, o.ends[c.owner] + 1, DAYS)
    closed = accounts.lives.closed[np.searchsorted(accounts.number, c.account)]
    made = draw_messages(region, model, c, lines, role, closed, ends)
    commits = made.kept & (lines.stage == acts.COMMITMENT) & (c.form[lines.at] >= 0)
    at, first = np.unique(lines.at[commits], return_index=True)
    onset = np.zeros(len(c.number), dtype=np.int64)
    onset[at] = lines.step[commits][first] + 1
    joined, outcome = _outcomes(region, o, c, lines, made, onset)
    written = np.flatnonzero(made.kept & ~find_unwritten(region, c, lines, made.minute, joined))
    replies = role[written] != role[_first_rows(lines)[written]]
    return joined, {
        "conversations": _conversations(region, places, o, c, onset, outcome),
        "messages": {
            "conversation": region.ids("conversations", c.number)[lines.at[written]],
            "sequence": lines.step[written] + 1,
            "minute": made.minute[written],
            "side": decode(SIDES, replies.astype(np.int64)),
            "act": decode(acts.ACTS, made.act[written]),
            "channel": decode(region["messages.channels"], made.channel[written]),
            "stage": decode(acts.STAGES, lines.stage[written]),
        },
    }


def _outcomes(
    region: Region,
    o: Operations,
    c: Conversations,
    lines: MessageRows,
    made: DrawnMessages,
    onset: np.ndarray,
) -> tuple[JoinedPeople, pl.Series]:
    """Return who joins, and the outcome of each conversation; null where nobody commits."""
    commits = np.flatnonzero(onset > 0)
    begins = np.cumsum(c.length) - c.length
    day = made.minute[begins[commits] + onset[commits] - 1] // MINUTES_A_DAY
    last = begins + np.add.reduceat(made.kept, begins) - 1
    drawn_back = lines.stage[last[commits]] == acts.STAGES.index("withdrawal")
    joined, joins = draw_outcomes(region, o, c.number[commits], c.owner[commits], day, drawn_back)
    code = np.full(len(onset), -1)
    code[commits] = np.where(joins, OUTCOMES.index(JOINED), OUTCOMES.index(LOST))
    return joined, decode(OUTCOMES, code)


def _draw_stages(
    region: Region, c: Conversations, model: acts.ActModel, onward: np.ndarray, way: np.ndarray
) -> MessageRows:
    """Return stages of all messages: whole stages are drawn one after the other until every conversation is full.

    ``onward``: (ways, S, S) weights of the stage that follows; ``way``: (conversations,) which of them.
    """
    stage = np.zeros(len(c.number), dtype=np.int64)
    left = c.length.copy()
    stages, lasting = [], []
    for turn in range(SEGMENTS):
        scale = acts.dwell_scale(model.dwell[c.course, stage], c.length)
        waits = (
            region.stream("messages/dwell").quantile(c.number, "exponential", 2 * turn + part) * scale
            for part in (0, 1)
        )
        dwell = 1 + sum(wait // 1_000_000_000 for wait in waits)
        dwell = left if turn == SEGMENTS - 1 else np.minimum(dwell, left)
        stages.append(stage)
        lasting.append(dwell)
        left = left - dwell
        if not left.any():
            break
        stage = region.stream("messages/onward").choose(c.number, onward[way, stage], turn)
    at, step = repeat_rows(c.length)
    return MessageRows(
        at=at,
        step=step,
        row=c.number[at] * MESSAGE_ROOM + step,
        stage=np.repeat(np.stack(stages, axis=1).ravel(), np.stack(lasting, axis=1).ravel()),
    )


def _first_rows(lines: MessageRows) -> np.ndarray:
    """Return for each message the position of the first message of its conversation."""
    return np.arange(len(lines.row)) - lines.step


def _draw_roles(region: Region, c: Conversations, model: acts.ActModel, lines: MessageRows) -> np.ndarray:
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
    answers -= answers[_first_rows(lines)]
    commits = np.flatnonzero(lines.stage == acts.COMMITMENT)
    first = commits[np.unique(lines.at[commits], return_index=True)[1]]
    unanswered = first[(answers[first] == 0) & (lines.step[first] > 0)]
    holder[unanswered] = ~opens[unanswered]
    return np.where(holder, acts.HOLDER, acts.OTHER)


def _conversations(
    region: Region, places: Places, o: Operations, c: Conversations, onset: np.ndarray, outcome: pl.Series
) -> Columns:
    id = region.ids("conversations", c.number)
    recruits = c.form >= 0
    kind = np.maximum(c.course - len(acts.STRATEGIES) + 1, 0)
    return {
        "conversation": id,
        "platform": decode([places.codes[p] for p in places.platform], c.site),
        "minute": c.start,
        "language": decode(LANGUAGES, c.language),
        "operation": with_nulls(o.id[c.owner], c.owner >= 0),
        "account": region.ids("accounts", c.account),
        "kind": decode(acts.KINDS, kind),
        "strategy": decode(acts.COURSES, np.where(recruits, c.course, -1)),
        "form": decode(o.forms, c.form),
        "opens": c.opens,
        "onset": with_nulls(onset, onset > 0),
        "number": c.number,
        "holder": c.holder,
        "length": c.length,
        "outcome": outcome,
    }


STAGE = Stage("messages", ("places", "operations", "accounts"), tuple(acts.TABLES.values()), generate)
