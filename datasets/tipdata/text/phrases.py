"""Wordbooks compiled to one flat list of strings and arrays of indices into it, so that sentences are put together by
gathering.

A *frame* is a sequence of *items*. An item has one or more *options*, picked by the writer, by who speaks, by the
register and by the dialect; an option is up to :data:`PIECES` *pieces*: strings, and slots that the advert fills.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby, product
from math import prod
from typing import Any

import numpy as np

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.text.book import (
    ALL_SETS,
    BASES,
    KINDS_OF_FILLER,
    MOST_JOINS,
    MOST_LISTED,
    NUMBERS,
    SLOTS,
    Book,
    Frame,
)
from tipdata.text.checks import wordbook
from tipdata.text.facts import array_shape, facts_of, rules
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
from tipdata.text.misspellings import MISSPELT, Misspellings, capital
from tipdata.text.set_c import SetC
from tipdata.text.style import check_style

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
        dialects: (languages,) how many.
        sets: (frames,) number of the frame's set among :data:`tipdata.text.book.ALL_SETS`, -1 for titles and fillers.
        joinable: (frames,) bool: the sentence may be joined to another.
        joins: (languages, ways) base strings that join two sentences; -1 beyond.
        lower: (bases,) base string that stands in its place where a sentence does not begin with it.
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
    dialects: np.ndarray
    sets: np.ndarray
    joinable: np.ndarray
    joins: np.ndarray
    lower: np.ndarray
    arrow: dict[str, object] = field(default_factory=dict, repr=False)


def compile_wordbooks(languages: tuple[str, ...], sound: bool = False, set_c: SetC | None = None) -> Phrases:
    """Compile the wordbooks of some languages; ``sound``: they are known to be.

    ``set_c``: frames that stand beside theirs. They come last, so that the numbers of all others do not depend on them.
    Raises :class:`tipdata.text.book.Faulty` for an unsound one, ValueError for unsound facts and signs of style.
    """
    rules()
    check_style()
    made = _Compiler(len(languages))
    for number, language in enumerate(languages):
        made.add(number, wordbook(language, sound))
    for number, language in enumerate(languages):
        if set_c is not None and language in set_c.frames:
            made.add_levels(number, set_c.frames[language])
    return made.build()


class _Compiler:
    def __init__(self, languages: int) -> None:
        families = len(FAMILIES)
        shapes = {
            "levels": (families, *array_shape(), MOST_FRAMES),
            "titles": (families, MOST_FRAMES),
            "fillers": (len(KINDS_OF_FILLER), families, MOST_FRAMES),
            "numbers": (len(NUMBERS), MOST_LISTED, 2),
            "values": (len(NUMBERS), MOST_LISTED),
            "nouns": (len(CATEGORIES), MOST_LISTED),
            "ends": (4,),
            "bases": (len(BASES), 2),
            "space": (),
            "dialects": (),
            "joins": (MOST_JOINS,),
        }
        self.arrays = {name: np.full((languages, *one), NONE, np.int32) for name, one in shapes.items()}
        """The fields of :class:`Phrases` that have an entry for each language."""
        self.arrays["values"][:] = 0
        self.languages: dict[int, tuple[Book, Misspellings, dict[str, int]]] = {}
        """Of each language its book, its misspellings, and its base strings by their text."""
        self.frame_numbers: dict[int, int] = {}
        self.strings: list[str] = []
        self.wrong: list[tuple[int, int]] = []
        self.capital: dict[int, int] = {}
        self.lower: dict[int, int] = {}
        self.frames: list[tuple[Any, ...]] = []
        """Of each frame the fields that are named in :meth:`build`."""
        self.items: list[tuple[int, tuple[int, int, int, int]]] = []
        """Of each item its first option, and how many it has by speaker, register, dialect and writer."""
        self.pieces: list[list[int]] = []

    def add(self, number: int, book: Book) -> None:
        """Compile one language."""
        misspellings = Misspellings(book.document["misspellings"], whole=book.space != "")
        self.languages[number] = book, misspellings, {}
        self._begin(number)
        own = {name: array[number] for name, array in self.arrays.items()}
        self.arrays["dialects"][number] = max(1, len(book.dialects))
        for f, family in enumerate(FAMILIES):
            for c, fact in enumerate(facts_of(family)):
                for level, name in enumerate(fact.levels):
                    self._list_frames(own["levels"][f, c, level], book.levels[family, fact.name, name])
            self._list_frames(own["titles"][f], book.titles[family])
            for k, kind in enumerate(KINDS_OF_FILLER):
                self._list_frames(own["fillers"][k, f], book.fillers[kind, family])
        for s, name in enumerate(NUMBERS):
            for v, (value, word) in enumerate(sorted(book.numbers[name].items())):
                own["values"][s, v] = value
                own["numbers"][s, v] = self._base(str(value)), self._base(word)
            self._capitals(book.numbers[name].values())
        for c, category in enumerate(CATEGORIES):
            nouns = book.nouns[category]
            own["nouns"][c, : len(nouns)] = [self._base(noun) for noun in nouns]
            self._capitals(nouns)
        ends = book.document["ends"]
        own["ends"][:3] = [self._base(str(ends[name])) for name in ("statement", "cry", "question")]
        own["ends"][3] = self._base(str(ends["before_cry"])) if ends["before_cry"] else NONE
        for b, basis in enumerate(BASES):
            own["bases"][b] = [self._base(way) for way in book.bases[basis]]
        self.arrays["space"][number] = self._base(book.space)
        own["joins"][: len(book.joins)] = [self._base(join) for join in book.joins[:MOST_JOINS]]

    def add_levels(self, number: int, levels: dict[tuple[str, str, str], list[Frame]]) -> None:
        """Compile further frames, by family, fact and level, of a language that was compiled."""
        self._begin(number)
        for (family, fact, level), frames in levels.items():
            f, of_family = FAMILIES.index(family), facts_of(family)
            c = next(c for c, one in enumerate(of_family) if one.name == fact)
            place = self.arrays["levels"][number, f, c, list(of_family[c].levels).index(level)]
            self._list_frames(place[(place != NONE).sum() :], frames)

    def _begin(self, number: int) -> None:
        """Let what is added be of a language."""
        self.book, self.misspellings, self.known = self.languages[number]

    def build(self) -> Phrases:
        """Return what was collected."""
        first_item, items, question, asks, fits, priced, slots, sets, joinable = zip(
            *self.frames, strict=True
        )
        first_option, by = zip(*self.items, strict=True)
        capital, lower = (
            [others.get(base, base) for base in range(len(self.wrong))]
            for others in (self.capital, self.lower)
        )
        trimmed = {name: _trim(self.arrays[name]) for name in ("levels", "titles", "fillers")}
        return Phrases(
            strings=self.strings,
            wrong=np.array(self.wrong, dtype=np.int16),
            capital=np.array(capital, dtype=np.int32),
            first_item=np.array(first_item, dtype=np.int32),
            items=np.array(items, dtype=np.int32),
            first_option=np.array(first_option, dtype=np.int32),
            by=np.array(by, dtype=np.int32),
            pieces=np.array(self.pieces, dtype=np.int32),
            question=np.array(question),
            asks=np.array(asks),
            fits=np.array(fits),
            priced=np.array(priced),
            slots=np.array(slots, dtype=np.int64),
            sets=np.array(sets, dtype=np.int8),
            joinable=np.array(joinable),
            lower=np.array(lower, dtype=np.int32),
            **{**self.arrays, **trimmed},
        )

    def _list_frames(self, place: np.ndarray, frames: list[Frame]) -> None:
        frames = frames[: len(place)]
        place[: len(frames)] = [self._frame(frame) for frame in frames]

    def _frame(self, frame: Frame) -> int:
        if id(frame) in self.frame_numbers:
            return self.frame_numbers[id(frame)]
        number = self.frame_numbers[id(frame)] = len(self.frames)
        first, parts = len(self.items), group_parts(frame.parts)
        for part in parts:
            self._item(part)
        question, asks = frame.text.rstrip()[-1:] in "?؟？", "¿" in frame.text
        fits = [self.book.fits(frame, category) for category in CATEGORIES]
        slots = sum(1 << bit for bit, name in enumerate(SLOTS[:3]) if f"{{{name}}}" in frame.text)
        of_set = ALL_SETS.index(frame.set) if frame.set else NONE
        joinable = frame.joins and not question
        self.frames.append(
            (first, len(parts), question, asks, fits, "{price}" in frame.text, slots, of_set, joinable)
        )
        self._lower_first(first)
        return number

    def _lower_first(self, item: int) -> None:
        """Note the spelling of a frame's first words within a sentence."""
        first, by = self.items[item]
        for option in self.pieces[first : first + prod(by)]:
            if option[0] >= 0:
                text = self.strings[option[0] * MISSPELT]
                self.lower[option[0]] = self._base(self.book.without_capital(text))

    def _item(self, part: Sentence) -> None:
        """Add an item: every reading of a stretch of a sentence, by speaker, register, dialect and writer."""
        by = {choice.by for choice in choices(part)}
        spoken = len(SPEAKERS) if SPEAKER in by else 1
        registers = len(self.book.registers) if REGISTER in by else 1
        dialects = len(self.book.dialects) if slots(part) & self.book.dialect_words.keys() else 1
        ways = [readings(part, *who) for who in product(range(spoken), range(registers))]
        most = max(map(len, ways))
        self.items.append((len(self.pieces), (spoken, registers, dialects, most)))
        for listed, dialect in product(ways, range(dialects)):
            for k in range(most):
                self.pieces.append(self._encode(listed[k % len(listed)], dialect))

    def _encode(self, atoms: tuple[str | Slot, ...], dialect: int) -> list[int]:
        """Return the pieces of an option: neighbouring words are joined to one string."""
        dialects = self.book.dialect_words
        words: list[Any] = [
            dialects[atom.name][dialect] if isinstance(atom, Slot) and atom.name in dialects else atom
            for atom in atoms
        ]
        made: list[int] = []
        for is_slot, run in groupby(words, lambda one: isinstance(one, Slot)):
            if is_slot:
                made += [-2 - SLOTS.index(slot.name) for slot in run]
            elif text := "".join(run):
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
            wrong, forms = self.misspellings.forms(text)
            self.wrong.append(wrong)
            self.strings += forms
        return self.known[text]


def _trim(listed: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(listed[..., : (listed != NONE).sum(axis=-1).max()])
