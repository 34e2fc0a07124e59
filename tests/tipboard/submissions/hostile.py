"""Submissions that mean harm: every kind by name, and any number of folders of it, always the same ones.

``for case in cases(base(folder), into)`` gives them all; see :mod:`hostile_case` for what a kind is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import hostile_folder  # noqa: F401
import hostile_parquet  # noqa: F401
import hostile_record  # noqa: F401
import hostile_values  # noqa: F401
from hostile_case import KINDS, Case, Kind, base, case_of

__all__ = ["KINDS", "Case", "Kind", "base", "case_of", "cases", "spoilt"]


def cases(most: int | None = None) -> list[tuple[Kind, int]]:
    """Every kind with the numbers of its cases, or of the first so many."""
    return [
        (one, number)
        for one in KINDS.values()
        for number in range(one.cases if most is None else min(most, one.cases))
    ]


def spoilt(made: Path, chosen: list[tuple[Kind, int]], into: Path) -> Iterator[tuple[Kind, Case]]:
    """One case after the other, each in a folder that is gone when the next is asked for."""
    for one, number in chosen:
        place = into / f"{one.name}-{number}"
        place.mkdir()
        try:
            yield one, case_of(made, one, number, place)
        finally:
            shutil.rmtree(place)
