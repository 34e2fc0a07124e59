"""Parameters of a world: read from its file, checked, set by a size's profile, or drawn anew where they are assumed.

A parameter states separately what its *sign* (or its existence) and its *magnitude* rest on: a key of
``sources.bib``, ``assumed``, or ``definition`` for a unit, a name or part of a task's question. An assumed magnitude
is never a single point: a value has ``times`` (it may be any value between 1/times and times of it, log-uniformly),
or there is a ``range``, from which each region draws uniformly (where assumptions are drawn anew: from half of it).
A ``quote`` is the sentence or table cell of the source that the parameter rests on, and whose words they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import count
from numbers import Real
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from tipdata.core.draw import EXP_SCALE, GAMMA_SHAPES, Stream, exp
from tipdata.core.tables import FILES, load_tables
from tipdata.core.yaml_lines import line_of, read_yaml_lines

Entry = Mapping[str, Any]
ASSUMED, DEFINITION = "assumed", "definition"
CALIBRATED = "calibrated"
"""The source of a parameter that was fitted to a private table. Only parameters of a user's own world may have it."""
KEYS = ("value", "range", "unit", "sign", "magnitude", "times", "most", "note", "quote")
SOURCE = re.compile(r"[a-z]+\d{4}")
BIBLIOGRAPHY = "sources.bib"
LEAST_TIMES, MOST_TIMES = 1.01, 10
BOUNDED = {"probability": 1, "share": 1, "permille": 1000}
"""Units of numbers between 0 and a whole. A number that may exceed the whole has another unit, such as thousandths."""


def find_fault(entry: Mapping[str, Any], own: bool = False) -> str:
    """Return what is wrong with a parameter (its sources, its width or its numbers), '' for nothing.

    ``own``: the parameter belongs to a user's own world, in which it may rest on a calibration.
    """
    return _find_grounds_fault(entry, own) or _find_width_fault(entry) or find_value_fault(entry)


def _find_grounds_fault(entry: Mapping[str, Any], own: bool) -> str:
    unknown = [key for key in entry if key not in KEYS]
    if unknown:
        return f"has an unknown key {unknown[0]}: choose among {', '.join(KEYS)}"
    if ("value" in entry) == ("range" in entry):
        return "needs a value or a range, not both"
    for name in ("unit", "note", "quote"):
        if name in entry and not (isinstance(entry[name], str) and entry[name].strip()):
            return f"has a {name} that is not a text: {entry[name]!r}"
    if "unit" not in entry:
        return "has no unit"
    for name in ("sign", "magnitude"):
        if name not in entry:
            return f"has no {name}: give a source, {ASSUMED} or {DEFINITION}"
        if entry[name] in (ASSUMED, DEFINITION) or (own and entry[name] == CALIBRATED):
            continue
        if not SOURCE.fullmatch(str(entry[name])):
            return f"has a {name} that is neither a source nor {ASSUMED} nor {DEFINITION}: {entry[name]}"
        if entry[name] not in bibliography_keys():
            return f"has a {name} whose source is not in {BIBLIOGRAPHY}: {entry[name]}"
    if (entry["sign"] == DEFINITION) != (entry["magnitude"] == DEFINITION):
        return f"is a {DEFINITION} in only one of sign and magnitude: give it in both, or in neither"
    if entry["sign"] == ASSUMED and entry["magnitude"] != ASSUMED:
        return "has a source for its magnitude, but none for its sign"
    if "quote" in entry and {entry["sign"], entry["magnitude"]} <= {ASSUMED, DEFINITION}:
        return "has a quote, but no source for its sign or magnitude: name the source, or delete the quote"
    return ""


def _find_width_fault(entry: Mapping[str, Any]) -> str:
    has_width = bool({"times", "most"} & entry.keys())
    if "range" in entry:
        bounds = entry["range"]
        if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(is_finite, bounds))):
            return f"has a range that is not two numbers, the lower first: {bounds}"
        if not bounds[0] < bounds[1]:
            return f"has a range that is not two different numbers, the lower first: {bounds}"
        return "has a range together with times or most: give one of them" if has_width else ""
    if entry["magnitude"] != ASSUMED:
        return "has times or most, but its magnitude is not assumed" if has_width else ""
    if "times" not in entry:
        return "is assumed, but fixed to one point: give times, or a range"
    times, most = entry["times"], entry.get("most", math.inf)
    if not (is_finite(times) and LEAST_TIMES <= times <= MOST_TIMES):
        return f"has times of {times}, which is not a number from {LEAST_TIMES} to {MOST_TIMES}"
    if not any(iterate_numbers(entry["value"])):
        return f"is assumed, but holds no number that could differ: make it a {DEFINITION}"
    if "most" in entry and not (is_finite(most) and most >= max(iterate_numbers(entry["value"]))):
        return f"has most of {most}, which is not a number or is less than its value"
    return ""


def find_value_fault(entry: Mapping[str, Any]) -> str:
    """Return what is wrong with the value or range of a parameter, given its unit; '' for nothing."""
    value = entry["value"] if "value" in entry else entry["range"]
    if value is None or value in ("", [], {}):
        return "has no value"
    if odd := [one for one in _iterate_values(value) if not (isinstance(one, str) or is_finite(one))]:
        return f"holds {odd[0]}, which is neither a finite number nor a text"
    unit = next((unit for unit in BOUNDED if entry["unit"].startswith(unit)), None)
    if unit and (out := [one for one in iterate_numbers(value) if not 0 <= one <= BOUNDED[unit]]):
        return f"is a {unit} of {out[0]}, which is not from 0 to {BOUNDED[unit]}: correct it, or give another unit"
    return ""


@cache
def bibliography_keys() -> frozenset[str]:
    """Return the keys of the bibliography."""
    folders = Path(__file__).parents[1:3]  # installed, or of the repository
    file = next(one / BIBLIOGRAPHY for one in folders if (one / BIBLIOGRAPHY).is_file())
    text = file.read_text(encoding="utf-8")
    return frozenset(re.findall(r"@\w+\{(\w+),", text))


def _iterate_values(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = [one for one in value.values() if not isinstance(one, bool)]
    if isinstance(value, list):
        for one in value:
            yield from _iterate_values(one)
    else:
        yield value


def is_finite(value: object) -> bool:
    """Return whether a value is a number that is finite."""
    return is_number(value) and math.isfinite(value)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number; a truth value is not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def iterate_numbers(value: Any) -> Iterator[float]:
    """Yield the numbers in a value, in the file's order."""
    return filter(is_number, _iterate_values(value))


@dataclass(frozen=True)
class Grounds:
    """Counts of parameters by what they rest on: a source for sign and magnitude, for the sign alone, for nothing
    (assumed), or definitions; and the sources, in order."""

    both: int
    sign: int
    assumed: int
    definitions: int
    sources: tuple[str, ...]

    @property
    def total(self) -> int:
        """The number of parameters."""
        return self.both + self.sign + self.assumed + self.definitions

    def summary(self) -> str:
        """Return the counts in words."""
        cited = f"; sources: {', '.join(self.sources)}" if self.sources else ""
        sourced = f"sign and magnitude have a source: {self.both}, the sign alone: {self.sign}"
        return f"{self.total}; {sourced}, assumed: {self.assumed}, definitions: {self.definitions}{cited}"


def count_grounds(entries: Iterable[Mapping[str, Any]]) -> Grounds:
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


CODE = Path(__file__).parents[1]
CODE_FILES = ("core/*.py", "stages/**/*.py", "text/facts.yaml")
"""Files with the words of parameter names: strings of the code, and facts and levels of adverts. The values of category
columns in :file:`tables/` count too."""
STRING = re.compile(r'"[^"\n]*"|^ *\w+:|[{,] *\w+:', re.MULTILINE)
WHOLE_GROUP = re.compile(r'\.group\("([^"]+)"\)')
"""A call that reads a whole group, whatever its parameters are called."""
WORD = re.compile(r"[^\W_]+")


def find_unused(parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the paths with a word that occurs nowhere in the code, among the facts, or in the values.

    Many paths are composed (of a kind, a form, a fact), so whole paths cannot be looked up. A test checks that every
    parameter is read when regions are drawn.
    """
    words, groups = _words_of_code()
    known = words.union(*(WORD.findall(str(entry.get("value"))) for entry in parameters.values()))
    for path in parameters:
        if not known.issuperset(WORD.findall(path)) and not path.startswith(groups):
            yield path


@cache
def _words_of_code() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of all names in the code, and the groups that the code reads whole."""
    files = (file for pattern in CODE_FILES for file in sorted(CODE.glob(pattern)))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    values = (
        str(column.get("values"))
        for file in FILES.glob("*.yaml")
        for table in load_tables(file.stem).values()
        for column in table["columns"].values()
    )
    words = frozenset(WORD.findall("\n".join((*STRING.findall(text), *values))))
    return words, tuple(f"{group}." for group in WHOLE_GROUP.findall(text))


LEAVES = ("value", "range")


def read_parameters(document: Any, path: Path) -> dict[str, dict[str, Any]]:
    """Return every parameter of a document, in its order.

    ``path``: the file that it was read from. Raises ValueError, with file, line and parameter.
    """
    listed = dict(iterate_parameters(document, "", path))
    for name in find_unused(listed):
        raise ValueError(f"{place_of(path, name)}: no code reads {name}: correct its name, or delete it.")
    return listed


def iterate_parameters(
    node: Any, name: str, path: Path, below: str = "", own: bool = False
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the parameters below a node of a document, each with its dotted path, after checking it.

    Args:
        node: the node.
        name: its own dotted path, '' for all parameters.
        path: the file that it was read from.
        below: the key of the document that the parameters stand under, '' for the document itself.
        own: whether it is a user's own world, whose magnitudes may be calibrated on a private table.

    Raises:
        ValueError: with file, line and parameter, for one with a fault.
    """
    if not isinstance(node, dict) or not node:
        where = f"{place_of(path, name, below)}: {name or below or 'the file'}"
        raise ValueError(f"{where} is neither a group nor a parameter with value or range.")
    for key, child in node.items():
        here = f"{name}.{key}" if name else str(key)
        if not (isinstance(child, dict) and any(leaf in child for leaf in LEAVES)):
            yield from iterate_parameters(child, here, path, below, own)
        elif fault := find_fault(child, own):
            raise ValueError(f"{place_of(path, here, below)}: {here} {fault}.")
        else:
            yield here, child


def place_of(path: Path, name: str, below: str = "") -> str:
    """Return file and line of a parameter, or the file alone if it can no longer be read."""
    with suppress(ValueError):
        node, line = read_yaml_lines(path), 1
        left = f"{below}.{name}" if below and name else below or name
        while left and isinstance(node, dict):
            # A key may hold dots: the longest that begins what is left is the one.
            keys = [k for k in node if left == str(k) or left.startswith(f"{k}.")]
            if not keys:
                break
            key = max(keys, key=lambda k: len(str(k)))
            node, line, left = node[key], line_of(node, key, line), left[len(str(key)) + 1 :]
        return f"{path.name}, line {line}"
    return path.name


def apply_profile(
    listed: Mapping[str, Mapping[str, Any]], size: str, own: Mapping[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """Return parameters with the values of a size's profile. Raises ValueError for an unknown one or a faulty value."""
    made = dict(listed)
    for path, value in own.items():
        if path not in listed:
            raise ValueError(f"versions.yaml: size {size} sets {path}, which is not a parameter of the world")
        entry = {**listed[path], "value": value}
        if fault := find_value_fault(entry):
            raise ValueError(f"versions.yaml: size {size} sets {path}, which then {fault}.")
        made[path] = {key: one for key, one in entry.items() if key != "range"}
    return made


def draw_assumptions(parameters: Mapping[str, Entry], seed: int, number: int) -> dict[str, Entry]:
    """Return parameters in which every assumed one is drawn anew.

    ``number``: 1, 2, 3 ...: each gives an independent draw. A range becomes a half of it: if it were drawn
    to one value, regions of a world would be alike in it, and a task on regions would have the same truth in each.
    Parameters with a source and definitions stay as they are.
    """
    return {
        path: _draw_entry(entry, Stream(seed, f"assumptions/{number}/{path}"))
        for path, entry in parameters.items()
    }


def _draw_entry(entry: Entry, stream: Stream) -> Entry:
    if entry.get("magnitude") != ASSUMED:
        return entry
    if "range" in entry:
        low, high = entry["range"]
        return {**entry, "range": _draw_half(low, high, float(stream.uniform(np.array([0]))[0]))}
    return {**entry, "value": _move(entry["value"], entry, _draw_factors(entry["times"], stream))}


def _draw_half(low: float, high: float, u: float) -> list[float]:
    """Return a half of a range, at a uniform place in it: regions of a world differ, also where the range is drawn."""
    if isinstance(low, int) and isinstance(high, int):
        width = max(1, (high - low) // 2)
        first = low + int((high - low - width + 1) * u)
        return [first, first + width]
    width = (high - low) / 2
    return [low + width * u, low + width * (1 + u)]


def _draw_factors(times: float, stream: Stream) -> Iterator[float]:
    """Yield factors from 1/times to times, log-uniform."""
    # The table of exponentials rounds alike on every processor; the logarithm is rounded to milli-nats.
    width = round(1000 * math.log(times))
    for number in count():
        u = float(stream.uniform(np.array([number]))[0])
        yield int(exp(round((2 * u - 1) * width))) / EXP_SCALE


def _move(
    value: Any, entry: Entry, factors: Iterator[float], ratio: bool = False, whole: bool | None = None
) -> Any:
    """Return a value of the same shape and names with moved numbers. ``whole``: those of one list stay whole."""
    if isinstance(value, Mapping):
        return {name: _move(one, entry, factors, ratio or name == "ratio") for name, one in value.items()}
    if isinstance(value, list):
        fractions = any(isinstance(one, float) for one in value)
        made = [_move(one, entry, factors, ratio, not fractions) for one in value]
        # Two numbers, the lower first: bounds, or what is less where something is absent.
        is_pair = len(value) == 2 and all(map(is_number, value)) and value[0] <= value[1]
        return sorted(made) if is_pair else made
    if not is_number(value):
        return value
    whole = isinstance(value, int) if whole is None else whole
    return _move_number(value, entry, next(factors), ratio, whole)


def _move_number(value: float, entry: Entry, factor: float, ratio: bool, whole: bool) -> float:
    unit, times = str(entry["unit"]), entry["times"]
    if unit.startswith("gamma shape"):
        reached = [one for one in GAMMA_SHAPES if value / times <= one <= value * times]
        return min(reached, key=lambda one: abs(math.log(one / (value * factor))))
    odds_of = _whole_of(entry)
    if odds_of and 0 <= value <= odds_of:
        share = value / odds_of
        made = odds_of * share * factor / (1 - share + share * factor)
    else:
        made = min(value * factor, entry.get("most", math.inf))
    if whole:
        near = round(made)
        return near if near or not value else (1 if value > 0 else -1)
    is_ratio = ratio or "odds ratio" in unit or unit.startswith("likelihood ratio")
    if is_ratio and entry["sign"] != ASSUMED:
        return min(made, 1.0) if value <= 1 else max(made, 1.0)
    return made


def _whole_of(entry: Entry) -> float:
    """Return the whole that a probability or share is a part of, 0 for any other parameter."""
    unit = str(entry["unit"])
    if unit.startswith(("probability", "share")):
        return 1.0
    return 1000.0 if unit.startswith("permille") and max(iterate_numbers(entry["value"])) <= 1000 else 0.0
