"""The lexicons of :file:`text/`, compiled once to one flat list of strings and arrays of indices into it.

Every body and title is a product of these strings, so what the world can say can be listed and audited.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tipdata.text.misspellings import MISSPELT, Misspellings, capital
from tipdata.text.reading import read

if TYPE_CHECKING:
    import pyarrow as pa

SLOTS = 9
VARIANTS = 14
NOUNS = 6
CUE_VARIANTS = 4
CONTACTS = 10
CASES = ("as written", "lower", "upper")
FORMS = MISSPELT * len(CASES)


@dataclass(frozen=True)
class Lexicon:
    """All languages together. Index arrays hold *base* numbers; string ``base * FORMS + misspelt * 3 + case``.

    Attributes:
        strings: pyarrow string array of every form.
        slot: int32 (languages, categories, 9 slots, 14 variants, 6 nouns).
        title: int32 (languages, categories, 14 variants, 6 nouns).
        cue: int32 (languages, families, cues, 4); -1 where a family lacks the cue.
        contact: int32 (languages, 10 phrases, masks).
        words: int8 (bases, 2): misspellable words of each base, numbered within its language; -1 for none.
        separators: pyarrow string array, 12 a language, then a single space.
        emoji: int32 (tokens,): base numbers of the emoji tokens.
        orders: position names of a body in writing order.
        masks: masked contact strings.
    """

    strings: pa.StringArray
    slot: np.ndarray
    title: np.ndarray
    cue: np.ndarray
    contact: np.ndarray
    words: np.ndarray
    separators: pa.StringArray
    emoji: np.ndarray
    orders: tuple[tuple[str, ...], ...]
    masks: tuple[str, ...]


@cache
def lexicon(
    languages: tuple[str, ...],
    families: tuple[str, ...],
    categories: tuple[tuple[str, int], ...],
    cues: tuple[str, ...],
) -> Lexicon:
    """Compile the lexicons of the languages.

    Args:
        languages: codes, naming :file:`text/<code>.yaml`.
        families: family names in the order of the family axis.
        categories: (name, family index) in the order of the category axis.
        cues: cue names in the order of the cue axis.
    """
    import pyarrow as pa  # for making data only: reading them does not wait for it

    style = read("style")
    book = _Book()
    shape = (len(languages), len(categories))
    slot = np.full((*shape, SLOTS, VARIANTS, NOUNS), -1, dtype=np.int32)
    title = np.full((*shape, VARIANTS, NOUNS), -1, dtype=np.int32)
    cue = np.full((len(languages), len(families), len(cues), CUE_VARIANTS), -1, dtype=np.int32)
    contact = np.full((len(languages), CONTACTS, len(style["masks"])), -1, dtype=np.int32)
    separators: list[str] = []
    for index, code in enumerate(languages):
        document = read(code)
        book.open(document)
        for c, (category, family) in enumerate(categories):
            nouns = document["nouns"][category]
            text = document["families"][families[family]]
            for s, sentences in enumerate(text["slots"].values()):
                slot[index, c, s] = [[book.add(x.replace("{what}", n)) for n in nouns] for x in sentences]
            title[index, c] = [
                [book.add(capital(x.replace("{what}", n))) for n in nouns] for x in text["titles"]
            ]
        for f, family_name in enumerate(families):
            for name, sentences in document["families"][family_name]["cues"].items():
                cue[index, f, cues.index(name)] = [book.add(x) for x in sentences]
        contact[index] = [
            [book.add(capital(x).replace("{contact}", m)) for m in style["masks"]]
            for x in document["contact"]
        ]
        separators += document["separators"]
    book.open({"cased": False, "misspellings": {}, "language": "", "space": " "})
    emoji = np.array([book.add(token) for token in style["emoji"]], dtype=np.int32)
    return Lexicon(
        strings=pa.array(book.strings, type=pa.string()),
        slot=slot,
        title=title,
        cue=cue,
        contact=contact,
        words=np.array(book.words, dtype=np.int8),
        separators=pa.array([*separators, " "], type=pa.string()),
        emoji=emoji,
        orders=tuple(tuple(order) for order in style["orders"]),
        masks=tuple(style["masks"]),
    )


class _Book:
    """Collects base sentences of one language after another, each in all its forms, each once."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.words: list[tuple[int, ...]] = []
        self.known: dict[str, int] = {}

    def open(self, document: dict[str, Any]) -> None:
        """Start a language: forget the sentences known so far and take up its misspellings."""
        self.known = {}
        self.cased = bool(document["cased"])
        self.misspellings = Misspellings(document["misspellings"], whole=bool(document["space"]))

    def add(self, sentence: str) -> int:
        """Return the base number of a sentence, adding its forms when it is new."""
        if sentence in self.known:
            return self.known[sentence]
        base = self.known[sentence] = len(self.words)
        forms = self.misspellings.forms(sentence)
        self.words.append(forms.words)
        for text in forms.texts:
            self.strings += [text, text.lower(), text.upper()] if self.cased else [text] * len(CASES)
        return base
