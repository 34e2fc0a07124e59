"""An honest submission, a copy of it that is mutated, and the numbered ways to mutate one.

A number stands for one folder: which base, which mutation, which command is given it, and all that is drawn follow
from the number and a seed, so that any folder can be made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from guesses import guess
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.submissions.pack import Gathered, Prediction, pack

ESTIMATES, SCORES, CLUSTERS = (
    "prevalence/all/s0.parquet",
    "flag_aggregation/forward/s0.parquet",
    "advert_linkage/forward/s0.parquet",
)
RECORD = "submission.json"
COMMANDS = ("check", "accept", "score")
"""``submit check``, ``board accept``, and ``score`` of one file of a folder on a release."""
SEASON_COMMANDS = ("check season",)
SECRET = "not to be touched"


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def arrow_file(table: pa.Table, **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def packed(
    folder: Path,
    data: str,
    frames: Mapping[str, pl.DataFrame],
    method: str = "mine",
    version: str | None = None,
) -> Path:
    """Pack predictions by their file. ``version``: of the data of a season."""
    cost = {"fit_s": 1.0, "predict_s": None, "cpu_s": 1.5, "peak_mib": 12.0}
    predictions = []
    for file, frame in frames.items():
        name, split, _ = file.split("/")
        task, read = tasks()[name], partial(lambda frame: frame, frame)
        predictions.append(Prediction(name, split, 0, task.labels[0], task.tier, cost, read, file))
    about = {
        "team": "acme", "summary": "Guesses by lot.", "method": method, "hardware": "2 cores",
        "authors": [{"name": "A. Author", "affiliation": "Acme University"}],
        "code": "https://code.example/mine", **({"entry_class": "worlds"} if data.startswith("season/") else {}),
    }  # fmt: skip
    pack(Gathered(data, predictions, version=version), about, folder)
    return folder


def base(folder: Path) -> Path:
    """A submission on tiny that is accepted: estimates, scores and clusters."""
    frames = {}
    for file in (ESTIMATES, SCORES, CLUSTERS):
        name, split, _ = file.split("/")
        frames[file] = guess(prepare(name, release="0.5.0/tiny", split=split).answers)
    frames[SCORES] = frames[SCORES].cast({"score": pl.Float32})
    return packed(folder, "0.5.0/tiny", frames)


@dataclass
class Mutant:
    """A copy of an honest submission. ``outside`` lies beside it and must stay as it is.

    ``file``: the one of its files that is meant where none is named. ``during``: what goes on beside the check, until
    the event is set.
    """

    folder: Path
    outside: Path
    number: int = 0
    draw: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    file: str = ESTIMATES
    during: Callable[[Event], None] | None = field(default=None, repr=False)
    record: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.record = json.loads(self.text)

    @property
    def text(self) -> str:
        """The record as it is written."""
        return (self.folder / RECORD).read_text(encoding="utf-8")

    @property
    def content(self) -> bytes:
        return self.path().read_bytes()

    def pick(self, tricks: Iterable[Any]) -> Any:
        """One of these, by lot."""
        tricks = list(tricks)
        return tricks[int(self.draw.integers(len(tricks)))]

    def some(self, low: int, high: int) -> int:
        """A number from low to below high, by lot."""
        return int(self.draw.integers(low, max(high, low + 1)))

    def path(self, file: str = "") -> Path:
        return self.folder / (file or self.file)

    def frame(self, file: str = "") -> pl.DataFrame:
        return pl.read_parquet(self.path(file))

    def entry(self, file: str = "") -> dict[str, Any]:
        return next(one for one in self.record["predictions"] if one["file"] == (file or self.file))

    def keep(self, file: str) -> None:
        """Leave this file only."""
        for one in self.record["predictions"]:
            if one["file"] != file:
                shutil.rmtree(self.folder / one["task"])
        self.record["predictions"], self.file = [self.entry(file)], file
        self.write_record()

    def write(self, content: bytes, file: str = "", rows: int | None = None) -> None:
        """Put bytes in the place of a file, with their digest in the record."""
        self.path(file).write_bytes(content)
        self.entry(file).update({"digest": digest(content)} if rows is None else
                                {"digest": digest(content), "rows": rows})  # fmt: skip
        self.write_record()

    def write_frame(self, frame: pl.DataFrame, file: str = "") -> None:
        self.write(parquet(frame), file, frame.height)

    def write_record(self, text: str | bytes | None = None) -> None:
        """Write the record as it is now, or another text in its place."""
        text = json.dumps(self.record) if text is None else text
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        (self.folder / RECORD).write_bytes(content)


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


def made(number: int, seed: int, bases: dict[str, Path], into: Path, file: str | None = None) -> Made:
    """The folder of a number. ``bases``: honest folders by name. ``file``: the one that is meant, else one by lot."""
    names = list(bases)
    base, one = names[number % len(names)], MUTATIONS[number // len(names) % len(MUTATIONS)]
    key = hashlib.sha256(f"{seed}/{number}".encode()).digest()
    # `board accept` asks for a folder of the submission's own name.
    folder, outside = into / bases[base].name, into / "outside"
    shutil.copytree(bases[base], folder)
    outside.mkdir()
    (outside / "kept.txt").write_text(SECRET, encoding="utf-8")
    mutant = Mutant(folder, outside, number, np.random.default_rng(int.from_bytes(key[:8], "big")))
    mutant.file = file or mutant.pick(mutant.record["predictions"])["file"]
    commands = SEASON_COMMANDS if mutant.record["data"].startswith("season/") else COMMANDS
    of_file = commands if one.family in ("parquet", "values") else commands[:2]
    command = mutant.pick(of_file)
    one.spoil(mutant)
    return Made(number, base, one, command, mutant)


def mutants(honest: Path, into: Path, families: str | Sequence[str], file: str, draws: int) -> list[Made]:
    """Some of every mutation of these families, of the same file."""
    found = []
    for number, one in enumerate(MUTATIONS):
        for turn in range(draws if one.family in families else 0):
            place = into / f"{number}-{turn}"
            place.mkdir(parents=True)
            found.append(made(number + turn * len(MUTATIONS), 7, {"mine": honest}, place, file))
    return found


def names_below(folder: Path) -> list[str]:
    """All that is below a folder, without following links."""
    return sorted(
        os.path.join(top, name) for top, below, files in os.walk(folder) for name in (*below, *files)
    )


def tidy(place: Path) -> None:
    """Remove a folder, whatever modes were set below it."""
    for top, below, _ in os.walk(place):
        for path in (Path(top, name) for name in below):
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(place, ignore_errors=True)
