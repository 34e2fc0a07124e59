"""Show marks: a table for one notebook, a row each for a class, CSV and JSON for what a lecturer does with them."""

from __future__ import annotations

import csv
import io
from typing import Any

from tipbench.console import Column, emit, emit_table
from tipcore.display import printable

from tipcourse.exercises import CaseResults
from tipcourse.grading import Graded, Mark

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet compute the text of a cell."""


def emit_marks(graded: Graded) -> None:
    """Write the marks of one notebook as a table."""
    columns = [
        Column("exercise"),
        Column("points", number=True),
        Column("open checks", number=True),
        Column("held back", number=True, leave=1),
        Column("what was said", prose=True),
    ]
    rows = [
        [mark.exercise, _points(mark), _cases(mark.open), _cases(mark.held_back), printable(mark.said)]
        for mark in graded.marks
    ]
    emit_table(columns, rows, title=f"{graded.name}: {graded.lesson.title if graded.lesson else ''}")
    keyed = [mark.exercise for mark in graded.marks if not mark.of]
    emit(
        f"{graded.points:g} of {graded.of} points{'; not counted without a key: ' if keyed else ''}{', '.join(keyed)}"
    )


def emit_class(graded: list[Graded]) -> None:
    """Write one row per notebook."""
    columns = [
        Column("notebook"),
        Column("lesson"),
        Column("points", number=True),
        Column("of", number=True),
        Column("what was said", prose=True),
    ]
    rows = [
        [
            one.name,
            one.lesson.name if one.lesson else "",
            f"{one.points:g}" if one.lesson else "",
            str(one.of) if one.lesson else "",
            printable(one.problem or " ".join(_note_of(one))),
        ]
        for one in graded
    ]
    emit_table(columns, rows)


def as_csv(graded: list[Graded]) -> str:
    """Return a table with one row per notebook: points of each exercise, their sum, and what was said."""
    exercises = list(dict.fromkeys(mark.exercise for one in graded for mark in one.marks))
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["notebook", "lesson", *exercises, "points", "of", "said"])
    for one in graded:
        points = {mark.exercise: f"{mark.points:g}" for mark in one.marks}
        rows.writerow(
            [
                _safe(one.name),
                one.lesson.name if one.lesson else "",
                *(points.get(name, "") for name in exercises),
                f"{one.points:g}" if one.lesson else "",
                one.of if one.lesson else "",
                _safe(one.problem or " ".join(_note_of(one))),
            ]
        )
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
                    "exercise": mark.exercise,
                    "points": mark.points,
                    "of": mark.of,
                    "open": _pair(mark.open),
                    "held_back": _pair(mark.held_back),
                    "said": mark.said,
                }
                for mark in one.marks
            ],
        }
        for one in graded
    ]


def _note_of(one: Graded) -> list[str]:
    return [f"{mark.exercise}: {mark.said}" for mark in one.marks if mark.said] + list(one.notes)


def _points(mark: Mark) -> str:
    return f"{mark.points:g} of {mark.of}" if mark.of else "with key="


def _cases(made: CaseResults | None) -> str:
    return "" if made is None else f"{made.right} of {made.cases}"


def _pair(made: CaseResults | None) -> dict[str, int] | None:
    return None if made is None else {"right": made.right, "cases": made.cases}


def _safe(text: str) -> str:
    text = printable(text)
    return f"'{text}" if text.startswith(FORMULA) else text
