"""What adverts may say: facts and their levels, as :file:`text/facts.yaml` lists them, and which go together.

In arrays a fact is a column: those of all families first, then a family's own, so that a column above
:data:`SHARED` means another fact in each family. A level is a number, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.tables import as_lists
from tipdata.core.yaml_lines import LineText, line_of, read_yaml_lines, strip_lines
from tipdata.text.documents import OTHER, document_path, find_misfits

FILE = "facts"
ALL = "all"
"""The part of the file whose facts every family has."""
PARTS = (ALL, *FAMILIES)
SHAPE = {
    **{part: {OTHER: {OTHER: str}} for part in PARTS},
    "apart": {part: {OTHER: [str]} for part in PARTS},
    "lacks": {OTHER: [str]},
    "needs": {OTHER: [str]},
    "at_home": [str],
    "indicators": {family: [str] for family in FAMILIES},
}
"""The shape of the file; see :mod:`tipdata.text.documents`."""


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
    """Which levels go together; bool arrays over (families, facts, levels).

    ``apart``: (families, facts, levels, facts, levels), both ways: not said in one advert. ``has``: (categories, facts,
    levels). ``needs``: (families, facts, levels, facts): the level is said only beside one of these facts; a level
    without any needs none. ``at_home``: said in adverts of the operation's own town alone.
    """

    apart: np.ndarray
    has: np.ndarray
    needs: np.ndarray
    at_home: np.ndarray


@cache
def facts() -> dict[str, tuple[Fact, ...]]:
    """Return the facts of each part of the file (``all`` and each family's own), in the order of the file.

    Raises ValueError, in one sentence with file and line, for a file that is not sound.
    """
    listed = strip_lines(_document())
    return {part: tuple(Fact(name, part, of) for name, of in listed[part].items()) for part in PARTS}


@cache
def _document() -> dict[str, Any]:
    """Return the file with its lines. Raises ValueError for one that is not sound in form."""
    document = read_yaml_lines(document_path(FILE))
    for line, said in chain(find_misfits(document, SHAPE, "the file", 1), _find_faults(document)):
        raise ValueError(f"{FILE}.yaml, line {line}: {said}.")
    return document


def _find_faults(document: dict[str, Any]) -> Iterator[tuple[int, str]]:
    for part in PARTS:
        for name, levels in document[part].items():
            line = line_of(document[part], name, 1)
            if not levels:
                yield line, f"fact {name} of {part} has no levels"
            if part != ALL and name in document[ALL]:
                yield line, f"fact {name} of {part} is also a fact of {ALL}: name it otherwise"
            for level, means in levels.items():
                if not means.strip():
                    yield line_of(levels, level, line), f"level {level} of {name} does not say what it means"
    for category in document["lacks"]:
        if category not in CATEGORIES:
            said = f"lacks names {category}, which is none of the categories {', '.join(CATEGORIES)}"
            yield category.line, said


def facts_of(family: str) -> tuple[Fact, ...]:
    """Return the facts of a family: those of all, then its own."""
    return facts()[ALL] + facts()[family]


def number_of(name: str) -> int:
    """Return the column of a fact that all families have."""
    return next(i for i, fact in enumerate(facts()[ALL]) if fact.name == name)


@cache
def array_shape() -> tuple[int, int]:
    """Return the most facts of a family, and the most levels of a fact."""
    listed = [fact for family in FAMILIES for fact in facts_of(family)]
    return max(len(facts_of(family)) for family in FAMILIES), max(len(fact.levels) for fact in listed)


@cache
def level_places(family: str) -> dict[str, tuple[int, int]]:
    """Return fact and level number of every ``fact=level`` that a family may say, in order."""
    return {
        f"{fact.name}={level}": (number, at)
        for number, fact in enumerate(facts_of(family))
        for at, level in enumerate(fact.levels)
    }


def level_place(family: str, said: str) -> tuple[int, int]:
    """Return fact and level number of ``fact=level``. Raises ValueError where the family has none of that name."""
    if said not in level_places(family):
        raise ValueError(f"{_file(said)}: {family} has no {said}: name a fact and a level of it.")
    return level_places(family)[said]


def fact_number(family: str, name: str) -> int:
    """Return the column of a fact of a family. Raises ValueError where the family has none of that name."""
    names = [fact.name for fact in facts_of(family)]
    if name not in names:
        raise ValueError(f"{_file(name)}: {family} has no fact {name}: name one of it.")
    return names.index(name)


def _file(said: str) -> str:
    return f"{FILE}.yaml, line {said.line}" if isinstance(said, LineText) else f"{FILE}.yaml"


@cache
def rules() -> Rules:
    """Return which levels go together. Raises ValueError for a level that does not exist."""
    document = _document()
    of_fact = array_shape()
    size = len(FAMILIES), *of_fact
    apart = np.zeros((*size, *of_fact), dtype=bool)
    has = np.ones((len(CATEGORIES), *of_fact), dtype=bool)
    needs = np.zeros((*size, of_fact[0]), dtype=bool)
    at_home = np.zeros(size, dtype=bool)
    indicators()
    for f, family in enumerate(FAMILIES):
        for said, others in chain(document["apart"][ALL].items(), document["apart"][family].items()):
            one = level_place(family, said)
            for other in (level_place(family, level) for level in others):
                apart[(f, *one, *other)] = apart[(f, *other, *one)] = True
        for said, names in document["needs"].items():
            needs[(f, *level_place(family, said))][[fact_number(family, name) for name in names]] = True
        for said in document["at_home"]:
            at_home[(f, *level_place(family, said))] = True
    for c, (category, f) in enumerate(CATEGORIES.items()):
        for said in document["lacks"].get(category, ()):
            has[(c, *level_place(FAMILIES[f], said))] = False
    return Rules(apart, has, needs, at_home)


@cache
def indicators() -> dict[str, tuple[list[str], list[str]]]:
    """Return the indicators of each family: levels, shown by an advert that says them, and facts, shown by one that
    leaves them out. Raises ValueError for one that does not exist."""
    made = {}
    for family, listed in _document()["indicators"].items():
        levels = [one for one in listed if "=" in one]
        left_out = [one for one in listed if "=" not in one]
        for one in levels:
            level_place(family, one)
        for one in left_out:
            fact_number(family, one)
        made[family] = levels, left_out
    return made


def count_indicators(family: str, said: pl.Series) -> pl.Series:
    """Return how many :func:`indicators` of a family each advert shows, UInt32.

    Args:
        said: ``adverts.facts`` of adverts of the family, lists of ``fact=level``.
    """
    levels, left_out = indicators()[family]
    shown = said.list.set_intersection(levels).list.len()
    facts = said.list.eval(pl.element().str.split("=").list.first())
    for one in left_out:
        shown += ~facts.list.contains(one)
    return shown


@cache
def _level_names() -> list[str]:
    """Return what each level of each fact is called, families first; '' for a level that is not there."""
    names = np.full((len(FAMILIES), *array_shape()), "", dtype=object)
    for f, family in enumerate(FAMILIES):
        for text, place in level_places(family).items():
            names[(f, *place)] = text
    return names.ravel().tolist()


def list_levels(family: np.ndarray, level: np.ndarray) -> pl.Series:
    """Return a list of ``fact=level`` of each row; ``level``: (rows, facts), below 0 for none."""
    facts, levels = array_shape()
    first = (family[:, None] * facts + np.arange(facts)) * levels
    return as_lists(first + level, level >= 0, _level_names())


@dataclass(frozen=True)
class InFacts:
    """The values of a column that lists what is said: ``fact=level`` of every fact."""

    def list_values(self, parameters: object) -> tuple[str, ...]:
        """Return the values, whatever the parameters."""
        return tuple(dict.fromkeys(said for family in FAMILIES for said in level_places(family)))
