"""A dictionary of the fold's sentences: what a sentence stated in training, it states whenever it is met again.

Sentences are compared without case, marks and digits. One that training lacks states nothing. Needs the text and
labels. Cost: some seconds for 10,000 adverts.
"""

import numpy as np
from scipy.sparse import csr_matrix

from tipbaselines.advert_reading.sentences import SentenceReader


class Dictionary(SentenceReader):
    def learn(self, said: list[str], times: np.ndarray, stated: csr_matrix) -> None:
        self._place = {sentence: row for row, sentence in enumerate(said)}
        self._stated = stated

    def read(self, said: list[str]) -> np.ndarray:
        known = [(row, self._place[one]) for row, one in enumerate(said) if one in self._place]
        found = np.zeros((len(said), len(self._levels)), dtype=np.float32)
        if known:
            rows, places = np.array(known).T
            found[rows] = self._stated[places].toarray()
        return found
