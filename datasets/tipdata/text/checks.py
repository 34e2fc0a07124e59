"""Read and check a wordbook: what stands before its frames (language, registers, dialects, signs, words), and these."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from copy import copy
from itertools import chain, combinations
from pathlib import Path
from statistics import median
from typing import Any

from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.yaml_lines import line_of
from tipdata.text.book import (
    ANY,
    DIALECTS,
    FEWEST_JOINS,
    MOST_JOINS,
    MOST_LISTED,
    MOST_READINGS,
    NUMBERS,
    REGISTERS,
    SLOTS,
    TITLE,
    WORDS,
    Book,
    Faulty,
    Frame,
)
from tipdata.text.documents import document_path
from tipdata.text.facts import ALL, Fact, facts
from tipdata.text.grammar import CLOSED_BY, REGISTER, SPEAKER, SPEAKERS, WRITER, choices, slots, surfaces
from tipdata.text.lint import SIGNS, find_broken_rules
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
WITH_STEM = 0.6
"""Share of a level's frames that hold one of its stems."""
ALIKE = 0.4
"""Highest median likeness (Jaccard) of two frames of a level."""
BETWEEN = " ] "
"""What parts readings, for no rule to see two as one: no reading holds it."""
SPECIAL = {"price": "price", "contact": "contact"}
"""Slots that stand in the frames of one fact only."""


def wordbook(language: str, sound: bool = False) -> Book:
    """Return the wordbook of a language, as :func:`read_wordbook`."""
    return read_wordbook(document_path(f"wordbooks/{language}"), sound)


def read_wordbook(path: Path, sound: bool = False) -> Book:
    """Return the wordbook in a file. ``sound``: it is known to be, and is not checked.

    Raises Faulty, with every fault and its line, where it is not sound.
    """
    book = Book(path, sound)
    if not sound:
        _check_book(book)
    if book.faults:
        raise Faulty(book.faults)
    return book


def _check_book(book: Book) -> None:
    """Note in a book everything that is wrong with it."""
    if book.language not in LANGUAGES:
        line = book.document["language"].line
        book.fault(line, f"{book.language!r} is none of the languages {', '.join(LANGUAGES)}")
        return
    for check in (_check_language, _check_writers, _check_signs, _check_lists, _check_numbers, _check_words):
        check(book)
    _check_frames(book, book.frames())
    _check_stems(book)
    _check_variety(book)


def _check_frames(book: Book, frames: Iterable[Frame]) -> None:
    """Check the grammar, slots and every reading of some frames."""
    readable = []
    for frame in frames:
        _check_frame(book, frame)
        if (many := book.count(frame)) <= MOST_READINGS:
            readable.append(frame)
        else:
            book.fault(frame.line, f"{frame.where}: {many:,} readings, {MOST_READINGS:,} are the most")
    _check_content(book, readable)
    _check_readings(book, readable)


def find_frame_faults(book: Book, frames: Iterable[Frame], path: Path) -> list[str]:
    """Return what is wrong with the grammar, slots and readings of frames in another file of a book's language."""
    beside = copy(book)
    beside.path, beside.faults = path, []
    _check_frames(beside, frames)
    return beside.faults


def _ban(found: str, text: str, rule: str) -> str:
    return f"{found!r} in {text!r} is not allowed ({rule}): say it otherwise"


def _check_language(book: Book) -> None:
    line = line_of(book.document, "language", 1)
    if book.path.stem != book.language:
        book.fault(line, f"the language is {book.language}: name the file {book.language}.yaml")
    texts = [frame.text.casefold() for frame in book.frames()]
    share = {name: sum(bool(re.search(own, text)) for text in texts) for name, own in OWN.items()}
    mine, most = share[book.language], max(share, key=lambda name: share[name])
    if mine < share[most] or 2 * mine < len(texts):
        said = f"{mine} of {len(texts)} frames look like {book.language}, {share[most]} like {most}"
        book.fault(line, said)


def _check_writers(book: Book) -> None:
    """Check that registers and dialects are few and named, and that frames tell registers apart."""
    at = line_of(book.document, "registers", 1)
    for what, names, most, line in (
        ("register", book.registers, REGISTERS, at),
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
        book.fault(at, "no frame tells the registers apart by <…|…>")


def _check_signs(book: Book) -> None:
    for name, allowed in ENDS.items():
        end = book.document["ends"][name]
        if str(end) not in allowed:
            book.fault(end.line, f"ends/{name} is {str(end)!r}: choose one of {', '.join(allowed)}")
    if book.space not in SPACES:
        book.fault(book.document["space"].line, f"space is {book.space!r}: it is one space or nothing")
    joins = book.document["joins"]
    if not FEWEST_JOINS <= len(set(joins)) == len(joins) <= MOST_JOINS:
        line = line_of(book.document, "joins", 1)
        book.fault(
            line,
            f"joins has {len(set(joins))} different ones: {FEWEST_JOINS} to {MOST_JOINS} are needed, each once",
        )
    for join in joins:
        if not join.strip():
            book.fault(join.line, f"a join is {str(join)!r}: give a sign or word")
        for rule, found in find_broken_rules(str(join), book.language, forms=False).items():
            book.fault(join.line, f"joins: {_ban(found, str(join), rule)}")


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
    for where, listed in (("", nouns), ("unfit: ", book.document["unfit"])):
        for category in listed:
            if category not in CATEGORIES:
                book.fault(category.line, f"{where}there is no category called {category}")
    for category in CATEGORIES:
        listed = book.nouns.get(category, [])
        different = {noun.strip().casefold() for noun in listed} - {""}
        if not NOUNS <= len(different) == len(listed) <= MOST_LISTED:
            line = line_of(nouns, category, line_of(book.document, "nouns", 1))
            wanted = f"needs {NOUNS} to {MOST_LISTED}, each once"
            book.fault(line, f"{category} has {len(different)} different nouns and {wanted}")
    for basis, listed in book.document["bases"].items():
        if not listed or not all(map(str.strip, listed)):
            book.fault(basis.line, f"bases/{basis} does not say what a price is for")
    if not MISSPELLINGS <= (many := len(book.document["misspellings"])) <= WORDS:
        line = line_of(book.document, "misspellings", 1)
        book.fault(line, f"{many} misspellings: {MISSPELLINGS} to {WORDS} are needed")


def _check_numbers(book: Book) -> None:
    numbers = book.document["numbers"]
    for name in numbers:
        if name not in NUMBERS:
            book.fault(name.line, f"there is no slot of numbers called {name}")
    for name in NUMBERS:
        words, line = numbers.get(name, {}), line_of(numbers, name, line_of(book.document, "numbers", 1))
        if not 1 <= len(words) <= MOST_LISTED:
            book.fault(line, f"numbers has {len(words)} {name}: 1 to {MOST_LISTED} are needed")
        for number, word in words.items():
            if not 1 <= number <= MOST_NUMBER:
                book.fault(word.line, f"{number} {name}: numbers go from 1 to {MOST_NUMBER}")
            if not word.strip() or re.search(r"\d", word):
                book.fault(word.line, f"{number} {name} is {str(word)!r}, which is no word")


def _check_words(book: Book) -> None:
    document = book.document
    wrong = document["misspellings"].values()
    lists = (*document["nouns"].values(), *document["dialects"]["words"].values())
    numbers = (words.values() for words in document["numbers"].values())
    faults: list[tuple[Any, dict[str, str]]] = []
    for word in chain(*numbers, *document["bases"].values()):  # they stand within a sentence
        faults.append((word, find_broken_rules(str(word), book.language, forms=False)))
    named = find_broken_rules(str(document["name"]), "en", forms=False)
    faults.append((document["name"], {rule: found for rule, found in named.items() if rule not in NAMED}))
    for word in chain(*lists, wrong):
        faults.append((word, find_broken_rules(capital(str(word)), book.language)))
    for word, broken in faults:
        for rule, found in broken.items():
            book.fault(word.line, _ban(found, str(word), rule))
    if book.space:
        known = {word.casefold() for frame in book.frames() for word in re.findall(r"[\w']+", frame.text)}
        for word in wrong:
            if word.casefold() in known:
                book.fault(word.line, f"the misspelling {str(word)!r} is a word of a frame")


def _check_frame(book: Book, frame: Frame) -> None:
    def fault(said: str) -> None:
        book.fault(frame.line, f"{frame.where}: {said}")

    fact, _, _ = frame.where.partition("/")
    allowed = {*book.numbers, *book.dialect_words, SPECIAL.get(fact, "")}
    if fact in (TITLE, "offers"):
        allowed.add("what")
        if frame.where in (TITLE, "offers") and "what" not in slots(frame.parts):
            fault(f"no {{what}} in {frame.text!r}: what is offered is always named")
    for name in slots(frame.parts) - allowed:
        fault(f"{{{name}}} is no slot here")
    if fact == "contact" and "contact" not in slots(frame.parts):
        fault(f"no {{contact}} in {frame.text!r}")
    for choice in choices(frame.parts):
        wanted = {SPEAKER: len(SPEAKERS), REGISTER: len(book.registers)}.get(choice.by)
        if wanted is not None and len(choice.options) != wanted:
            fault(f"{choice.by}…{CLOSED_BY[choice.by]} needs {wanted} forms in {frame.text!r}")
        if choice.by == WRITER and len(set(choice.options)) < max(2, len(choice.options)):
            fault(f"[a|b] needs two forms, each of its own, in {frame.text!r}")
    if re.search(r"https?:|www\.|@|\d{3,}|[#*~/_]| - |[.!。！]$", re.sub(r"\{\w+\}", "", frame.text)):
        fault(f"a sign that only style may add in {frame.text!r}")
    if re.search(r"\d|XTS", re.sub(r"\{price\} ?XTS|XTS ?\{price\}", "", frame.text)):
        fault(f"a number or currency that is no slot's in {frame.text!r}: use a slot")


def _check_content(book: Book, frames: list[Frame]) -> None:
    """Check that no reading holds a forbidden word or sign: first of all frames at once."""

    def find_broken(some: list[Frame]) -> dict[str, str]:
        readings = (text for frame in some for text in book.readings(frame))
        return find_broken_rules(BETWEEN.join(readings), book.language, forms=False)

    for frame in frames if find_broken(frames) else ():
        for rule, found in find_broken([frame]).items():
            book.fault(frame.line, f"{frame.where}: {_ban(found, frame.text, rule)}")


def _check_readings(book: Book, frames: list[Frame]) -> None:
    """Check the form of readings, and that none reads as another frame of the level, another level or a filler."""
    said: dict[str, Frame] = {}
    for frame in frames:
        faults: dict[str, str] = {}
        for text in book.readings(frame, nouns=1):
            for rule, found in find_broken_rules(text, book.language, forms=True).items():
                faults.setdefault(rule, _ban(found, text, rule))
            letters = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
            other = said.setdefault(letters, frame)
            if other is frame or not (other.family == frame.family or ANY in (other.family, frame.family)):
                continue
            if other.where == frame.where:
                of = f" of set {other.set}" if other.set else ""
                again = f"{text!r} is there twice (line {other.line}{of}): keep one of the two"
            else:
                again = f"{text!r} is also {other.where} (line {other.line})"
            faults.setdefault(other.where, again)
        for fault in faults.values():
            book.fault(frame.line, f"{frame.where}: {fault}")


def _check_stems(book: Book) -> None:
    for part, own in facts().items():
        for fact in own:
            listed = (book.document["stems"].get(part) or {}).get(fact.name) or {}
            of = {str(level): [str(stem).casefold() for stem in stems] for level, stems in listed.items()}
            for level in fact.levels:
                if not of.get(level):
                    book.fault(1, f"{part}, {fact.name}/{level} has no stem")
                    continue
                for family in FAMILIES if part == ALL else (part,):
                    _check_level(book, family, fact, level, of)


def _check_level(book: Book, family: str, fact: Fact, level: str, of: dict[str, list[str]]) -> None:
    frames = [(frame, frame.text.casefold()) for frame in book.levels[family, fact.name, level]]
    holding = sum(any(stem in text for stem in of[level]) for _, text in frames)
    if holding < WITH_STEM * len(frames):
        said = f"{holding} of {len(frames)} frames hold a stem ({', '.join(of[level])})"
        book.fault(frames[0][0].line, f"{family}, {fact.name}/{level}: {said}")
    for other, stems in of.items():
        for frame, text in frames if other != level else ():
            if found := [stem for stem in stems if re.search(rf"(?<!\w){re.escape(stem)}", text)]:
                book.fault(frame.line, f"{frame.where}: {found[0]!r} is a stem of {fact.name}/{other}")


def _check_variety(book: Book) -> None:
    for (family, fact, level), frames in book.levels.items():
        words = [frozenset(_words(book, frame)) for frame in frames]
        alike = [len(a & b) / max(1, len(a | b)) for a, b in combinations(words, 2)]
        if alike and median(alike) > ALIKE:
            said = f"frames are too much alike ({median(alike):.2f})"
            book.fault(frames[0].line, f"{family}, {fact}/{level}: {said}")


def _words(book: Book, frame: Frame) -> list[str]:
    text = next(surfaces(frame.parts, {})).casefold()
    return re.findall(r"[\w']+", text) if book.space else [text[i : i + 2] for i in range(len(text) - 1)]
