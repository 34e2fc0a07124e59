"""The exercises of a lesson, the cases that test an answer, and the checks that a student runs in a notebook.

Cases are drawn from a seed; the solution gives the expected results. A notebook and a mark say the same
sentence about an outcome.
"""

from __future__ import annotations

import builtins
import io
import math
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict
from tipcore.errors import UsageError

from tipcourse.lessons import (
    CASES,
    EXERCISE,
    Lesson,
    cells_of,
    defined_name,
    is_function,
    lesson_of,
    with_answer,
    with_place,
)
from tipcourse.values import NotPlain, decode, encode, equal, kind, show

OPEN_SEED = 0
HELD_BACK, MOST_EQUAL = 12, 4
"""Cases of a key for each function, and how many of them may have the same answer."""
MOST_DRAWS = 1000
PRELUDE = {"math": math, "np": np, "pl": pl}
"""Names that an answer may use, beside its arguments and the answers before it."""


class Case(BaseModel):
    """One trial of a function: arguments and result as :func:`tipcourse.values.encode` has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    arguments: list[Any]
    expected: Any
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``options``, ``expected``, ``hint``: for a value, without cases. ``place``: the empty answer."""

    name: str
    points: int
    function: bool
    place: str
    options: tuple[Any, ...] = ()
    expected: Any = None
    hint: str = ""
    _space: dict[str, Any] = field(default_factory=dict, repr=False)

    def cases(self, seed: int, again: int = 0) -> list[Case]:
        """Return the cases that a seed draws, for the first time or ``again``; none for a value."""
        if not self.function:
            return []
        words = [seed, *self.name.encode(), *([again] if again else [])]
        made = []
        for given, hint in self._space[f"cases_{self.name}"](np.random.Generator(np.random.PCG64(words))):
            arguments = encode(list(given))
            expected = encode(self._space[self.name](*decode(arguments)))
            made.append(Case(arguments=arguments, expected=expected, hint=hint))
        return made

    def held_back(self, seed: int) -> list[Case]:
        """Return a function's cases in a key: none that is open, none twice, and few with the same answer.

        Raises ValueError where draws do not differ enough.
        """
        known = [case.arguments for case in self.cases(OPEN_SEED)]
        made: list[Case] = []
        for case in (case for again in range(MOST_DRAWS) for case in self.cases(seed, again)):
            alike = sum(equal(one.expected, case.expected) for one in made)
            if alike < MOST_EQUAL and case.arguments not in known:
                known.append(case.arguments)
                made.append(case)
            if len(made) == HELD_BACK:
                return made
        raise ValueError(f"cases_{self.name} draws too few cases that differ: {len(made)}")


@lru_cache
def exercises_of(lesson: Lesson) -> tuple[Exercise, ...]:
    """Return the exercises of a lesson, in their order; its solutions and cases are run once."""
    cells = cells_of(lesson)
    space: dict[str, Any] = dict(PRELUDE)
    for cell in cells:
        if {EXERCISE, CASES} & set(cell.tags):
            # The lesson's own code, as installed.
            exec(compile(cell.source, f"{lesson.stem}, cell {cell.number}", "exec"), space)  # nosec B102
    made = []
    for cell in cells:
        if EXERCISE not in cell.tags:
            continue
        name = defined_name(cell.source)
        function, place = is_function(cell.source), with_place(cell.source)
        value: tuple[Any, ...] = ()
        if not function:
            value = tuple(space[f"options_{name}"]), encode(space[name]), space[f"hint_{name}"]
        made.append(Exercise(name, cell.points, function, place, *value, _space=space))
    return tuple(made)


def solutions_of(lesson: Lesson) -> dict[str, str]:
    """Return the solution of each exercise, by name, as a student would write the cell."""
    asked = [cell.source for cell in cells_of(lesson) if EXERCISE in cell.tags]
    return {defined_name(source): with_answer(source) for source in asked}


@dataclass(frozen=True)
class Outcome:
    """The result of one call or one value.

    ``error``: what it raised, or why there is no value; '' for none. ``printed``: whether it wrote to the screen.
    ``kind``: the class of the error. ``late``: its time was over.
    """

    value: Any = None
    error: str = ""
    printed: bool = False
    kind: str = ""
    late: bool = False


@dataclass(frozen=True)
class CaseResults:
    """How many cases an answer has right, of how many, and one sentence about the first that is wrong."""

    right: int
    cases: int
    said: str = ""

    @property
    def passed(self) -> bool:
        return self.right == self.cases


def compare_outcomes(
    exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome], secret: bool = False
) -> CaseResults:
    """Compare outcomes with what cases expect.

    ``secret``: the cases are a lecturer's: the sentence names no argument, no result and no text of an error, since an
    answer can raise one that contains its arguments.
    """
    pairs = zip(cases, outcomes, strict=True)
    wrong = [(case, one) for case, one in pairs if one.error or not equal(one.value, case.expected)]
    say = _hidden_sentence if secret else partial(_sentence, exercise.name)
    return CaseResults(len(cases) - len(wrong), len(cases), say(*wrong[0]) if wrong else "")


def with_full_stop(text: str) -> str:
    """Return a sentence with a stop at its end, where it has none."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _hidden_sentence(case: Case, outcome: Outcome) -> str:
    if not outcome.error:
        return with_full_stop(case.hint)
    raised = getattr(builtins, outcome.kind, None)  # a class of the answer may have any name
    known = isinstance(raised, type) and issubclass(raised, BaseException)
    why = f"it stops with {outcome.kind}" if known else "it gives no value"
    why = "its time was over" if outcome.late else why
    return f"{why} on a case that is held back. {with_full_stop(case.hint)}"


def _sentence(name: str, case: Case, outcome: Outcome) -> str:
    call = f"{name}({', '.join(show(one) for one in case.arguments)})"
    found, wanted = kind(outcome.value), kind(case.expected)
    if outcome.error:
        said = f": {with_full_stop(outcome.error)}"
    elif outcome.value is None and case.expected is not None:
        printed = " prints its result: give it back with `return`."
        said = printed if outcome.printed else " returns nothing."
    elif found != wanted:
        said = f" returns {found} ({show(outcome.value)}) where {wanted} is expected."
    else:
        said = f" is {show(outcome.value)}, expected {show(case.expected)}."
    return f"{call}{said} {with_full_stop(case.hint)}"


def form_of(exercise: Exercise, outcome: Outcome) -> CaseResults:
    """Return whether a value is one of its options; an open check says no more."""
    if outcome.error:
        return CaseResults(0, 1, with_full_stop(outcome.error))
    if any(equal(outcome.value, option) for option in exercise.options):
        return CaseResults(1, 1)
    listed = ", ".join(repr(option) for option in exercise.options)
    return CaseResults(0, 1, f"{exercise.name} is {show(outcome.value)}, and can be one of {listed}.")


def checks(lesson: str) -> Callable[[str, Any], None]:
    """Return the function that checks the answers of a lesson and prints the result: ``check("name", name)``.

    A function is tried on a few open cases; of a value only the form is checked, to keep the answer secret.

    >>> check = checks("leakage")  # doctest: +SKIP
    >>> check("shared_operations", shared_operations)  # doctest: +SKIP
    """
    found = lesson_of(lesson)

    def check(name: str, answer: Any) -> None:
        known = {one.name: one for one in exercises_of(found)}
        if name not in known:
            raise UsageError(f"{found.title} has no exercise {name}: it has {', '.join(known)}.")
        print(_check(known[name], answer))

    return check


def _check(exercise: Exercise, answer: Any) -> str:
    if not exercise.function:
        if answer is None:
            return "○ Not answered yet."
        form = form_of(exercise, _value(answer))
        noted = f"○ Noted: {answer!r}. Whether it is right is not told here: your lecturer's key decides."
        return noted if form.passed else f"✗ {form.said}"
    if not callable(answer):
        return f"✗ {exercise.name} is not a function any more: run the cell above again."
    cases = exercise.cases(OPEN_SEED)
    outcomes = [_outcome_of(answer, case.arguments) for case in cases]
    if all(one.value is None and not one.error and not one.printed for one in outcomes):
        return "○ Not answered yet: it returns None."
    made = compare_outcomes(exercise, cases, outcomes)
    right = f"{made.right} of {made.cases} examples right"
    return f"✓ {right}." if made.passed else f"✗ {right}.\n  {made.said}"


def _outcome_of(answer: Callable[..., Any], arguments: list[Any]) -> Outcome:
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            made = answer(*decode(arguments))
    except Exception as error:  # the student reads any error of their code
        return Outcome(error=f"it stops with {type(error).__name__}: {error}")
    return _value(made, bool(printed.getvalue()))


def _value(made: Any, printed: bool = False) -> Outcome:
    try:
        return Outcome(encode(made), printed=printed)
    except NotPlain as error:
        return Outcome(error=f"it is {error}, which is no number, text or list of them", printed=printed)
