"""Show marks: a table for one notebook, a row each for a class, CSV and JSON for other programs."""

from __future__ import annotations

import csv
import io
from typing import Any

from tipbench.console import Column, emit, emit_table
from tipcore.display import printable

from tipcourse.exercises import CaseResults
from tipcourse.grading import Graded

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet computes a cell that begins with one of these."""
SAID = Column("what was said", prose=True)


def emit_marks(graded: Graded) -> None:
    """Write the marks of one notebook as a table."""
    numbers = Column("points", number=True), Column("open checks", number=True)
    columns = [Column("exercise"), *numbers, Column("held back", number=True, leave=1), SAID]
    rows = []
    for mark in graded.marks:
        points = f"{mark.points:g} of {mark.of}" if mark.of else "with key="
        cases = ("" if one is None else f"{one.right} of {one.cases}" for one in (mark.open, mark.held_back))
        rows.append([mark.exercise, points, *cases, printable(mark.said)])
    emit_table(columns, rows, title=f"{graded.name}: {graded.lesson.title if graded.lesson else ''}")
    keyed = ", ".join(mark.exercise for mark in graded.marks if not mark.of)
    emit(f"{graded.points:g} of {graded.of} points{'; not counted without a key: ' if keyed else ''}{keyed}")


def emit_class(graded: list[Graded]) -> None:
    """Write one row per notebook."""
    numbers = Column("points", number=True), Column("of", number=True)
    rows = [[one.name, *_totals(one), printable(_summary(one))] for one in graded]
    emit_table([Column("notebook"), Column("lesson"), *numbers, SAID], rows)


def as_csv(graded: list[Graded]) -> str:
    """Return a table with one row per notebook: points of each exercise, their sum, and what was said."""
    exercises = list(dict.fromkeys(mark.exercise for one in graded for mark in one.marks))
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["notebook", "lesson", *exercises, "points", "of", "said"])
    for one in graded:
        points = {mark.exercise: f"{mark.points:g}" for mark in one.marks}
        lesson, *totals = _totals(one)
        named = (points.get(name, "") for name in exercises)
        rows.writerow([_safe(one.name), lesson, *named, *totals, _safe(_summary(one))])
    return written.getvalue()


def as_json(graded: list[Graded]) -> list[dict[str, Any]]:
    """Return what ``--json`` prints: one object per notebook."""
    return [
        {
            "notebook": printable(str(one.path)),
            "lesson": one.lesson.name if one.lesson else None,
            "points": one.points,
            "of": one.of,
            "problem": printable(one.problem) or None,
            "notes": list(one.notes),
            "exercises": [
                {
                    **{name: getattr(mark, name) for name in ("exercise", "points", "of")},
                    **{name: _pair(getattr(mark, name)) for name in ("open", "held_back")},
                    "said": mark.said,
                }
                for mark in one.marks
            ],
        }
        for one in graded
    ]


def _totals(one: Graded) -> list[str]:
    """Return the lesson, the points and how many there are; empty texts for what could not be graded."""
    return [one.lesson.name, f"{one.points:g}", str(one.of)] if one.lesson else ["", "", ""]


def _summary(one: Graded) -> str:
    said = [f"{mark.exercise}: {mark.said}" for mark in one.marks if mark.said]
    return one.problem or " ".join([*said, *one.notes])


def _pair(made: CaseResults | None) -> dict[str, int] | None:
    return None if made is None else {"right": made.right, "cases": made.cases}


def _safe(text: str) -> str:
    text = printable(text)
    return f"'{text}" if text.startswith(FORMULA) else text
