"""What parameters of a world rest on, checked when a world file is loaded.

A parameter says apart what its *sign* (or that it exists at all) and what its *magnitude* rest on: a key of
``sources.bib``, ``assumed``, or ``definition`` where it is a unit, a name or part of what a task asks. A magnitude
that is assumed is never a point: a value has ``times`` (it may as well be any between 1/times and times of it,
log-uniformly), or there is a ``range`` (uniformly).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

ASSUMED, DEFINITION = "assumed", "definition"
CALIBRATED = "calibrated"
"""What a parameter of a user's own world rests on that was fitted from a private table; none of a release does."""
KEYS = ("value", "range", "unit", "sign", "magnitude", "times", "most", "note")
SOURCE = re.compile(r"[a-z]+\d{4}")
BIBLIOGRAPHY = "sources.bib"
LEAST_TIMES, MOST_TIMES = 1.01, 10
BOUNDED = {"probability": 1, "share": 1, "permille": 1000}
"""Units of what lies between 0 and a whole. What may exceed it has another unit, such as thousandths."""


def fault_of(entry: Mapping[str, Any], own: bool = False) -> str:
    """Return what is wrong with a parameter: what it rests on, how far it may move, or its numbers; '' for nothing.

    ``own``: it is of a user's own world, and may rest on what was calibrated.
    """
    return _grounds_fault(entry, own) or _width_fault(entry) or value_fault(entry)


def _grounds_fault(entry: Mapping[str, Any], own: bool) -> str:
    """Return what is wrong with what a parameter says of itself."""
    unknown = [key for key in entry if key not in KEYS]
    if unknown:
        return f"has an unknown key {unknown[0]}: choose among {', '.join(KEYS)}"
    if ("value" in entry) == ("range" in entry):
        return "needs a value or a range, not both"
    for name in ("unit", "note"):
        if name in entry and not (isinstance(entry[name], str) and entry[name].strip()):
            return f"has a {name} that is no text: {entry[name]!r}"
    if "unit" not in entry:
        return "has no unit"
    for name in ("sign", "magnitude"):
        if name not in entry:
            return f"has no {name}: name a source, or say {ASSUMED} or {DEFINITION}"
        if entry[name] in (ASSUMED, DEFINITION) or (own and entry[name] == CALIBRATED):
            continue
        if not SOURCE.fullmatch(str(entry[name])):
            return f"has a {name} that is neither a source nor {ASSUMED} nor {DEFINITION}: {entry[name]}"
        if entry[name] not in sources():
            return f"has a {name} whose source is not in {BIBLIOGRAPHY}: {entry[name]}"
    if (entry["sign"] == DEFINITION) != (entry["magnitude"] == DEFINITION):
        return f"is a {DEFINITION} in its sign or its magnitude alone"
    if entry["sign"] == ASSUMED and entry["magnitude"] != ASSUMED:
        return "has a source for its magnitude, but none for its sign"
    return ""


def _width_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with how far a parameter may move."""
    if "range" in entry:
        bounds = entry["range"]
        if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(is_finite, bounds))):
            return f"has a range that is not two numbers, the lower first: {bounds}"
        if not bounds[0] < bounds[1]:
            return f"has a range that is not two different numbers, the lower first: {bounds}"
        return (
            "has a range and times or most, where one is enough" if {"times", "most"} & entry.keys() else ""
        )
    if entry["magnitude"] != ASSUMED:
        return (
            "has times or most, but its magnitude is not assumed" if {"times", "most"} & entry.keys() else ""
        )
    if "times" not in entry:
        return "is assumed at a point: give times, or a range"
    if not (is_finite(entry["times"]) and LEAST_TIMES <= entry["times"] <= MOST_TIMES):
        return f"has times of {entry['times']}, which is no number from {LEAST_TIMES} to {MOST_TIMES}"
    if not any(numbers(entry["value"])):
        return f"is assumed, but holds no number that could be another: it is a {DEFINITION}"
    if "most" in entry and not (is_finite(entry["most"]) and entry["most"] >= max(numbers(entry["value"]))):
        return f"is at most {entry['most']}, which is no number or less than its value"
    return ""


def value_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with the value or range of a parameter, by its unit."""
    value = entry["value"] if "value" in entry else entry["range"]
    if value is None or value in ("", [], {}):
        return "has no value"
    if odd := [one for one in _inside(value) if not (isinstance(one, str) or is_finite(one))]:
        return f"holds {odd[0]}, which is neither a finite number nor a text"
    unit = next((unit for unit in BOUNDED if entry["unit"].startswith(unit)), None)
    if unit and (out := [one for one in numbers(value) if not 0 <= one <= BOUNDED[unit]]):
        return (
            f"is a {unit} of {out[0]}, which is not from 0 to {BOUNDED[unit]}: mend it, or give another unit"
        )
    return ""


@cache
def sources() -> frozenset[str]:
    """Return the keys of the bibliography."""
    places = (
        folder / BIBLIOGRAPHY for folder in Path(__file__).parents[1:3]
    )  # installed, or of the repository
    text = next(place for place in places if place.is_file()).read_text(encoding="utf-8")
    return frozenset(re.findall(r"@\w+\{(\w+),", text))


def _inside(value: Any) -> Iterator[Any]:
    """Yield everything in a value that is no list or mapping, but no truth value that has a name."""
    if isinstance(value, Mapping):
        value = [one for one in value.values() if not isinstance(one, bool)]
    if isinstance(value, list):
        for one in value:
            yield from _inside(one)
    else:
        yield value


def is_finite(value: object) -> bool:
    """Return whether a value is a number that is finite."""
    return is_number(value) and math.isfinite(value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number, which a truth value is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def numbers(value: Any) -> Iterator[float]:
    """Yield the numbers in a value, in the file's order."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif is_number(value):
        yield value


@dataclass(frozen=True)
class Grounds:
    """What a set of parameters rests on: how many have a source for sign and magnitude, for the sign alone, for
    nothing (assumed), or are definitions; and the sources, in order."""

    both: int
    sign: int
    assumed: int
    definitions: int
    sources: tuple[str, ...]

    @property
    def total(self) -> int:
        """How many there are."""
        return self.both + self.sign + self.assumed + self.definitions

    def told(self) -> str:
        """Return the counts in words."""
        cited = f"; sources: {', '.join(self.sources)}" if self.sources else ""
        return (
            f"{self.total}; sign and magnitude have a source: {self.both}, the sign alone: {self.sign}, assumed: "
            f"{self.assumed}, definitions: {self.definitions}{cited}"
        )


def grounds_of(entries: Iterable[Mapping[str, Any]]) -> Grounds:
    """Count what parameters rest on."""
    pairs = [(entry["sign"], entry["magnitude"]) for entry in entries]
    no_source = (ASSUMED, DEFINITION)
    return Grounds(
        both=sum(sign not in no_source and magnitude not in no_source for sign, magnitude in pairs),
        sign=sum(sign not in no_source and magnitude == ASSUMED for sign, magnitude in pairs),
        assumed=sum(sign == magnitude == ASSUMED for sign, magnitude in pairs),
        definitions=sum(sign == magnitude == DEFINITION for sign, magnitude in pairs),
        sources=tuple(sorted({one for pair in pairs for one in pair if one not in no_source})),
    )
