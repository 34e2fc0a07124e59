"""Wordbooks compiled to one flat list of strings and arrays of indices into it, so that sentences are put together by
gathering.

A *frame* is a sequence of *items*. An item has one or more *options*, picked by the writer, by who speaks, by the
register and by the dialect; an option is up to :data:`PIECES` *pieces*: strings, and slots that the advert fills.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.book import BASES, KINDS_OF_FILLER, MOST_LISTED, NUMBERS, SLOTS, Frame
from tipdata.text.facts import facts_of, rules
from tipdata.text.grammar import (
    REGISTER,
    SPEAKER,
    SPEAKERS,
    Sentence,
    Slot,
    choices,
    group_parts,
    readings,
    slots,
)
from tipdata.text.misspellings import Misspellings, capital
from tipdata.text.style import check_style
from tipdata.text.wordbook import Wordbook, wordbook

PIECES = 5
NONE = -1
MOST_FRAMES = 24


@dataclass(frozen=True)
class Phrases:
    """All languages together; int32 arrays unless said.

    Attributes:
        strings: every base string in its :data:`MISSPELT` forms.
        wrong: (bases, 2) misspellable words of a base string, numbered within its language; -1 for none.
        capital: (bases,) base string that begins a sentence in its place: nouns and numbers have such ones.
        first_item, items: (frames,) a frame's first item, and how many it has.
        first_option: (items,) an item's first option.
        by: (items, 4) how many options it has by speaker, register, dialect and writer (1 where that picks nothing).
        pieces: (options, PIECES) base strings, -1 for none, or slots.
        levels: (languages, families, facts, levels, most frames) frames that say a level; -1 beyond.
        titles: (languages, families, most frames) frames.
        fillers: (languages, kinds, families, most frames) frames.
        question, asks, priced: (frames,) bool: ends with a question mark; holds an opening one; needs a price.
        fits: (frames, categories) bool: adverts of the category have it.
        slots: (frames,) which of the first three :data:`SLOTS` it has, as bits.
        numbers: (languages, number slots, values, 2) base strings of digits and of words; -1 beyond.
        values: (languages, number slots, values) the numbers themselves; 0 beyond.
        nouns: (languages, categories, nouns) base strings.
        ends: (languages, 4) base strings: of a statement, a cry and a question, and what opens a cry, -1 for nothing.
        bases: (languages, bases, 2) base strings: what a price is for; -1 beyond.
        space: (languages,) base strings: what stands between two sentences of a line.
        registers, dialects: (languages,) how many.
    """

    strings: list[str]
    wrong: np.ndarray
    capital: np.ndarray
    first_item: np.ndarray
    items: np.ndarray
    first_option: np.ndarray
    by: np.ndarray
    pieces: np.ndarray
    levels: np.ndarray
    titles: np.ndarray
    fillers: np.ndarray
    question: np.ndarray
    asks: np.ndarray
    fits: np.ndarray
    priced: np.ndarray
    slots: np.ndarray
    numbers: np.ndarray
    values: np.ndarray
    nouns: np.ndarray
    ends: np.ndarray
    bases: np.ndarray
    space: np.ndarray
    registers: np.ndarray
    dialects: np.ndarray
    arrow: dict[str, object] = field(default_factory=dict, repr=False)


def compile_wordbooks(languages: tuple[str, ...], sound: bool = False) -> Phrases:
    """Compile the wordbooks of some languages; ``sound``: they are known to be.

    Raises :class:`tipdata.text.wordbook.Faulty` for an unsound one, ValueError for unsound facts and signs of style.
    """
    rules()
    check_style()
    made = _Compiler(len(languages))
    for number, language in enumerate(languages):
        made.add(number, wordbook(language, sound))
    return made.build()


class _Compiler:
    def __init__(self, languages: int) -> None:
        most_facts = max(len(facts_of(family)) for family in FAMILIES)
        most_levels = max(len(fact.levels) for family in FAMILIES for fact in facts_of(family))
        self.strings: list[str] = []
        self.wrong: list[tuple[int, int]] = []
        self.capital: dict[int, int] = {}
        self.first_item: list[int] = []
        self.items: list[int] = []
        self.first_option: list[int] = []
        self.by: list[tuple[int, int, int, int]] = []
        self.pieces: list[list[int]] = []
        self.question: list[bool] = []
        self.asks: list[bool] = []
        self.fits: list[list[bool]] = []
        self.priced: list[bool] = []
        self.slots: list[int] = []
        self.levels = np.full(
            (languages, len(FAMILIES), most_facts, most_levels, MOST_FRAMES), NONE, np.int32
        )
        self.titles = np.full((languages, len(FAMILIES), MOST_FRAMES), NONE, np.int32)
        self.fillers = np.full((languages, len(KINDS_OF_FILLER), len(FAMILIES), MOST_FRAMES), NONE, np.int32)
        self.numbers = np.full((languages, len(NUMBERS), MOST_LISTED, 2), NONE, np.int32)
        self.values = np.zeros((languages, len(NUMBERS), MOST_LISTED), np.int32)
        self.nouns = np.full((languages, len(CATEGORIES), MOST_LISTED), NONE, np.int32)
        self.ends = np.full((languages, 4), NONE, np.int32)
        self.bases = np.full((languages, len(BASES), 2), NONE, np.int32)
        self.space = np.full(languages, NONE, np.int32)
        self.registers, self.dialects = np.ones(languages, np.int32), np.ones(languages, np.int32)

    def add(self, number: int, book: Wordbook) -> None:
        """Compile one language."""
        self.known: dict[str, int] = {}
        self.frame_numbers: dict[int, int] = {}
        self.misspellings = Misspellings(book.document["misspellings"], whole=book.document["space"] != "")
        self.book = book
        self.registers[number], self.dialects[number] = len(book.registers), max(1, len(book.dialects))
        for f, family in enumerate(FAMILIES):
            for c, fact in enumerate(facts_of(family)):
                for level, name in enumerate(fact.levels):
                    self._list_frames(self.levels[number, f, c, level], book.levels[family, fact.name, name])
            self._list_frames(self.titles[number, f], book.titles[family])
            for k, kind in enumerate(KINDS_OF_FILLER):
                self._list_frames(self.fillers[number, k, f], book.fillers[kind, family])
        for s, name in enumerate(NUMBERS):
            for v, (value, word) in enumerate(sorted(book.numbers[name].items())):
                self.values[number, s, v] = value
                self.numbers[number, s, v] = self._base(str(value)), self._base(word)
            self._capitals(book.numbers[name].values())
        for c, category in enumerate(CATEGORIES):
            nouns = book.document["nouns"][category]
            self.nouns[number, c, : len(nouns)] = [self._base(str(noun)) for noun in nouns]
            self._capitals(map(str, nouns))
        ends = book.document["ends"]
        self.ends[number, :3] = [self._base(str(ends[name])) for name in ("statement", "cry", "question")]
        self.ends[number, 3] = self._base(str(ends["before_cry"])) if ends["before_cry"] else NONE
        for b, basis in enumerate(BASES):
            self.bases[number, b] = [self._base(way) for way in book.bases[basis]]
        self.space[number] = self._base(str(book.document["space"]))

    def build(self) -> Phrases:
        """Return what was collected."""
        return Phrases(
            strings=self.strings,
            wrong=np.array(self.wrong, dtype=np.int16),
            capital=np.array(
                [self.capital.get(base, base) for base in range(len(self.wrong))], dtype=np.int32
            ),
            first_item=np.array(self.first_item, dtype=np.int32),
            items=np.array(self.items, dtype=np.int32),
            first_option=np.array(self.first_option, dtype=np.int32),
            by=np.array(self.by, dtype=np.int32),
            pieces=np.array(self.pieces, dtype=np.int32),
            levels=_trim(self.levels),
            titles=_trim(self.titles),
            fillers=_trim(self.fillers),
            question=np.array(self.question),
            asks=np.array(self.asks),
            fits=np.array(self.fits),
            priced=np.array(self.priced),
            slots=np.array(self.slots, dtype=np.int64),
            numbers=self.numbers,
            values=self.values,
            nouns=self.nouns,
            ends=self.ends,
            bases=self.bases,
            space=self.space,
            registers=self.registers,
            dialects=self.dialects,
        )

    def _list_frames(self, place: np.ndarray, frames: list[Frame]) -> None:
        place[: len(frames)] = [self._frame(frame) for frame in frames[:MOST_FRAMES]]

    def _frame(self, frame: Frame) -> int:
        if id(frame) in self.frame_numbers:
            return self.frame_numbers[id(frame)]
        number = self.frame_numbers[id(frame)] = len(self.first_item)
        self.first_item.append(len(self.by))
        parts = group_parts(frame.parts)
        for part in parts:
            self._item(part)
        self.items.append(len(parts))
        self.question.append(frame.text.rstrip()[-1:] in "?؟？")
        self.asks.append("¿" in frame.text)
        self.fits.append([self.book.fits(frame, category) for category in CATEGORIES])
        self.priced.append("{price}" in frame.text)
        self.slots.append(sum(1 << bit for bit, name in enumerate(SLOTS[:3]) if f"{{{name}}}" in frame.text))
        return number

    def _item(self, part: Sentence) -> None:
        """Add an item: every reading of a stretch of a sentence, by speaker, register, dialect and writer."""
        by = {choice.by for choice in choices(part)}
        spoken = len(SPEAKERS) if SPEAKER in by else 1
        registers = len(self.book.registers) if REGISTER in by else 1
        dialects = len(self.book.dialects) if slots(part) & self.book.dialect_words.keys() else 1
        ways = [
            readings(part, speaker, register)
            for speaker, register in product(range(spoken), range(registers))
        ]
        most = max(map(len, ways))
        self.first_option.append(len(self.pieces))
        self.by.append((spoken, registers, dialects, most))
        for listed, dialect in product(ways, range(dialects)):
            for k in range(most):
                self.pieces.append(self._encode(listed[k % len(listed)], dialect))

    def _encode(self, atoms: tuple[str | Slot, ...], dialect: int) -> list[int]:
        """Return the pieces of an option: neighbouring words are joined to one string."""
        made: list[int] = []
        text = ""
        for atom in atoms:
            if isinstance(atom, Slot) and atom.name in self.book.dialect_words:
                text += self.book.dialect_words[atom.name][dialect]
            elif isinstance(atom, Slot):
                if text:
                    made.append(self._base(text))
                made.append(-2 - SLOTS.index(atom.name))
                text = ""
            else:
                text += atom
        if text:
            made.append(self._base(text))
        if len(made) > PIECES:
            raise ValueError(f"{self.book.path.name}: too many slots in one choice: {atoms}")
        return made + [NONE] * (PIECES - len(made))

    def _capitals(self, words: Iterable[str]) -> None:
        for word in words:
            self.capital[self._base(word)] = self._base(capital(word))

    def _base(self, text: str) -> int:
        if text not in self.known:
            self.known[text] = len(self.wrong)
            forms = self.misspellings.forms(text)
            self.wrong.append(forms.words)
            self.strings += forms.texts
        return self.known[text]


def _trim(listed: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(listed[..., : (listed != NONE).sum(axis=-1).max()])
