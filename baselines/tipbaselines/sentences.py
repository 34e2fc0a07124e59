"""The sentences of a text, in six languages and in whatever way a writer sets them apart.

Nothing here knows a language. Sentences end at a line break, at the marks that end one in Latin, Cyrillic, Arabic and
Chinese script, and at a sign that stands between spaces as bullets and dashes do. Who writes a whole text with commas
ends no sentence, so that a stretch of many words is cut at its commas too.
"""

import re
import unicodedata

from tipbaselines.advert_text import tokens

LONGEST = 30
"""Tokens of a sentence that is not cut at its commas."""

_ENDS = re.compile(
    r"\s*[\n\r\u2028]\s*"
    r"|(?<=[。！？；｡…])|(?<=[.!?;؟؛۔])(?=\s)|\.{2,}"  # Chinese marks need no space; 9.30 is one word
    r"|\s+[^\w\s.,!?;:،，、()\"'«»]+\s+"  # a sign on its own: ~ | * • - and emoji
    r"|[~～｜|•·]"
)
_COMMAS = re.compile(r"[,،，、]")
_NUMBER = re.compile(r"\d+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_SPACES = re.compile(r"\s+")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text in order, each by :func:`plain`, those without a letter or digit left out."""
    found: list[str] = []
    for stretch in _ENDS.split(text):
        parts = [stretch] if len(tokens(stretch)) <= LONGEST else _COMMAS.split(stretch)
        found += [said for part in parts if (said := plain(part))]
    return found


def plain(sentence: str) -> str:
    """Return a sentence without what its writer does to every sentence: case, marks and signs around it, widths.

    Digits become one 0 for each run: a price, an hour and a number to call are not what a sentence is about, and
    few would be equal.
    """
    text = unicodedata.normalize("NFKC", sentence).casefold()
    return _SPACES.sub(" ", _NUMBER.sub("0", _EDGES.sub("", text)))
