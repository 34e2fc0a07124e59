"""How adverts are written: what they say, then its wording, then what one advert tells by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tipdata.core.draw import Ints, log_sum
from tipdata.core.kinds import FAMILIES, LANGUAGES, TRAFFICKING
from tipdata.core.lists import lists
from tipdata.core.world import Region
from tipdata.stages.adverts.framing import Framing, Writers
from tipdata.stages.adverts.pricing import agreeing_prices, stated_prices
from tipdata.stages.adverts.saying import Said, needs_price, number_of, said_by
from tipdata.stages.adverts.schedule import Schedule
from tipdata.stages.adverts.templates import Chains, draw_copies
from tipdata.stages.adverts.wording import Shown, render
from tipdata.stages.operations.facts import SILENT
from tipdata.stages.operations.stage import Operations
from tipdata.text.facts import places, shape
from tipdata.text.kept import phrases

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Text:
    """What was written, row by row as in :class:`tipdata.stages.adverts.templates.Chains`."""

    title: pa.Array
    body: pa.Array
    source: np.ndarray
    """Local number of the template whose text this is: its own, or the one it was copied from."""
    log_odds: np.ndarray
    """Of trafficking given this advert's own facts and category, milli-nats."""
    misspelt: np.ndarray
    """How many misspellings the body has."""


def write(
    region: Region, o: Operations, plan: Schedule, chains: Chains, town: Ints
) -> tuple[Text, Said, tuple[Ints, np.ndarray]]:
    """Write every advert of a region, and return what each says, and its price as :func:`agreeing_prices` does.

    ``town``: rank of the town of each.
    """
    words = phrases(LANGUAGES)
    source = draw_copies(region, o)
    priced = np.zeros(len(source), dtype=bool)
    stated = stated_prices(region, o, plan)
    priced[chains.template] = stated
    masked = (plan.day >= o.adopts_obfuscation[plan.operation]) & (o.obfuscation[plan.operation] > 0)
    voice = o.facts.level[:, number_of("voice")]
    framing = Framing(region, Writers(o.language, o.family, o.category, o.writer, voice), words)
    away = town != o.town[plan.operation]
    said = said_by(region, o, o.facts, framing, chains, source, priced, masked, away)
    told = np.logical_or.reduce(needs_price(o, words, chains, said.level, said.frame), axis=1)
    price = agreeing_prices(region, o, plan, town, stated, said, told)
    title, body, misspelt = render(framing, chains, source, said, Shown(*price, masked))
    return Text(title, body, source[chains.template], log_odds(o, chains, said), misspelt), said, price


def log_odds(o: Operations, chains: Chains, said: Said) -> Ints:
    """Return log-odds of trafficking from one advert's own category and facts, milli-nats, each fact by itself."""
    category = o.category[chains.operation]
    logs = o.facts.law.logs
    row, fact = np.nonzero(said.level != SILENT)
    told = logs[category[row], fact, :, said.level[row, fact]]
    total = np.zeros((len(category), told.shape[1]), dtype=np.int64)
    for speaker in range(total.shape[1]):  # numpy adds to one axis at a time fast, to two slowly
        np.add.at(total[:, speaker], row, told[:, speaker])
    of_kind = o.kind_log + o.category_log[category] + o.facts.law.by_kind(total, category)
    return of_kind[:, TRAFFICKING] - log_sum(of_kind[:, TRAFFICKING + 1 :])


def facts_column(o: Operations, chains: Chains, said: Said) -> pl.Series:
    """Return the column of what adverts say: a list of ``fact=level``."""
    facts, levels = shape()
    first = (o.family[chains.operation][:, None] * facts + np.arange(facts)) * levels
    return lists(first + said.level, said.level != SILENT, _names())


@cache
def _names() -> list[str]:
    """Return what each level of each fact is called, families first; '' for a level that is not there."""
    names = np.full((len(FAMILIES), *shape()), "", dtype=object)
    for f, family in enumerate(FAMILIES):
        for text, place in places(family).items():
            names[(f, *place)] = text
    return names.ravel().tolist()
