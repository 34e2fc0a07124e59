"""How an advert is put together (:file:`text/genre.yaml`): sections, their orders, and what does not go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.yaml_lines import read_yaml_lines, strip_lines
from tipdata.text.documents import OTHER, document_path, find_misfits
from tipdata.text.facts import ALL, PARTS, RULES, array_shape, facts_of, level_place, rules

FILE = "genre"
SPEAKS = ("one", "several")
BESIDE = ("contact", "masking")
"""Facts that stand in no section: the end of the advert."""
SHAPE = {
    "orders": [list],
    "sections": {family: {OTHER: [str]} for family in FAMILIES},
    "topics": {family: [list] for family in FAMILIES},
    "apart": {part: RULES for part in PARTS},
    "lacks": {OTHER: [str]},
    "speaks": {family: {name: [str] for name in SPEAKS} for family in FAMILIES},
}
"""The shape of the file; see :mod:`tipdata.text.documents`."""


@dataclass(frozen=True)
class Genre:
    """Arrays over (families, facts, levels).

    ``orders``: (orders, sections) numbers of sections, in order. ``section``: (families, facts) number of a fact's
    section, -1 for none; ``place``: (families, facts) its place there. ``topic``: (families, facts) number of its
    topic, -1 for none. ``has``: (categories, facts, levels) bool, as of :class:`~tipdata.text.facts.Rules`. ``apart``:
    (families, facts, levels, facts, levels) bool, both ways: not said in one advert. ``speaks``: (2, families, facts,
    levels) bool: one person or several write where this is said and the fact ``voice`` is not.
    """

    orders: np.ndarray
    section: np.ndarray
    place: np.ndarray
    topic: np.ndarray
    has: np.ndarray
    apart: np.ndarray
    speaks: np.ndarray


@cache
def genre() -> Genre:
    """Return what the file says. Raises ValueError, in one sentence with file and line, for one that is not sound."""
    document = read_yaml_lines(document_path(FILE))
    for line, said in chain(find_misfits(document, SHAPE, "the file", 1), _find_faults(document)):
        raise ValueError(f"{FILE}.yaml, line {line}: {said}.")
    sections = list(strip_lines(document)["sections"][FAMILIES[0]])
    size = (len(FAMILIES), *array_shape())
    section, topic, place = np.full(size[:2], -1), np.full(size[:2], -1), np.zeros(size[:2], dtype=np.int64)
    speaks = np.zeros((len(SPEAKS), *size), dtype=bool)
    apart = rules().apart.copy()
    for f, family in enumerate(FAMILIES):
        names = [fact.name for fact in facts_of(family)]
        for name, listed in document["sections"][family].items():
            for at, fact in enumerate(listed):
                section[f, names.index(fact)], place[f, names.index(fact)] = sections.index(name), at
        for number, listed in enumerate(document["topics"][family]):
            topic[f, [names.index(fact) for fact in listed]] = number
        for rule in (*document["apart"][ALL], *document["apart"][family]):
            for other in rule["not"]:
                first, second = level_place(family, rule["said"]), level_place(family, other)
                apart[(f, *first, *second)] = apart[(f, *second, *first)] = True
        for number, name in enumerate(SPEAKS):
            for said in document["speaks"][family][name]:
                speaks[(number, f, *level_place(family, said))] = True
    has = rules().has.copy()
    for c, (category, f) in enumerate(CATEGORIES.items()):
        for said in document["lacks"].get(category, ()):
            has[(c, *level_place(FAMILIES[f], said))] = False
    orders = np.array([[sections.index(name) for name in order] for order in document["orders"]])
    return Genre(orders, section, place, topic, has, apart, speaks)


def _find_faults(document: dict[str, Any]) -> Iterator[tuple[int, str]]:
    first = list(document["sections"][FAMILIES[0]])
    for family in FAMILIES:
        listed = document["sections"][family]
        names = [fact.name for fact in facts_of(family)]
        if list(listed) != first:
            yield (
                listed.lines[0] if hasattr(listed, "lines") else 1,
                f"sections of {family} are not {', '.join(first)}",
            )
        found = [fact for section in listed.values() for fact in section]
        for fact in found:
            if fact not in names or found.count(fact) > 1:
                yield getattr(fact, "line", 1), f"{family}: {fact} is no fact of it or stands in two sections"
        if missing := [name for name in names if name not in (*found, *BESIDE)]:
            yield 1, f"{family}: {missing[0]} stands in no section"
        in_topics = [fact for topic in document["topics"][family] for fact in topic]
        for fact in in_topics:
            if fact not in names or in_topics.count(fact) > 1:
                yield getattr(fact, "line", 1), f"{family}: {fact} is no fact of it or stands in two topics"
    for category in document["lacks"]:
        if category not in CATEGORIES:
            yield category.line, f"lacks names {category}, which is no category"
    for order in document["orders"]:
        if sorted(order) != sorted(first):
            yield getattr(order, "line", 1), f"an order does not name each of {', '.join(first)} once"
