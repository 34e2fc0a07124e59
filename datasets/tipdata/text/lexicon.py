"""The lexicons of :file:`text/`, compiled once to one flat list of strings and arrays of indices into it.

Every body and title is a product of these strings, so what the world can say can be listed and audited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from tipdata.core.world import FOLDER

if TYPE_CHECKING:
    import pyarrow as pa

SLOTS = 9
VARIANTS = 14
NOUNS = 6
CUE_VARIANTS = 4
CONTACTS = 10
CASES = ("as written", "lower", "upper")
MISSPELT = 4
"""Forms of a sentence by which of its first two misspellable words are misspelt: none, first, second, both."""
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


def read(name: str) -> dict[str, Any]:
    """Return one file of :file:`text/` as a plain document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / "text" / f"{name}.yaml").read_text(encoding="utf-8"), Loader=loader)  # nosec B506 # both are safe


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
                [book.add(_capital(x.replace("{what}", n))) for n in nouns] for x in text["titles"]
            ]
        for f, family_name in enumerate(families):
            for name, sentences in document["families"][family_name]["cues"].items():
                cue[index, f, cues.index(name)] = [book.add(x) for x in sentences]
        contact[index] = [
            [book.add(_capital(x).replace("{contact}", m)) for m in style["masks"]]
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


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


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
        self.misspellings = list(document["misspellings"].items())
        words = sorted((re.escape(w) for w, _ in self.misspellings), key=len, reverse=True)
        whole = r"{}" if not document["space"] else r"(?<!\w)(?:{})(?!\w)"
        self.pattern = re.compile(whole.format("|".join(words)), re.IGNORECASE) if words else None
        self.number = {w: i for i, (w, _) in enumerate(self.misspellings)}

    def add(self, sentence: str) -> int:
        """Return the base number of a sentence, adding its forms when it is new."""
        if sentence in self.known:
            return self.known[sentence]
        base = self.known[sentence] = len(self.words)
        found = self._misspellable(sentence)
        self.words.append((*found, -1, -1)[:2])
        for form in range(MISSPELT):
            chosen = {w for bit, w in enumerate(found) if form >> bit & 1}
            text = self._misspell(sentence, chosen)
            self.strings += [text, text.lower(), text.upper()] if self.cased else [text] * len(CASES)
        return base

    def _misspellable(self, sentence: str) -> tuple[int, ...]:
        if self.pattern is None:
            return ()
        seen = dict.fromkeys(self._index(m.group()) for m in self.pattern.finditer(sentence))
        return tuple(i for i in seen if i >= 0)[:2]

    def _index(self, word: str) -> int:
        return self.number.get(word, self.number.get(word.lower(), -1))

    def _misspell(self, sentence: str, chosen: set[int]) -> str:
        if not chosen or self.pattern is None:
            return sentence

        def replaced(match: re.Match[str]) -> str:
            index = self._index(match.group())
            if index not in chosen:
                return match.group()
            other = self.misspellings[index][1]
            return _capital(other) if match.group()[:1].isupper() else other

        return self.pattern.sub(replaced, sentence)
