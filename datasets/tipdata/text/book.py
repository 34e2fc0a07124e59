"""The wordbook of one language (:file:`text/wordbooks/`): its frames and words, and all that a frame can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.yaml_lines import LineText, line_of, read_yaml_lines, strip_lines
from tipdata.text.documents import OTHER, find_misfits
from tipdata.text.facts import ALL, Fact, facts, level_places, rules
from tipdata.text.grammar import Sentence, Slot, parse, surfaces, ways
from tipdata.text.misspellings import capital

ANY, TITLE = "any", "title"
KINDS_OF_FILLER = ("openings", "offers", "closings", "chat")
NUMBERS = ("years", "days", "minutes", "count", "hours", "open", "close", "weeks")
SLOTS: tuple[str, ...] = ("what", "contact", "price", *NUMBERS)
"""Slots that the advert fills."""
REGISTERS, DIALECTS = 2, 3
"""Most registers and dialects of a language."""
WORDS = 128
"""Most misspellable words of a language."""
MOST_LISTED = 16
"""Most nouns of a category, and numbers of a kind."""
BASES = ("hour", "half_hour", "day", "month", "total")
"""What a price is for."""
CURRENCY = "XTS"
MOST_READINGS = 1000
"""Readings of a frame: all of them are looked at."""
SHOWN = {"price": "90", "contact": "NNN-NNNN"}
"""What stands for the amount of a price and for a contact where a wordbook is read by itself."""


SETS = ("a", "b")
"""Sets of frames: an operation words its adverts with one of them."""
HOST_SET = "c"
"""The set of a host's own file (:mod:`tipdata.text.set_c`), which no wordbook holds."""
ALL_SETS = (*SETS, HOST_SET)
"""Sets of frames by their number in arrays."""
FEWEST, FIT = 5, 3
"""Frames of a level in each set, and of these in each category of advert."""
FEWEST_JOINS, MOST_JOINS = 2, 6
"""Ways to join two sentences to one."""
ALONE = "~"
"""Begins a frame that is never joined to another by a word such as "and"."""
TITLES, FILLERS = 16, 14
LISTED = {OTHER: [str]}
IN_SETS: dict[str, Any] = {name: [str] for name in SETS}
SHAPE = {
    "language": str,
    "name": str,
    "cased": bool,
    "space": str,
    "registers": [str],
    "ends": {name: str for name in ("statement", "cry", "question", "before_cry")},
    "bases": {name: [str] for name in BASES},
    "joins": [str],
    "unfit": LISTED,
    "dialects": {"names": [str], "words": LISTED},
    "numbers": {OTHER: {OTHER: str}},
    "misspellings": {OTHER: str},
    "nouns": LISTED,
    "stems": {OTHER: {OTHER: LISTED}},
    "titles": LISTED,
    "fillers": {OTHER: LISTED},
    "frames": {
        ALL: {OTHER: {OTHER: {OTHER: IN_SETS}}},
        **{family: {OTHER: {OTHER: IN_SETS}} for family in FAMILIES},
    },
}
"""The shape of a wordbook; see :mod:`tipdata.text.documents`. ``joins``: what may stand between two sentences joined to
one."""


@dataclass(frozen=True)
class Frame:
    """A sentence of a fact's level, or a filler.

    ``where``: fact and level, or kind of filler. ``set``: one of :data:`ALL_SETS`, '' for titles and fillers.
    ``joins``: it may be joined to another sentence.
    """

    text: str
    line: int
    where: str
    family: str
    parts: Sentence
    set: str = ""
    joins: bool = True


def read_frame(text: LineText, where: str, family: str, of_set: str = "") -> Frame:
    """Return the frame that an entry of a list is. Raises ValueError for brackets that do not pair."""
    bare = text.removeprefix(ALONE)
    return Frame(bare, text.line, where, family, parse(bare), of_set, bare == text)


class Faulty(ValueError):
    """A wordbook has faults. ``faults``: one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


class Book:
    """The wordbook of a language, read but not checked (:func:`tipdata.text.checks.read_wordbook` does both).

    ``sound``: it is known to be, and whether levels have enough frames is not asked again. Raises Faulty for a document
    of another shape.
    """

    def __init__(self, path: Path, sound: bool = False) -> None:
        try:
            document = read_yaml_lines(path)
        except ValueError as error:
            raise Faulty([str(error)]) from error
        misshapen = list(find_misfits(document, SHAPE, "the wordbook", 1))
        if not misshapen:
            keys = ((name, key) for name, words in document["numbers"].items() for key in words)
            misshapen = [
                (name.line, f"{key!r} is no number of {name}") for name, key in keys if type(key) is not int
            ]
        if misshapen:
            raise Faulty([f"{path.name}, line {line}: {said}." for line, said in misshapen])
        self.path, self.document, self._sound = path, document, sound
        self.faults: list[str] = []
        """What is wrong with it, one sentence each."""
        plain = strip_lines(document)
        self.language: str = plain["language"]
        self.space: str = plain["space"]
        self.joins: list[str] = plain["joins"]
        self.registers: list[str] = plain["registers"]
        self.dialects: list[str] = plain["dialects"]["names"]
        self.dialect_words = {name: tuple(words) for name, words in plain["dialects"]["words"].items()}
        self.numbers: dict[str, dict[int, str]] = plain["numbers"]
        self.nouns: dict[str, list[str]] = plain["nouns"]
        self.bases: dict[str, list[str]] = plain["bases"]
        """What a price is for -> the ways to say it, after the amount."""
        edge = r"(?<!\w)" if plain["cased"] else ""
        self._unfit = {
            category: re.compile(f"{edge}(?:{'|'.join(re.escape(one.casefold()) for one in words)})")
            for category, words in plain["unfit"].items()
            if words
        }
        self._unfit_for: dict[str, set[str]] = {}
        self.levels: dict[tuple[str, str, str], list[Frame]] = {}
        """(family, fact, level) -> frames; those of ``any`` are in each family."""
        self.titles: dict[str, list[Frame]] = {}
        self.fillers: dict[tuple[str, str], list[Frame]] = {}
        self._read_frames()

    def _read_frames(self) -> None:
        frames, titles, fillers = (self.document[name] for name in ("frames", "titles", "fillers"))
        for part, own in facts().items():
            known = frames.get(part, {}) or {}
            self._unknown(known, {fact.name for fact in own}, f"fact of {part}")
            for fact in own:
                line = line_of(known, fact.name, line_of(frames, part, 1))
                self._read_fact(part, fact, known.get(fact.name) or {}, line)
        self._unknown(titles, set(FAMILIES), "family of titles")
        self._unknown(fillers, set(KINDS_OF_FILLER), "kind of filler")
        for family in FAMILIES:
            self.titles[family] = self._list(titles.get(family), TITLE, family, TITLES)
            for kind in KINDS_OF_FILLER:
                listed = fillers.get(kind, {}).get(family)
                self.fillers[kind, family] = self._list(listed, kind, family, FILLERS)

    def _read_fact(self, part: str, fact: Fact, levels: dict[str, Any], line: int) -> None:
        self._unknown(levels, set(fact.levels), f"level of {fact.name}")
        for level in fact.levels:
            listed, where, at = levels.get(level), f"{fact.name}/{level}", line_of(levels, level, line)
            if part != ALL:
                self._add_level(part, fact.name, level, self._list_sets(listed, where, part), at)
                continue
            by_family: dict[str, Any] = listed or {}
            self._unknown(by_family, {ANY, *FAMILIES}, f"family at {where}")
            shared = self._list_sets(by_family.get(ANY), where, ANY)
            for family in FAMILIES:
                own = self._list_sets(by_family.get(family), where, family)
                self._add_level(family, fact.name, level, shared + own, at)

    def _add_level(self, family: str, fact: str, level: str, frames: list[Frame], line: int) -> None:
        self.levels[family, fact, level] = frames
        if self._sound:
            return
        for name in SETS:
            mine = [frame for frame in frames if frame.set == name]
            if len(mine) < FEWEST:
                what = f"{family}, {fact}/{level} has {len(mine)} frames of set {name}"
                self.fault(line, f"{what} and needs {FEWEST}")
                continue
            for number, (category, f) in enumerate(CATEGORIES.items()):
                said = level_places(family)[f"{fact}={level}"]
                if FAMILIES[f] != family or not rules().has[(number, *said)]:
                    continue
                fit = [frame for frame in mine if self.fits(frame, category)]
                what = f"{fact}/{level}: {len(fit)} frames of set {name} are fit for {category}"
                if len(fit) < FIT:
                    self.fault(line, f"{what}, and {FIT} are needed")
                elif all("{price}" in frame.text for frame in fit):
                    self.fault(line, f"{what} and all state a price: add one that does not")

    def _unknown(self, found: dict[str, Any], known: set[str], what: str) -> None:
        for name in found:
            if name not in known:
                self.fault(getattr(name, "line", 1), f"there is no {what} called {name}")

    def _list_sets(self, listed: Any, where: str, family: str) -> list[Frame]:
        return [
            one for name in SETS for one in self._list((listed or {}).get(name), where, family, of_set=name)
        ]

    def _list(self, listed: Any, where: str, family: str, fewest: int = 0, of_set: str = "") -> list[Frame]:
        made = []
        for text in listed or []:
            try:
                made.append(read_frame(text, where, family, of_set))
                if not made[-1].text.strip():
                    self.fault(text.line, f"{where}: a sentence is empty")
            except ValueError as error:
                self.fault(text.line, f"{where}: {error} in {text!r}")
        if len({frame.text for frame in made}) < fewest:
            at = listed[0].line if listed else 1
            self.fault(at, f"{where} of {family} has {len(made)} different sentences and needs {fewest}")
        return made

    @cached_property
    def slot_words(self) -> dict[str, tuple[str, ...]]:
        """Slot -> all words that it can hold, digits too."""
        numbers = {name: (*map(str, words), *words.values()) for name, words in self.numbers.items()}
        return {**self.dialect_words, **numbers}

    @cached_property
    def prices(self) -> dict[str, str]:
        """What a price reads as, with one amount for all -> what it is for."""
        ways = ((basis, way) for basis, listed in self.bases.items() for way in listed)
        return {price_text(SHOWN["price"], way, self.space): basis for basis, way in ways}

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once: of facts, titles and fillers."""
        every = chain(*self.levels.values(), *self.titles.values(), *self.fillers.values())
        yield from {id(frame): frame for frame in every}.values()

    def fits(self, frame: Frame, category: str) -> bool:
        """Return whether adverts of a category have a frame: none has one that can hold a word that is unfit for it."""
        if ways(frame.parts, {}) > MOST_READINGS:
            return True  # refused for that
        if frame.text not in self._unfit_for:
            every = "\n".join(surfaces(frame.parts, {}))
            self._unfit_for[frame.text] = {one for one in self._unfit if self.unfit_in(every, one)}
        return category not in self._unfit_for[frame.text]

    @cached_property
    def _always_capital(self) -> frozenset[str]:
        """Words with a capital letter within a sentence."""
        found = (re.findall(r"(?<=[\w,;] )[^\W\d_a-zа-я][\w']*", frame.text) for frame in self.frames())
        return frozenset(chain(["I"], *found))

    def without_capital(self, text: str) -> str:
        """Return the first words of a frame as they stand where it does not begin a sentence."""
        first = re.match(r"[\w']+", text)
        if not first or first[0] in self._always_capital or not first[0][:2].istitle():
            return text
        return text[0].lower() + text[1:]

    def unfit_in(self, text: str, category: str) -> list[str]:
        """Return the words of a text that are unfit for adverts of a category."""
        return self._unfit[category].findall(text.casefold()) if category in self._unfit else []

    def readings(self, frame: Frame, nouns: int | None = None) -> Iterator[str]:
        """Yield all that a frame can read, as an advert shows it, with one price and one contact for all.

        ``nouns``: with how many of the family's nouns where it names one; None for all.
        """
        first = frame.parts[0] if frame.parts else ""
        begins = isinstance(first, Slot) and first.name in ("what", *NUMBERS)
        for text in surfaces(frame.parts, self._words_of(frame, nouns)):
            yield capital(text) if begins else text

    def count(self, frame: Frame) -> int:
        """Return in how many ways a frame can read, without reading it."""
        return ways(frame.parts, self._words_of(frame, None))

    def _words_of(self, frame: Frame, nouns: int | None) -> dict[str, tuple[str, ...]]:
        of = [category for category, f in CATEGORIES.items() if FAMILIES[f] == frame.family]
        what = tuple(noun for category in of for noun in self.nouns.get(category, ()))
        shown = {"price": tuple(self.prices), "contact": (SHOWN["contact"],), "what": what[:nouns]}
        return {**self.slot_words, **shown}

    def fault(self, line: int, said: str) -> None:
        """Note something that is wrong."""
        self.faults.append(f"{self.path.name}, line {line}: {said}.")


def price_text(amount: str, basis: str, space: str) -> str:
    """Return a price as an advert states it: the amount, and what it is for in words."""
    return f"{amount} {CURRENCY}{space}{basis}"
