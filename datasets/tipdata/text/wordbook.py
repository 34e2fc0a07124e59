"""The wordbook of one language (:file:`text/frames/`): read whole, and refused where it is not sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.grammar import (
    CLOSED_BY,
    REGISTER,
    SPEAKER,
    SPEAKERS,
    Sentence,
    Slot,
    choices,
    parse,
    slots,
    surfaces,
)
from tipdata.text.lint import broken
from tipdata.text.misspellings import capital
from tipdata.text.reading import path_of, read_lines
from tipdata.text.shapes import OTHER, misfits

FEWEST = 10
"""Frames of a level, in each family."""
WITH_STEM = 0.6
"""Share of a level's frames that hold one of its stems."""
ALIKE = 0.4
"""Highest median likeness (Jaccard) of two frames of a level."""
ANY, TITLE = "any", "title"
TITLES, FILLERS, NOUNS, MISSPELLINGS, DIALECT_WORDS = 16, 14, 8, 40, 12
KINDS_OF_FILLER = ("openings", "offers", "closings", "chat")
NUMBERS = ("years", "days", "minutes", "count", "hours", "open", "close", "weeks")
SPECIAL = {"price": "price", "contact": "contact"}
"""Slots that stand in the frames of one fact only."""
SHOWN = {"price": ("90",), "contact": ("NNN-NNNN",)}
"""What stands for a price and for a contact where a wordbook is read by itself."""


LISTED = {OTHER: [str]}
SHAPE = {
    "language": str,
    "name": str,
    "cased": bool,
    "space": str,
    "registers": [str],
    "ends": {name: str for name in ("statement", "cry", "question")},
    "dialects": {"names": [str], "words": LISTED},
    "numbers": {OTHER: {OTHER: str}},
    "misspellings": {OTHER: str},
    "nouns": LISTED,
    "stems": {OTHER: {OTHER: LISTED}},
    "titles": LISTED,
    "fillers": {OTHER: LISTED},
    "frames": {ALL: {OTHER: {OTHER: LISTED}}, **{family: {OTHER: LISTED} for family in FAMILIES}},
}
"""The shape of a wordbook; see :mod:`tipdata.text.shapes`."""


@dataclass(frozen=True)
class Frame:
    """A sentence of a fact's level, or a filler. ``where``: fact and level, or kind of filler."""

    text: str
    line: int
    where: str
    family: str
    parts: Sentence


class Faulty(ValueError):
    """A wordbook has faults. ``faults``: one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


class Wordbook:
    """The wordbook of a language. Raises Faulty, with every fault and its line, where it is not sound."""

    def __init__(self, path: Path) -> None:
        self.path, self.faults = path, []
        try:
            self.document: dict[str, Any] = read_lines(path)
        except ValueError as error:
            raise Faulty([str(error)]) from error
        for line, said in misfits(self.document, SHAPE, "the wordbook", 1):
            self._fault(line, said)
        if self.faults:
            raise Faulty(self.faults)
        self.language = str(self.document.get("language", ""))
        self.registers = [str(one) for one in self.document.get("registers", [])]
        dialects = self.document.get("dialects", {})
        self.dialects = [str(one) for one in dialects.get("names", [])]
        self.dialect_words = {str(k): tuple(map(str, v)) for k, v in dialects.get("words", {}).items()}
        self.numbers = {
            str(k): {int(n): str(w) for n, w in v.items()}
            for k, v in self.document.get("numbers", {}).items()
        }
        self.levels: dict[tuple[str, str, str], list[Frame]] = {}
        """(family, fact, level) -> frames; those of ``any`` are in each family."""
        self.titles: dict[str, list[Frame]] = {}
        self.fillers: dict[tuple[str, str], list[Frame]] = {}
        self._read()
        self._check()
        if self.faults:
            raise Faulty(self.faults)

    @cached_property
    def slot_words(self) -> dict[str, tuple[str, ...]]:
        """Slot -> all words that it can hold, digits too."""
        numbers = {name: (*map(str, words), *words.values()) for name, words in self.numbers.items()}
        return {**self.dialect_words, **numbers}

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once: of facts, titles and fillers."""
        seen: set[int] = set()
        for listed in (*self.levels.values(), *self.titles.values(), *self.fillers.values()):
            for frame in listed:
                if id(frame) not in seen:
                    seen.add(id(frame))
                    yield frame

    def readings(self, frame: Frame) -> Iterator[str]:
        """Yield all that a frame can read, as an advert shows it, with one price and one contact for all."""
        nouns = self.document.get("nouns", {})
        of = [category for category, f in CATEGORIES.items() if FAMILIES[f] == frame.family]
        what = tuple(str(noun) for category in of for noun in nouns.get(category) or [])
        begins = bool(frame.parts) and isinstance(frame.parts[0], Slot)
        begins = begins and frame.parts[0].name in ("what", *NUMBERS)
        for text in surfaces(frame.parts, {**self.slot_words, **SHOWN, "what": what}):
            yield capital(text) if begins else text

    def _fault(self, line: int, said: str) -> None:
        self.faults.append(f"{self.path.name}, line {line}: {said}.")

    def _read(self) -> None:
        document = self.document
        frames = document.get("frames", {})
        for part, own in facts().items():
            known = frames.get(part, {}) or {}
            self._unknown(known, {fact.name for fact in own}, f"fact of {part}")
            for fact in own:
                line = _line_of(known, fact.name, _line_of(frames, part, 1))
                self._read_fact(part, fact, known.get(fact.name) or {}, line)
        for family in FAMILIES:
            self.titles[family] = self._list(document.get("titles", {}).get(family), TITLE, family, TITLES)
            for kind in KINDS_OF_FILLER:
                listed = (document.get("fillers", {}).get(kind) or {}).get(family)
                self.fillers[kind, family] = self._list(listed, kind, family, FILLERS)

    def _read_fact(self, part: str, fact: Fact, levels: dict[str, Any], line: int) -> None:
        self._unknown(levels, set(fact.levels), f"level of {fact.name}")
        for level in fact.levels:
            listed, where, at = levels.get(level), f"{fact.name}/{level}", _line_of(levels, level, line)
            if part != ALL:
                self._enough(part, fact.name, level, self._list(listed, where, part, 0), at)
                continue
            by_family: dict[str, Any] = listed or {}
            self._unknown(by_family, {ANY, *FAMILIES}, f"family at {where}")
            shared = self._list(by_family.get(ANY), where, ANY, 0)
            for family in FAMILIES:
                own = self._list(by_family.get(family), where, family, 0)
                self._enough(family, fact.name, level, shared + own, at)

    def _enough(self, family: str, fact: str, level: str, frames: list[Frame], line: int) -> None:
        self.levels[family, fact, level] = frames
        if len(frames) < FEWEST:
            self._fault(line, f"{family}, {fact}/{level} has {len(frames)} frames and needs {FEWEST}")

    def _unknown(self, found: dict[str, Any], known: set[str], what: str) -> None:
        for name in found:
            if name not in known:
                self._fault(getattr(name, "line", 1), f"there is no {what} called {name}")

    def _list(self, listed: Any, where: str, family: str, fewest: int) -> list[Frame]:
        made = []
        for text in listed or []:
            line = getattr(text, "line", 1)
            try:
                made.append(Frame(str(text), line, where, family, parse(str(text))))
            except ValueError as error:
                self._fault(line, f"{where}: {error} in {text!r}")
        if len({frame.text for frame in made}) < fewest:
            self._fault(1, f"{where} of {family} has {len(made)} different sentences and needs {fewest}")
        return made

    def _check(self) -> None:
        if self.language not in LANGUAGES:
            line = getattr(self.document["language"], "line", 1)
            self._fault(line, f"{self.language!r} is none of the languages {', '.join(LANGUAGES)}")
        if not self.registers:
            self._fault(_line_of(self.document, "registers", 1), "no register is named")
        self._check_lists()
        self._check_words()
        said: dict[str, Frame] = {}
        for frame in self.frames():
            self._check_frame(frame)
            self._check_readings(frame, said)
        self._check_stems()
        self._check_variety()

    def _check_lists(self) -> None:
        for name in NUMBERS:
            if not self.numbers.get(name):
                self._fault(1, f"numbers has no {name}")
        for word, by_dialect in self.dialect_words.items():
            if len(by_dialect) != len(self.dialects):
                self._fault(1, f"dialect word {word} needs {len(self.dialects)} forms")
        if len(self.dialect_words) < DIALECT_WORDS:
            self._fault(1, f"{len(self.dialect_words)} dialect words, {DIALECT_WORDS} are needed")
        nouns = self.document.get("nouns", {})
        for category in CATEGORIES:
            if len(set(nouns.get(category) or [])) < NOUNS:
                self._fault(1, f"{category} has {len(nouns.get(category) or [])} nouns and needs {NOUNS}")
        if len(self.document.get("misspellings", {})) < MISSPELLINGS:
            self._fault(
                1, f"{len(self.document.get('misspellings', {}))} misspellings, {MISSPELLINGS} are needed"
            )

    def _check_frame(self, frame: Frame) -> None:
        fact, _, _ = frame.where.partition("/")
        allowed = {*self.numbers, *self.dialect_words, SPECIAL.get(fact, "")}
        if fact in (TITLE, "offers"):
            allowed.add("what")
        for name in slots(frame.parts) - allowed:
            self._fault(frame.line, f"{frame.where}: {{{name}}} is no slot here")
        if fact == "contact" and "contact" not in slots(frame.parts):
            self._fault(frame.line, f"{frame.where}: no {{contact}} in {frame.text!r}")
        for choice in choices(frame.parts):
            wanted = {SPEAKER: len(SPEAKERS), REGISTER: len(self.registers)}.get(choice.by)
            if wanted is not None and len(choice.options) != wanted:
                both = f"{choice.by}…{CLOSED_BY[choice.by]}"
                self._fault(frame.line, f"{frame.where}: {both} needs {wanted} forms in {frame.text!r}")
        plain = re.sub(r"\{\w+\}", "", frame.text)
        if re.search(r"https?:|www\.|@|\d{3,}|[#*~/_]| - |[.!。！]$", plain):
            self._fault(frame.line, f"{frame.where}: a sign that only style may add in {frame.text!r}")

    def _check_readings(self, frame: Frame, said: dict[str, Frame]) -> None:
        """Hold that no reading of a frame is wrong in form, or can be read as another level or filler.

        ``said``: the frames whose readings are known, by reading; those of this one are added.
        """
        for rule, found in broken(frame.text, self.language, forms=False).items():
            self._fault(frame.line, f"{frame.where}: {found!r} in {frame.text!r} is not allowed ({rule})")
        told: set[str] = set()
        for text in self.readings(frame):
            faults = {
                rule: f"{found!r} in {text!r} is not allowed ({rule})"
                for rule, found in broken(text, self.language, forms=True).items()
            }
            other = said.setdefault(text.casefold(), frame)
            if other.where != frame.where and not (
                other.family != frame.family and ANY not in (other.family, frame.family)
            ):
                faults[other.where] = f"{text!r} is also {other.where} (line {other.line})"
            for rule in faults.keys() - told:
                told.add(rule)
                self._fault(frame.line, f"{frame.where}: {faults[rule]}")

    def _check_words(self) -> None:
        """Hold that nouns are clean, and that a misspelling is no word of another meaning."""
        nouns = (noun for listed in self.document.get("nouns", {}).values() for noun in listed or [])
        wrong = self.document.get("misspellings", {})
        for word in (*nouns, *wrong.values()):
            for rule, found in broken(capital(str(word)), self.language).items():
                self._fault(getattr(word, "line", 1), f"{found!r} in {str(word)!r} is not allowed ({rule})")
        if self.document.get("space") != "":
            known = {word.casefold() for frame in self.frames() for word in re.findall(r"[\w']+", frame.text)}
            for word in wrong.values():
                if str(word).casefold() in known:
                    self._fault(
                        getattr(word, "line", 1), f"the misspelling {str(word)!r} is a word of a frame"
                    )

    def _check_stems(self) -> None:
        stems = self.document.get("stems", {})
        for part, own in facts().items():
            for fact in own:
                of = {
                    str(k): [str(s).casefold() for s in v]
                    for k, v in ((stems.get(part) or {}).get(fact.name) or {}).items()
                }
                for level in fact.levels:
                    if not of.get(level):
                        self._fault(1, f"{part}, {fact.name}/{level} has no stem")
                        continue
                    for family in FAMILIES if part == ALL else (part,):
                        self._check_level(family, fact, level, of)

    def _check_level(self, family: str, fact: Fact, level: str, of: dict[str, list[str]]) -> None:
        frames = self.levels[family, fact.name, level]
        holding = [frame for frame in frames if any(stem in frame.text.casefold() for stem in of[level])]
        if frames and len(holding) < WITH_STEM * len(frames):
            self._fault(
                frames[0].line,
                f"{family}, {fact.name}/{level}: {len(holding)} of {len(frames)} frames hold a stem "
                f"({', '.join(of[level])})",
            )
        for other, stems in of.items():
            for frame in frames if other != level else ():
                if found := [
                    stem for stem in stems if re.search(rf"(?<!\w){re.escape(stem)}", frame.text.casefold())
                ]:
                    self._fault(frame.line, f"{frame.where}: {found[0]!r} is a stem of {fact.name}/{other}")

    def _check_variety(self) -> None:
        for (family, fact, level), frames in self.levels.items():
            words = [frozenset(self._words(frame)) for frame in frames]
            alike = [len(a & b) / max(1, len(a | b)) for a, b in combinations(words, 2)]
            if alike and median(alike) > ALIKE:
                self._fault(
                    frames[0].line,
                    f"{family}, {fact}/{level}: frames are too much alike ({median(alike):.2f})",
                )

    def _words(self, frame: Frame) -> list[str]:
        text = next(surfaces(frame.parts, {})).casefold()
        return (
            [text[i : i + 2] for i in range(len(text) - 1)]
            if self.document.get("space") == ""
            else re.findall(r"[\w']+", text)
        )


def _line_of(mapping: dict[str, Any], name: str, otherwise: int) -> int:
    """Return the line of a key, or another where the key is not there."""
    return next((getattr(key, "line", otherwise) for key in mapping if key == name), otherwise)


def wordbook(language: str) -> Wordbook:
    """Return the wordbook of a language. Raises Faulty where it is not sound."""
    return Wordbook(path_of(f"frames/{language}"))
