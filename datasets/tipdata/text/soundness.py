"""Whether a wordbook is sound: slots, speakers and registers, the lint, stems, variety."""

from __future__ import annotations

import re
from itertools import combinations
from statistics import median

from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.text.book import ANY, NUMBERS, TITLE, Book, Frame, line_of
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.grammar import CLOSED_BY, REGISTER, SPEAKER, SPEAKERS, choices, slots, surfaces
from tipdata.text.lint import broken
from tipdata.text.misspellings import capital

WITH_STEM = 0.6
"""Share of a level's frames that hold one of its stems."""
ALIKE = 0.4
"""Highest median likeness (Jaccard) of two frames of a level."""
NOUNS, MISSPELLINGS, DIALECT_WORDS = 8, 40, 12
SPECIAL = {"price": "price", "contact": "contact"}
"""Slots that stand in the frames of one fact only."""


def check(book: Book) -> None:
    """Note in a book everything that is wrong with it."""
    _Checks(book).all()


class _Checks:
    """The checks of one book."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def all(self) -> None:
        """Check everything."""
        if self.book.language not in LANGUAGES:
            line = getattr(self.book.document["language"], "line", 1)
            self.book.fault(line, f"{self.book.language!r} is none of the languages {', '.join(LANGUAGES)}")
        if not self.book.registers:
            self.book.fault(line_of(self.book.document, "registers", 1), "no register is named")
        self._check_lists()
        self._check_words()
        said: dict[str, Frame] = {}
        for frame in self.book.frames():
            self._check_frame(frame)
            self._check_readings(frame, said)
        self._check_stems()
        self._check_variety()

    def _check_lists(self) -> None:
        for name in NUMBERS:
            if not self.book.numbers.get(name):
                self.book.fault(1, f"numbers has no {name}")
        for word, by_dialect in self.book.dialect_words.items():
            if len(by_dialect) != len(self.book.dialects):
                self.book.fault(1, f"dialect word {word} needs {len(self.book.dialects)} forms")
        if len(self.book.dialect_words) < DIALECT_WORDS:
            self.book.fault(1, f"{len(self.book.dialect_words)} dialect words, {DIALECT_WORDS} are needed")
        nouns = self.book.document["nouns"]
        for category in CATEGORIES:
            if len(set(nouns.get(category) or [])) < NOUNS:
                self.book.fault(1, f"{category} has {len(nouns.get(category) or [])} nouns and needs {NOUNS}")
        if len(self.book.document["misspellings"]) < MISSPELLINGS:
            self.book.fault(
                1,
                f"{len(self.book.document.get('misspellings', {}))} misspellings, {MISSPELLINGS} are needed",
            )

    def _check_frame(self, frame: Frame) -> None:
        fact, _, _ = frame.where.partition("/")
        allowed = {*self.book.numbers, *self.book.dialect_words, SPECIAL.get(fact, "")}
        if fact in (TITLE, "offers"):
            allowed.add("what")
        for name in slots(frame.parts) - allowed:
            self.book.fault(frame.line, f"{frame.where}: {{{name}}} is no slot here")
        if fact == "contact" and "contact" not in slots(frame.parts):
            self.book.fault(frame.line, f"{frame.where}: no {{contact}} in {frame.text!r}")
        for choice in choices(frame.parts):
            wanted = {SPEAKER: len(SPEAKERS), REGISTER: len(self.book.registers)}.get(choice.by)
            if wanted is not None and len(choice.options) != wanted:
                both = f"{choice.by}…{CLOSED_BY[choice.by]}"
                self.book.fault(frame.line, f"{frame.where}: {both} needs {wanted} forms in {frame.text!r}")
        plain = re.sub(r"\{\w+\}", "", frame.text)
        if re.search(r"https?:|www\.|@|\d{3,}|[#*~/_]| - |[.!。！]$", plain):
            self.book.fault(frame.line, f"{frame.where}: a sign that only style may add in {frame.text!r}")

    def _check_readings(self, frame: Frame, said: dict[str, Frame]) -> None:
        """Hold that no reading of a frame is wrong in form, or can be read as another level or filler.

        ``said``: the frames whose readings are known, by reading; those of this one are added.
        """
        for rule, found in broken(frame.text, self.book.language, forms=False).items():
            self.book.fault(frame.line, f"{frame.where}: {found!r} in {frame.text!r} is not allowed ({rule})")
        told: set[str] = set()
        for text in self.book.readings(frame, nouns=1):
            faults = {
                rule: f"{found!r} in {text!r} is not allowed ({rule})"
                for rule, found in broken(text, self.book.language, forms=True).items()
            }
            other = said.setdefault(text.casefold(), frame)
            if other.where != frame.where and not (
                other.family != frame.family and ANY not in (other.family, frame.family)
            ):
                faults[other.where] = f"{text!r} is also {other.where} (line {other.line})"
            for rule in faults.keys() - told:
                told.add(rule)
                self.book.fault(frame.line, f"{frame.where}: {faults[rule]}")

    def _check_words(self) -> None:
        """Hold that nouns are clean, and that a misspelling is no word of another meaning."""
        nouns = (noun for listed in self.book.document["nouns"].values() for noun in listed or [])
        wrong = self.book.document["misspellings"]
        for word in (*nouns, *wrong.values()):
            for rule, found in broken(capital(str(word)), self.book.language).items():
                self.book.fault(
                    getattr(word, "line", 1), f"{found!r} in {str(word)!r} is not allowed ({rule})"
                )
        if self.book.document["space"] != "":
            known = {
                word.casefold() for frame in self.book.frames() for word in re.findall(r"[\w']+", frame.text)
            }
            for word in wrong.values():
                if str(word).casefold() in known:
                    self.book.fault(
                        getattr(word, "line", 1), f"the misspelling {str(word)!r} is a word of a frame"
                    )

    def _check_stems(self) -> None:
        stems = self.book.document["stems"]
        for part, own in facts().items():
            for fact in own:
                of = {
                    str(k): [str(s).casefold() for s in v]
                    for k, v in ((stems.get(part) or {}).get(fact.name) or {}).items()
                }
                for level in fact.levels:
                    if not of.get(level):
                        self.book.fault(1, f"{part}, {fact.name}/{level} has no stem")
                        continue
                    for family in FAMILIES if part == ALL else (part,):
                        self._check_level(family, fact, level, of)

    def _check_level(self, family: str, fact: Fact, level: str, of: dict[str, list[str]]) -> None:
        frames = self.book.levels[family, fact.name, level]
        holding = [frame for frame in frames if any(stem in frame.text.casefold() for stem in of[level])]
        if frames and len(holding) < WITH_STEM * len(frames):
            self.book.fault(
                frames[0].line,
                f"{family}, {fact.name}/{level}: {len(holding)} of {len(frames)} frames hold a stem "
                f"({', '.join(of[level])})",
            )
        for other, stems in of.items():
            for frame in frames if other != level else ():
                if found := [
                    stem for stem in stems if re.search(rf"(?<!\w){re.escape(stem)}", frame.text.casefold())
                ]:
                    self.book.fault(
                        frame.line, f"{frame.where}: {found[0]!r} is a stem of {fact.name}/{other}"
                    )

    def _check_variety(self) -> None:
        for (family, fact, level), frames in self.book.levels.items():
            words = [frozenset(self._words(frame)) for frame in frames]
            alike = [len(a & b) / max(1, len(a | b)) for a, b in combinations(words, 2)]
            if alike and median(alike) > ALIKE:
                self.book.fault(
                    frames[0].line,
                    f"{family}, {fact}/{level}: frames are too much alike ({median(alike):.2f})",
                )

    def _words(self, frame: Frame) -> list[str]:
        text = next(surfaces(frame.parts, {})).casefold()
        return (
            [text[i : i + 2] for i in range(len(text) - 1)]
            if self.book.document["space"] == ""
            else re.findall(r"[\w']+", text)
        )
