"""Show the recall of each form of exploitation, beside the gaps of the main table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tipbench.console import Column
from tipbench.metrics.by_form import FormRecall
from tipbench.runs.records import FormRecall as Recorded
from tipbench.runs.report import interval, number
from tipbench.runs.results import Result

Recalls = Mapping[str, FormRecall] | Mapping[str, Recorded]
"""Recall of each form, by its name."""


def table_of(found: Recalls) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of one method, a row per form."""
    columns = [
        Column("form"),
        Column("operations", True),
        Column("recall", True),
        Column("95% interval", True),
    ]
    cells = [
        [name, str(one.operations), number(one.value), interval(one.low, one.high, one.note)]
        for name, one in found.items()
    ]
    return columns, cells


def table_of_results(results: Sequence[Result]) -> tuple[list[Column], list[list[str]]]:
    """Return columns and cells of several methods, a row each, and of forms that have an interval in any of them a
    column; no rows where there is none."""
    told = [result for result in results if any(one.low is not None for one in result.by_form.values())]
    forms = dict.fromkeys(
        name for result in told for name, one in result.by_form.items() if one.low is not None
    )
    columns = [Column("task"), Column("method"), Column("split"), *(Column(form, True) for form in forms)]
    cells = [[r.task, r.method_name, r.split, *(_cell(r.by_form.get(form)) for form in forms)] for r in told]
    return columns, cells


def _cell(one: Recorded | None) -> str:
    if one is None or one.low is None:
        return ""
    return f"{number(one.value)} {interval(one.low, one.high)}"
