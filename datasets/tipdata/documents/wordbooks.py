"""Check a wordbook while it is written, and say what it can say.

``python -m tipdata.documents.wordbooks en --say 40``
"""

from __future__ import annotations

import argparse
import random
import sys
from itertools import islice

from tipdata.core.kinds import LANGUAGES
from tipdata.text.grammar import surfaces
from tipdata.text.reading import path_of
from tipdata.text.wordbook import Faulty, Wordbook

MOST_READINGS = 300
"""Readings of a frame that one is picked from."""


def main(words: list[str] | None = None) -> int:
    """Print faults, or how many frames there are and some of what they can say; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--say", type=int, default=0, metavar="N", help="print N sentences, picked by chance")
    options = parser.parse_args(words)
    try:
        book = Wordbook(path_of(f"frames/{options.language}"))
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
