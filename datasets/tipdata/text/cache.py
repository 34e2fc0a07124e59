"""Compiled wordbooks, kept in the home folder: to read, check and compile them takes seconds, in every process that
makes data.

They are kept with the digest of all that decides them, so that a changed wordbook is read, checked and compiled anew.
Those that come with tipdata were checked when their digest was written to :data:`SOUND`: that is most of the work, and
not done again on every machine.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import suppress
from dataclasses import fields
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import home

from tipdata.core.world import FOLDER
from tipdata.text.phrases import Phrases, compile_wordbooks
from tipdata.text.set_c import PLACE, load_set_c

FILE = "wordbooks.npz"
SOUND = "sound.txt"
"""The digest of texts and code whose wordbooks are sound; ``python tests/tipdata/text/lock.py`` writes it."""
DIGEST, STRINGS = "digest", "strings"
BETWEEN = "\0"


@cache
def phrases(languages: tuple[str, ...], set_c: str = "") -> Phrases:
    """Return the compiled wordbooks of some languages: those that are kept, else new ones, which then are kept.

    ``set_c``: the first digits of the digest of a file of :mod:`tipdata.text.set_c`, whose frames stand beside theirs;
    '' for none.

    Raises :class:`tipdata.text.book.Faulty` for an unsound one, UsageError as :func:`tipdata.text.set_c.load_set_c`.
    """
    beside = load_set_c(set_c) if set_c else None
    digest = digest_of_texts(languages) + (beside.digest if beside else "")
    file = FILE if beside is None else f"{PLACE}/{set_c}.npz"
    with suppress(UsageError, OSError, ValueError, KeyError, EOFError, BadZipFile):  # not there, or damaged
        return _read(home() / file, digest)
    made = compile_wordbooks(languages, is_sound(), beside)
    with suppress(UsageError):  # where nothing can be kept, every process compiles
        write_file_atomically(home() / file, _pack(made, digest))
    return made


def is_sound() -> bool:
    """Return whether texts and code are those whose wordbooks were found sound."""
    with suppress(OSError):
        return (FOLDER / "text" / SOUND).read_text(encoding="utf-8").strip() == digest_of_texts()
    return False


def digest_of_texts(languages: tuple[str, ...] = ()) -> str:
    """Return the hex SHA-256 of all that compiled wordbooks follow from, and of the languages that they are of."""
    digest = hashlib.sha256(" ".join(languages).encode())
    for file in (FOLDER / "core" / "kinds.py", *sorted((FOLDER / "text").rglob("*"))):
        if file.suffix in (".py", ".yaml"):
            digest.update(file.relative_to(FOLDER).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _arrays() -> list[str]:
    return [field.name for field in fields(Phrases) if field.name not in (STRINGS, "arrow")]


def _pack(made: Phrases, digest: str) -> bytes:
    buffer = io.BytesIO()
    strings = np.frombuffer(BETWEEN.join(made.strings).encode(), dtype=np.uint8)
    arrays = {name: getattr(made, name) for name in _arrays()}
    np.savez(buffer, allow_pickle=False, **{DIGEST: np.array(digest), STRINGS: strings}, **arrays)
    return buffer.getvalue()


def _read(path: Path, digest: str) -> Phrases:
    """Raises ValueError for what other wordbooks were compiled to, and OSError and others for what cannot be read."""
    with np.load(path, allow_pickle=False) as kept:
        if str(kept[DIGEST]) != digest:
            raise ValueError(f"{path} keeps other wordbooks")
        strings = kept[STRINGS].tobytes().decode().split(BETWEEN)
        return Phrases(strings=strings, **{name: kept[name] for name in _arrays()})
