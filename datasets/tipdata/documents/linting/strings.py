"""Read one string of a table: the rules of :file:`text/lint.yaml`, and a few that only data can break.

Rules about words are asked of every string. A text whose language is known is read by that language's rules and by its
signs, without those of a writer's style; its single words are also read by the rules of the other languages that share
its letters. A string of a column that should hold no text is read by the rules of all languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from tipdata.core.kinds import LANGUAGES
from tipdata.documents.producible import TERMS
from tipdata.text.lint import SIGNS, broken, rules_of
from tipdata.text.reading import path_of, read

LATIN = ("en", "es", "fr")
"""Languages whose words a reader of letters alone cannot tell apart."""
BORROWED = ("explicit", "youth")
"""Rules that hold for a word of another language too; what others forbid may be an everyday word here."""
ENDING = 4
"""Letters that may follow a stem of another language."""
CODES, NAMES, NOTE, ANY, UNKNOWN = "code", "name", "note", "any", "unknown"
"""Kinds of strings beside those of a language: values of categories, made-up names, a note in one language that no
table says, text in a language that the data have not, and what nobody declared."""
DATE = "real date"
CALENDAR = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:[0-2]?\d|3[01])|(?:[0-2]?\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d"
    r"|(?:19|20)\d\d\s*年\s*\d{1,2}\s*月)(?!\d)"
)
"""A date of a calendar with its year: time runs in days since the first, so that nobody's real day is in the data."""
NAME = "looks like a name"
FULL_NAME = re.compile(r"[A-ZÀ-ÞА-ЯЁ][a-zß-ÿа-яё'’-]+(?: [A-ZÀ-ÞА-ЯЁ][a-zß-ÿа-яё'’-]+){1,3}")
"""Two to four words that each begin with a capital, and nothing else."""
WORDS = re.compile(r"[^\W\d_]+")


def strikes_of(text: str, kind: str) -> dict[str, str]:
    """Return the rules that a string breaks, each with the part that does.

    ``kind``: a language, or one of :data:`CODES`, :data:`NAMES`, :data:`NOTE`, :data:`ANY` and
    :data:`UNKNOWN`.
    """
    if kind == CODES:
        made = {} if text in TERMS else broken(text, "en", forms=False)
        return {rule: part for rule, part in made.items() if rule != SIGNS}
    spoken = _spoken(text) if kind == NOTE else kind
    made = _of_language(text, spoken) if spoken in LANGUAGES else _of_all(text)
    if spoken == NOTE and (sign := _of_no_language(text)):
        made[SIGNS] = sign
    if kind == UNKNOWN and FULL_NAME.fullmatch(text):
        made[NAME] = text
    if date := CALENDAR.search(text):
        made[DATE] = date.group()
    return made


def _of_language(text: str, language: str) -> dict[str, str]:
    made = broken(text, language, forms=False)
    if SIGNS in made:  # what is not a letter of the language may be a sign of a writer's style
        del made[SIGNS]
        plain = _style().sub(" ", text)
        sign = _sign_rule(language).search(plain)
        if sign and _sign_rule(language).search(plain.lower()):  # a title may stand in capitals: CAFÉ
            made[SIGNS] = sign.group()
    if language in LATIN:
        for word in _words(text):
            made |= {rule: part for rule, part in foreign(word, language).items() if rule not in made}
    return made


def _words(text: str) -> Iterator[str]:
    return map(str, WORDS.findall(text.casefold()))


@cache
def foreign(word: str, language: str) -> dict[str, str]:
    """Return the rules of :data:`BORROWED` that one word breaks in another Latin language.

    What breaks it has to begin the word and to be most of it, and the word is none of the language's own frames.
    """
    if word in _vocabulary(language):
        return {}
    made: dict[str, str] = {}
    for other in LATIN:
        if other != language:
            made |= {
                r: p
                for r, p in broken(word, other, forms=False).items()
                if r in BORROWED and _is_most(p, word)
            }
    return made


def _is_most(part: str, word: str) -> bool:
    return word.startswith(part) and len(word) - len(part) <= ENDING


@cache
def _vocabulary(language: str) -> frozenset[str]:
    """Return the words that stand in the sources of a language."""
    texts = (path_of(f"{of}/{language}").read_text(encoding="utf-8") for of in ("frames", "notes"))
    return frozenset(word for text in texts for word in _words(text))


def _of_all(text: str) -> dict[str, str]:
    made: dict[str, str] = {}
    for language in LANGUAGES:
        made |= {r: p for r, p in broken(text, language, forms=False).items() if r != SIGNS and r not in made}
    return made


def _spoken(text: str) -> str:
    """Return the language of whose sources every word of a note is; :data:`NOTE` where there is none."""
    words = set(_words(text))
    return next((language for language in LANGUAGES if words <= _vocabulary(language)), NOTE)


def _of_no_language(text: str) -> str:
    """Return a sign of a text that has those of no one language; '' for a text that has."""
    found = [[one.group() for one in _sign_rule(language).finditer(text)] for language in LANGUAGES]
    return next(iter(min(found, key=len)), "")


@cache
def _style() -> re.Pattern[str]:
    """Return what finds the signs of a writer's style."""
    signs = read("signs")
    between = [s["between"] for s in signs["separators"]]
    between += [text for s in signs["separators"] for text in s.get("instead", {}).values()]
    listed = {*between, *signs["emoji"], *signs["contacts"], *signs["masked"]} - {""}
    listed |= {sign.replace("\ufe0f", "") for sign in signs["emoji"]} | {"\n"}
    return re.compile("|".join(re.escape(one) for one in sorted(listed, key=lambda s: (-len(s), s))))


@cache
def _sign_rule(language: str) -> re.Pattern[str]:
    return next(rule.pattern for rule in rules_of(language) if rule.name == SIGNS)
