"""The text of adverts, from 0.5.0 on: what is offered, then the facts section by section, then a contact.

Two neighbouring sentences of a topic are often joined to one. The order of sections, where the contact stands and
what is joined depend on writer and template alone.
"""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.stages.adverts.claims import Claims
from tipdata.stages.adverts.texts import ONE, SEVERAL, TextRenderer
from tipdata.stages.operations.facts import SILENT
from tipdata.text.book import KINDS_OF_FILLER
from tipdata.text.facts import number_of
from tipdata.text.genre import genre

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

    def _who_speaks(self, stated_voice: Ints, voice: Ints) -> Ints:
        """Where an advert does not state the voice, other facts may tell it; else it is ``voice``."""
        level = self.statements.level
        fact = np.arange(level.shape[1])
        one, several = (
            ((level != SILENT) & speaks[self.family[:, None], fact, np.maximum(level, 0)]).any(axis=1)
            for speaks in genre().speaks
        )
        told = np.where(several, SEVERAL, np.where(one, ONE, voice))
        return np.where(stated_voice == SILENT, told, stated_voice > 0)

    def _order_sentences(self) -> tuple[Ints, Ints, np.ndarray]:
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
