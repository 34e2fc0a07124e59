"""How a writer writes: separators, case, emoji, register, dialect and more."""

from __future__ import annotations

import numpy as np

from tipdata.core.draw import Ints, probability
from tipdata.core.kinds import MAX_TEMPLATES
from tipdata.stages.adverts.framing import Framing
from tipdata.text.book import REGISTERS
from tipdata.text.style import Style

REGIONAL = 6
"""Divisible by every number of dialects that a language may have."""


def styles_of(framing: Framing, template: Ints, language: Ints, signs: Style) -> dict[str, np.ndarray]:
    """Return style features of each advert: its writer's, each redrawn for a template now and then.

    Args:
        template: of each advert, that whose text it has.
        language: of each advert.
    """
    region, words = framing.region, framing.words
    writer = framing.writers.writer[template // MAX_TEMPLATES]
    distinct, which = np.unique(template, return_inverse=True)
    owner = framing.writers.writer[distinct // MAX_TEMPLATES]
    keep = probability(region["writing.persistence"])
    made: dict[str, np.ndarray] = {}
    for name, listed in region["writing.styles"].items():
        weights = np.array(listed)
        own = region.stream(f"writers/{name}").choose(owner, weights)
        new = region.stream(f"templates/{name}").choose(distinct, weights)
        kept = region.stream(f"templates/keeps_{name}").chance(distinct, keep)
        made[name] = np.where(kept, own, new)[which]
    # Register and dialect are fixed for a writer: nobody changes from "tu" to "usted" between two sentences.
    made["register"] = region.stream("writers/register").below(writer, REGISTERS)
    usual = int(region.stream("dialect/usual").below(np.array([0]), REGIONAL)[0])
    strays = region.stream("writers/strays").chance(writer, probability(region["writing.other_dialect"]))
    elsewhere = region.stream("writers/dialect").below(writer, REGIONAL)
    made["dialect"] = np.where(strays, elsewhere, usual) % words.dialects[language]
    made["contact_place"] = np.array(signs.contact_places)[made["contact_place"]]
    return made
