"""Whether the frames of a wordbook are sound: slots, speakers and registers, the lint, stems, variety."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from statistics import median

from tipdata.core.kinds import FAMILIES, LANGUAGES
from tipdata.text.book import ANY, MOST_READINGS, TITLE, Book, Frame
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.grammar import CLOSED_BY, REGISTER, SPEAKER, SPEAKERS, WRITER, choices, slots, surfaces
from tipdata.text.heads import check_head
from tipdata.text.lint import banned, broken

WITH_STEM = 0.6
"""Share of a level's frames that hold one of its stems."""
ALIKE = 0.4
"""Highest median likeness (Jaccard) of two frames of a level."""
BETWEEN = " ] "
"""What parts readings, for no rule to see two as one: no reading holds it."""
SPECIAL = {"price": "price", "contact": "contact"}
"""Slots that stand in the frames of one fact only."""


def letters_of(text: str) -> str:
    """Return the letters and digits of a text, by which sentences are told apart."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _meet(one: Frame, other: Frame) -> bool:
    """Return whether adverts of one family may hold both frames."""
    return one.family == other.family or ANY in (one.family, other.family)


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
            return
        check_head(self.book)
        frames = []
        for frame in self.book.frames():
            self._check_frame(frame)
            if (many := self.book.count(frame)) <= MOST_READINGS:
                frames.append(frame)
                continue
            self.book.fault(frame.line, f"{frame.where}: {many:,} readings, {MOST_READINGS:,} are the most")
        self._check_content(frames)
        self._check_readings(frames)
        self._check_stems()
        self._check_variety()

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
            if choice.by == WRITER and len(set(choice.options)) < max(2, len(choice.options)):
                self.book.fault(
                    frame.line, f"{frame.where}: [a|b] needs two forms, each of its own, in {frame.text!r}"
                )
        plain = re.sub(r"\{\w+\}", "", frame.text)
        if re.search(r"https?:|www\.|@|\d{3,}|[#*~/_]| - |[.!。！]$", plain):
            self.book.fault(frame.line, f"{frame.where}: a sign that only style may add in {frame.text!r}")
        if re.search(r"\d|XTS", re.sub(r"\{price\} ?XTS|XTS ?\{price\}", "", frame.text)):
            self.book.fault(
                frame.line,
                f"{frame.where}: a number or currency that is no slot's in {frame.text!r}: use a slot",
            )

    def _check_content(self, frames: list[Frame]) -> None:
        """Hold that no reading holds a word or sign that no text of the data may hold: first of all frames at once."""
        if not self._content(frames):
            return
        for frame in frames:
            for rule, found in self._content([frame]).items():
                self.book.fault(
                    frame.line,
                    f"{frame.where}: {banned(found, frame.text, rule)}",
                )

    def _content(self, frames: list[Frame]) -> dict[str, str]:
        readings = (text for frame in frames for text in self.book.readings(frame))
        return broken(BETWEEN.join(readings), self.book.language, forms=False)

    def _check_readings(self, frames: list[Frame]) -> None:
        """Hold that no reading is wrong in form, or can be read as another frame of the same level, another level or a
        filler."""
        said: dict[str, Frame] = {}
        for frame in frames:
            told: set[str] = set()
            for text in self.book.readings(frame, nouns=1):
                faults = {
                    rule: banned(found, text, rule)
                    for rule, found in broken(text, self.book.language, forms=True).items()
                }
                other = said.setdefault(letters_of(text), frame)
                if other is not frame and _meet(frame, other):
                    faults[other.where] = (
                        f"{text!r} is also {other.where} (line {other.line})"
                        if other.where != frame.where
                        else f"{text!r} is there twice (line {other.line}): keep one of the two"
                    )
                for rule in faults.keys() - told:
                    told.add(rule)
                    self.book.fault(frame.line, f"{frame.where}: {faults[rule]}")

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
