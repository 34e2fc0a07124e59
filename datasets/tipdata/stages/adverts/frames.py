"""In which words adverts state facts: the choice of frames, fillers, noun and title.

Wording is chosen without a look at the operation's kind, form or label: it has no signal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.stages.operations.state import SILENT
from tipdata.text.book import ALL_SETS, HOST_SET, KINDS_OF_FILLER
from tipdata.text.phrases import Phrases

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
