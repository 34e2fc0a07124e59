"""What a season publishes, and the commitment that holds its host to its key and its terms.

The public folder, the same as ``results/seasons/NAME`` of a board: ``season.json`` (:class:`Season`), ``receipts.json``
(of all entries, in order), from the freeze on ``frozen.json`` (:class:`Frozen`), ``status.json`` and, where predictions
are taken, ``folds/``; after the close ``key.hex``, ``worlds.json``, ``entries.json`` (:class:`Closed`),
``results.parquet``, ``truth/`` and, where there is one, ``set-c.yaml`` (:mod:`tipdata.text.set_c`).

The host's folder has mode 0700: ``key.hex`` and ``set-c.yaml`` (0600), ``season.json``, ``published`` (the path of the
public folder), ``entries/<number>/``, ``frozen.json``, ``worlds/<k>-<lane>.json``, ``failures/`` and ``runs/``.

All that is secret follows from the key by SHA-256 over parts, each preceded by its length as eight bytes, big-endian:
the commitment from the key and the canonical JSON of all other fields of ``season.json``; the number of a world from
the key, the digest of the frozen entries, k, the lane of its tasks (:mod:`tipbench.lanes`) and the attempt. A set C
follows from its digest, which the commitment binds too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel
from tipbench.method import EntryClass
from tipbench.metrics.scores import Record
from tipbench.runs.results import Model, Result, read_record
from tipbench.tasks import ScoreVersion, score_version, task_of, tasks
from tipbench.version import __version__
from tipcore.errors import UsageError
from tipcore.operating_system import require_confinement
from tipcore.sources import canonical, value_digest
from tipdata.core.world import entry_of, fingerprint, parameters_digest, release_name
from tipdata.release import Release
from tipdata.text.set_c import save_set_c

from tipboard.seasons.classes import ClassTest
from tipboard.seasons.statistics import FEWEST_WORLDS
from tipboard.submissions.record import SubmissionRecord

FORMAT = "tipbench season 1"
HEX = r"^[0-9a-f]{64}$"
KEY, SEASON, FROZEN, WORLDS, ENTRIES = "key.hex", "season.json", "frozen.json", "worlds.json", "entries.json"
WORDBOOK = "set-c.yaml"
STATUS, VOID, RECEIPTS, PUBLISHED = "status.json", "void.json", "receipts.json", "published"
FOLDS, TRUTH = "folds", "truth"
KEY_BYTES, NUMBER_BITS = 32, 96
MOST_WORLDS, MOST_ENTRIES, DECIMALS, REPLICATES = 64, 3, 3, 200
BESIDE = {"advert_risk": ("truth", "expert")}
"""Tasks that are run with several labels, of which the first is ranked; others have their default."""
HOST = "tipbench"
"""The team of the shipped methods."""
RAN = "ran"
REASONS = {
    "install": "cannot be installed",
    "time": "took too long",
    "memory": "took too much memory",
    "refused": "predictions refused",
    "error": "the method raised an error",
    "needs": "needs what the fold does not have",
}
"""Why an entry failed, in words. Before the close nothing else is published of a failure."""


class TaskTerms(Record):
    """How a task is run. ``evaluator``: what its scores mean."""

    split: str
    labels: list[str] = Field(min_length=1, description="the first is ranked")
    evaluator: ScoreVersion
    predictions: bool = Field(
        description="whether files of predictions are taken: not where rows come in steps"
    )


class Season(Record):
    """``season.json``: what a season promises before anything is entered. All times are UTC."""

    format: Literal["tipbench season 1"] = FORMAT
    name: str
    opens: datetime
    closes: datetime = Field(description="packages are taken before it, and frozen after it")
    predictions: datetime | None = Field(description="files of predictions are taken before it; null: never")
    data: str = Field(description="version of the data")
    size: str
    worlds: int = Field(ge=FEWEST_WORLDS, le=MOST_WORLDS, multiple_of=2)
    tasks: list[str] = Field(min_length=1)
    terms: dict[str, TaskTerms] = Field(description="by task")
    minutes: float = Field(gt=0, description="CPU minutes of a cell")
    memory_gib: float = Field(gt=0, description="of a cell")
    entries: int = Field(default=MOST_ENTRIES, description="of a team, of which the last counts")
    decimals: int = Field(default=DECIMALS, description="of published scores")
    replicates: int = Field(default=REPLICATES, description="of the cluster bootstrap within a world")
    world_file: str = Field(pattern=HEX, description="SHA-256 of the parameters of the data version")
    generator: str = Field(pattern=HEX, description="SHA-256 of the generator's code and parameters")
    tipbench: str = Field(description="version that runs and scores")
    wordbook: str | None = Field(
        default=None, pattern=HEX, description="SHA-256 of set C, which words the test part of every world"
    )
    commitment: str = Field(pattern=HEX)

    @property
    def release(self) -> str:
        return release_name(self.data, self.size)


class FrozenEntry(Record):
    """A package that takes part; ``wheel``: SHA-256 of its file, null for tipbench itself; ``configs``: by task."""

    id: str
    receipt: str | None = Field(description="null for a shipped method")
    wheel: str | None
    configs: dict[str, str]


class Frozen(Record):
    """``frozen.json``: the packages, after which the worlds are drawn."""

    name: str
    frozen: datetime
    entries: list[FrozenEntry]

    @property
    def digest(self) -> str:
        """Decides the worlds: SHA-256 of the packages, and not of the time, which the host could choose."""
        return value_digest([one.model_dump(mode="json") for one in self.entries])


class Entered(Record):
    """``entry.json``: a submission that was taken in.

    ``previous``: receipt of the one before; the first has the commitment. ``wheels``, ``files``: SHA-256 by name of the
    wheels that it takes, its own first, and of the files of predictions.
    """

    number: int = Field(ge=1)
    previous: str = Field(pattern=HEX)
    entered: datetime
    record: SubmissionRecord
    wheels: dict[str, str]
    files: dict[str, str]

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def is_package(self) -> bool:
        return not self.record.predictions

    @property
    def wheel(self) -> str | None:
        """SHA-256 of its own wheel; None where it takes none."""
        return next(iter(self.wheels.values()), None)

    @property
    def receipt(self) -> str:
        """The hash that the team keeps: it binds this entry and all before it."""
        return value_digest(self.model_dump(mode="json"))


class Attempt(Record):
    """A world that was drawn. ``reasons``: why it was not taken; none of the last one."""

    number: int
    reasons: list[str]


class WorldTask(Record):
    """``clusters``: with a positive in the test part, or of any kind; ``answers``, ``inputs``: digests; ``references``:
    chance, oracle and single_unit (:func:`tipbench.evaluation.references.references`)."""

    clusters: int
    answers: str
    inputs: str | None = None
    references: dict[str, float | None] = Field(default_factory=dict)


class SeasonWorld(Record):
    """One world of ``worlds.json``. Each lane has its own world k; ``tasks`` are those of its lane."""

    k: int = Field(ge=1)
    lane: int = Field(ge=1)
    drawn: bool = Field(description="whether every assumed parameter was drawn too")
    attempts: list[Attempt]
    tasks: dict[str, WorldTask]

    @property
    def number(self) -> int:
        return self.attempts[-1].number

    def __str__(self) -> str:
        return f"world {self.k} of lane {self.lane}"


class Standing(Record):
    """How an entry took part in a task. ``entry_class``: as declared; ``class_test``: what it scored on made-up words;
    only packages that declare the class *fold* and ran have one."""

    entry_class: EntryClass
    class_test: ClassTest | None = None
    status: str

    @property
    def class_found(self) -> EntryClass:
        """The class it is ranked in."""
        return self.entry_class if self.class_test is None else self.class_test.entry_class(self.entry_class)


class ClosedEntry(Record):
    """One entry of ``entries.json``; ``entered``: null for a shipped method; ``note``: why it does not count."""

    id: str
    is_host: bool
    kind: Literal["package", "predictions"]
    entered: Entered | None
    tasks: dict[str, Standing]
    note: str | None = None


class Void(Record):
    """A season, or an entry by its id, that counts for nothing."""

    entry: str | None
    reason: str
    at: datetime


class Worlds(RootModel[list[SeasonWorld]]):
    """``worlds.json``."""


class Receipts(RootModel[list[str]]):
    """``receipts.json``."""


class Voids(RootModel[list[Void]]):
    """``void.json``."""


class Closed(Record):
    """``entries.json``."""

    name: str
    closed: datetime
    entries: list[ClosedEntry]
    voids: list[Void]


def entry_id(result: Result) -> str:
    """Return the id of the entry that a result of a season is of."""
    return result.method_name if "--" in result.method_name else f"{HOST}--{result.method_name}"


def to_json(record: BaseModel) -> str:
    """Return indented JSON, finite numbers only."""
    return json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def terms_of(names: Sequence[str]) -> dict[str, TaskTerms]:
    """Return the terms of tasks, of all where none are named. Raises UsageError for one that does not exist."""
    chosen = [task_of(name) for name in (names or tasks())]
    return {
        one.name: TaskTerms(
            split=one.splits[0],
            labels=list(BESIDE.get(one.name, one.labels_on(one.splits[0])[:1])),
            evaluator=score_version(one),
            predictions=not one.stream,
        )
        for one in chosen
    }


def versions_here(data: str, size: str, names: Sequence[str]) -> dict[str, Any]:
    """Return what decides worlds and scores of a season and may differ between two installations of tipbench."""
    return {
        "world_file": parameters_digest(data, size),
        "generator": fingerprint(data, size),
        "tipbench": __version__,
        "terms": terms_of(names),
    }


def digest_parts(*parts: bytes) -> str:
    """Return SHA-256 over parts, each preceded by its length, in hex."""
    digest = hashlib.sha256()
    for part in (FORMAT.encode(), *parts):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def commitment(key: bytes, season: Season) -> str:
    """Return the commitment, in hex, to a key and to every other field of a season."""
    without = {"commitment"} if season.wordbook else {"commitment", "wordbook"}  # as before there was a set C
    terms = season.model_dump(mode="json", exclude=without)
    return digest_parts(b"commitment", key, canonical(terms).encode())


def keep_wordbook(folder: Path, season: Season) -> None:
    """Keep the set C of a season on this machine, where its worlds find it; nothing where it has none.

    Raises UsageError where the folder's is not the one that the season committed to.
    """
    if season.wordbook is not None:
        save_set_c(folder / WORDBOOK, season.wordbook)


def release_of(season: Season, number: int) -> Release:
    """Return the release of a world."""
    return Release.of(season.data, season.size, number)


def read(path: Path, kind: type[Model], what: str = "season") -> Model:
    """Return a record from its file. Raises UsageError if the file is missing or holds another record."""
    return read_record(path, kind, f"{path.parent} is not a {what}", "restore it from a copy")


def read_voids(folder: Path) -> list[Void]:
    """Return what was made void in a season, in order."""
    return read(folder / VOID, Voids).root if (folder / VOID).is_file() else []


def read_receipts(folder: Path) -> list[str]:
    """Return the receipts of all entries of a published season, in the order in which they were taken in."""
    return read(folder / RECEIPTS, Receipts).root if (folder / RECEIPTS).is_file() else []


def open_public(folder: Path) -> Season:
    """Return the season of a published folder. Raises UsageError where there is none."""
    return read(folder / SEASON, Season)


def read_key(folder: Path) -> bytes:
    """Return the key in a folder; no bytes where there is none, or no hex digits."""
    try:
        return bytes.fromhex((folder / KEY).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return b""


def open_secret(folder: Path) -> tuple[Season, bytes]:
    """Return the season of a host's folder and its key.

    Raises UsageError where it is no such folder, the key is lost or another one, the season is void or was opened by
    another tipbench, and on a system that hosts none.
    """
    require_confinement("Hosting a season")
    season = open_public(folder)
    for void in read_voids(folder):
        if void.entry is None:
            raise UsageError(f"season {season.name} is void since {minute(void.at)}: {void.reason}")
    if not (folder / KEY).exists():
        raise UsageError(
            f"{folder / KEY} is lost: restore it, or end the season with `tipbench season void {folder} reason=TEXT`."
        )
    key = read_key(folder)
    if len(key) != KEY_BYTES or commitment(key, season) != season.commitment:
        raise UsageError(
            f"{folder / KEY} and {folder / SEASON} do not give the season's commitment: restore both as they were."
        )
    if found := differences(season):
        raise UsageError(
            f"season {season.name} cannot go on here, since {found[0]}: install the one of the season."
        )
    return season, key


def differences(season: Season) -> list[str]:
    """Return one clause for everything by which this tipbench would make or score other worlds than a season's."""
    try:
        entry_of(season.data)
        here = versions_here(season.data, season.size, season.tasks)
    except UsageError as error:
        return [str(error).rstrip(".")]
    found = []
    if here["tipbench"] != season.tipbench:
        found.append(f"tipbench is {here['tipbench']} and was {season.tipbench}")
    if here["world_file"] != season.world_file:
        found.append(f"the world file of data {season.data} was edited")
    elif here["generator"] != season.generator:
        found.append(f"the code of the generator of data {season.data} was changed")
    other = (name for name, terms in season.terms.items() if here["terms"].get(name) != terms)
    return found + [f"{name} is run or scored otherwise here" for name in other]


def minute(moment: datetime) -> str:
    """Return a moment as messages show it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"
