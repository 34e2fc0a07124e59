"""Other worlds that the authors may as well have assumed: every assumed parameter drawn anew from its width.

Drawn jointly, once for a world and not by region, numbers within a parameter independently: a range uniformly, a value
log-uniformly between 1/times and times of it. What keeps a draw a parameter of its kind:

- of a probability or a share (also in permille, where none is above 1,000) the odds are multiplied: 0 and 1 stay;
- a whole number stays one, and one that is not 0 does not become 0, unless fractions stand in the same list;
- a likelihood or odds ratio whose sign has a source does not cross 1, and one of 1 among whole numbers stays null;
- two numbers in a list, the lower first, stay so (they are bounds, mostly);
- none exceeds the ``most`` that rows are numbered for;
- the shape of a gamma distribution is one of those that ship.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tipdata.core.constants import EXP_SCALE, GAMMA_SHAPES
from tipdata.core.draw import Stream, exp
from tipdata.core.grounds import ASSUMED, is_number, numbers

Entry = Mapping[str, Any]


def drawn(parameters: Mapping[str, Entry], seed: int, number: int) -> dict[str, Entry]:
    """Return parameters in which all that is assumed is drawn anew.

    ``number``: 1, 2, 3 ...: each is a draw of its own. What has a source, or is a definition, stays as it is.
    """
    return {
        path: _drawn(entry, Stream(seed, f"assumptions/{number}/{path}"))
        for path, entry in parameters.items()
    }


def _drawn(entry: Entry, stream: Stream) -> Entry:
    if entry.get("magnitude") != ASSUMED:
        return entry
    if "range" in entry:
        low, high = entry["range"]
        u = float(stream.uniform(np.array([0]))[0])
        whole = isinstance(low, int) and isinstance(high, int)
        value = low + int((high - low + 1) * u) if whole else low + (high - low) * u
        return {**{key: kept for key, kept in entry.items() if key != "range"}, "value": value}
    return {**entry, "value": _Moving(entry, stream).moved(entry["value"])}


class _Moving:
    """Moves the numbers of one parameter's value, in the file's order."""

    def __init__(self, entry: Entry, stream: Stream) -> None:
        self._entry, self._unit = entry, str(entry["unit"])
        self._ratio = "odds ratio" in self._unit or self._unit.startswith("likelihood ratio")
        self._odds_of = _odds_of(entry)
        self._factors = self._drawn_factors(stream)

    def _drawn_factors(self, stream: Stream) -> Iterator[float]:
        # The table of exponentials rounds alike on every processor; the logarithm is rounded to milli-nats.
        width, number = round(1000 * math.log(self._entry["times"])), 0
        while True:
            u = float(stream.uniform(np.array([number]))[0])
            yield int(exp(round((2 * u - 1) * width))) / EXP_SCALE
            number += 1

    def moved(self, value: Any, ratio: bool = False, whole: bool | None = None) -> Any:
        """Return a value like this one, of the same shape and the same names. ``whole``: what stands in one list is."""
        if isinstance(value, Mapping):
            return {name: self.moved(one, ratio or name == "ratio") for name, one in value.items()}
        if isinstance(value, list):
            fractions = any(isinstance(one, float) for one in value)
            made = [self.moved(one, ratio, not fractions) for one in value]
            return sorted(made) if _ascending_pair(value) else made
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        whole = isinstance(value, int) if whole is None else whole
        return self._moved(value, ratio or self._ratio, whole)

    def _moved(self, value: float, ratio: bool, whole: bool) -> float:
        factor = next(self._factors)
        if self._unit.startswith("gamma shape"):
            return _shape(value * factor, value, self._entry["times"])
        if self._odds_of and 0 <= value <= self._odds_of:
            share = value / self._odds_of
            made = self._odds_of * share * factor / (1 - share + share * factor)
        else:
            made = min(value * factor, self._entry.get("most", math.inf))
        if whole:
            near = round(made)
            return near if near or not value else (1 if value > 0 else -1)
        if ratio and self._entry["sign"] != ASSUMED:
            return min(made, 1.0) if value <= 1 else max(made, 1.0)
        return made


def _odds_of(entry: Entry) -> float:
    """Return what a probability or share is out of, 0 for a parameter that is neither."""
    unit = str(entry["unit"])
    if unit.startswith(("probability", "share")):
        return 1.0
    return 1000.0 if unit.startswith("permille") and max(numbers(entry["value"])) <= 1000 else 0.0


def _ascending_pair(value: list[Any]) -> bool:
    """Return whether a list holds two numbers, the lower first: bounds, or what is less where something is absent."""
    return len(value) == 2 and all(map(is_number, value)) and value[0] <= value[1]


def _shape(near: float, value: float, times: float) -> float:
    """Return the shipped shape that is nearest, by ratio, among those that the width reaches."""
    reached = [one for one in GAMMA_SHAPES if value / times <= one <= value * times]
    return min(reached, key=lambda one: abs(math.log(one / near)))
