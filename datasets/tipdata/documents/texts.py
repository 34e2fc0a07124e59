"""Texts of the world: every string that the data can show, and what the body of an advert says.

Adverts: every frame of the wordbooks in every reading, by choices, speaker, register, dialect and slots, as it is and
with every word misspelt that a writer may misspell. Contacts and prices stand for themselves: signs of style make them
of the letter N and of digits. Notes of the helpline, made-up names of places and codes of category columns follow.

:func:`read_body` cuts a body at every sign that a writer may put between two sentences. It looks up the pieces, some of
them joined again, among all that the wordbook of the language can say. It never guesses: a body is read whole, or not.

``python -m tipdata.documents.texts en --say 40`` checks a wordbook while it is written, and prints some sentences.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice

from tipdata.core.kinds import CATEGORIES, FAMILIES, LANGUAGES
from tipdata.core.world import World, newest_released, parameters
from tipdata.release.verification import category_values
from tipdata.stages import tables_of
from tipdata.stages.helpline.cases import read_notes
from tipdata.text.book import ANY, CURRENCY, SHOWN, TITLE
from tipdata.text.documents import document_path
from tipdata.text.grammar import surfaces
from tipdata.text.misspellings import Misspellings
from tipdata.text.style import style
from tipdata.text.wordbook import Faulty, Wordbook, wordbook

VERSION = newest_released()
CODES = "codes"
"""Where values of category columns come from; they are English."""
TERMS = ("sexual", "sex_tourism", "organs", "child", "departure=escorted")
"""Codes that name a crime, an age band of counts, or a companion on a journey, each as the field does."""


def producible_texts(language: str) -> Iterator[tuple[str, str]]:
    """Yield every string of a language with where it comes from: adverts, misspelt adverts, or notes."""
    book = wordbook(language)
    misspellings = Misspellings(book.document["misspellings"], whole=book.document["space"] != "")
    for frame in book.frames():
        for text in book.readings(frame):
            yield "adverts", text
            if (wrong := misspellings.all_wrong(text)) != text:
                yield "adverts, misspelt", wrong
    yield from (("notes", text) for text in read_notes(language).strings)


def names_and_codes() -> Iterator[tuple[str, str]]:
    """Yield the strings that no language owns: names of places, and values of category columns."""
    region = World.of(VERSION).region(0)
    for head in region["places.name_heads"]:
        for tail in region["places.name_tails"]:
            yield "names", f"{head}{tail}"
    listed = parameters(VERSION)
    for table in tables_of(VERSION).values():
        for column in table.columns:
            yield from ((CODES, value) for value in category_values(column, listed) if value not in TERMS)


JOINED = 8
"""Most pieces that make one sentence."""
ENDS = ".!?。！？؟"
CRY = "¡"


@dataclass(frozen=True)
class BodyContent:
    """What a body says.

    ``levels``: ``fact=level`` of each sentence that says one, in order. ``sentences``: as the wordbook spells them, in
    lower case, prices and contacts all alike. ``unfit``: words that no advert of the category may hold. ``basis``: what
    its price is for, '' for none. ``read``: whether all of it was read.
    """

    levels: tuple[str, ...]
    sentences: tuple[str, ...]
    unfit: tuple[str, ...]
    basis: str
    read: bool


def read_body(body: str, language: str, category: str) -> BodyContent:
    """Return what the body of an advert says. Raises KeyError for a category that does not exist."""
    return _reader(language).read(body, category)


@cache
def _reader(language: str) -> _BodyReader:
    return _BodyReader(wordbook(language))


def _either(texts: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, texts), key=len, reverse=True))


class _BodyReader:
    """Reads bodies of one language."""

    def __init__(self, book: Wordbook) -> None:
        self.book = book
        self.bases = {text.casefold(): basis for text, basis in book.prices.items()}
        self.basis = re.compile(_either(self.bases))
        listed = book.document["misspellings"]
        self.right = {str(wrong).casefold(): str(right).casefold() for right, wrong in listed.items()}
        # Within words too, at last: a word that a choice offers may be written on to the one before it.
        wrong = _either(self.right)
        self.wrong = re.compile(rf"(?<!\w)(?:{wrong})(?!\w)"), re.compile(wrong)
        signs = style()
        self.emoji = re.compile(rf"\s?(?:{_either(signs.emoji)})+")
        self.contact = re.compile(_either(one.casefold() for one in (*signs.contacts, *signs.masked)))
        self.price = re.compile(rf"\d[\d.,\s]*(?=\s{CURRENCY.casefold()})")
        every = (sign for one in signs.separators for sign in (one.between, *one.instead.values()))
        between = _either({sign for sign in every if sign})
        self.cut = re.compile(rf"({between}|(?<=[{ENDS}]){re.escape(str(book.document['space']))})")
        self.plain = lru_cache(1 << 16)(self._plain)
        self.known: dict[str, dict[str, str]] = {family: {} for family in FAMILIES}
        """family -> sentence -> ``fact=level``, '' for a filler."""
        for frame in book.frames():
            fact, says, level = frame.where.partition("/")
            if frame.where == TITLE:
                continue
            of = f"{fact}={level}" if says else ""
            for text in book.readings(frame):
                for family in FAMILIES if frame.family == ANY else (frame.family,):
                    self.known[family].update(dict.fromkeys(self._plain(text), of))

    def read(self, body: str, category: str) -> BodyContent:
        """Return what a body says."""
        known = self.known[FAMILIES[CATEGORIES[category]]]
        pieces = self.cut.split(self.emoji.sub("", body))
        count = (len(pieces) + 1) // 2
        sizes = [0] * count
        good = [False] * count + [True]
        found: list[str] = [""] * count
        for at in range(count - 1, -1, -1):
            for size in range(min(JOINED, count - at), 0, -1):
                if not good[at + size]:
                    continue
                ways = self.plain("".join(pieces[2 * at : 2 * (at + size) - 1]))
                if text := next((way for way in ways if way in known), ""):
                    sizes[at], good[at], found[at] = size, True, text
                    break
        at, sentences = 0, []
        while good[0] and at < count:
            sentences.append(found[at])
            at += sizes[at]
        bases = (self.basis.search(one) for one in sentences)
        return BodyContent(
            levels=tuple(known[one] for one in sentences if known[one]),
            sentences=tuple(sentences),
            unfit=tuple(word for one in sentences for word in self.book.unfit_in(one, category)),
            basis=next((self.bases[match.group()] for match in bases if match), ""),
            read=good[0],
        )

    def _plain(self, text: str) -> tuple[str, ...]:
        """Return a sentence in lower case, without its last sign, prices and contacts all alike: as it is, and spelt
        right. What is right as it is may hold what is wrong elsewhere."""
        text = self.contact.sub(SHOWN["contact"].casefold(), text.casefold())
        text = self.price.sub(SHOWN["price"], text)
        text = text.strip().removeprefix(CRY).rstrip(ENDS).strip()
        return text, *(wrong.sub(lambda found: self.right[found.group()], text) for wrong in self.wrong)


MOST_READINGS = 300
"""Readings of a frame that one is picked from."""


def main(words: list[str] | None = None) -> int:
    """Print faults, or how many frames there are and some of what they can say; return the exit code."""
    parser = argparse.ArgumentParser(description="Check a wordbook while it is written.")
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--say", type=int, default=0, metavar="N", help="print N sentences, picked by chance")
    options = parser.parse_args(words)
    try:
        book = Wordbook(document_path(f"frames/{options.language}"))
    except Faulty as error:
        sys.stdout.write("".join(f"{fault}\n" for fault in error.faults))
        return 1
    frames = list(book.frames())
    said = random.Random(0).sample(frames, min(options.say, len(frames)))  # nosec B311 # only shown
    for frame in said:
        reading = random.choice(list(islice(surfaces(frame.parts, book.slot_words), MOST_READINGS)))  # nosec B311
        sys.stdout.write(f"{frame.where:24} {frame.family:12} {reading}\n")
    of_facts = sum("/" in frame.where for frame in frames)
    sys.stdout.write(f"{len(frames)} frames, {of_facts} of them of facts; no fault\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
