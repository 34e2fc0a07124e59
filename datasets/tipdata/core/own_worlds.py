"""Own worlds: a released version's world with some parameters changed by a user, named by a digest, never by a version.

A world file is YAML::

    based_on: 0.5.0             # the released version whose generator and other parameters it takes
    seed: 17                    # optional; as of that version, so that only the parameters make a difference
    calibration: {...}          # optional; what `tipbench data calibrate` asked of a private table, and what it spent
    parameters:                 # as in a released world file, nested or by dotted path; only those that are changed
      operations.languages: {value: {en: 70, es: 10, fr: 5, ru: 5, ar: 5, zh: 5}, unit: weight, sign: assumed, ...}

It is registered under ``own-`` and the first 16 hexadecimal digits of a SHA-256 of base, seed and changed parameters:
that name stands where a version does, and the same file gives the same name anywhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from tipcore.atomic import write_file_atomically
from tipcore.digest import Stamp
from tipcore.errors import UsageError
from tipcore.locations import home

from tipdata.core import coverage
from tipdata.core.parameters import DEFINITION, is_number, iterate_numbers, iterate_parameters, place_of
from tipdata.core.yaml_lines import read_yaml_lines, strip_lines

OWN_PREFIX = "own-"
"""Prefix of the name of every own world, and of no version."""
NAME = re.compile(f"{OWN_PREFIX}[0-9a-f]{{16}}")
PLACE = "worlds"
"""The folder of ``$TIPBENCH_HOME`` with own worlds."""
PARAMETERS = "parameters"
KEYS = ("based_on", "seed", "calibration", PARAMETERS)
MOST_SEED = 2**63

Entry = Mapping[str, Any]


Bases = Callable[[str], tuple[Mapping[str, Entry], int]]
"""A released version -> every parameter by dotted path, and the seed of all draws; what an own world is based on."""


@dataclass(frozen=True)
class OwnWorld:
    """An own world.

    ``parameters``: the changed ones, by dotted path in the order of the base. ``calibration``: the queries to a private
    table, empty if there were none.
    """

    based_on: str
    seed: int
    calibration: Mapping[str, Any]
    parameters: Mapping[str, Entry]

    @property
    def name(self) -> str:
        """The name, used in place of a version."""
        changed = [
            [path, entry.get("value"), entry.get("range"), entry.get("unit")]
            for path, entry in self.parameters.items()
        ]
        content = json.dumps([self.based_on, self.seed, changed], ensure_ascii=False)
        return f"{OWN_PREFIX}{hashlib.sha256(content.encode()).hexdigest()[:16]}"


def is_own(version: str) -> bool:
    """Return whether a name in the place of a version is the name of an own world."""
    return version.startswith(OWN_PREFIX)


def read_own_world(file: Path, base_of: Bases) -> OwnWorld:
    """Return the world that a file describes.

    Args:
        file: the world file.
        base_of: a released version -> its parameters and seed; raises UsageError for another one.

    Raises:
        UsageError: in one sentence with file, line and parameter, for a key or parameter that is not known, one
            without unit, grounds or width, one of another form than the base's, and one that is a definition.
    """
    try:
        document = read_yaml_lines(file)
    except ValueError as error:
        raise UsageError(str(error)) from None
    _check_keys(file, document)
    document = strip_lines(document)
    based_on = str(document["based_on"])
    base, seed = base_of(based_on)
    try:
        listed = list(iterate_parameters(document.get(PARAMETERS), "", file, PARAMETERS, own=True))
    except ValueError as error:
        raise UsageError(str(error)) from None
    changed: dict[str, Entry] = {}
    for path, entry in listed:
        fault = "is there twice: keep one" if path in changed else _find_difference(path, entry, base)
        if fault:
            raise UsageError(f"{place_of(file, path, PARAMETERS)}: {path} {fault}.")
        changed[path] = entry
    calibration = document.get("calibration", {})
    own_seed = document.get("seed", seed)
    if not isinstance(calibration, dict):
        raise UsageError(f"{file.name}: calibration is not a mapping: leave it as `data calibrate` wrote it.")
    if type(own_seed) is not int or not 0 <= own_seed < MOST_SEED:
        raise UsageError(f"{file.name}: seed is {own_seed!r}: give a whole number from 0 to 2**63 - 1.")
    ordered = {path: dict(changed[path]) for path in base if path in changed}
    for path, entry in ordered.items():
        if "value" in entry and "value" in base[path]:
            entry["value"] = _order_names(entry["value"], base[path]["value"])
    return OwnWorld(based_on, own_seed, calibration, ordered)


def merge_parameters(world: OwnWorld, base: Mapping[str, Entry]) -> dict[str, dict[str, Any]]:
    """Return every parameter of an own world, in the order of its base.

    Raises UsageError where they cannot meet the coverage targets (:mod:`tipdata.core.coverage`).
    """
    listed = {path: dict(entry) for path, entry in {**base, **world.parameters}.items()}
    try:
        coverage.check(world.name, listed)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return listed


def load_own_world(name: str, base_of: Bases) -> OwnWorld:
    """Return the saved world of a name. Raises UsageError if there is none, or its file was changed."""
    file = own_world_path(name)
    if not (NAME.fullmatch(name) and file.is_file()):
        advice = "make it from its file with `tipbench data make world=FILE`"
        raise UsageError(f"there is no world {name} in {file.parent}: {advice}.")
    return _load_own_world(name, file, Stamp.of(file.stat()), base_of)


@lru_cache(maxsize=16)
def _load_own_world(name: str, file: Path, stamp: Stamp, base_of: Bases) -> OwnWorld:
    world = read_own_world(file, base_of)
    if world.name != name:
        raise UsageError(f"{file} was changed since it was made: make the world again from its own file.")
    return world


def _check_keys(file: Path, document: Any) -> None:
    """Raise UsageError for a document that is no mapping, has an unknown key, or does not say what it is based on."""
    if not isinstance(document, dict):
        raise UsageError(f"{file.name} is not a world file: give based_on and parameters.")
    if unknown := [key for key in document if key not in KEYS]:
        place = f"{file.name}, line {getattr(unknown[0], 'line', 1)}"
        raise UsageError(f"{place}: unknown key {unknown[0]}: choose among {', '.join(KEYS)}.")
    if "based_on" not in document:
        raise UsageError(f"{file.name} does not say what it is based on: add based_on: with a data version.")


def save_own_world(file: Path, world: OwnWorld) -> None:
    """Save a world file under the world's name. Raises UsageError if it cannot be written."""
    advice = "set TIPBENCH_HOME to another folder"
    write_file_atomically(own_world_path(world.name), file.read_bytes(), advice)


def own_world_path(name: str) -> Path:
    """Return the path of a world file in ``$TIPBENCH_HOME``."""
    return home() / PLACE / f"{name}.yaml"


def _find_difference(path: str, entry: Entry, base: Mapping[str, Entry]) -> str:
    if path not in base:
        near = get_close_matches(path, base, n=1)
        return "is not a parameter of the world" + (f": the nearest is {near[0]}" if near else "")
    there = base[path]
    if there["magnitude"] == DEFINITION:
        return "is a definition, on which rows and names depend: leave it out"
    if entry["unit"] != there["unit"]:
        return f"has unit {entry['unit']}, but the world's is {there['unit']}"
    # A number may replace a range, and a range a number.
    first = there["range"][0] if "range" in there else there["value"]
    if not all(_matches(one, first) for one in entry.get("range", [entry.get("value")])):
        form = "give the same names and as many numbers, whole where its are whole"
        return f"does not have the form of the world's parameter: {form}"
    numbers = list(iterate_numbers(entry.get("value", entry.get("range"))))
    if "weight" in entry["unit"] and (low := [n for n in numbers if n < 0]):
        return f"has a weight of {low[0]}: give 0 or more"
    if entry["unit"].startswith("weight") and not any(numbers):
        return "has no weight above 0: give one"
    return ""


def _matches(value: Any, there: Any) -> bool:
    """Return whether a value has the same names, lengths, texts and kinds of numbers as another."""
    if isinstance(there, Mapping):
        return (
            isinstance(value, Mapping)
            and value.keys() == there.keys()
            and all(_matches(value[name], one) for name, one in there.items())
        )
    if isinstance(there, list):
        return isinstance(value, list) and len(value) == len(there) and all(map(_matches, value, there))
    if is_number(there):
        return is_number(value) and (isinstance(value, int) or isinstance(there, float))
    return value == there


def _order_names(value: Any, there: Any) -> Any:
    if isinstance(there, Mapping):
        return {name: _order_names(value[name], one) for name, one in there.items()}
    return value
