"""Whether what stands before the frames of a wordbook is sound: language, registers, dialects, signs, words."""

from __future__ import annotations

import re

from tipdata.core.kinds import CATEGORIES
from tipdata.core.lines import line_of
from tipdata.text.book import DIALECTS, MOST_LISTED, NUMBERS, REGISTERS, SLOTS, WORDS, Book
from tipdata.text.grammar import REGISTER, choices
from tipdata.text.lint import SIGNS, banned, broken
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
    """Hold that a book is named after its language, and written in it."""
    document, language = book.document, book.language
    line = line_of(document, "language", 1)
    if book.path.stem != language:
        book.fault(line, f"the language is {language}: name the file {language}.yaml")
    texts = [frame.text.casefold() for frame in book.frames()]
    share = {name: sum(bool(re.search(own, text)) for text in texts) for name, own in OWN.items()}
    most = max(share, key=lambda name: share[name])
    if share[language] < share[most] or 2 * share[language] < len(texts):
        book.fault(
            line,
            f"{share[language]} of {len(texts)} frames look like {language}, {share[most]} like {most}",
        )


def _check_writers(book: Book) -> None:
    """Hold that registers and dialects are few, have names of their own, and are told apart by frames."""
    for what, names, most, line in (
        ("register", book.registers, REGISTERS, line_of(book.document, "registers", 1)),
        (
            "dialect",
            book.dialects,
            DIALECTS,
            line_of(book.document["dialects"], "names", 1),
        ),
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
    """Hold that what ends and parts sentences are signs of writing, and nothing else."""
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
    """Hold that all words are clean, and that a misspelling is no word of another meaning."""
    document = book.document
    wrong = document["misspellings"]
    by_name = (*document["nouns"].values(), *document["dialects"]["words"].values())
    numbers = (
        *(word for words in document["numbers"].values() for word in words.values()),
        *(word for words in document["bases"].values() for word in words),
    )
    shown = (*(word for listed in by_name for word in listed), *wrong.values())
    for word in numbers:  # they stand within a sentence
        for rule, found in broken(str(word), book.language, forms=False).items():
            book.fault(word.line, banned(found, str(word), rule))
    for rule, found in broken(str(document["name"]), "en", forms=False).items():
        if rule not in NAMED:
            book.fault(document["name"].line, banned(found, str(document["name"]), rule))
    for word in shown:
        for rule, found in broken(capital(str(word)), book.language).items():
            book.fault(
                getattr(word, "line", 1),
                banned(found, str(word), rule),
            )
    if book.document["space"] != "":
        known = {word.casefold() for frame in book.frames() for word in re.findall(r"[\w']+", frame.text)}
        for word in wrong.values():
            if str(word).casefold() in known:
                book.fault(getattr(word, "line", 1), f"the misspelling {str(word)!r} is a word of a frame")
