"""Texts of the world: every string that the data can show.

Adverts: every frame of the wordbooks in every reading, by choices, speaker, register, dialect and slots, as it is and
with every word misspelt that a writer may misspell. Contacts and prices stand for themselves: signs of style make them
of the letter N and of digits. Notes of the helpline, made-up names of places and codes of category columns follow.

``python -m tipdata.documents.texts en --say 40`` checks a wordbook while it is written, and prints some sentences.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from itertools import islice

from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import World, newest_released, parameters
from tipdata.release.verification import category_values
from tipdata.stages import tables_of
from tipdata.stages.helpline.notes import read_notes
from tipdata.text.book import Faulty
from tipdata.text.checks import wordbook
from tipdata.text.grammar import surfaces
from tipdata.text.misspellings import Misspellings

VERSION = newest_released()
CODES = "codes"
"""Where values of category columns come from; they are English."""
TERMS = ("sexual", "sex_tourism", "organs", "child", "departure=escorted")
"""Codes that name a crime, an age band of counts, or a companion on a journey, each as the field does."""


def producible_texts(language: str) -> Iterator[tuple[str, str]]:
    """Yield every string of a language with where it comes from: adverts, misspelt adverts, or notes."""
    book = wordbook(language)
    misspellings = Misspellings(book.document["misspellings"], whole=book.space != "")
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


MOST_READINGS = 300
"""Readings of a frame that one is picked from."""


def main(words: list[str] | None = None) -> int:
    """Print faults, or how many frames there are and some of what they can say; return the exit code."""
    parser = argparse.ArgumentParser(description="Check a wordbook while it is written.")
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--say", type=int, default=0, metavar="N", help="print N sentences, picked by chance")
    options = parser.parse_args(words)
    try:
        book = wordbook(options.language)
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
