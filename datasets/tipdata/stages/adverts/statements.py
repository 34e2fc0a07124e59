"""What each advert says: which facts, at which level, in which frame; templates, copies, and edits from re-post to
re-post.

A template says some facts of its operation, which habitually says certain ones; now and then a level is its own. A
re-post keeps what its template says but for up to three edits, each of which lasts until the next one there. What is
said and how it is worded are drawn without a look at the operation's kind, form or label: wording has no signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import CATEGORIES, FAMILIES, KINDS, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.operations.facts import BY_ADOPTION, SILENT, OperationFacts, redraw_facts
from tipdata.stages.operations.habits import pick_within
from tipdata.stages.operations.policy import Life
from tipdata.stages.operations.stage import Operations
from tipdata.text.book import ALL_SETS, HOST_SET, KINDS_OF_FILLER, SETS
from tipdata.text.facts import array_shape, facts_of, number_of, rules
from tipdata.text.phrases import Phrases


def draw_copies(region: Region, o: Operations) -> np.ndarray:
    """For every template the template whose text it has: mostly itself, sometimes a stranger's of the same kind."""
    template = np.arange(len(o.id) * MAX_TEMPLATES)
    owner, number = template // MAX_TEMPLATES, template % MAX_TEMPLATES
    exists = o.posts[owner] & (number <= o.traits["templates"][owner])
    p = region.chances("writing.copies", KINDS)[o.kind[owner]]
    copied = exists & region.stream("templates/copied").chance(template, p)
    group = (o.language[owner] * len(CATEGORIES) + o.category[owner]) * 3 + o.part[owner]
    if isinstance(o.facts, Life):  # who copies words with the same set
        group = group * len(SETS) + o.drawn_set[owner]
    other = pick_within(region, "templates/source", template, group, exists & ~copied)
    foreign = copied & (other >= 0) & (owner != other // MAX_TEMPLATES)
    return np.where(foreign, other, template)


NOUN, TITLE = -2, -1
"""Columns of a state beside the facts and fillers, from the end."""
EXTRA = len(KINDS_OF_FILLER) + 2
FRAME_BITS, LEVEL_BITS = 5, 3
HOST = ALL_SETS.index(HOST_SET)


@dataclass(frozen=True)
class Writers:
    """All that wording knows of who writes, one entry an operation: numbers of language, family, category and writer,
    the level of the fact ``voice``, and the set of frames."""

    language: np.ndarray
    family: np.ndarray
    category: np.ndarray
    writer: np.ndarray
    voice: np.ndarray
    wordbook: np.ndarray


class FrameChooser:
    """Chooses frames by the writer's sparse preferences and the region's dialect."""

    def __init__(self, region: Region, writers: Writers, words: Phrases) -> None:
        self.region, self.writers, self.words = region, writers, words
        every = np.arange(len(words.items))
        liked = region.stream("dialect").quantile(every, f"gamma_{region['writing.dialect']}")
        self.common = liked // 1000 + 50
        """(frames,) how much the region likes each frame."""

    def pack_states(
        self, path: str, row: Ints, owner: Ints, fact: Ints, level: Ints, priced: np.ndarray
    ) -> Ints:
        """Return the state of facts that are said: ``1 << (FRAME_BITS + LEVEL_BITS) | level << FRAME_BITS | frame``."""
        o = self.writers
        frames = self.words.levels[o.language[owner], o.family[owner], fact, level]
        allowed = self._fit(owner, frames, priced[:, None] | ~self.words.priced[frames])
        picked = self._prefer_frames(f"{path}/frame", row, owner, frames, allowed, fact)
        return 1 << FRAME_BITS + LEVEL_BITS | level << FRAME_BITS | picked

    def _fit(self, owner: Ints, frames: np.ndarray, allowed: np.ndarray | bool = True) -> np.ndarray:
        """Return which places of lists of frames hold one of the owner's set that is allowed and fit for its category.

        Where a host's set has none, they are those of all others.
        """
        sets, mine = self.words.sets[frames], self.writers.wordbook[owner][:, None]
        fit = allowed & (frames >= 0) & self.words.fits[frames, self.writers.category[owner][:, None]]
        own = fit & ((sets < 0) | (sets == mine))
        lacking = (mine == HOST) & ~own.any(axis=1, keepdims=True)
        return own | fit & lacking & (sets != HOST)

    def _prefer_frames(
        self, path: str, row: Ints, owner: Ints, frames: np.ndarray, allowed: np.ndarray, k: Ints | int
    ) -> Ints:
        """Return a number of a frame a row, by the writer's sparse preferences and the region's."""
        at, place = np.nonzero(allowed)
        frame = frames[at, place]
        ids = self.writers.writer[owner[at]] * (1 << 24) + frame
        shape = f"gamma_{self.region['writing.preference']}"
        own = self.region.stream("writers/frames").quantile(ids, shape)
        weights = np.zeros(allowed.shape, dtype=np.int64)
        weights[at, place] = own * self.common[frame] // 1000 + 1
        return self.region.stream(path).choose(row, weights, k)

    def _prefer_fit(self, path: str, row: Ints, owner: Ints, frames: np.ndarray) -> Ints:
        return self._prefer_frames(path, row, owner, frames, self._fit(owner, frames), 0)

    def extras(self, path: str, row: Ints, owner: Ints, at: np.ndarray) -> np.ndarray:
        """Return (rows, EXTRA) fillers (a number from 1, 0 for none), noun and title, drawn where ``at`` says."""
        o, words = self.writers, self.words
        made = np.zeros((len(row), EXTRA), dtype=np.int64)
        language, family = o.language[owner], o.family[owner]
        for kind, name in enumerate(KINDS_OF_FILLER):
            r = np.flatnonzero(at[:, kind])
            frames = words.fillers[language[r], kind, family[r]]
            share = probability(self.region["writing.fillers"][name])
            has = self.region.stream(f"{path}/has_{name}").chance(row[r], share)
            number = self._prefer_fit(f"{path}/{name}", row[r], owner[r], frames)
            made[r, kind] = np.where(has, number + 1, 0)
        r = np.flatnonzero(at[:, NOUN])
        nouns = words.nouns[language[r], o.category[owner[r]]]
        noun = o.writer[owner[r]][:, None] * 16 + np.arange(nouns.shape[1])
        shape = f"gamma_{self.region['writing.noun_preference']}"
        liked = self.region.stream("writers/nouns").quantile(noun, shape)
        made[r, NOUN] = self.region.stream(f"{path}/noun").choose(row[r], np.where(nouns >= 0, liked + 1, 0))
        r = np.flatnonzero(at[:, TITLE])
        titles = words.titles[language[r], family[r]]
        made[r, TITLE] = self._prefer_fit(f"{path}/title", row[r], owner[r], titles)
        return made


UNSTATED = 0


def unpack_states(packed: Ints) -> tuple[Ints, Ints]:
    """Return the levels of packed states, :data:`SILENT` where a fact is not stated, and their frames."""
    level = np.where(packed == UNSTATED, SILENT, packed >> FRAME_BITS & (1 << LEVEL_BITS) - 1)
    return level, packed & (1 << FRAME_BITS) - 1


@dataclass(frozen=True)
class Statements:
    """What adverts say, row by row; int64 arrays.

    Attributes:
        level: (n, facts) level of each fact that is said, :data:`SILENT` if it is not.
        frame: (n, facts) number of the frame among those of the level.
        filler: (n, kinds of filler) number of the filler, -1 for none.
        noun, title: (n,) numbers.
    """

    level: np.ndarray
    frame: np.ndarray
    filler: np.ndarray
    noun: np.ndarray
    title: np.ndarray


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
    writing = StateDraws(region, o, framing, array_shape()[0])
    edited = writing.advert_states(plan, source, priced)
    packed, fillers = edited[:, :-EXTRA], edited[:, -EXTRA:NOUN]
    family = o.family[plan.operation]
    level, frame = unpack_states(packed)
    # A copied text speaks of the price that it was copied with.
    level[needs_price(o, framing.words, plan, level, frame) & ~priced[plan.template][:, None]] = SILENT
    level[~masked, number_of(BY_ADOPTION)] = SILENT
    fact = np.arange(level.shape[1])
    level[away[:, None] & rules().at_home[family[:, None], fact, np.maximum(level, 0)]] = SILENT
    return Statements(
        level=drop_conflicts(family, level),
        frame=frame,
        filler=fillers - 1,
        noun=edited[:, NOUN],
        title=edited[:, TITLE],
    )


def needs_price(o: Operations, words: Phrases, plan: Schedule, level: Ints, frame: Ints) -> np.ndarray:
    """Return (adverts, facts) bool: the frame states a price."""
    language, family = o.language[plan.operation], o.family[plan.operation]
    priced, made = words.priced[np.maximum(words.levels, 0)], np.zeros(level.shape, dtype=bool)
    for fact in np.flatnonzero(priced.any(axis=(0, 1, 3, 4))):
        said = level[:, fact]
        made[:, fact] = priced[language, family, fact, np.maximum(said, 0), frame[:, fact]]
        made[:, fact] &= said != SILENT
    return made


def drop_conflicts(family: Ints, level: np.ndarray) -> np.ndarray:
    """Return levels without those that an earlier fact rules out, or that lack one which they need."""
    apart, needs = rules().apart, rules().needs
    level = level.copy()
    for other, fact in np.argwhere(np.triu(apart.any(axis=(0, 2, 4)))):
        first, second = level[:, other], level[:, fact]
        clash = apart[family, other, np.maximum(first, 0), fact, np.maximum(second, 0)]
        level[clash & (first != SILENT) & (second != SILENT), fact] = SILENT
    for fact in np.flatnonzero(needs.any(axis=(0, 2, 3))):
        needed = needs[family, fact, np.maximum(level[:, fact], 0)]
        level[needed.any(axis=1) & ~(needed & (level != SILENT)).any(axis=1), fact] = SILENT
    return level


class StateDraws:
    """Draws states: for each fact what :class:`FrameChooser` packs, 0 if it is not stated; then the extras."""

    def __init__(self, region: Region, o: Operations, framing: FrameChooser, count: int) -> None:
        self.region, self.o, self.framing, self.count = region, o, framing, count

    @property
    def facts(self) -> OperationFacts:
        """The facts that operations can state."""
        assert isinstance(self.o.facts, OperationFacts)
        return self.o.facts

    def template_states(self, template: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (templates, columns) first state of some templates."""
        owner, number = template // MAX_TEMPLATES, np.arange(self.count)
        change = self.region.chance("templates/changed", template[:, None], "writing.changed", number)
        level = self._redraw("templates", template, owner, self.facts.level[owner], change)
        return self.word(
            template, np.where(self._choose_facts(template, owner, level), level, SILENT), priced
        )

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
        """Return the state of facts that are edited: dropped, taken up, said in other words, or at another level."""
        own = self.facts.level[owner, fact]
        level = np.where(before == UNSTATED, own, unpack_states(before)[0])
        changed = np.flatnonzero(
            self.region.chance("adverts/edited_level", row, "writing.edited_level", fact)
        )
        at = np.arange(self.count) == fact[changed, None]
        whole = self.facts.level[owner[changed]]
        level[changed] = self._redraw("adverts", row[changed], owner[changed], whole, at)[at]
        dropped = self.region.chance("adverts/dropped", row, "writing.dropped", fact)
        kept = (level != SILENT) & ~(dropped & (before != UNSTATED))
        made = np.zeros(len(row), dtype=np.int64)
        made[kept] = self.framing.pack_states(
            "adverts", row[kept], owner[kept], fact[kept], level[kept], priced[kept]
        )
        return made

    def _redraw(self, path: str, row: Ints, owner: Ints, level: np.ndarray, change: np.ndarray) -> np.ndarray:
        o = self.o
        of = o.kind[owner], o.form[owner], o.category[owner], o.traits["migrant"][owner]
        return redraw_facts(self.region, path, self.facts, row, level, change, of)

    def _choose_facts(self, template: Ints, owner: Ints, level: np.ndarray) -> np.ndarray:
        """Return (templates, facts) bool: which facts are said, mostly by the operation's habit."""
        number = np.arange(self.count)
        own = self.region.stream("operations/says").quantile(owner[:, None], "exponential", number)
        new = self.region.stream("templates/says").quantile(template[:, None], "exponential", number)
        kept = self.region.chance("templates/keeps_says", template[:, None], "writing.habit", number)
        time = np.where(kept, own, new) // self._weight()[self.o.family[owner]]
        time[level == SILENT] = np.iinfo(np.int64).max
        time[:, number_of("contact")] = -1
        counts = self.region["writing.facts_said"]
        drawn = self.region.stream("templates/facts_said").choose(template, np.array(counts["weights"]))
        many = 1 + counts["fewest"] + drawn
        rank = np.argsort(np.argsort(time, axis=1, kind="stable"), axis=1, kind="stable")
        return (rank < many[:, None]) & (level != SILENT)

    def _weight(self) -> np.ndarray:
        """Return (families, facts) how readily a fact is said; a family's own word comes first."""
        listed, usual = self.region["writing.readiness"], self.region["writing.usual_readiness"]
        own = self.region["writing.own_readiness"]
        made = np.full((len(FAMILIES), self.count), usual, dtype=np.int64)
        for f, family in enumerate(FAMILIES):
            for c, fact in enumerate(facts_of(family)):
                made[f, c] = own[family].get(fact.name, listed.get(fact.name, usual))
        return made
