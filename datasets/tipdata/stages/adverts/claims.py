"""What each advert says, from 0.5.0 on: its operation's policy, template by template, re-post by re-post.

A template states what its operation usually states, except for a few facts. A re-post states what its template does;
sometimes one fact differs. Its wording is edited from re-post to re-post. A brief re-post has a line or two. The
wording of a fact does not depend on state, policy, kind, form or label: a false statement is worded like a true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.adverts.statements import (
    EXTRA,
    NOUN,
    UNSTATED,
    FrameChooser,
    StateDraws,
    Statements,
    needs_price,
    unpack_states,
)
from tipdata.stages.operations.facts import BY_ADOPTION, SILENT, speaker_of
from tipdata.stages.operations.policy import ALWAYS, Life, draw_claims
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import array_shape, number_of, rules
from tipdata.text.genre import genre


@dataclass(frozen=True)
class Claims(Statements):
    """What adverts say. ``code``: (n, facts) as of :class:`~tipdata.stages.operations.policy.SayingLaw`; ``brief``:
    (n,) bool; ``life``: (n,) operation whose life each tells of: another's, where the text is copied."""

    code: np.ndarray
    brief: np.ndarray
    life: np.ndarray


class _ClaimDraws(StateDraws):
    """Draws what templates and adverts say by the policy of their operation."""

    def __init__(self, region: Region, o: Operations, life: Life, framing: FrameChooser) -> None:
        super().__init__(region, o, framing, life.claim.shape[1])
        self.life = life
        self.who = o.kind, speaker_of(len(o.forms), o.kind, o.form), o.category

    def fresh(self, path: str, row: Ints, owner: Ints) -> Ints:
        """Return (rows, facts) levels that are drawn anew, :data:`SILENT` for those that are not said."""
        life = self.life
        claim, says = draw_claims(
            self.region, path, life.law, life.state, life.verbosity, self.who, row, owner
        )
        return np.where(says, claim, SILENT)

    def template_states(self, template: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (templates, columns) first state of some templates."""
        owner, number = template // MAX_TEMPLATES, np.arange(self.count)
        departs = self.region.chance("templates/departs", template[:, None], "policy.departs", number)
        level = np.where(departs, self.fresh("templates", template, owner), self.life.said[owner])
        return self.word(template, level, priced)

    def edit_states(self, row: Ints, owner: Ints, fact: Ints, before: Ints, priced: np.ndarray) -> Ints:
        """Return the state of facts that are edited: in other words, if they are said."""
        made, said = before.copy(), before != UNSTATED
        level, _ = unpack_states(before[said])
        made[said] = self.framing.pack_states(
            "adverts", row[said], owner[said], fact[said], level, priced[said]
        )
        return made

    def depart_once(self, plan: Schedule, life: Ints, packed: Ints, priced: np.ndarray) -> None:
        """Redraw one fact of some re-posts, in place."""
        once = self.region.chance("adverts/departs", plan.row, "policy.departs_once") & ~plan.first
        r = np.flatnonzero(once)
        fact = self.region.stream("adverts/departing").below(plan.row[r], self.count)
        level = self.fresh("adverts", plan.row[r], life[r])[np.arange(len(r)), fact]
        packed[r, fact] = UNSTATED
        r, fact, level = (one[level != SILENT] for one in (r, fact, level))
        packed[r, fact] = self.framing.pack_states(
            "departures", plan.row[r], life[r], fact, level, priced[plan.template[r]]
        )


def draw_claimed(
    region: Region,
    o: Operations,
    life: Life,
    framing: FrameChooser,
    plan: Schedule,
    source: Ints,
    priced: np.ndarray,
    masked: np.ndarray,
    away: np.ndarray,
) -> Claims:
    """Return what each advert says; arguments as of :func:`tipdata.stages.adverts.statements.draw_statements`."""
    writing = _ClaimDraws(region, o, life, framing)
    edited = writing.advert_states(plan, source, priced)
    packed, fillers = edited[:, :-EXTRA].copy(), edited[:, -EXTRA:NOUN].copy()
    owner = source[plan.template] // MAX_TEMPLATES
    writing.depart_once(plan, owner, packed, priced)
    brief = region.chance("adverts/brief", plan.row, "writing.brief") & ~plan.first
    number = np.arange(writing.count)
    kept = region.chance("adverts/brief_keeps", plan.row[:, None], "writing.brief_keeps", number)
    packed[brief[:, None] & ~kept & (number != number_of(ALWAYS))] = UNSTATED
    fillers[brief[:, None] & (np.arange(fillers.shape[1]) != OFFERS)] = 0
    level, frame = unpack_states(packed)
    # A copied text speaks of the price that it was copied with.
    level[needs_price(o, framing.words, plan, level, frame) & ~priced[plan.template][:, None]] = SILENT
    level[~masked, number_of(BY_ADOPTION)] = SILENT
    level, code = rule_out(o.family[plan.operation], level, away)
    return Claims(level, frame, fillers - 1, edited[:, NOUN], edited[:, -1], code, brief, owner)


OFFERS = 1
"""The kind of filler that names what is offered, among :data:`tipdata.text.book.KINDS_OF_FILLER`."""


@cache
def _ruled_out() -> np.ndarray:
    """Return (facts, other facts, families * (levels + 1)) int64: a bit for each level of the other fact that cannot be
    stated beside a level of the fact, 0 for the last one, which stands for none."""
    apart = genre().apart
    bits = (apart << np.arange(apart.shape[-1])).sum(axis=-1)
    bits = np.pad(bits, ((0, 0), (0, 0), (0, 1), (0, 0)))
    return np.ascontiguousarray(bits.transpose(1, 3, 0, 2)).reshape(bits.shape[1], bits.shape[3], -1)


def rule_out(family: Ints, level: Ints, away: np.ndarray) -> tuple[Ints, Ints]:
    """Remove levels that contradict an earlier fact. Return the remaining levels, and the code of each fact.

    Facts are checked in order. The contact comes first, because every advert states it.

    Args:
        level: (rows, facts) levels, :data:`SILENT` for unsaid ones.
        away: (rows,) bool: placed in another town than the operation's.
    """
    bits, needs, at_home = _ruled_out(), rules().needs, rules().at_home
    tells = np.asarray(bits.any(axis=2))
    facts, levels = array_shape()
    one = 1 << np.arange(levels)
    # Fact by fact: a row each here.
    level = np.array(level.T, order="C")
    out = np.zeros_like(level)
    cell = family * (levels + 1) + level % (levels + 1)
    always = number_of(ALWAYS)
    order = [always, *(fact for fact in range(facts) if fact != always)]
    for at, fact in enumerate(order):
        for other in order[:at]:
            if tells[other, fact]:
                out[fact] |= np.take(bits[other, fact], cell[other])
        if needs[:, fact].any():
            lacking = needs[family, fact].any(axis=2)
            lacking &= ~(needs[family, fact] & (level.T != SILENT)[:, None]).any(axis=2)
            out[fact] |= lacking @ one
        if at_home[:, fact].any():
            out[fact] |= np.where(away, (at_home[:, fact] @ one)[family], 0)
        said = level[fact]
        said[(said != SILENT) & (out[fact] >> np.maximum(said, 0) & 1 == 1)] = SILENT
        cell[fact] = family * (levels + 1) + said % (levels + 1)
    code = np.where(level == SILENT, levels + out, level)
    return np.ascontiguousarray(level.T), np.ascontiguousarray(code.T)
