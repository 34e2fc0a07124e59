"""What each advert says: which facts, at which level, in which frame; templates, copies, and edits from re-post to
re-post.

A template says some facts of its operation, which habitually says certain ones; now and then a level is its own. A
re-post keeps what its template says but for up to three edits, each of which lasts until the next one there. What is
said and how it is worded are drawn without a look at the operation's kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import FAMILIES, MAX_TEMPLATES
from tipdata.core.world import Region
from tipdata.stages.adverts.framing import EXTRA, FRAME_BITS, LEVEL_BITS, NOUN, TITLE, Framing
from tipdata.stages.adverts.templates import Chains
from tipdata.stages.operations.facts import BY_ADOPTION, SILENT, Facts, redrawn
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import facts_of, number_of, rules
from tipdata.text.phrases import Phrases

UNSAID = 0


@dataclass(frozen=True)
class Said:
    """What adverts say, row by row; int64 arrays.

    Attributes:
        level: (n, facts) level of each fact that is said, :data:`SILENT` where it is not.
        frame: (n, facts) number of the frame among those of the level.
        filler: (n, kinds of filler) number of the filler, -1 for none.
        noun, title: (n,) numbers.
    """

    level: np.ndarray
    frame: np.ndarray
    filler: np.ndarray
    noun: np.ndarray
    title: np.ndarray


def said_by(
    region: Region,
    o: Operations,
    facts: Facts,
    framing: Framing,
    chains: Chains,
    source: Ints,
    priced: np.ndarray,
    masked: np.ndarray,
    away: np.ndarray,
) -> Said:
    """Return what each advert says.

    Args:
        source: template whose text each template has.
        priced: (templates,) bool: a price is stated.
        masked: (adverts,) bool: the contact is obfuscated on the day.
        away: (adverts,) bool: placed in another town than the operation's.
    """
    writing = _Writing(region, o, facts, framing)
    needed = np.unique(source[chains.template])
    state = np.zeros((len(source), writing.count + EXTRA), dtype=np.int64)
    state[needed] = writing.template_states(needed, priced[needed])
    edited = writing.edit(chains, state[source], priced)
    return _unpacked(o, framing.words, chains, edited, priced[chains.template], masked, away)


def _unpacked(
    o: Operations,
    words: Phrases,
    chains: Chains,
    state: np.ndarray,
    priced: np.ndarray,
    masked: np.ndarray,
    away: np.ndarray,
) -> Said:
    packed, fillers = state[:, :-EXTRA], state[:, -EXTRA:NOUN]
    family = o.family[chains.operation]
    level = np.where(packed == UNSAID, SILENT, packed >> FRAME_BITS & (1 << LEVEL_BITS) - 1)
    frame = packed & (1 << FRAME_BITS) - 1
    # A copied text speaks of the price that it was copied with.
    level[needs_price(o, words, chains, level, frame) & ~priced[:, None]] = SILENT
    level[~masked, number_of(BY_ADOPTION)] = SILENT
    fact = np.arange(level.shape[1])
    level[away[:, None] & rules().at_home[family[:, None], fact, np.maximum(level, 0)]] = SILENT
    return Said(
        level=consistent(family, level),
        frame=frame,
        filler=fillers - 1,
        noun=state[:, NOUN],
        title=state[:, TITLE],
    )


def needs_price(
    o: Operations, words: Phrases, chains: Chains, level: np.ndarray, frame: np.ndarray
) -> np.ndarray:
    """Return (adverts, facts) bool: the frame states a price."""
    language, family = o.language[chains.operation][:, None], o.family[chains.operation][:, None]
    fact = np.arange(level.shape[1])[None, :]
    frames = words.levels[language, family, fact, np.maximum(level, 0), frame]
    return (level != SILENT) & words.priced[np.maximum(frames, 0)]


def consistent(family: Ints, level: np.ndarray) -> np.ndarray:
    """Return levels without those that an earlier fact of the same advert rules out, or that miss one which they need:
    they stay unsaid."""
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


class _Writing:
    """Draws states: of each fact what :class:`tipdata.stages.adverts.framing.Framing` packs, 0 where it is unsaid; then
    its extras."""

    def __init__(self, region: Region, o: Operations, facts: Facts, framing: Framing) -> None:
        self.region, self.o, self.facts, self.framing = region, o, facts, framing
        self.chance = {
            name: probability(region[f"writing.{name}"]) for name in ("changed", "edited_level", "dropped")
        }
        self.count = facts.level.shape[1]

    def template_states(self, template: Ints, priced: np.ndarray) -> np.ndarray:
        """Return (templates, columns) first state of some templates."""
        owner = template // MAX_TEMPLATES
        level = self._levels("templates", template, owner, self.facts.level[owner], self.chance["changed"])
        said = self._said(template, owner, level)
        state = np.zeros((len(template), self.count + EXTRA), dtype=np.int64)
        rows, cols = np.nonzero(said)
        state[rows, cols] = self.framing.packed(
            "templates", template[rows], owner[rows], cols, level[rows, cols], priced[rows]
        )
        everywhere = np.ones((len(template), EXTRA), dtype=bool)
        state[:, -EXTRA:] = self.framing.extras("templates", template, owner, everywhere)
        return state

    def edit(self, chains: Chains, state: np.ndarray, priced: np.ndarray) -> np.ndarray:
        """Return (adverts, columns) state of every advert: its template's, each edit lasting until the next there."""
        row, owner = chains.row, chains.operation
        weights = np.empty(state.shape[1], dtype=np.int64)
        listed = self.region["writing.edit_positions"]
        weights[:-EXTRA], weights[-EXTRA:NOUN] = listed["fact"], listed["filler"]
        weights[NOUN], weights[TITLE] = listed["noun"], listed["title"]
        edits = self.region.stream("adverts/edits").choose(row, np.array(self.region["writing.edits"]))
        edited = np.zeros((len(row), state.shape[1]), dtype=bool)
        for turn in range(int(edits.max(initial=0))):
            r = np.flatnonzero(edits > turn)
            edited[r, self.region.stream("adverts/edited").choose(row[r], weights, turn)] = True
        edited[chains.first] = False
        value = np.zeros(edited.shape, dtype=np.int64)
        r, c = np.nonzero(edited[:, :-EXTRA])
        value[r, c] = self._edited(
            row[r], owner[r], c, state[chains.template[r], c], priced[chains.template[r]]
        )
        at = edited[:, -EXTRA:]
        value[:, -EXTRA:] = self.framing.extras("adverts", row, owner, at)
        value[chains.first] = state[chains.template[chains.first]]
        known = edited | chains.first[:, None]
        last = np.maximum.accumulate(np.where(known, np.arange(len(row))[:, None], 0), axis=0)
        return np.take_along_axis(value, last, axis=0)

    def _edited(self, row: Ints, owner: Ints, fact: Ints, before: Ints, priced: np.ndarray) -> Ints:
        """Return the state of facts that are edited: dropped, taken up, said in other words, or at another level."""
        own = self.facts.level[owner, fact]
        level = np.where(before == UNSAID, own, before >> FRAME_BITS & (1 << LEVEL_BITS) - 1)
        changed = np.flatnonzero(
            self.region.stream("adverts/edited_level").chance(row, self.chance["edited_level"], fact)
        )
        if changed.size:
            whole = self.facts.level[owner[changed]]
            at = np.zeros(whole.shape, dtype=bool)
            at[np.arange(len(changed)), fact[changed]] = True
            anew = redrawn(
                self.region, "adverts", self.facts, row[changed], whole, at, self._of(owner[changed])
            )
            level[changed] = anew[np.arange(len(changed)), fact[changed]]
        dropped = (before != UNSAID) & self.region.stream("adverts/dropped").chance(
            row, self.chance["dropped"], fact
        )
        kept = (level != SILENT) & ~dropped
        made = np.zeros(len(row), dtype=np.int64)
        made[kept] = self.framing.packed(
            "adverts", row[kept], owner[kept], fact[kept], level[kept], priced[kept]
        )
        return made

    def _levels(self, path: str, row: Ints, owner: Ints, state: np.ndarray, p: int) -> np.ndarray:
        change = self.region.stream(f"{path}/changed").chance(row[:, None], p, np.arange(self.count)[None, :])
        return redrawn(self.region, path, self.facts, row, state, change, self._of(owner))

    def _of(self, owner: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        o = self.o
        return o.kind[owner], o.form[owner], o.category[owner], o.traits["migrant"][owner]

    def _said(self, template: Ints, owner: Ints, level: np.ndarray) -> np.ndarray:
        """Return (templates, facts) bool: which facts are said. Those that race first through exponential times are: an
        operation's own times for most facts, so that it habitually says the same."""
        number = np.arange(self.count)[None, :]
        own = self.region.stream("operations/says").quantile(owner[:, None], "exponential", number)
        new = self.region.stream("templates/says").quantile(template[:, None], "exponential", number)
        kept = self.region.stream("templates/keeps_says").chance(
            template[:, None], probability(self.region["writing.habit"]), number
        )
        time = np.where(kept, own, new) // self._weight()[self.o.family[owner]]
        time[level == SILENT] = np.iinfo(np.int64).max
        time[:, number_of("contact")] = -1
        counts = self.region["writing.facts_said"]
        many = (
            1
            + counts["fewest"]
            + self.region.stream("templates/facts_said").choose(template, np.array(counts["weights"]))
        )
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
