"""Versions of the data and their parameters. A world file is read once; each region draws its values from ranges."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tipcore.errors import UsageError
from tipcore.sources import tree_digest

from tipdata.core import coverage, own_worlds
from tipdata.core.draw import Ids, Ints, Stream, probability
from tipdata.core.parameters import apply_profile, draw_assumptions, read_parameters
from tipdata.core.yaml_lines import read_yaml

FOLDER = Path(__file__).parents[1]
DAYS = 730
MINUTES_A_DAY = 1440
DRAFT, RELEASED, RETIRED = "draft", "released", "retired"
"""Status of a version: it may still change; it is fixed; this package no longer makes it."""
DRAWN = 1 << 96
"""The first number of the worlds that draw every assumed parameter."""
PREFIX = 32
"""Number of hexadecimal digits of a file's digest in the number of a world."""
WORDED = 1 << 4 * PREFIX
"""The first number of the worlds whose test part is worded by a file of frames (:meth:`World.of`)."""
WEIGHTED = ("operations.kind.", "operations.form")
"""Prefixes of parameters whose profile is undone by weights. Coverage targets use the world's own values of them."""
OWN = "own"
"""Status of an own world (:mod:`tipdata.core.own_worlds`)."""


@cache
def _document(name: str) -> dict[str, Any]:
    return read_yaml(FOLDER / name)


def versions() -> dict[str, dict[str, Any]]:
    """Return the versions of the data, the newest last. Each has status and reason, and world file and seed or, if
    retired, the package that makes it."""
    return _document("versions.yaml")["versions"]


def makeable_versions() -> list[str]:
    """Return the versions that are not retired, the newest last."""
    return [name for name, entry in versions().items() if entry["status"] != RETIRED]


def entry_of(version: str) -> dict[str, Any]:
    """Return the entry of a version, or of an own world, whose status is ``own``.

    Raises UsageError for a version that does not exist or is retired.
    """
    if own_worlds.is_own(version):
        world = own_world(version)
        return {"status": OWN, "world": own_worlds.own_world_path(version).name, "seed": world.seed}
    if version not in versions():
        known = ", ".join(makeable_versions())
        raise UsageError(f"release version {version} does not exist: choose one of {known}.")
    entry = versions()[version]
    if entry["status"] == RETIRED:
        made = f"{entry['reason']}; {entry['made_by']} makes it"
        raise UsageError(f"data version {version} is retired: {made}. Take {newest_released()}.")
    return entry


def newest_released() -> str:
    """Return the newest released version, which is the default everywhere."""
    return [name for name, entry in versions().items() if entry["status"] == RELEASED][-1]


def is_draft(version: str) -> bool:
    """Return whether a version is a draft; one that does not exist here is not."""
    return version in versions() and versions()[version]["status"] == DRAFT


def check_status(version: str, draft: bool) -> None:
    """Refuse a board, round or export of a retired version or own world and, unless drafts are allowed, of a draft.

    Raises:
        UsageError: for a retired version, for an own world, and for a draft if ``draft`` is false.
    """
    if own_worlds.is_own(version):
        why = "is a world of your own, and boards, rounds and exports are of released data"
        raise UsageError(f"{version} {why}: take {newest_released()}.")
    if version in versions() and entry_of(version)["status"] == DRAFT and not draft:
        advice = f"add --draft, or take {newest_released()}"
        raise UsageError(f"data version {version} is a draft and may still change: {advice}.")


def sizes() -> dict[str, int]:
    """Return the number of regions of each release size."""
    return {name: size["regions"] for name, size in _document("versions.yaml")["sizes"].items()}


def includes(version: str, since: str) -> bool:
    """Return whether a version of the data has what was added in version ``since``; '' is the first version."""
    if not since:
        return True
    known = list(versions())
    version = own_world(version).based_on if own_worlds.is_own(version) else version
    return known.index(since) <= known.index(version)


def profile(version: str, size: str) -> Mapping[str, Any]:
    """Return the profile of a size in a version: its own values of some parameters, by path; {} if it has none."""
    return _document("versions.yaml")["sizes"].get(size, {}).get("profile", {})


def check_world(number: object) -> None:
    """Raise UsageError for a number that no world has."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < WORDED**2:
        known = "0 is the released world, 1, 2, 3 and so on are independent ones"
        raise UsageError(f"world {number} does not exist: {known}.")


def with_set_c(number: int, digest: str) -> int:
    """Return the number of a world whose test part is worded by the file of a hex SHA-256 (:meth:`World.of`)."""
    return number + WORDED * int(digest[:PREFIX], 16)


def parameters(version: str) -> dict[str, dict[str, Any]]:
    """Return every parameter of a version's world by dotted path, in the file's order.

    Each has its value or range, its unit, what it rests on (:mod:`tipdata.core.parameters`), and maybe a note. Raises
    UsageError as :func:`entry_of`, ValueError, with file, line and parameter, for one that is not sound or that no code
    asks for, and for those that cannot meet the coverage targets (:mod:`tipdata.core.coverage`).
    """
    return _own_parameters(version) if own_worlds.is_own(version) else _parameters(entry_of(version)["world"])


@cache
def _parameters(file: str) -> dict[str, dict[str, Any]]:
    listed = read_parameters(_document(file), FOLDER / file)
    coverage.check(file, listed)
    return listed


def register(file: Path) -> own_worlds.OwnWorld:
    """Keep a user's world file under its name, which stands for a version from then on, and return the world.

    Raises UsageError as :func:`~tipdata.core.own_worlds.read_own_world` and
    :func:`~tipdata.core.own_worlds.merge_parameters`.
    """
    world = own_worlds.read_own_world(file, _base)
    own_worlds.merge_parameters(world, parameters(world.based_on))
    own_worlds.save_own_world(file, world)
    return world


def own_world(name: str) -> own_worlds.OwnWorld:
    """Return the own world that was saved under a name. Raises UsageError if there is none, or its file was changed."""
    return own_worlds.load_own_world(name, _base)


def _base(version: str) -> tuple[Mapping[str, Mapping[str, Any]], int]:
    """Return the base of an own world. Raises UsageError for a version that is not released."""
    if version not in versions() or entry_of(version)["status"] != RELEASED:
        raise UsageError(f"{version} is not a released data version: base the world on {newest_released()}.")
    return parameters(version), int(entry_of(version)["seed"])


@lru_cache(maxsize=16)
def _own_parameters(name: str) -> dict[str, dict[str, Any]]:
    world = own_world(name)
    return own_worlds.merge_parameters(world, parameters(world.based_on))


@cache
def _paths_below(version: str, prefix: str) -> tuple[str, ...]:
    return tuple(path for path in parameters(version) if path.startswith(f"{prefix}."))


def parameters_digest(version: str, size: str = "") -> str:
    """Return the hex SHA-256 of values, ranges and units of a version's parameters, with the profile of a size."""
    listed = {
        path: [entry.get("value"), entry.get("range"), entry.get("unit")]
        for path, entry in apply_profile(parameters(version), size, profile(version, size)).items()
    }
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class World:
    """One version of the world, or a world independent of it: the seed of every draw."""

    version: str
    seed: int
    assumptions: int = 0
    """0 for the assumed parameters of the version; any other number for a draw of all of them
    (:func:`~tipdata.core.parameters.draw_assumptions`)."""
    size: str = ""
    """The size whose profile applies; '' for none."""
    set_c: str = ""
    """How the digest of the file begins whose frames word the test part (:mod:`tipdata.text.set_c`); '' for none."""

    @classmethod
    def of(cls, version: str, world: int = 0, assumptions: int = 0, size: str = "") -> World:
        """Return a world of a version: 0 is the released one, any other number an independent one; one from
        :data:`DRAWN` on also draws every assumed parameter.

        A number from :data:`WORDED` on is ``k + WORDED * d``: world k, whose test part is worded by the file whose
        SHA-256 begins with the 128 bits of d (:func:`tipdata.text.set_c.save_set_c`). All else is as in world k.

        ``size``: of a release, which may have a profile. The seed of world k >= 1 is the first 8 bytes, most
        significant first, of SHA-256 of ``<seed>/world/<k>`` with the version's seed. Raises UsageError as
        :func:`entry_of`, and for a world that does not exist.
        """
        check_world(world)
        seed = int(entry_of(version)["seed"])
        beside, world = divmod(world, WORDED)
        if world:
            seed = int.from_bytes(hashlib.sha256(f"{seed}/world/{world}".encode()).digest()[:8], "big")
        set_c = f"{beside:0{PREFIX}x}" if beside else ""
        own = size if profile(version, size) else ""
        return cls(version, seed, assumptions or int(world >= DRAWN), own, set_c)

    @property
    def natural(self) -> World:
        """The same without the profile of a size."""
        return replace(self, size="")

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Every parameter by dotted path; see :func:`parameters`."""
        return _varied_parameters(self) if self.assumptions or self.size else parameters(self.version)

    def stream(self, path: str) -> Stream:
        """Return a stream of the world itself, shared by all regions."""
        return Stream(self.seed, f"world/{path}")

    def region(self, index: int) -> Region:
        return Region(self, index)


@lru_cache(maxsize=4)
def _varied_parameters(world: World) -> Mapping[str, Mapping[str, Any]]:
    listed: Mapping[str, Mapping[str, Any]] = parameters(world.version)
    if world.assumptions:
        listed = draw_assumptions(listed, world.seed, world.assumptions)
    own = profile(world.version, world.size)
    made = apply_profile(listed, world.size, own)
    if own and not world.assumptions:  # what has none was checked when its file was loaded
        shares = {path: entry for path, entry in listed.items() if path.startswith(WEIGHTED)}
        coverage.check(f"versions.yaml: size {world.size}", {**made, **shares})
    return made


@dataclass(frozen=True)
class Region:
    """One region: its index, its streams, and its own draw of every ranged parameter."""

    world: World
    index: int
    _drawn: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def natural(self) -> Region:
        """The same region without the profile of a size."""
        return Region(self.world.natural, self.index) if self.world.size else self

    def stream(self, path: str) -> Stream:
        """Return the stream of one column or decision of this region."""
        return Stream(self.world.seed, f"{self.index}/{path}")

    def streams(self, paths: Iterable[str]) -> Stream:
        """Return the streams of several columns or decisions of this region as one: draws are (paths, ids)."""
        return Stream.several(self.world.seed, (f"{self.index}/{path}" for path in paths))

    @cached_property
    def _parameters(self) -> Mapping[str, Mapping[str, Any]]:
        return self.world.parameters

    def __getitem__(self, path: str) -> Any:
        """Return a parameter's value here: a range gives this region's own uniform draw from it.

        Raises KeyError, with a sentence, for one that is not in the world file.
        """
        if path not in self._drawn:
            if path not in self._parameters:
                file = entry_of(self.world.version)["world"]
                what = f"the code reads parameter {path}, which is not in the file"
                raise KeyError(f"{file}: {what}: add it, or correct its name.")
            entry = self._parameters[path]
            self._drawn[path] = entry["value"] if "value" in entry else self._from_range(path, entry["range"])
        return self._drawn[path]

    def _from_range(self, path: str, bounds: list[float]) -> float | int:
        low, high = bounds
        u = float(self.stream(f"parameter/{path}").uniform(np.array([0]))[0])
        if isinstance(low, int) and isinstance(high, int):
            return low + int((high - low + 1) * u)
        return low + (high - low) * u

    def values(self, path: str, names: Iterable[str] | None = None) -> np.ndarray:
        """Return a parameter's numbers as an array: those of some names, or all of a list or mapping, in its order."""
        listed = self[path]
        if names is not None:
            return np.array([listed[name] for name in names])
        return np.array(list(listed.values()) if isinstance(listed, Mapping) else listed)

    def milli(self, path: str, names: Iterable[str] | None = None) -> Ints:
        """Return a parameter's numbers in thousandths, rounded, int64, as :meth:`values`; of a single number 0-d."""
        return np.rint(self.values(path, names) * 1000).astype(np.int64)

    def chances(self, path: str, names: Iterable[str] | None = None) -> np.ndarray:
        """Return a parameter's probabilities out of 65,536, int64, of some names or of all as :meth:`values` does."""
        return np.array([probability(p) for p in self.values(path, names).tolist()])

    def chance(self, stream: str, ids: Ids, path: str, k: int | Ids = 0) -> npt.NDArray[np.bool_]:
        """Return a bool for each id, true with the probability that a parameter holds, drawn from a stream."""
        return self.stream(stream).chance(ids, probability(self[path]), k)

    def between(self, stream: str, ids: Ids, bounds: npt.ArrayLike, k: int | Ids = 0) -> Ints:
        """Return uniform integers between bounds, drawn from a stream (:meth:`Stream.between`)."""
        return self.stream(stream).between(ids, bounds, k)

    def choose(self, stream: str, ids: Ids, path: str, k: int | Ids = 0) -> Ints:
        """Return an index for each id, by the weights that a parameter lists, drawn from a stream."""
        return self.stream(stream).choose(ids, self.values(path), k)

    def spread(self, stream: str, ids: Ids, name: str, scale: int | Ints, k: int | Ids = 0) -> Ints:
        """Return draws from a shipped inverse CDF (:meth:`Stream.quantile`) times ``scale``, rounded down."""
        return scale * self.stream(stream).quantile(ids, name, k) // 1_000_000

    def group(self, prefix: str) -> dict[str, Any]:
        """Return all parameters below a prefix, by their remaining path, in the file's order."""
        return {path[len(prefix) + 1 :]: self[path] for path in _paths_below(self.world.version, prefix)}

    def ids(self, stream: str, local: np.ndarray) -> np.ndarray:
        """World-wide row ids, int64 below 2**48: a keyed permutation of region and ``local`` number together.

        An id therefore reveals neither kind nor order nor region (a method must not find an author by it).
        """
        return self.world.stream(f"id/{stream}").permute((np.int64(self.index) << 32) | local)


WORLD_MARK = ".w"
"""Separates size and number in the name of a release of an independent world."""


def release_name(version: str, size: str, world: int = 0) -> str:
    """Return ``0.5.0/small`` of the released world, ``0.5.0/small.w3`` of independent world 3."""
    return f"{version}/{size}{f'{WORLD_MARK}{world}' if world else ''}"


def parse_release_name(name: str) -> tuple[str, str, str]:
    """Return version, size and world of a name written by :func:`release_name`, '' for missing parts.

    Raises UsageError for a world that is not a whole number from 1.
    """
    version, _, place = name.rpartition("/")
    size, marked, world = place.partition(WORLD_MARK)
    if marked and not (world.isascii() and world.isdigit() and not world.startswith("0")):
        known = f"write {size}{WORLD_MARK}1, {size}{WORLD_MARK}2 and so on, or {size} for the released one"
        raise UsageError(f"release {name} names no world: {known}.")
    return version, size, world


GENERATOR = ("core", "stages", "tables", "text", "release/region.py")
"""Folders and files whose code and tables decide what a region holds."""


@cache
def fingerprint(version: str, size: str = "") -> str:
    """Return the hex SHA-256 of all that decides a version's content: code, parameters, constants and texts; of a
    size with a profile, that too.

    Comments, docstrings and notes do not enter.
    """
    return tree_digest(FOLDER, GENERATOR, parameters_digest(version, size))
