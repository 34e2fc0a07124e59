"""Check a wordbook: what stands before its frames (language, registers, dialects, signs, words), then the frames."""

from __future__ import annotations

import re
import unicodedata
from itertools import combinations
from statistics import median

from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.yaml_lines import line_of
from tipdata.text.book import (
    ANY,
    DIALECTS,
    MOST_LISTED,
    MOST_READINGS,
    NUMBERS,
    REGISTERS,
    SLOTS,
    TITLE,
    WORDS,
    Book,
    Frame,
)
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.grammar import CLOSED_BY, REGISTER, SPEAKER, SPEAKERS, WRITER, choices, slots, surfaces
from tipdata.text.lint import SIGNS, describe_ban, find_broken_rules
from tipdata.text.misspellings import capital

NOUNS, MISSPELLINGS, DIALECT_WORDS = 8, 40, 12
MOST_NUMBER = 60
"""Highest number of a slot: minutes."""
NAMED = (SIGNS, "ethnicity")
"""Rules that the name of a language may break."""
ENDS = {
    "statement": (".", "。"),
    "cry": ("!", " !", "！"),
    "question": ("?", "؟", "？"),
    "before_cry": ("", "¡"),
}
SPACES = ("", " ")
OWN = {
    "ar": r"[\u0621-\u064a]",
    "en": r"\b(the|and|of|to|is|are|you|for|we|i|it)\b",
    "es": r"\b(el|la|los|las|de|y|en|con|por|para|se|su|tu|que|un|una)\b",
    "fr": r"\b(le|la|les|de|des|du|et|en|avec|pour|est|votre|vous|un|une|sur)\b|\b[ld]'",
    "ru": r"[а-яё]",
    "zh": r"[\u4e00-\u9fff]",
}
"""Script or short words of a language: most frames of its book hold one, and more than of another's."""


def check_head(book: Book) -> None:
    """Note in a book what is wrong before its frames."""
    _check_language(book)
    _check_writers(book)
    _check_signs(book)
    _check_lists(book)
    _check_numbers(book)
    _check_words(book)


def _check_language(book: Book) -> None:
    document, language = book.document, book.language
    line = line_of(document, "language", 1)
    if book.path.stem != language:
        book.fault(line, f"the language is {language}: name the file {language}.yaml")
    texts = [frame.text.casefold() for frame in book.frames()]
    share = {name: sum(bool(re.search(own, text)) for text in texts) for name, own in OWN.items()}
    most = max(share, key=lambda name: share[name])
    if share[language] < share[most] or 2 * share[language] < len(texts):
        book.fault(
            line, f"{share[language]} of {len(texts)} frames look like {language}, {share[most]} like {most}"
        )


def _check_writers(book: Book) -> None:
    """Check that registers and dialects are few and named, and that frames tell registers apart."""
    for what, names, most, line in (
        ("register", book.registers, REGISTERS, line_of(book.document, "registers", 1)),
        ("dialect", book.dialects, DIALECTS, line_of(book.document["dialects"], "names", 1)),
    ):
        if not names:
            book.fault(line, f"no {what} is named")
        if len(names) > most:
            book.fault(line, f"{len(names)} {what}s are named, {most} are the most")
        if again := [name for at, name in enumerate(names) if name in names[:at] or not name.strip()]:
            book.fault(line, f"{what} {again[0]!r} is there twice or has no name")
    told = any(choice.by == REGISTER for frame in book.frames() for choice in choices(frame.parts))
    if len(book.registers) > 1 and not told:
        book.fault(line_of(book.document, "registers", 1), "no frame tells the registers apart by <…|…>")


def _check_signs(book: Book) -> None:
    for name, allowed in ENDS.items():
        end = book.document["ends"][name]
        if str(end) not in allowed:
            book.fault(end.line, f"ends/{name} is {str(end)!r}: choose one of {', '.join(allowed)}")
    space = book.document["space"]
    if str(space) not in SPACES:
        book.fault(space.line, f"space is {str(space)!r}: it is one space or nothing")


def _check_lists(book: Book) -> None:
    words = book.document["dialects"]["words"]
    for word in words:
        if word in SLOTS or not word.isidentifier():
            book.fault(word.line, f"a dialect word cannot be called {word}: name it otherwise")
        if len(words[word]) != len(book.dialects) or not all(map(str.strip, words[word])):
            book.fault(word.line, f"dialect word {word} needs {len(book.dialects)} forms")
    if len(book.dialect_words) < DIALECT_WORDS:
        book.fault(1, f"{len(book.dialect_words)} dialect words, {DIALECT_WORDS} are needed")
    nouns = book.document["nouns"]
    at = line_of(book.document, "nouns", 1)
    for category in nouns:
        if category not in CATEGORIES:
            book.fault(category.line, f"there is no category called {category}")
    for category in CATEGORIES:
        different = {str(noun).strip().casefold() for noun in nouns.get(category, [])} - {""}
        if not NOUNS <= len(different) == len(nouns.get(category, [])) <= MOST_LISTED:
            book.fault(
                line_of(nouns, category, at),
                f"{category} has {len(different)} different nouns and needs {NOUNS} to {MOST_LISTED}, each once",
            )
    for category in book.document["unfit"]:
        if category not in CATEGORIES:
            book.fault(category.line, f"unfit: there is no category called {category}")
    for basis, listed in book.document["bases"].items():
        if not listed or not all(map(str.strip, listed)):
            book.fault(basis.line, f"bases/{basis} does not say what a price is for")
    if not MISSPELLINGS <= len(book.document["misspellings"]) <= WORDS:
        book.fault(
            line_of(book.document, "misspellings", 1),
            f"{len(book.document['misspellings'])} misspellings: {MISSPELLINGS} to {WORDS} are needed",
        )


def _check_numbers(book: Book) -> None:
    numbers = book.document["numbers"]
    for name in numbers:
        if name not in NUMBERS:
            book.fault(name.line, f"there is no slot of numbers called {name}")
    at = line_of(book.document, "numbers", 1)
    for name in NUMBERS:
        words, line = numbers.get(name, {}), line_of(numbers, name, at)
        if not 1 <= len(words) <= MOST_LISTED:
            book.fault(line, f"numbers has {len(words)} {name}: 1 to {MOST_LISTED} are needed")
        for number, word in words.items():
            if not 1 <= number <= MOST_NUMBER:
                book.fault(word.line, f"{number} {name}: numbers go from 1 to {MOST_NUMBER}")
            if not word.strip() or re.search(r"\d", word):
                book.fault(word.line, f"{number} {name} is {str(word)!r}, which is no word")


def _check_words(book: Book) -> None:
    document = book.document
    wrong = document["misspellings"]
    by_name = (*document["nouns"].values(), *document["dialects"]["words"].values())
    numbers = (
        *(word for words in document["numbers"].values() for word in words.values()),
        *(word for words in document["bases"].values() for word in words),
    )
    shown = (*(word for listed in by_name for word in listed), *wrong.values())
    for word in numbers:  # they stand within a sentence
        for rule, found in find_broken_rules(str(word), book.language, forms=False).items():
            book.fault(word.line, describe_ban(found, str(word), rule))
    for rule, found in find_broken_rules(str(document["name"]), "en", forms=False).items():
        if rule not in NAMED:
            book.fault(document["name"].line, describe_ban(found, str(document["name"]), rule))
    for word in shown:
        for rule, found in find_broken_rules(capital(str(word)), book.language).items():
            book.fault(getattr(word, "line", 1), describe_ban(found, str(word), rule))
    if book.document["space"] != "":
        known = {word.casefold() for frame in book.frames() for word in re.findall(r"[\w']+", frame.text)}
        for word in wrong.values():
            if str(word).casefold() in known:
                book.fault(getattr(word, "line", 1), f"the misspelling {str(word)!r} is a word of a frame")


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
    return one.family == other.family or ANY in (one.family, other.family)


def check_book(book: Book) -> None:
    """Note in a book everything that is wrong with it."""
    _Checks(book).all()


class _Checks:
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
        """Check that no reading holds a forbidden word or sign: first of all frames at once."""
        if not self._content(frames):
            return
        for frame in frames:
            for rule, found in self._content([frame]).items():
                self.book.fault(frame.line, f"{frame.where}: {describe_ban(found, frame.text, rule)}")

    def _content(self, frames: list[Frame]) -> dict[str, str]:
        readings = (text for frame in frames for text in self.book.readings(frame))
        return find_broken_rules(BETWEEN.join(readings), self.book.language, forms=False)

    def _check_readings(self, frames: list[Frame]) -> None:
        """Check the form of readings, and that none reads as another frame of the level, another level or a filler."""
        said: dict[str, Frame] = {}
        for frame in frames:
            told: set[str] = set()
            for text in self.book.readings(frame, nouns=1):
                faults = {
                    rule: describe_ban(found, text, rule)
                    for rule, found in find_broken_rules(text, self.book.language, forms=True).items()
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
