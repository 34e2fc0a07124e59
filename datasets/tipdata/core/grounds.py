"""What parameters of a world rest on, checked when a world file is loaded.

A parameter says apart what its *sign* (or that it exists at all) and what its *magnitude* rest on: a key of
``sources.bib``, ``assumed``, or ``definition`` where it is a unit or a name. A magnitude that is assumed is never a
point: a value has ``times`` (it may as well be any between 1/times and times of it, log-uniformly), or there is a
``range`` (uniformly).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

ASSUMED, DEFINITION = "assumed", "definition"
KEYS = ("value", "range", "unit", "sign", "magnitude", "times", "most", "note")
SOURCE = re.compile(r"[a-z]+\d{4}")


def check(file: str, path: str, entry: Mapping[str, Any]) -> None:
    """Raises ValueError, with file and parameter, for one that does not say what it rests on or how far it may move."""
    if fault := _fault(entry):
        raise ValueError(f"{file}: {path} {fault}.")


def _fault(entry: Mapping[str, Any]) -> str:
    unknown = [key for key in entry if key not in KEYS]
    if unknown:
        return f"has an unknown key {unknown[0]}"
    if ("value" in entry) == ("range" in entry):
        return "needs a value or a range, not both"
    if not isinstance(entry.get("unit"), str):
        return "has no unit"
    for name in ("sign", "magnitude"):
        if name not in entry:
            return f"has no {name}: name a source, or say {ASSUMED} or {DEFINITION}"
        if entry[name] not in (ASSUMED, DEFINITION) and not SOURCE.fullmatch(str(entry[name])):
            return f"has a {name} that is neither a source nor {ASSUMED} nor {DEFINITION}: {entry[name]}"
    if (entry["sign"] == DEFINITION) != (entry["magnitude"] == DEFINITION):
        return f"is a {DEFINITION} in its sign or its magnitude alone"
    if entry["sign"] == ASSUMED and entry["magnitude"] != ASSUMED:
        return "has a source for its magnitude, but none for its sign"
    return _width_fault(entry)


def _width_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with how far a parameter may move."""
    if "range" in entry:
        bounds = entry["range"]
        if not isinstance(bounds, list) or len(bounds) != 2 or not bounds[0] < bounds[1]:
            return "has a range that is not two numbers, the lower first"
        return (
            "has a range and times or most, where one is enough" if {"times", "most"} & entry.keys() else ""
        )
    if entry["magnitude"] != ASSUMED:
        return (
            "has times or most, but its magnitude is not assumed" if {"times", "most"} & entry.keys() else ""
        )
    if "times" not in entry:
        return "is assumed at a point: give times, or a range"
    if not is_number(entry["times"]) or entry["times"] <= 1:
        return f"has times of {entry['times']}, which is no number above 1"
    if not any(numbers(entry["value"])):
        return f"is assumed, but holds no number that could be another: it is a {DEFINITION}"
    if "most" in entry and not (is_number(entry["most"]) and entry["most"] >= max(numbers(entry["value"]))):
        return f"is at most {entry['most']}, which is no number or less than its value"
    return ""


def is_number(value: object) -> bool:
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
