"""The text of adverts, from 0.5.0 on: what is offered, then the facts section by section, then a contact.

Two neighbouring sentences of a topic are often joined to one. The order of sections, where the contact stands and
what is joined depend on writer and template alone.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.core.tables import begins_group
from tipdata.stages.adverts.claims import Claims
from tipdata.stages.adverts.texts import ONE, SEVERAL, TextRenderer, offsets
from tipdata.stages.operations.facts import SILENT
from tipdata.text.book import KINDS_OF_FILLER
from tipdata.text.facts import number_of
from tipdata.text.genre import genre
from tipdata.text.misspellings import MISSPELT
from tipdata.text.phrases import NONE

if TYPE_CHECKING:
    import pyarrow as pa

SECTION = 1000
"""Room for the sentences of a section in their times."""
FIRST = 2 * SECTION
PLACES = {"openings": 0, "offers": 100, "chat": FIRST + SECTION - 1, "closings": 9 * SECTION}
"""When fillers come."""
AT_END, AFTER_OFFER = 8 * SECTION, 900
"""When the contact comes."""


class GenreRenderer(TextRenderer):
    """Words the adverts of one region; see :class:`TextRenderer`."""

    statements: Claims

    @cached_property
    def said_speaker(self) -> Ints:
        """(adverts,) who speaks, by what is said where the fact ``voice`` is not; -1 where nothing tells."""
        level = self.statements.level
        fact = np.arange(level.shape[1])
        one, several = (
            ((level != SILENT) & speaks[self.family[:, None], fact, np.maximum(level, 0)]).any(axis=1)
            for speaks in genre().speaks
        )
        return np.where(several, SEVERAL, np.where(one, ONE, -1))

    def _who_speaks(self, stated_voice: Ints, voice: Ints) -> Ints:
        usual = np.where(self.said_speaker >= 0, self.said_speaker, voice)
        return np.where(stated_voice == SILENT, usual, stated_voice > 0)

    @cached_property
    def sentences(self) -> tuple[Ints, Ints, np.ndarray]:
        """Advert and frame of every sentence, in writing order; and bool, whether it is joined to the one before it."""
        said, words, made = self.statements, self.words, genre()
        row, fact = np.nonzero(said.level != SILENT)
        language, family = self.language[row], self.family[row]
        frames = words.levels[language, family, fact, said.level[row, fact], said.frame[row, fact]]
        writer = self.writers.writer[self.template[row] // MAX_TEMPLATES]
        order = self.region.stream("writers/sections").below(writer, len(made.orders))
        section = made.section[family, fact]
        rank = (made.orders[order] == section[:, None]).argmax(axis=1)
        within = made.place[family, fact] * 60 + self.region.stream("writers/place").below(writer, 90, fact)
        time = FIRST + rank * SECTION + within
        late = self.region.stream("writers/contact_place").below(writer, 5) > 0
        contact = section < 0
        time[contact] = np.where(late, AT_END, AFTER_OFFER)[contact] + (fact[contact] != number_of("contact"))
        rows, times, listed, topics = [row], [time], [frames], [made.topic[family, fact]]
        for kind, name in enumerate(KINDS_OF_FILLER):
            there = np.flatnonzero(said.filler[:, kind] >= 0)
            rows.append(there)
            times.append(np.full(len(there), PLACES[name]))
            listed.append(
                words.fillers[self.language[there], kind, self.family[there], said.filler[there, kind]]
            )
            topics.append(np.full(len(there), -1))
        row, time, frame, topic = (np.concatenate(one) for one in (rows, times, listed, topics))
        order = np.argsort(row * (10 * SECTION) + time, kind="stable")
        row, frame, topic = row[order], frame[order], topic[order]
        return row, frame, self._find_joined(row, frame, topic)

    def _find_joined(self, row: Ints, frame: Ints, topic: Ints) -> np.ndarray:
        may = self.region.chance("templates/joined", self.template[row], "writing.joined", frame)
        may &= self.words.joinable[frame] & (topic >= 0) & ~self.statements.brief[row]
        may[1:] &= self.words.joinable[frame[:-1]] & (row[1:] == row[:-1]) & (topic[1:] == topic[:-1])
        may[:1] = False
        # Two at most: of a run of such sentences every other one is joined.
        number = np.arange(len(may))
        start = np.maximum.accumulate(np.where(may & ~np.r_[False, may[:-1]], number, 0))
        return may & ((number - start) % 2 == 0)

    def bodies(self) -> tuple[pa.Array, Ints]:
        """Return the bodies as arrow strings, and how many misspellings each has.

        Each distinct sentence of a template is put together once.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        row, frame, joined = self.sentences
        emoji = self._emoji_spots(row)
        goes_on = np.r_[joined[1:], False]
        last = np.r_[begins_group(row)[1:], True]
        emoji &= ~goes_on
        first, which = self._distinct(row, frame, (emoji * 2 + joined) * 2 + goes_on + 8 * last)
        sentence, at, code = self._pieces(row[first], frame[first])
        string = self._forms(sentence, at, code, self.styles["body_case"], joined[first])
        wrong = (string < self.start) & (string % MISSPELT > 0)
        errors = np.bincount(sentence[wrong], minlength=len(first))
        misspelt = np.bincount(row, errors[which], len(self.owner)).astype(np.int64)
        alone = ~joined[first] & ~goes_on[first]
        opened, opening, ended, end = self._ends(row[first], frame[first], alone)
        stops = ~goes_on[first][ended]
        ended, end = ended[stops], end[stops]
        decorated, sign = self._emoji(row[first], emoji[first])
        between, parted = self._parts(row[first], goes_on[first], last[first])
        number = np.concatenate(
            [opened * 5, sentence * 5 + 1, ended * 5 + 2, decorated * 5 + 3, between * 5 + 4]
        )
        order = np.argsort(number, kind="stable")
        pieces = np.concatenate([opening, string, end, sign, parted])[order]
        texts = self._join_pieces(pieces, number[order] // 5, len(first))
        listed = pa.ListArray.from_arrays(offsets(row, len(self.owner)), texts.take(pa.array(which)))
        return pc.binary_join(listed, ""), misspelt  # type: ignore[attr-defined]

    def _parts(self, row: Ints, goes_on: np.ndarray, last: np.ndarray) -> tuple[Ints, Ints]:
        """Return the sentences behind which something stands, and the string that does: what joins two, or what parts
        them."""
        here = np.flatnonzero(~last | goes_on)
        language = self.language[row[here]]
        many = (self.words.joins[language] != NONE).sum(axis=1)
        # The first way is the most frequent: of two draws the lower one counts.
        stream, ids = self.region.stream("templates/join"), self.template[row[here]]
        way = np.minimum(stream.below(ids, many), stream.below(ids, many, 1))
        join = self.words.joins[language, way] * MISSPELT
        part = np.array([[self._own(one) for one in of] for of in self._separators()])
        return here, np.where(goes_on[here], join, part[language, self.styles["separator"][row[here]]])
