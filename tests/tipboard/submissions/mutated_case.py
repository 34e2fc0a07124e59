"""Honest folders of every task and of a sealed round, and the numbered ways to mutate them.

A number stands for one folder: which base, which mutation, which command is given it, and all that is drawn follow
from the number and a seed, so that any folder can be made again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import polars as pl
from hostile_case import Case, parquet

COMMANDS = ("check", "accept", "score")
"""What may be given a folder on a release: ``submit check``, ``board accept``, and ``score`` a file of it."""
ROUND_COMMANDS = ("intake", "check --round")
SECRET = "not to be touched"


@dataclass
class Mutant(Case):
    """A copy of a base that a mutation spoils. ``file``: the one of its files that is meant, where one is.

    ``during``: what goes on beside the check, until the event is set.
    """

    file: str = ""
    during: Callable[[Event], None] | None = field(default=None, repr=False)

    def pick(self, tricks: Any) -> Any:
        """One of these, by lot."""
        tricks = list(tricks)
        return tricks[int(self.draw.integers(len(tricks)))]

    @property
    def target(self) -> Path:
        """The file that is meant."""
        return self.folder / self.file

    @property
    def content(self) -> bytes:
        return self.target.read_bytes()

    def put(self, content: bytes, rows: int | None = None) -> None:
        """Put bytes in its place, with their digest in the record."""
        self.write(content, self.file, rows)

    def table(self) -> pl.DataFrame:
        return self.frame(self.file)

    def put_table(self, frame: pl.DataFrame) -> None:
        self.put(parquet(frame), frame.height)

    def numbers(self) -> list[str]:
        """Columns of floats."""
        return [name for name, kind in self.table().schema.items() if kind.is_float()]

    def put_text(self, text: str | bytes) -> None:
        """Put a text in the place of the record."""
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (self.folder / "submission.json").write_bytes(content)


@dataclass(frozen=True)
class Mutation:
    """One way. ``refused``: whether it has to be; ``same``: whether it has to be accepted as what it was."""

    name: str
    family: str
    refused: bool
    same: bool
    spoil: Callable[[Mutant], None]


MUTATIONS: list[Mutation] = []


def mutation(
    family: str, refused: bool = False, same: bool = False
) -> Callable[[Callable[[Mutant], None]], Callable[[Mutant], None]]:
    """Register a way under the name of its function."""

    def register(spoil: Callable[[Mutant], None]) -> Callable[[Mutant], None]:
        MUTATIONS.append(Mutation(spoil.__name__, family, refused, same, spoil))
        return spoil

    return register


@dataclass(frozen=True)
class Made:
    """A folder that was made: what it came from, what was done to it, and what is to be given it."""

    number: int
    base: str
    mutation: Mutation
    command: str
    mutant: Mutant


def made(number: int, seed: int, bases: dict[str, Path], into: Path) -> Made:
    """The folder of a number. ``bases``: honest folders by name, see :func:`mutated_bases.bases`."""
    names = list(bases)
    base, one = names[number % len(names)], MUTATIONS[number // len(names) % len(MUTATIONS)]
    key = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(key[:8], "big"))
    # `board accept` asks for a folder of the submission's own name.
    folder, outside = into / bases[base].name, into / "outside"
    shutil.copytree(bases[base], folder)
    outside.mkdir()
    (outside / "kept.txt").write_text(SECRET, encoding="utf-8")
    mutant = Mutant(folder, outside, number, draw)
    mutant.file = mutant.pick(mutant.record["predictions"])["file"]
    command = _command(mutant, one)
    one.spoil(mutant)
    return Made(number, base, one, command, mutant)


def _command(mutant: Mutant, one: Mutation) -> str:
    if mutant.record["data"].startswith("round/"):
        return mutant.pick(ROUND_COMMANDS)
    file_only = one.family in ("parquet", "values")
    return mutant.pick(COMMANDS if file_only else COMMANDS[:2])


def tidy(place: Path) -> None:
    """Remove a folder, whatever modes were set below it."""
    for top, below, _ in os.walk(place):
        for name in below:
            path = Path(top, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)
