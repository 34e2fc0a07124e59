"""Show what is estimated of each unit of a user's own data: where no truth is known there is no score to show."""

from __future__ import annotations

from collections.abc import Sequence

from tipbench.console import Column
from tipbench.evaluation.evaluation import Estimated
from tipbench.runs.records import Estimated as Recorded
from tipbench.runs.report import interval, number
from tipbench.runs.results import Result

Estimates = dict[str, Estimated] | dict[str, Recorded]
"""What is estimated of each unit, by name."""


def table_of(found: Estimates, unit: str) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells, one row per unit; the truth where any is known."""
    known = any(one.truth is not None for one in found.values())
    columns = [Column(unit), Column("estimate", True), Column("95% interval", True)]
    cells = [[name, number(one.value), interval(one.low, one.high)] for name, one in found.items()]
    if known:
        columns.append(Column("truth", True))
        cells = [[*row, number(one.truth)] for row, one in zip(cells, found.values(), strict=True)]
    return columns, cells


def to_show(results: Sequence[Result]) -> list[Result]:
    """Return the results that estimate several units: a single estimate is a score, and stands among them."""
    return [result for result in results if len(result.estimates) > 1]
