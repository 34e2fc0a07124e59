"""The wordbook of one language (:file:`text/frames/`): read whole, and refused where it is not sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.yaml_lines import line_of, read_yaml_lines
from tipdata.text.book import ANY, BASES, KINDS_OF_FILLER, TITLE, Book, Frame
from tipdata.text.checks import check_book
from tipdata.text.documents import OTHER, document_path, find_misfits
from tipdata.text.facts import ALL, Fact, facts, level_places, rules
from tipdata.text.grammar import parse

FEWEST = 10
"""Frames of a level, in each family."""
FIT = 5
"""Of these, in each category of advert."""
TITLES, FILLERS = 16, 14
LISTED = {OTHER: [str]}
SHAPE = {
    "language": str,
    "name": str,
    "cased": bool,
    "space": str,
    "registers": [str],
    "ends": {name: str for name in ("statement", "cry", "question", "before_cry")},
    "bases": {name: [str] for name in BASES},
    "unfit": LISTED,
    "dialects": {"names": [str], "words": LISTED},
    "numbers": {OTHER: {OTHER: str}},
    "misspellings": {OTHER: str},
    "nouns": LISTED,
    "stems": {OTHER: {OTHER: LISTED}},
    "titles": LISTED,
    "fillers": {OTHER: LISTED},
    "frames": {ALL: {OTHER: {OTHER: LISTED}}, **{family: {OTHER: LISTED} for family in FAMILIES}},
}
"""The shape of a wordbook; see :mod:`tipdata.text.documents`."""


class Faulty(ValueError):
    """A wordbook has faults. ``faults``: one sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


class Wordbook(Book):
    """The wordbook of a language. Raises Faulty, with every fault and its line, where it is not sound.

    ``sound``: it is known to be, and what takes longest is not asked again.
    """

    def __init__(self, path: Path, sound: bool = False) -> None:
        try:
            document = read_yaml_lines(path)
        except ValueError as error:
            raise Faulty([str(error)]) from error
        misshapen = list(find_misfits(document, SHAPE, "the wordbook", 1))
        if not misshapen:
            keys = ((name, key) for name, words in document["numbers"].items() for key in words)
            misshapen = [
                (name.line, f"{key!r} is no number of {name}") for name, key in keys if type(key) is not int
            ]
        if misshapen:
            raise Faulty([f"{path.name}, line {line}: {said}." for line, said in misshapen])
        super().__init__(path, document)
        self._sound = sound
        self._read()
        if not sound:
            check_book(self)
        if self.faults:
            raise Faulty(self.faults)

    def _read(self) -> None:
        document = self.document
        frames = document["frames"]
        for part, own in facts().items():
            known = frames.get(part, {}) or {}
            self._unknown(known, {fact.name for fact in own}, f"fact of {part}")
            for fact in own:
                line = line_of(known, fact.name, line_of(frames, part, 1))
                self._read_fact(part, fact, known.get(fact.name) or {}, line)
        for family in FAMILIES:
            self.titles[family] = self._list(document["titles"].get(family), TITLE, family, TITLES)
            self._unknown(document["titles"], set(FAMILIES), "family of titles")
            self._unknown(document["fillers"], set(KINDS_OF_FILLER), "kind of filler")
            for kind in KINDS_OF_FILLER:
                listed = document["fillers"].get(kind, {}).get(family)
                self.fillers[kind, family] = self._list(listed, kind, family, FILLERS)

    def _read_fact(self, part: str, fact: Fact, levels: dict[str, Any], line: int) -> None:
        self._unknown(levels, set(fact.levels), f"level of {fact.name}")
        for level in fact.levels:
            listed, where, at = levels.get(level), f"{fact.name}/{level}", line_of(levels, level, line)
            if part != ALL:
                self._enough(part, fact.name, level, self._list(listed, where, part, 0), at)
                continue
            by_family: dict[str, Any] = listed or {}
            self._unknown(by_family, {ANY, *FAMILIES}, f"family at {where}")
            shared = self._list(by_family.get(ANY), where, ANY, 0)
            for family in FAMILIES:
                own = self._list(by_family.get(family), where, family, 0)
                self._enough(family, fact.name, level, shared + own, at)

    def _enough(self, family: str, fact: str, level: str, frames: list[Frame], line: int) -> None:
        self.levels[family, fact, level] = frames
        if self._sound:
            return
        if len(frames) < FEWEST:
            self.fault(line, f"{family}, {fact}/{level} has {len(frames)} frames and needs {FEWEST}")
            return
        for number, (category, f) in enumerate(CATEGORIES.items()):
            fit = sum(self.fits(frame, category) for frame in frames)
            said = level_places(family)[f"{fact}={level}"]
            if FAMILIES[f] == family and rules().has[(number, *said)] and fit < FIT:
                self.fault(line, f"{fact}/{level}: {fit} frames are fit for {category}, and {FIT} are needed")

    def _unknown(self, found: dict[str, Any], known: set[str], what: str) -> None:
        for name in found:
            if name not in known:
                self.fault(getattr(name, "line", 1), f"there is no {what} called {name}")

    def _list(self, listed: Any, where: str, family: str, fewest: int) -> list[Frame]:
        made = []
        for text in listed or []:
            line = getattr(text, "line", 1)
            try:
                made.append(Frame(str(text), line, where, family, parse(str(text))))
                if not text.strip():
                    self.fault(line, f"{where}: a sentence is empty")
            except ValueError as error:
                self.fault(line, f"{where}: {error} in {text!r}")
        if len({frame.text for frame in made}) < fewest:
            at = getattr(next(iter(listed or []), None), "line", 1)
            self.fault(at, f"{where} of {family} has {len(made)} different sentences and needs {fewest}")
        return made


def wordbook(language: str, sound: bool = False) -> Wordbook:
    """Return the wordbook of a language; ``sound`` as of :class:`Wordbook`. Raises Faulty where it is not sound."""
    return Wordbook(document_path(f"frames/{language}"), sound)
