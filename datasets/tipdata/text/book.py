"""What the wordbook of a language holds: its frames and words, and all that a frame can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.grammar import Sentence, Slot, surfaces, ways
from tipdata.text.misspellings import capital

ANY, TITLE = "any", "title"
KINDS_OF_FILLER = ("openings", "offers", "closings", "chat")
NUMBERS = ("years", "days", "minutes", "count", "hours", "open", "close", "weeks")
SLOTS: tuple[str, ...] = ("what", "contact", "price", *NUMBERS)
"""Slots that the advert fills."""
REGISTERS, DIALECTS = 2, 3
"""Most registers and dialects of a language."""
WORDS = 128
"""Most misspellable words of a language."""
MOST_LISTED = 16
"""Most nouns of a category, and numbers of a kind."""
BASES = ("hour", "half_hour", "day", "month", "total")
"""What a price is for."""
CURRENCY = "XTS"
MOST_READINGS = 1000
"""Readings of a frame: all of them are looked at."""
SHOWN = {"price": "90", "contact": "NNN-NNNN"}
"""What stands for the amount of a price and for a contact where a wordbook is read by itself."""


@dataclass(frozen=True)
class Frame:
    """A sentence of a fact's level, or a filler. ``where``: fact and level, or kind of filler."""

    text: str
    line: int
    where: str
    family: str
    parts: Sentence


class Book:
    """A document of the shape of a wordbook, and the frames that are read from it."""

    def __init__(self, path: Path, document: dict[str, Any]) -> None:
        self.path, self.document = path, document
        self.faults: list[str] = []
        """What is wrong with it, one sentence each."""
        self.language = str(document["language"])
        self.registers = [str(one) for one in document["registers"]]
        self.dialects = [str(one) for one in document["dialects"]["names"]]
        self.dialect_words = {str(k): tuple(map(str, v)) for k, v in document["dialects"]["words"].items()}
        self.numbers = {
            str(k): {int(n): str(w) for n, w in v.items()} for k, v in document["numbers"].items()
        }
        self.bases = {str(k): tuple(map(str, v)) for k, v in document["bases"].items()}
        """What a price is for -> the ways to say it, after the amount."""
        unfit = document["unfit"]
        edge = r"(?<!\w)" if document["cased"] else ""
        self._unfit = {
            category: re.compile(
                edge + f"(?:{'|'.join(re.escape(str(one).casefold()) for one in unfit[category])})"
            )
            for category in CATEGORIES
            if unfit.get(category)
        }
        self._unfit_for: dict[str, set[str]] = {}
        self.levels: dict[tuple[str, str, str], list[Frame]] = {}
        """(family, fact, level) -> frames; those of ``any`` are in each family."""
        self.titles: dict[str, list[Frame]] = {}
        self.fillers: dict[tuple[str, str], list[Frame]] = {}

    @cached_property
    def slot_words(self) -> dict[str, tuple[str, ...]]:
        """Slot -> all words that it can hold, digits too."""
        numbers = {name: (*map(str, words), *words.values()) for name, words in self.numbers.items()}
        return {**self.dialect_words, **numbers}

    @cached_property
    def prices(self) -> dict[str, str]:
        """What a price reads as, with one amount for all -> what it is for."""
        space = str(self.document["space"])
        return {
            price_text(SHOWN["price"], way, space): basis
            for basis, ways in self.bases.items()
            for way in ways
        }

    def frames(self) -> Iterator[Frame]:
        """Yield every frame once: of facts, titles and fillers."""
        seen: set[int] = set()
        for listed in (*self.levels.values(), *self.titles.values(), *self.fillers.values()):
            for frame in listed:
                if id(frame) not in seen:
                    seen.add(id(frame))
                    yield frame

    def fits(self, frame: Frame, category: str) -> bool:
        """Return whether adverts of a category have a frame: none has one that can hold a word that is unfit for it."""
        if ways(frame.parts, {}) > MOST_READINGS:
            return True  # refused for that
        if frame.text not in self._unfit_for:
            every = "\n".join(surfaces(frame.parts, {}))
            self._unfit_for[frame.text] = {one for one in self._unfit if self.unfit_in(every, one)}
        return category not in self._unfit_for[frame.text]

    def unfit_in(self, text: str, category: str) -> list[str]:
        """Return the words of a text that are unfit for adverts of a category."""
        return self._unfit[category].findall(text.casefold()) if category in self._unfit else []

    def readings(self, frame: Frame, nouns: int | None = None) -> Iterator[str]:
        """Yield all that a frame can read, as an advert shows it, with one price and one contact for all.

        ``nouns``: with how many of the family's nouns where it names one; None for all.
        """
        first = frame.parts[0] if frame.parts else ""
        begins = isinstance(first, Slot) and first.name in ("what", *NUMBERS)
        for text in surfaces(frame.parts, self._words_of(frame, nouns)):
            yield capital(text) if begins else text

    def count(self, frame: Frame) -> int:
        """Return in how many ways a frame can read, without reading it."""
        return ways(frame.parts, self._words_of(frame, None))

    def _words_of(self, frame: Frame, nouns: int | None) -> dict[str, tuple[str, ...]]:
        of = [category for category, f in CATEGORIES.items() if FAMILIES[f] == frame.family]
        what = tuple(str(noun) for category in of for noun in self.document["nouns"].get(category, ()))
        shown = {"price": tuple(self.prices), "contact": (SHOWN["contact"],), "what": what[:nouns]}
        return {**self.slot_words, **shown}

    def fault(self, line: int, said: str) -> None:
        """Note something that is wrong."""
        self.faults.append(f"{self.path.name}, line {line}: {said}.")


def price_text(amount: str, basis: str, space: str) -> str:
    """Return a price as an advert states it: the amount, and what it is for in words."""
    return f"{amount} {CURRENCY}{space}{basis}"
