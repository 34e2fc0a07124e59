"""Every string that the data can show, and what the lint says of them: ``python -m tipdata.documents.producible``.

Adverts: every frame of the wordbooks in every reading, by choices, speaker, register, dialect and slots, as it is and
with every word misspelt that a writer may misspell. Contacts and prices stand for themselves: signs of style make them
of the letter N and of digits. Notes of the helpline, made-up names of places and codes of category columns follow.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, newest_released, parameters
from tipdata.release.categories import category_values
from tipdata.stages import tables_of
from tipdata.stages.helpline.notes import notes
from tipdata.text.lint import broken
from tipdata.text.misspellings import Misspellings
from tipdata.text.wordbook import wordbook

VERSION = newest_released()
CODES = "codes"
"""Where values of category columns come from; they are English."""
TERMS = ("sexual", "sex_tourism", "organs", "child", "departure=escorted")
"""Codes that name a crime, an age band of counts, or a companion on a journey, each as the field does."""


def producible(language: str) -> Iterator[tuple[str, str]]:
    """Yield every string of a language with where it comes from: adverts, misspelt adverts, or notes."""
    book = wordbook(language)
    misspellings = Misspellings(book.document["misspellings"], whole=book.document["space"] != "")
    for frame in book.frames():
        for text in book.readings(frame):
            yield "adverts", text
            if (wrong := misspellings.all_wrong(text)) != text:
                yield "adverts, misspelt", wrong
    yield from (("notes", text) for text in notes(language).strings)


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


def main() -> int:
    """Print how many strings there are and what breaks which rule; return 1 where anything does."""
    faults = sum(_linted(language, producible(language), language) for language in LANGUAGES)
    return int(faults + _linted("no language", names_and_codes(), "en", forms=False) > 0)


def _linted(name: str, strings: Iterator[tuple[str, str]], language: str, forms: bool | None = None) -> int:
    """Print what breaks which rule, and how many strings there are; return how often a rule is broken."""
    counts, wrong = Counter[str](), Counter[str]()
    for source, text in strings:
        counts[source] += 1
        for rule, found in broken(text, language, forms).items():
            wrong[rule] += 1
            sys.stdout.write(f"{name}, {source}: {found!r} in {text!r} ({rule})\n")
    told = ", ".join(f"{count:,} {source}" for source, count in counts.items())
    sys.stdout.write(f"{name}: {told}; faults: {dict(wrong) or 'none'}\n")
    return wrong.total()


if __name__ == "__main__":
    raise SystemExit(main())
