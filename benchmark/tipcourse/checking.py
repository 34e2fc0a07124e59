"""The checks that a student runs in a notebook, below each answer."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from tipcore.errors import UsageError

from tipcourse.exercises import OPEN_SEED, Exercise, exercises_of
from tipcourse.lessons import lesson_of
from tipcourse.trying import Outcome, form_of, tried
from tipcourse.values import NotPlain, decoded, encoded


def checks(lesson: str) -> Callable[[str, Any], None]:
    """Return what checks the answers of a lesson: ``check("name", name)`` says at once whether an answer is right.

    A function is tried on a few open cases; of a value only its form is checked, since the answer would be given away.

    >>> check = checks("leakage")  # doctest: +SKIP
    >>> check("shared_operations", shared_operations)  # doctest: +SKIP
    """
    found = lesson_of(lesson)

    def check(name: str, answer: Any) -> None:
        known = {one.name: one for one in exercises_of(found)}
        if name not in known:
            raise UsageError(f"{found.title} has no exercise {name}: it has {', '.join(known)}.")
        print(_said(known[name], answer))

    return check


def _said(exercise: Exercise, answer: Any) -> str:
    if not exercise.function:
        if answer is None:
            return "○ Not answered yet."
        form = form_of(exercise, _value(answer))
        noted = f"○ Noted: {answer!r}. Whether it is right is not told here: your lecturer's key decides."
        return noted if form.passed else f"✗ {form.said}"
    if not callable(answer):
        return f"✗ {exercise.name} is not a function any more: run the cell above again."
    cases = exercise.cases(OPEN_SEED)
    outcomes = [_outcome(answer, case.arguments) for case in cases]
    if all(one.value is None and not one.error and not one.printed for one in outcomes):
        return "○ Not answered yet: it returns None."
    made = tried(exercise, cases, outcomes)
    right = f"{made.right} of {made.cases} examples right"
    return f"✓ {right}." if made.passed else f"✗ {right}.\n  {made.said}"


def _outcome(answer: Callable[..., Any], arguments: list[Any]) -> Outcome:
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            made = answer(*decoded(arguments))
    except Exception as error:  # whatever a student's code raises is what they want to read
        return Outcome(error=f"it stops with {type(error).__name__}: {error}")
    return _value(made, bool(printed.getvalue()))


def _value(made: Any, printed: bool = False) -> Outcome:
    try:
        return Outcome(encoded(made), printed=printed)
    except NotPlain as error:
        return Outcome(error=f"it is {error}, which is no number, text or list of them", printed=printed)
