"""The world's parameters: ``world.yaml`` read once, each region drawing its own from the ranges."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from tipdata.core.draw import Stream
from tipdata.core.errors import UsageError

FOLDER = Path(__file__).parents[1]
DAYS = 730
MINUTES_A_DAY = 1440
LEAVES = ("value", "range")
WORLD_MARK = ".w"
"""What stands between size and number in the name of a release of an independent world."""


@cache
def _document(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), Loader=loader)


def versions() -> dict[str, dict[str, Any]]:
    """Released versions of the data: seed and reason, the newest last."""
    return _document("versions.yaml")["versions"]


def sizes() -> dict[str, int]:
    """Release sizes: regions in each."""
    return _document("versions.yaml")["sizes"]


def release_name(version: str, size: str, world: int = 0) -> str:
    """``0.3.0/small`` of the released world, ``0.3.0/small.w3`` of independent world 3."""
    return f"{version}/{size}{f'{WORLD_MARK}{world}' if world else ''}"


def check_world(number: object) -> None:
    """Raises UsageError for a number that no world has."""
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise UsageError(
            f"world {number} does not exist: 0 is the released world, 1, 2, 3 and so on are independent ones."
        )


@cache
def parameters() -> dict[str, dict[str, Any]]:
    """Every parameter of the world by dotted path, with its value or range, unit, source or ``assumed``, note."""
    return dict(_leaves(_document("world.yaml"), ""))


def _leaves(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, child in node.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(child, dict) and any(leaf in child for leaf in LEAVES):
            yield here, child
        elif isinstance(child, dict):
            yield from _leaves(child, here)
        else:
            raise ValueError(f"world.yaml: {here} is neither a group nor a parameter with value or range")


@dataclass(frozen=True)
class World:
    """One version of the world, or one that is independent of it: the seed behind every draw."""

    version: str
    seed: int

    @classmethod
    def of(cls, version: str, world: int = 0) -> "World":
        """A world of a released version: 0 is the released one, any other number one with draws of its own.

        The seed of world k >= 1 is the first 8 bytes, most significant first, of SHA-256 of ``<seed>/world/<k>``
        with the version's seed. Raises KeyError for a version and UsageError for a world that does not exist.
        """
        check_world(world)
        seed = int(versions()[version]["seed"])
        if world:
            seed = int.from_bytes(hashlib.sha256(f"{seed}/world/{world}".encode()).digest()[:8], "big")
        return cls(version, seed)

    def stream(self, path: str) -> Stream:
        """A stream of the world itself, shared by all regions."""
        return Stream(self.seed, f"world/{path}")

    def region(self, index: int) -> "Region":
        return Region(self, index)


@dataclass(frozen=True)
class Region:
    """One region: its index, its streams, and its own draw of every ranged parameter."""

    world: World
    index: int
    _drawn: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def stream(self, path: str) -> Stream:
        """The stream of one column or decision of this region."""
        return Stream(self.world.seed, f"{self.index}/{path}")

    def __getitem__(self, path: str) -> Any:
        """A parameter's value here: a range gives this region's own uniform draw from it."""
        if path not in self._drawn:
            entry = parameters()[path]
            self._drawn[path] = entry["value"] if "value" in entry else self._from_range(path, entry["range"])
        return self._drawn[path]

    def _from_range(self, path: str, bounds: list[float]) -> float | int:
        low, high = bounds
        u = float(self.stream(f"parameter/{path}").uniform(np.array([0]))[0])
        if isinstance(low, int) and isinstance(high, int):
            return low + int((high - low + 1) * u)
        return low + (high - low) * u

    def group(self, prefix: str) -> dict[str, Any]:
        """All parameters below a prefix, by their remaining path, in the file's order."""
        start = prefix + "."
        return {path[len(start) :]: self[path] for path in parameters() if path.startswith(start)}

    def ids(self, stream: str, local: np.ndarray) -> np.ndarray:
        """World-wide row ids, int64 below 2**48: a keyed permutation of region and ``local`` number together.

        An id so tells neither kind nor order, nor the region (a method must not find an author by it).
        """
        return self.world.stream(f"id/{stream}").permute((np.int64(self.index) << 32) | local)


def fingerprint() -> str:
    """SHA-256 over all that decides the world's content: code, parameters, constants, lexicons."""
    digest = hashlib.sha256()
    for path in sorted(p for p in FOLDER.rglob("*") if p.suffix in (".py", ".yaml", ".npz")):
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
