"""In which order a writer says what an advert says."""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.stages.adverts.framing import Framing
from tipdata.stages.adverts.saying import Said, number_of
from tipdata.stages.operations.facts import SILENT
from tipdata.text.book import KINDS_OF_FILLER
from tipdata.text.style import style


def ordered(
    framing: Framing, said: Said, template: Ints, language: Ints, family: Ints, contact_place: Ints
) -> tuple[Ints, Ints]:
    """Return advert and frame of every sentence, in writing order; the rest has an entry per advert."""
    region, words = framing.region, framing.words
    row, fact = np.nonzero(said.level != SILENT)
    frames = words.levels[language[row], family[row], fact, said.level[row, fact], said.frame[row, fact]]
    distinct, which = np.unique(template, return_inverse=True)
    writer = framing.writers.writer[distinct // MAX_TEMPLATES][:, None]
    facts = np.arange(said.level.shape[1])[None, :]
    habit = region.stream("writers/order").below(writer, 1000, facts)
    own = region.stream("templates/order").below(distinct[:, None], 400, facts)
    time = (1000 + habit + own)[which[row], fact]
    contact = fact == number_of("contact")
    time[contact] = contact_place[row[contact]]
    rows, times, listed = [row], [time], [frames]
    for kind, name in enumerate(KINDS_OF_FILLER):
        there = np.flatnonzero(said.filler[:, kind] >= 0)
        first, last = style().places[name]
        rows.append(there)
        listed.append(words.fillers[language[there], kind, family[there], said.filler[there, kind]])
        times.append(
            first + region.stream(f"templates/place_{name}").below(template[there], last - first + 1)
        )
    row, time, frame = np.concatenate(rows), np.concatenate(times), np.concatenate(listed)
    order = np.argsort(row * 4096 + time, kind="stable")
    return row[order], frame[order]
