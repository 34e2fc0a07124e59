"""What each advert says: its operation's policy, template by template, re-post by re-post.

A template states what its operation usually states, except for a few facts. A re-post states what its template does;
sometimes one fact differs. Its wording is edited from re-post to re-post; an edit lasts until the next one there. A
brief re-post has a line or two. The wording of a fact does not depend on state, policy, kind, form or label: a false
statement is worded like a true one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import CATEGORIES, KINDS, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.frames import EXTRA, NOUN, TITLE, UNSTATED, FrameChooser, unpack_states
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.operations.habits import pick_within
from tipdata.stages.operations.policy import ALWAYS, draw_claims
from tipdata.stages.operations.stage import Operations
from tipdata.stages.operations.state import BY_ADOPTION, SILENT, speaker_of
from tipdata.text.book import SETS
from tipdata.text.facts import array_shape, number_of, rules
from tipdata.text.phrases import Phrases


def draw_copies(region: Region, o: Operations) -> np.ndarray:
    """For every template the template whose text it has: mostly itself, sometimes a stranger's of the same kind."""
    template = np.arange(len(o.id) * MAX_TEMPLATES)
    owner, number = template // MAX_TEMPLATES, template % MAX_TEMPLATES
    exists = o.posts[owner] & (number <= o.traits["templates"][owner])
    p = region.chances("writing.copies", KINDS)[o.kind[owner]]
    copied = exists & region.stream("templates/copied").chance(template, p)
    group = (o.language[owner] * len(CATEGORIES) + o.category[owner]) * 3 + o.part[owner]
    group = group * len(SETS) + o.drawn_set[owner]  # who copies words with the same set
    other = pick_within(region, "templates/source", template, group, exists & ~copied)
    foreign = copied & (other >= 0) & (owner != other // MAX_TEMPLATES)
    return np.where(foreign, other, template)


@dataclass(frozen=True)
class Statements:
    """What adverts say, row by row; int64 arrays unless stated.

    Attributes:
        level: (n, facts) level of each fact that is said, :data:`SILENT` if it is not.
        frame: (n, facts) number of the frame among those of the level.
        filler: (n, kinds of filler) number of the filler, -1 for none.
        noun, title: (n,) numbers.
        code: (n, facts) as of :class:`~tipdata.stages.operations.policy.SayingLaw`.
        brief: (n,) bool, re-posts of a line or two.
        life: (n,) operation whose life each tells of: another's, where the text is copied.
    """

    level: np.ndarray
    frame: np.ndarray
    filler: np.ndarray
    noun: np.ndarray
    title: np.ndarray
    code: np.ndarray
    brief: np.ndarray
    life: np.ndarray


class StateDraws:
    """Draws states: for each fact what :class:`FrameChooser` packs, 0 if it is not stated; then the extras."""

    def __init__(self, region: Region, o: Operations, framing: FrameChooser) -> None:
        self.region, self.o, self.framing = region, o, framing
        self.count = o.life.claim.shape[1]
        self.who = o.kind, speaker_of(len(o.forms), o.kind, o.form), o.category

    def fresh(self, path: str, row: Ints, owner: Ints) -> Ints:
        """Return (rows, facts) levels that are drawn anew, :data:`SILENT` for those that are not said."""
        life = self.o.life
        claim, says = draw_claims(
            self.region, path, life.law, life.state, life.verbosity, self.who, row, owner
        )
        return np.where(says, claim, SILENT)

    def template_states(self, template: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (templates, columns) first state of some templates."""
        owner, number = template // MAX_TEMPLATES, np.arange(self.count)
        departs = self.region.chance("templates/departs", template[:, None], "policy.departs", number)
        level = np.where(departs, self.fresh("templates", template, owner), self.o.life.said[owner])
        return self.word(template, level, priced)

    def word(self, template: Ints, level: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (templates, columns) states in which templates say these (templates, facts) levels."""
        owner = template // MAX_TEMPLATES
        state = np.zeros((len(template), self.count + EXTRA), dtype=np.int64)
        rows, cols = np.nonzero(level != SILENT)
        state[rows, cols] = self.framing.pack_states(
            "templates", template[rows], owner[rows], cols, level[rows, cols], priced[rows]
        )
        everywhere = np.ones((len(template), EXTRA), dtype=bool)
        state[:, -EXTRA:] = self.framing.extras("templates", template, owner, everywhere)
        return state

    def advert_states(self, plan: Schedule, source: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (adverts, columns) state of every advert; ``source``: template whose text each template has."""
        needed = np.unique(source[plan.template])
        state = np.zeros((len(source), self.count + EXTRA), dtype=np.int64)
        state[needed] = self.template_states(needed, priced[needed])
        return self.edit(plan, state[source], priced)

    def edit(self, plan: Schedule, state: np.ndarray, priced: np.ndarray) -> np.ndarray:
        """Return (adverts, columns) state of every advert: its template's, each edit lasting until the next there."""
        row, owner, first = plan.row, plan.operation, plan.first
        places = {"fact": self.count, "filler": EXTRA - 2, "noun": 1, "title": 1}
        weights = np.repeat(self.region.values("writing.edit_positions", places), list(places.values()))
        edits = self.region.choose("adverts/edits", row, "writing.edits")
        edited = np.zeros((len(row), state.shape[1]), dtype=bool)
        for turn in range(int(edits.max(initial=0))):
            r = np.flatnonzero(edits > turn)
            edited[r, self.region.stream("adverts/edited").choose(row[r], weights, turn)] = True
        edited[first] = False
        value = np.zeros(edited.shape, dtype=np.int64)
        r, c = np.nonzero(edited[:, :-EXTRA])
        template = plan.template[r]
        value[r, c] = self.edit_states(row[r], owner[r], c, state[template, c], priced[template])
        value[:, -EXTRA:] = self.framing.extras("adverts", row, owner, edited[:, -EXTRA:])
        value[first] = state[plan.template[first]]
        known = edited | first[:, None]
        last = np.maximum.accumulate(np.where(known, np.arange(len(row))[:, None], 0), axis=0)
        return np.take_along_axis(value, last, axis=0)

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


def draw_statements(
    region: Region,
    o: Operations,
    framing: FrameChooser,
    plan: Schedule,
    source: Ints,
    priced: np.ndarray,
    masked: np.ndarray,
    away: np.ndarray,
) -> Statements:
    """Return what each advert says.

    Args:
        source: template whose text each template has.
        priced: (templates,) bool: a price is stated.
        masked: (adverts,) bool: the contact is obfuscated on the day.
        away: (adverts,) bool: placed in another town than the operation's.
    """
    writing = StateDraws(region, o, framing)
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
    return Statements(level, frame, fillers - 1, edited[:, NOUN], edited[:, TITLE], code, brief, owner)


def needs_price(o: Operations, words: Phrases, plan: Schedule, level: Ints, frame: Ints) -> np.ndarray:
    """Return (adverts, facts) bool: the frame states a price."""
    language, family = o.language[plan.operation], o.family[plan.operation]
    priced, made = words.priced[np.maximum(words.levels, 0)], np.zeros(level.shape, dtype=bool)
    for fact in np.flatnonzero(priced.any(axis=(0, 1, 3, 4))):
        said = level[:, fact]
        made[:, fact] = priced[language, family, fact, np.maximum(said, 0), frame[:, fact]]
        made[:, fact] &= said != SILENT
    return made


OFFERS = 1
"""The kind of filler that names what is offered, among :data:`tipdata.text.book.KINDS_OF_FILLER`."""


@cache
def _ruled_out() -> np.ndarray:
    """Return (facts, other facts, families * (levels + 1)) int64: a bit for each level of the other fact that cannot be
    stated beside a level of the fact, 0 for the last one, which stands for none."""
    apart = rules().apart
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
