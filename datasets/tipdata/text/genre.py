"""How an advert is put together (:file:`text/genre.yaml`): sections, their orders, topics, and who speaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

from tipdata.core.kinds import FAMILIES
from tipdata.core.yaml_lines import line_of, read_yaml_lines, strip_lines
from tipdata.text.documents import OTHER, document_path, find_misfits
from tipdata.text.facts import array_shape, fact_number, facts_of, level_place, level_places
from tipdata.text.grammar import SPEAKERS

FILE = "genre"
BESIDE: tuple[str, ...] = ("contact", "masking")
"""Facts without a section: they stand at the end of the advert."""
SHAPE = {
    "orders": [[str]],
    "sections": {family: {OTHER: [str]} for family in FAMILIES},
    "topics": {family: [[str]] for family in FAMILIES},
    "speaks": {family: {name: [str] for name in SPEAKERS} for family in FAMILIES},
}
"""The shape of the file; see :mod:`tipdata.text.documents`."""


@dataclass(frozen=True)
class Genre:
    """Arrays over (families, facts, levels).

    ``orders``: (orders, sections) numbers of sections, in order. ``section``: (families, facts) number of a fact's
    section, -1 for none; ``place``: (families, facts) its place there. ``topic``: (families, facts) number of its
    topic, -1 for none. ``speaks``: (2, families, facts, levels) bool: one person or several write where this is said
    and the fact ``voice`` is not.
    """

    orders: np.ndarray
    section: np.ndarray
    place: np.ndarray
    topic: np.ndarray
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
    speaks = np.zeros((len(SPEAKERS), *size), dtype=bool)
    for f, family in enumerate(FAMILIES):
        for name, listed in document["sections"][family].items():
            for at, fact in enumerate(listed):
                here = f, fact_number(family, fact)
                section[here], place[here] = sections.index(name), at
        for number, listed in enumerate(document["topics"][family]):
            topic[f, [fact_number(family, fact) for fact in listed]] = number
        for number, name in enumerate(SPEAKERS):
            for said in document["speaks"][family][name]:
                speaks[(number, f, *level_place(family, said))] = True
    orders = np.array([[sections.index(name) for name in order] for order in document["orders"]])
    return Genre(orders, section, place, topic, speaks)


def _find_faults(document: dict[str, Any]) -> Iterator[tuple[int, str]]:
    names = list(document["sections"][FAMILIES[0]])
    for family in FAMILIES:
        yield from _find_section_faults(document["sections"], family, names)
        known, topics = {fact.name for fact in facts_of(family)}, list(chain(*document["topics"][family]))
        for fact in topics:
            if fact not in known or topics.count(fact) > 1:
                yield fact.line, f"{family}: {fact} is no fact of it or stands in two topics: delete it"
    if not document["orders"]:
        yield line_of(document, "orders", 1), "no order of sections is listed: give one or more"
    for order, line in zip(document["orders"], document["orders"].lines, strict=True):
        for name in order:
            if name not in names:
                yield (
                    name.line,
                    f"an order names {name}, which is no section: choose among {', '.join(names)}",
                )
        if sorted(order) != sorted(names):
            yield line, f"an order names each of {', '.join(names)} once"
    for family, speaks in document["speaks"].items():
        for level in chain(*speaks.values()):
            if level not in level_places(family):
                yield level.line, f"{family} has no {level}: name a fact and a level of it"


def _find_section_faults(
    sections: dict[str, Any], family: str, names: list[str]
) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the sections of a family: each has the sections of the first, and each fact stands in
    one of them."""
    line, known = line_of(sections, family, 1), {fact.name for fact in facts_of(family)}
    for name in sections[family]:
        if name not in names:
            yield name.line, f"there is no section of {family} called {name}: choose among {', '.join(names)}"
    if list(sections[family]) != names:
        yield line, f"the sections of {family} must be {', '.join(names)}, in this order"
    places: dict[str, str] = {}
    for name, listed in sections[family].items():
        for fact in listed:
            if fact not in known or fact in BESIDE:
                yield fact.line, f"{family}: {fact} is no fact of its sections: delete it"
            elif places.setdefault(fact, name) != name or listed.count(fact) > 1:
                yield fact.line, f"{family}: {fact} stands in two places, {places[fact]} and {name}: keep one"
    if missing := [fact.name for fact in facts_of(family) if fact.name not in {*places, *BESIDE}]:
        yield line, f"{family}: {missing[0]} stands in no section: add it to one"
