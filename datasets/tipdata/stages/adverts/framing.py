"""In which words a fact is said. Nothing here is given an operation's kind, form or label: wording has no signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.world import Region
from tipdata.text.book import KINDS_OF_FILLER
from tipdata.text.phrases import Phrases

NOUN, TITLE = -2, -1
"""Columns of a state beside the facts and fillers, from the end."""
EXTRA = len(KINDS_OF_FILLER) + 2
FRAME_BITS, LEVEL_BITS = 5, 3


@dataclass(frozen=True)
class Writers:
    """All that wording knows of who writes, one entry an operation: numbers of language, family, category and writer,
    and the level of the fact ``voice``."""

    language: np.ndarray
    family: np.ndarray
    category: np.ndarray
    writer: np.ndarray
    voice: np.ndarray


class Framing:
    """Chooses frames by the writer's sparse preferences and the region's dialect."""

    def __init__(self, region: Region, writers: Writers, words: Phrases) -> None:
        self.region, self.writers, self.words = region, writers, words
        every = np.arange(len(words.items))
        liked = region.stream("dialect").quantile(every, f"gamma_{region['writing.dialect']}")
        self.common = liked // 1000 + 50
        """(frames,) how much the region likes each frame."""

    def packed(self, path: str, row: Ints, owner: Ints, fact: Ints, level: Ints, priced: np.ndarray) -> Ints:
        """Return the state of facts that are said: ``1 << (FRAME_BITS + LEVEL_BITS) | level << FRAME_BITS | frame``."""
        o = self.writers
        frames = self.words.levels[o.language[owner], o.family[owner], fact, level]
        allowed = self._fit(owner, frames) & (priced[:, None] | ~self.words.priced[frames])
        picked = self._preferred(f"{path}/frame", row, owner, frames, allowed, fact)
        return 1 << FRAME_BITS + LEVEL_BITS | level << FRAME_BITS | picked

    def _fit(self, owner: Ints, frames: np.ndarray) -> np.ndarray:
        """Return which places of lists of frames hold one that is fit for the owner's category."""
        return (frames >= 0) & self.words.fits[frames, self.writers.category[owner][:, None]]

    def _preferred(
        self, path: str, row: Ints, owner: Ints, frames: np.ndarray, allowed: np.ndarray, k: Ints | int
    ) -> Ints:
        """Return a number of a frame a row, by the writer's sparse preferences and the region's."""
        at, place = np.nonzero(allowed)
        frame = frames[at, place]
        own = self.region.stream("writers/frames").quantile(
            self.writers.writer[owner[at]] * (1 << 24) + frame, f"gamma_{self.region['writing.preference']}"
        )
        weights = np.zeros(allowed.shape, dtype=np.int64)
        weights[at, place] = own * self.common[frame] // 1000 + 1
        return self.region.stream(path).choose(row, weights, k)

    def extras(self, path: str, row: Ints, owner: Ints, at: np.ndarray) -> np.ndarray:
        """Return (rows, EXTRA) fillers (a number from 1, 0 for none), noun and title, drawn where ``at`` says."""
        o, words = self.writers, self.words
        made = np.zeros((len(row), EXTRA), dtype=np.int64)
        language, family = o.language[owner], o.family[owner]
        for kind, name in enumerate(KINDS_OF_FILLER):
            r = np.flatnonzero(at[:, kind])
            frames = words.fillers[language[r], kind, family[r]]
            has = self.region.stream(f"{path}/has_{name}").chance(
                row[r], probability(self.region["writing.fillers"][name])
            )
            number = self._preferred(
                f"{path}/{name}", row[r], owner[r], frames, self._fit(owner[r], frames), 0
            )
            made[r, kind] = np.where(has, number + 1, 0)
        r = np.flatnonzero(at[:, NOUN])
        nouns = words.nouns[language[r], o.category[owner[r]]]
        shape = f"gamma_{self.region['writing.noun_preference']}"
        liked = self.region.stream("writers/nouns").quantile(
            o.writer[owner[r]][:, None] * 16 + np.arange(nouns.shape[1]), shape
        )
        made[r, NOUN] = self.region.stream(f"{path}/noun").choose(row[r], np.where(nouns >= 0, liked + 1, 0))
        r = np.flatnonzero(at[:, TITLE])
        titles = words.titles[language[r], family[r]]
        made[r, TITLE] = self._preferred(
            f"{path}/title", row[r], owner[r], titles, self._fit(owner[r], titles), 0
        )
        return made
