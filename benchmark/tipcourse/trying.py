"""Say in one sentence whether an outcome is what was expected: the same words in a notebook and for a mark."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipcourse.exercises import Case, Exercise
from tipcourse.values import equal, kind, shown


@dataclass(frozen=True)
class Outcome:
    """What came of one call or one value. ``error``: what it raised, or why there is no value; '' for none.

    ``printed``: whether it wrote to the screen. ``kind``: the class of the error, as who ran the answer tells it.
    ``late``: its time was over.
    """

    value: Any = None
    error: str = ""
    printed: bool = False
    kind: str = ""
    late: bool = False


@dataclass(frozen=True)
class Tried:
    """How many cases an answer has right, of how many, and one sentence about the first that is wrong."""

    right: int
    cases: int
    said: str = ""

    @property
    def passed(self) -> bool:
        return self.right == self.cases


def tried(
    exercise: Exercise, cases: Sequence[Case], outcomes: Sequence[Outcome], secret: bool = False
) -> Tried:
    """Compare outcomes with what cases expect.

    Args:
        secret: the cases are a lecturer's: the sentence tells of no argument and no result, nor what an error says,
            since an answer can raise one that says its arguments.
    """
    wrong = [
        (case, outcome)
        for case, outcome in zip(cases, outcomes, strict=True)
        if outcome.error or not equal(outcome.value, case.expected)
    ]
    if not wrong:
        return Tried(len(cases), len(cases))
    case, outcome = wrong[0]
    said = _secretly(case, outcome) if secret else _sentence(exercise.name, case, outcome)
    return Tried(len(cases) - len(wrong), len(cases), said)


def ended(text: str) -> str:
    """Return a sentence with a stop at its end, where it has none."""
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _secretly(case: Case, outcome: Outcome) -> str:
    if not outcome.error:
        return ended(case.hint)
    raised = getattr(builtins, outcome.kind, None)  # an answer names its own classes as it likes
    known = isinstance(raised, type) and issubclass(raised, BaseException)
    why = f"it stops with {outcome.kind}" if known else "it gives no value"
    why = "its time was over" if outcome.late else why
    return f"{why} on a case that is held back. {ended(case.hint)}"


def _sentence(name: str, case: Case, outcome: Outcome) -> str:
    call = f"{name}({', '.join(shown(one) for one in case.arguments)})"
    if outcome.error:
        return f"{call}: {ended(outcome.error)} {ended(case.hint)}"
    if outcome.value is None and case.expected is not None:
        why = "prints its result: give it back with `return`" if outcome.printed else "returns nothing"
        return f"{call} {why}. {ended(case.hint)}"
    found, wanted = kind(outcome.value), kind(case.expected)
    if found != wanted:
        return (
            f"{call} returns {found} ({shown(outcome.value)}) where {wanted} is expected. {ended(case.hint)}"
        )
    return f"{call} is {shown(outcome.value)}, expected {shown(case.expected)}. {ended(case.hint)}"


def form_of(exercise: Exercise, outcome: Outcome) -> Tried:
    """Say whether a value is one that it can be: all that an open check tells of it."""
    if outcome.error:
        return Tried(0, 1, ended(outcome.error))
    if any(equal(outcome.value, option) for option in exercise.options):
        return Tried(1, 1)
    listed = ", ".join(repr(option) for option in exercise.options)
    return Tried(0, 1, f"{exercise.name} is {shown(outcome.value)}, and can be one of {listed}.")
