"""What adverts may say: facts and their levels, as :file:`text/facts.yaml` lists them, and which go together.

In arrays a fact is a column: those of all families first, then a family's own, so that a column above
:data:`SHARED` means another fact in each family. A level is a number, in the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.reading import read

ALL = "all"
"""The part of the file whose facts every family has."""


@dataclass(frozen=True)
class Fact:
    """One thing that an advert may say, at one of a few levels.

    ``part``: ``all``, or the family whose own it is. ``levels``: name -> what it means, in one sentence.
    """

    name: str
    part: str
    levels: dict[str, str]


@dataclass(frozen=True)
class Rules:
    """Which levels go together; arrays over (families, facts, levels).

    ``apart``: (families, facts, levels, facts, levels) bool, both ways: not said in one advert. ``excluded``: those of
    them that cannot both hold for one operation either; the others may, and then the later fact stays unsaid.
    ``together``: of the same shape, thousandths by which the weight of the second is multiplied where the first, an
    earlier fact, holds. ``has``: (categories, facts, levels) bool. ``indicators``: (families, facts, levels) bool.
    ``needs``: (families, facts, levels, facts) bool: said only beside one of these facts; of none where there is none.
    """

    apart: np.ndarray
    excluded: np.ndarray
    together: np.ndarray
    has: np.ndarray
    indicators: np.ndarray
    needs: np.ndarray


@cache
def facts() -> dict[str, tuple[Fact, ...]]:
    """Return the facts of each part of the file (``all`` and each family's own), in the order they are drawn in."""
    listed = read("facts")
    return {
        part: tuple(Fact(name, part, dict(levels)) for name, levels in listed[part].items())
        for part in (ALL, *FAMILIES)
    }


def facts_of(family: str) -> tuple[Fact, ...]:
    """Return the facts of a family: those of all, then its own."""
    return facts()[ALL] + facts()[family]


def number_of(name: str) -> int:
    """Return the column of a fact that all families have."""
    return next(i for i, fact in enumerate(facts()[ALL]) if fact.name == name)


@cache
def shape() -> tuple[int, int]:
    """Return the most facts of a family, and the most levels of a fact."""
    listed = [fact for family in FAMILIES for fact in facts_of(family)]
    return max(len(facts_of(family)) for family in FAMILIES), max(len(fact.levels) for fact in listed)


@cache
def places(family: str) -> dict[str, tuple[int, int]]:
    """Return fact and level number of every ``fact=level`` that a family may say, in order."""
    return {
        f"{fact.name}={level}": (number, at)
        for number, fact in enumerate(facts_of(family))
        for at, level in enumerate(fact.levels)
    }


def place_of(family: str, said: str) -> tuple[int, int]:
    """Return fact and level number of ``fact=level``. Raises ValueError where the family has none of that name."""
    if said not in places(family):
        raise ValueError(f"facts.yaml: {family} has no {said}.")
    return places(family)[said]


@cache
def rules() -> Rules:
    """Return which levels go together. Raises ValueError for a level that does not exist."""
    document = read("facts")
    size = (len(FAMILIES), *shape())
    apart = np.zeros((*size, *shape()), dtype=bool)
    together = np.full((*size, *shape()), 1000, dtype=np.int64)
    has = np.ones((len(CATEGORIES), *shape()), dtype=bool)
    indicators = np.zeros(size, dtype=bool)
    excluded = np.zeros_like(apart)
    needs = np.zeros((*size, shape()[0]), dtype=bool)
    for f, family in enumerate(FAMILIES):
        for key, made in (("apart", excluded), ("unsaid", apart)):
            for rule in (*document[key].get(ALL, []), *document[key].get(family, [])):
                for other in rule["not"]:
                    first, second = place_of(family, rule["said"]), place_of(family, other)
                    made[(f, *first, *second)] = made[(f, *second, *first)] = True
        for rule in (*document["needs"].get(ALL, []), *document["needs"].get(family, [])):
            names = [fact.name for fact in facts_of(family)]
            needs[(f, *place_of(family, rule["said"]))][[names.index(name) for name in rule["beside"]]] = True
        for one, two, times in (*document["together"][ALL], *document["together"][family]):
            first, second = sorted((place_of(family, one), place_of(family, two)))
            together[(f, *first, *second)] = round(1000 * times)
        for said in document["indicators"][family]:
            indicators[(f, *place_of(family, said))] = True
    for c, (category, f) in enumerate(CATEGORIES.items()):
        for said in document["lacks"].get(category, []):
            has[(c, *place_of(FAMILIES[f], said))] = False
    return Rules(apart | excluded, excluded, together, has, indicators, needs)


@dataclass(frozen=True)
class InFacts:
    """The values of a column that lists what is said: ``fact=level`` of every fact."""

    def listed(self, parameters: object) -> tuple[str, ...]:
        """Return the values, whatever the parameters."""
        return tuple(dict.fromkeys(said for family in FAMILIES for said in places(family)))
