"""A cell: one method with one seed on one split of one task's data; its config, its hash, its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError
from tipcore.operating_system import name_problem
from tipcore.sources import canonical, value_digest
from tipdata.core.world import release_name

from tipbench.config.settings import Settings
from tipbench.data.further_worlds import FOLD_ALONE, count_worlds, world_numbers

HASHED = ("task", "release", "split", "labels", "access", "train", "replicates")
"""What decides a result beside data and method. ``train`` is there only with further worlds."""
PROSE = ("summary", "source", "known")
"""Keys of a user's own data that only a reader sees."""
RESOLVED = ("extra", "train", "search")
"""Keys of a baseline that are used up before there is a cell."""
HASH_LENGTH = 12


@dataclass(frozen=True)
class Cell:
    """One cell. ``config`` is plain and holds all that decides its result, with ``auto`` resolved.

    Keys of ``config``: task, release {version, size} or None, data or None, split, labels, access, seed,
    replicates, baseline {name, summary, reference, method}. A release of an independent world has its number as
    ``world``; one of the released world has no such key, so that older results keep their hash. So it is with
    ``train`` for a method that learns from its fold alone.
    """

    config: dict[str, Any]
    runs: Path

    @property
    def task(self) -> str:
        return self.config["task"]

    @property
    def split(self) -> str:
        return self.config["split"]

    @property
    def seed(self) -> int:
        return self.config["seed"]

    @property
    def baseline(self) -> str:
        return self.config["baseline"]["name"]

    @property
    def method(self) -> str:
        """The baseline's name without its task."""
        return self.baseline.partition("/")[2] or self.baseline

    @property
    def target(self) -> str:
        return self.config["baseline"]["method"]["_target_"]

    @property
    def data(self) -> str:
        """The name of a release (``0.5.0/small``, ``0.5.0/small.w3``), or of a user's own data."""
        return data_name(self.config)

    @property
    def worlds(self) -> int:
        """How many further worlds the method learns from."""
        return count_worlds(self.config.get("train", FOLD_ALONE))

    @property
    def releases(self) -> list[dict[str, Any]]:
        """What the cell reads of releases: its own and further worlds, as arguments of ``open_release``."""
        release = self.config["release"]
        if release is None:
            return []
        numbers = world_numbers(self.worlds, release.get("world", 0))
        return [release, *({**release, "world": number} for number in numbers)]

    @property
    def name(self) -> str:
        return f"{self.baseline} on {self.data}, split {self.split}, seed {self.seed}"

    @property
    def fold_key(self) -> str:
        """Cells with the same key use the same fold: data, task, split, labels, access, further worlds."""
        keys = ("release", "data", "task", "split", "labels", "access", "train")
        return canonical({key: self.config.get(key) for key in keys})

    @property
    def hash(self) -> str:
        """SHA-256, in hex, of what decides the result except the seed: :data:`HASHED`, the data, and ``_target_`` with
        the parameters of the method. Names and prose do not enter."""
        decides = {key: self.config[key] for key in HASHED if key in self.config}
        decides |= {"data": without_prose(self.config["data"]), "method": self.config["baseline"]["method"]}
        return value_digest(decides)

    @property
    def folder(self) -> Path:
        """``<runs>/<data>/<task>/<split>/<method>/<hash>-s<seed>``."""
        place = f"{self.data}/{self.task}/{self.split}/{self.method}/{self.hash[:HASH_LENGTH]}-s{self.seed}"
        return self.runs / place


def cell_of(settings: Settings, split: str, labels: str, access: str, seed: int) -> Cell:
    """Return the cell of a checked config, with split, labels and access as resolved.

    Raises UsageError where the data or the method has a name that cannot be a folder's on every system.
    """
    whole = settings.model_dump(mode="json")
    release = whole["release"] and {
        key: value for key in ("version", "size", "world") if (value := whole["release"][key]) != 0
    }
    config = {
        "task": whole["task"]["name"],
        "release": release,
        "data": whole["data"],
        "split": split,
        "labels": labels,
        "access": access,
        "seed": seed,
        "replicates": whole["replicates"],
        "baseline": {key: value for key, value in whole["baseline"].items() if key not in RESOLVED},
    }
    if settings.learnt_from != FOLD_ALONE:
        config["train"] = settings.learnt_from
    cell = Cell(config, Path(settings.runs.path or "runs"))
    for key, name in (("data.name", cell.data), ("baseline.name", cell.method)):
        for problem in filter(None, map(name_problem, name.split("/"))):
            raise UsageError(
                f"{key}={name} cannot be the name of a folder of runs: {problem}; choose another."
            )
    return cell


def data_name(config: dict[str, Any]) -> str:
    """Return the name of a config's release, or of its data."""
    return release_name(**config["release"]) if config["release"] else str(config["data"]["name"])


def is_described(config: dict[str, Any], version: str) -> bool:
    """Return whether the prose of a config's data describes these files; True where it names no version of them."""
    known = (config["data"] or {}).get("known")
    return known is None or known == version


def without_prose(data: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the config of a user's own data without what only a reader sees."""
    return None if data is None else {key: value for key, value in data.items() if key not in PROSE}
