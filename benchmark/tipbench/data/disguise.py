"""A copy of a fold in which every word, code and category is a made-up one, the same in train and test.

A method that learns from its fold scores there as before; one that knows words, codes or sentences of the generator
does not. The season's test of class (:mod:`tipboard.seasons.classes`) runs an entry on both.

**Codes.** A category gets a made-up name, the same in every column; names sort in keyed order. What a task asks by name
(:data:`KEPT`) stays, and so do the names of tables and columns.

**Words.** A word is a run of letters. Each letter becomes a letter of its script, by a keyed permutation that depends
on the letter before it; and up to three made-up letters, which depend on the word's first two, come first. So equal
words stay equal and different ones different, words that share letters go on sharing them (n-grams of letters,
misspellings, near-duplicates), and neither a word's length nor the pattern of its letters says which word it was.
Chinese characters and kana, each a word, are permuted whatever comes before. Case, marks, digits, spaces and the number
of words stay.

**What it is proof against**: dictionaries, pretrained embeddings, lists of codes, phone formats, sentences looked up by
their words, the lengths of their words or the pattern of their letters. It is no proof against cryptanalysis: who has
the generator's sentences and the time may align them with a fold by the number of words, frequencies and neighbours.
Numbers, times, places and ids stay, so it says nothing about models of numbers that were trained elsewhere.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cache

import polars as pl
from tipdata.core.tables import Column, Table
from tipdata.stages import all_tables

from tipbench.data.fold import PartSteps, Prepared, detach

KEPT = frozenset({"effects.outcome", "effects.scale", "reviews.vote"})
"""Columns whose values are part of a task's question: the series and the scale of an effect, and what a vote says."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_ADDED = 3
"""Made-up letters before a word, at most."""
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA")


@cache
def _script(letter: str) -> str:
    """Return the script of a lower-case letter, and whether it has an upper case; letters change within these."""
    upper = letter.upper()
    cased = "cased" if upper != letter and len(upper) == 1 and upper.lower() == letter else "uncased"
    return f"{unicodedata.name(letter, 'OTHER').split()[0]} {cased}"


@dataclass
class Disguise:
    """Made-up words and codes under a key of 32 bytes; ``letters``: those that texts have, by script, lower case."""

    key: bytes
    letters: dict[str, list[str]]
    _permutations: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict, repr=False)
    _words: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, key: bytes, texts: Iterable[pl.Series]) -> Disguise:
        """Return the disguise of these texts."""
        found: set[str] = set()
        for column in texts:
            found.update(*column.drop_nulls().unique())
        known = sorted({mark.lower() for mark in found if mark.isalpha() and len(mark.lower()) == 1})
        letters: dict[str, list[str]] = {}
        for letter in known:
            letters.setdefault(_script(letter), []).append(letter)
        return cls(key, letters)

    def code(self, value: str) -> str:
        """Return the made-up name of a category: eight letters."""
        number = int.from_bytes(self._hash("code", value), "little")
        return "".join(LETTERS[number // 26**place % 26] for place in range(8))

    def text(self, text: str) -> str:
        """Return a text with made-up words."""
        return _WORD.sub(lambda found: self.word(found.group()), text)

    def word(self, word: str) -> str:
        """Return the made-up word of a run of letters, with its case."""
        made = self._words.get(word)
        if made is None:
            made = self._words[word] = self._make(word)
        return made

    def _make(self, word: str) -> str:
        lower = [mark.lower() if len(mark.lower()) == 1 else mark for mark in word]
        made, before = [], ""
        for mark, letter in zip(word, lower, strict=True):
            new = self._permutation(_script(letter), before).get(letter, letter)
            made.append(new if mark == letter else new.upper())
            before = letter
        script = _script(lower[0])
        if script.startswith(_UNSPACED) or script not in self.letters:
            return "".join(made)
        number = int.from_bytes(self._hash("added", "".join(lower[:2])), "little")
        alphabet, places = self.letters[script], range(1, 1 + number % (MOST_ADDED + 1))
        start = "".join(alphabet[number // 251**place % len(alphabet)] for place in places)
        if len(word) > 1 and word == word.upper() != word.lower():
            return start.upper() + "".join(made)
        if start and word[0] != lower[0]:
            return start[0].upper() + start[1:] + made[0].lower() + "".join(made[1:])
        return start + "".join(made)

    def _permutation(self, script: str, before: str) -> dict[str, str]:
        before = "" if script.startswith(_UNSPACED) else before
        known = self._permutations.get((script, before))
        if known is None:
            letters = self.letters.get(script, [])
            mixed = sorted(letters, key=lambda letter: self._hash(f"letter {script} {before}", letter))
            known = self._permutations[script, before] = dict(zip(letters, mixed, strict=True))
        return known

    def _hash(self, purpose: str, text: str) -> bytes:
        return hashlib.blake2b(f"{purpose}\0{text}".encode(), digest_size=16, key=self.key).digest()

    def frame(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """Return some or all columns of a table, in disguise; rows in the order of a key that is in disguise too."""
        made = {}
        for name, dtype in frame.schema.items():
            if pl.String not in (dtype, getattr(dtype, "inner", None)) or f"{table.name}.{name}" in KEPT:
                continue
            change = self.text if is_text(table[name]) else self.code
            made[name] = _replace(frame[name], change)
        changed = frame.with_columns(**made)
        if set(table.key).isdisjoint(made) or not set(table.key) <= set(frame.columns):
            return changed
        return changed.sort([name for name in ("region", *table.key) if name in frame.columns])


def is_text(column: Column) -> bool:
    """Return whether a column of strings holds texts and names, and not categories."""
    return not (column.values or column.id_of)


def _replace(column: pl.Series, change: Callable[[str], str]) -> pl.Series:
    listed = column.dtype == pl.List
    old = (column.explode() if listed else column).drop_nulls().unique()
    new = pl.Series([change(value) for value in old], dtype=pl.String)
    if listed:
        return column.list.eval(pl.element().replace_strict(old, new, default=None))
    return column.replace_strict(old, new, default=None, return_dtype=pl.String)


def disguise(prepared: Prepared, key: bytes) -> Prepared:
    """Return a prepared release whose fold and stream are in disguise under ``key`` (32 bytes); own data as they are.

    Ids, parts, labels and the truth are the same, so predictions are scored as they come.
    """
    if prepared.answers.custom is not None:
        return prepared
    task, known, (fold,) = prepared.task, all_tables(), prepared.folds
    tables = {name: table.collect() for name, table in fold.tables.items()}
    steps = [part for one in prepared.streams for part in (one.valid, one.test)]
    shown = [
        *((known[name], table) for name, table in tables.items()),
        *((known[task.table], one.units) for one in steps),
        *((known[task.stream], one.rows) for one in steps),
    ]
    texts = (
        frame[name]
        for table, frame in shown
        for name, dtype in frame.schema.items()
        if dtype == pl.String and is_text(table[name])
    )
    words = Disguise.of(key, texts)

    def of_steps(one: PartSteps) -> PartSteps:
        units, rows = words.frame(known[task.table], one.units), words.frame(known[task.stream], one.rows)
        return replace(one, units=detach(units), rows=detach(rows))

    made = {name: words.frame(known[name], table).lazy() for name, table in tables.items()}
    return replace(
        prepared,
        folds=[replace(fold, tables=made)],
        streams=[
            replace(one, valid=of_steps(one.valid), test=of_steps(one.test)) for one in prepared.streams
        ],
    )
