"""Set C: frames of a host's own, used in the test part of a season's worlds. No method has seen them.

The file lists frames as a wordbook does, by language; a level of a fact that all families have lists those of ``any``
family or of one::

    set: c
    frames:
      en:
        all: {voice: {i: {any: ["...", "...", "...", "..."]}}}
        jobs: {papers: {own: ["...", "...", "...", "..."]}}

Levels that it does not list use the sets of the wordbook. A world reads it from
``$TIPBENCH_HOME``, by its digest (:func:`save_set_c`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import home

from tipdata.core.kinds import FAMILIES, LANGUAGES
from tipdata.core.world import PREFIX
from tipdata.core.yaml_lines import LineText, line_of, read_yaml_lines
from tipdata.text.book import ANY, HOST_SET, MOST_READINGS, Book, Faulty, Frame, read_frame
from tipdata.text.checks import find_frame_faults, wordbook
from tipdata.text.documents import OTHER, find_misfits
from tipdata.text.facts import ALL, PARTS, facts
from tipdata.text.grammar import surfaces

PLACE = "set-c"
"""The folder of ``$TIPBENCH_HOME`` with such files."""
FEWEST, MOST = 4, 8
"""Frames of a level that it covers, in each family."""
ALIKE = 0.5
"""Share of a frame's character trigrams from which on it is too much like another frame."""
BY_PART = {ALL: {OTHER: {OTHER: {OTHER: [str]}}}, **{family: {OTHER: {OTHER: [str]}} for family in FAMILIES}}
"""The shape of each part of a language; any may be missing."""

Level = tuple[str, str, str]
"""Family, fact and level."""


@dataclass(frozen=True)
class SetC:
    """A file of frames, read but not checked. ``digest``: hex SHA-256 of the file; ``frames``: by language and level,
    those of ``any`` in each family; ``lines``: of the levels."""

    path: Path
    digest: str
    frames: dict[str, dict[Level, list[Frame]]]
    lines: dict[str, dict[Level, int]]

    def frames_of(self, language: str) -> list[Frame]:
        """Return every frame of a language once, in the order of the file."""
        return _each_once(self.frames.get(language, {}))


def read_set_c(path: Path) -> SetC:
    """Return what a file says. Raises Faulty, with a sentence for each fault of its form: file, line and what to do."""
    try:
        document = read_yaml_lines(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except ValueError as error:
        raise Faulty([str(error)]) from error
    except OSError as error:
        raise Faulty([f"{path.name} cannot be read: {error.strerror}."]) from error
    if misfits := list(_find_misfits(document)):
        raise Faulty([f"{path.name}, line {line}: {said}." for line, said in misfits])
    made = SetC(path, digest, {}, {})
    faults: list[tuple[int, str]] = []
    for language, parts in document["frames"].items():
        made.frames[language], made.lines[language] = {}, {}
        for part, listed in parts.items():
            for fact, levels in listed.items():
                for level, of_level in levels.items():
                    faults += _add_level(made, language, (str(part), str(fact), level), of_level)
    if faults:
        raise Faulty([f"{path.name}, line {line}: {said}." for line, said in faults])
    return made


def check_set_c(path: Path, earlier: Sequence[Path] = ()) -> SetC:
    """Return what a file says, and check it against the wordbooks and earlier files.

    Raises Faulty, with a sentence for each fault, as :func:`read_set_c` and for a level with too few or too many
    frames, a frame that breaks the grammar or a rule of the lint, or that is there twice, one that holds a stem of its
    level, and one of whose character trigrams a share of :data:`ALIKE` is in one other frame of its language.
    """
    made, others = read_set_c(path), [read_set_c(one) for one in earlier]
    faults = [f"{path.name}, line {line}: {said}." for line, said in _find_counts(made)]
    for language in made.frames:
        book = wordbook(language, sound=True)
        frames = made.frames_of(language)
        faults += find_frame_faults(book, frames, path)
        frames = [frame for frame in frames if book.count(frame) <= MOST_READINGS]
        known = [(frame, f"set {frame.set}, {book.path.name}") for frame in _each_once(book.levels)]
        known += [(frame, one.path.name) for one in others for frame in one.frames_of(language)]
        found = [*_find_stems(book, frames), *_find_alike(book, frames, known)]
        faults += [f"{path.name}, line {frame.line}: {frame.where}: {said}." for frame, said in found]
    if faults:
        raise Faulty(sorted(faults, key=_line_in))
    return made


def save_set_c(file: Path, digest: str = "") -> str:
    """Keep a file in ``$TIPBENCH_HOME``, where worlds find it, and return its hex SHA-256.

    ``digest``: what that must be; '' for whatever it is. Raises UsageError where it is another one, the file cannot be
    read, or the copy cannot be written.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from None
    made = hashlib.sha256(content).hexdigest()
    if digest and made != digest:
        raise UsageError(
            f"{file} is another file than was committed to ({digest[:PREFIX]}): restore it as it was."
        )
    write_file_atomically(_place_of(made), content, "set TIPBENCH_HOME to another folder")
    return made


def load_set_c(prefix: str) -> SetC:
    """Return the kept file whose digest begins so. Raises UsageError where there is none, or it was changed."""
    path = _place_of(prefix)
    try:
        made = read_set_c(path)
    except Faulty as error:
        raise UsageError(f"there is no sound set C in {path}: {error.faults[0]}") from None
    if not made.digest.startswith(prefix):
        raise UsageError(f"{path} was changed since it was kept: keep it again from its own file.")
    return made


def _place_of(digest: str) -> Path:
    return home() / PLACE / f"{digest[:PREFIX]}.yaml"


def _each_once(levels: dict[Level, list[Frame]]) -> list[Frame]:
    return list({id(frame): frame for frames in levels.values() for frame in frames}.values())


def _line_in(fault: str) -> int:
    found = re.search(r", line (\d+): ", fault)
    return int(found[1]) if found else 0


def _find_misfits(document: Any) -> Iterator[tuple[int, str]]:
    """Yield what is not of the shape of the file, and languages that do not exist."""
    frames = document.get("frames") if isinstance(document, dict) else None
    found = list(find_misfits(document, {"set": str, "frames": _shape_of(frames)}, "the file", 1))
    yield from found
    if found or not isinstance(frames, dict):
        return
    if document["set"] != HOST_SET:
        yield document["set"].line, f"the set is {str(document['set'])!r}: write set: {HOST_SET}"
    if not frames:
        yield line_of(document, "frames", 1), "no language has frames: list them, as frames: {en: ...}"
    for language in frames:
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            yield getattr(language, "line", 1), f"{str(language)!r} is none of the languages {known}"


def _shape_of(frames: Any) -> dict[str, Any]:
    """Return the shape that frames should have: that of each part which a language has."""
    of = frames if isinstance(frames, dict) else {}
    parts = {name: one if isinstance(one, dict) else {} for name, one in of.items()}
    return {name: {part: BY_PART[part] for part in one if part in BY_PART} for name, one in parts.items()}


def _add_level(
    made: SetC, language: str, at: tuple[str, str, LineText], listed: Any
) -> Iterator[tuple[int, str]]:
    """Add the frames of a level; yield the faults of its names and of the brackets of its frames."""
    part, name, level = at
    fact = next((one for one in facts()[part] if one.name == name), None)
    if fact is None:
        yield level.line, f"there is no fact of {part} called {name}"
        return
    if level not in fact.levels:
        yield level.line, f"there is no level of {name} called {level}: choose among {', '.join(fact.levels)}"
        return
    by_family = listed if part == ALL else {part: listed}
    for family, texts in by_family.items():
        if family not in (ANY, *FAMILIES):
            yield (
                line_of(by_family, family, level.line),
                f"there is no family at {name}/{level} called {family}",
            )
            continue
        for text in texts:
            where = f"{name}/{level}"
            try:
                frame = read_frame(text, where, str(family), HOST_SET)
            except ValueError as error:
                yield text.line, f"{where}: {error} in {str(text)!r}"
                continue
            if not frame.text.strip():
                yield text.line, f"{where}: a sentence is empty"
            for one in FAMILIES if family == ANY else (str(family),):
                made.frames[language].setdefault((one, name, str(level)), []).append(frame)
        for one in FAMILIES if family == ANY else (str(family),):
            made.frames[language].setdefault((one, name, str(level)), [])
            made.lines[language].setdefault((one, name, str(level)), level.line)


def _find_counts(made: SetC) -> Iterator[tuple[int, str]]:
    for language, levels in made.frames.items():
        if not levels:
            yield getattr(language, "line", 1), f"{language} covers no level: list frames, or leave it out"
        for (family, fact, level), frames in levels.items():
            if not FEWEST <= len(frames) <= MOST:
                has = f"{language}, {family}, {fact}/{level} has {len(frames)} frames"
                yield made.lines[language][family, fact, level], f"{has}: {FEWEST} to {MOST} are needed"


def _find_stems(book: Book, frames: Iterable[Frame]) -> Iterator[tuple[Frame, str]]:
    """Yield the frames of which some reading contains a stem of their level."""
    by_fact = {
        (part, fact.name): levels
        for part in PARTS
        for fact in facts()[part]
        if (levels := (book.document["stems"].get(part) or {}).get(fact.name))
    }
    for frame in frames:
        fact, _, level = frame.where.partition("/")
        part = ALL if (ALL, fact) in by_fact else frame.family
        stems = [str(stem).casefold() for stem in (by_fact.get((part, fact)) or {}).get(level) or ()]
        texts = [frame.text.casefold(), *(text.casefold() for text in book.readings(frame, nouns=1))]
        if found := [stem for stem in stems if any(stem in text for text in texts)]:
            yield frame, f"{found[0]!r} in {frame.text!r} is a stem of the level: say it in other words"


def _find_alike(
    book: Book, frames: Iterable[Frame], known: Sequence[tuple[Frame, str]]
) -> Iterator[tuple[Frame, str]]:
    """Yield the frames that are too much like one of those that are known."""
    index = _Trigrams(book, [frame for frame, _ in known])
    for frame in frames:
        share, at = max((index.nearest(text) for text in _plain_readings(book, frame)), default=(0.0, 0))
        if share >= ALIKE:
            other, source = known[at]
            said = f"{share:.0%} of the character trigrams of {frame.text!r} are in {other.text!r}"
            yield frame, f"{said} ({source}, line {other.line}): say it otherwise"


def _plain_readings(book: Book, frame: Frame) -> set[str]:
    """Return what a frame can read: small letters and digits, words parted by one space, without what slots hold."""
    texts = surfaces(frame.parts, book.dialect_words)
    plain = (unicodedata.normalize("NFKC", re.sub(r"\{\w+\}", " ", text)).casefold() for text in texts)
    return {" ".join(re.findall(r"[^\W_]+", text)) for text in plain}


def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2)))


class _Trigrams:
    """The character trigrams of the readings of some frames, by which the nearest one is found."""

    def __init__(self, book: Book, frames: Sequence[Frame]) -> None:
        self.readings = [[_trigrams(text) for text in _plain_readings(book, frame)] for frame in frames]
        places: dict[str, list[int]] = {}
        for number, readings in enumerate(self.readings):
            for trigram in frozenset().union(*readings):
                places.setdefault(trigram, []).append(number)
        self.places = {trigram: np.array(listed) for trigram, listed in places.items()}
        """Trigram -> the frames that hold it in any reading."""

    def nearest(self, text: str) -> tuple[float, int]:
        """Return the largest share of a reading's trigrams that a reading of one frame has, and the frame."""
        mine = _trigrams(text)
        there = [self.places[one] for one in mine if one in self.places]
        if not there:
            return 0.0, 0
        counts = np.bincount(np.concatenate(there), minlength=len(self.readings))
        near = np.flatnonzero(counts >= ALIKE * len(mine)).tolist()
        shares = ((max(len(mine & one) for one in self.readings[n]) / len(mine), n) for n in near)
        return max(shares, default=(0.0, 0))
