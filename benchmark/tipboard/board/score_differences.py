"""Tell where the numbers of two results of the same predictions differ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tipbench.runs.results import Result

RELATIVE, ABSOLUTE = 1e-9, 1e-12
"""Numbers closer than this are the same: processors round sums differently in the last digits."""


@dataclass(frozen=True)
class Difference:
    """A stored number that is not what its predictions score."""

    path: Path
    metric: str
    stored: float | None
    found: float | None


def differences_of(path: Path, stored: Result, found: Result) -> Iterator[Difference]:
    """Yield numbers of scores, groups and oracle that are not the same."""
    one, other = _numbers(stored), _numbers(found)
    for name in dict.fromkeys((*one, *other)):
        if not _same(one.get(name), other.get(name)):
            yield Difference(path, name, one.get(name), other.get(name))


def largest_difference(stored: Result, found: Result, only: str | None = None) -> tuple[str, float]:
    """Return the name of the number of scores, groups and oracle that differs most, and its absolute difference.

    ``only``: the one number to compare; all for None. ``("", 0.0)`` where all are equal; the difference is infinite
    where one of the two is missing.
    """
    one, other = _numbers(stored), _numbers(found)
    names = one | other if only is None else [only]
    differences = [("", 0.0), *((name, _distance(one.get(name), other.get(name))) for name in names)]
    return max(differences, key=lambda pair: pair[1])


def _numbers(result: Result) -> dict[str, float | None]:
    scores = {
        f"{name}{end}": value
        for name, score in result.scores.items()
        for end, value in (("", score.value), (" (low)", score.low), (" (high)", score.high))
    }
    groups = {
        f"{name} of {group}": v for group, values in result.groups.items() for name, v in values.items()
    }
    return scores | groups | {f"oracle: {name}": value for name, value in result.oracle.items()}


def _distance(one: float | None, other: float | None) -> float:
    if one is None or other is None:
        return 0.0 if one is other else math.inf
    return abs(one - other)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
