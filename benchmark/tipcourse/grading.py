"""Grade a notebook: run its answers, compare them with what cases expect, and give points.

All points for an answer that is right on every case; half of them where it is right on the open cases and not on those
of the key; none otherwise. A value has no open cases: without a key it is not graded.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tipcore.display import printable
from tipcore.errors import UsageError

from tipcourse.exercises import OPEN_SEED, Case, Exercise, exercises_of
from tipcourse.keys import Key, LessonKey
from tipcourse.lessons import Lesson
from tipcourse.notebooks import Handed, read_notebook
from tipcourse.reaching import reached_for
from tipcourse.running.asked import Asked, Limits, Stopped
from tipcourse.trying import Outcome, Tried, ended, form_of, tried
from tipcourse.values import equal

Run = Callable[[Asked, Limits], list[dict]]
"""Runs answers; see :mod:`tipcourse.running`."""


@dataclass(frozen=True)
class Mark:
    """Of one answer. ``open``, ``held_back``: None where there are no such cases; ``of``: 0 where it is not graded."""

    exercise: str
    points: float
    of: int
    open: Tried | None
    held_back: Tried | None
    said: str


@dataclass(frozen=True)
class Graded:
    """A notebook's marks. ``problem``: why it could not be graded; '' where it was. ``notes``: for the lecturer.

    ``shown``: what tables call it, where its file's name alone would not say whose it is.
    """

    path: Path
    lesson: Lesson | None
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    shown: str = ""

    @property
    def name(self) -> str:
        return printable(self.shown or self.path.name)

    @property
    def points(self) -> float:
        return sum(mark.points for mark in self.marks)

    @property
    def of(self) -> int:
        return sum(mark.of for mark in self.marks)

    @property
    def is_right(self) -> bool:
        """Whether no answer is missing, wrong, or none that it can be; of a value without a key, whether it can be."""
        return not self.problem and all(
            mark.points == mark.of and (mark.of or (mark.open is not None and mark.open.passed))
            for mark in self.marks
        )


def grade(path: Path, key: Key | None, run: Run, limits: Limits) -> Graded:
    """Return the marks of a notebook, or a problem in their place: one that cannot be graded stops no class."""
    try:
        handed = read_notebook(path)
        lesson = handed.lesson
        held_back = None if key is None else key.of(lesson)
        marks = tuple(_mark(handed, one, held_back, run, limits) for one in exercises_of(lesson))
        return Graded(path, lesson, marks, tuple(_notes(handed)))
    except UsageError as error:
        return Graded(path, None, problem=str(error))
    except Exception as error:  # what nobody foresaw in one notebook is not to cost the others their marks
        kind = type(error).__name__
        return Graded(
            path, None, problem=f"{path} could not be graded ({kind}): look at this notebook yourself."
        )


def _notes(handed: Handed) -> list[str]:
    notes = [
        f"the check of {name} was edited or removed: it was graded by the one of the package."
        for name in handed.checks
    ]
    for name, source in handed.answers.items():
        if reached := reached_for(source):
            notes.append(f"the answer {name} uses {', '.join(reached)}, which no answer needs: look at it.")
    if handed.edition != handed.lesson.digest[:12]:
        notes.append(
            "the notebook was started with another edition of the lesson: its text may differ from today's."
        )
    return notes


def _mark(handed: Handed, exercise: Exercise, key: LessonKey | None, run: Run, limits: Limits) -> Mark:
    of = exercise.points if exercise.function or key is not None else 0
    if exercise.name not in handed.answers:
        return Mark(
            exercise.name, 0, of, None, None, f"no cell defines {exercise.name}: was it renamed or removed?"
        )
    if exercise.name in handed.untouched:
        return Mark(exercise.name, 0, of, None, None, "not answered yet.")
    open_cases, held = exercise.cases(OPEN_SEED), [] if key is None else key.cases_of(exercise.name)
    try:
        outcomes = _run(handed, exercise, open_cases + held, run, limits)
    except Stopped as stopped:
        return Mark(exercise.name, 0, of, None, None, ended(str(stopped)))
    if not exercise.function:
        return _mark_of_value(exercise, outcomes[0], key, of)
    if all(one.value is None and not one.error and not one.printed for one in outcomes):
        return Mark(exercise.name, 0, of, None, None, "it returns nothing, on every case.")
    openly = tried(exercise, open_cases, outcomes[: len(open_cases)])
    secretly = tried(exercise, held, outcomes[len(open_cases) :], secret=True) if held else None
    points = 0.0
    if openly.passed:
        points = of if secretly is None or secretly.passed else of / 2
    said = openly.said or (secretly.said if secretly else "")
    return Mark(exercise.name, points, of, openly, secretly, said)


def _mark_of_value(exercise: Exercise, outcome: Outcome, key: LessonKey | None, of: int) -> Mark:
    form = form_of(exercise, outcome)
    if not form.passed:
        return Mark(exercise.name, 0, of, form, None, form.said)
    if key is None:
        return Mark(
            exercise.name,
            0,
            of,
            form,
            None,
            "one of the options; whether it is right, the lecturer's key tells (--key).",
        )
    right = equal(outcome.value, key.values.get(exercise.name))
    secretly = Tried(int(right), 1, "" if right else ended(exercise.hint))
    return Mark(exercise.name, of if right else 0, of, form, secretly, secretly.said)


def _run(handed: Handed, exercise: Exercise, cases: list[Case], run: Run, limits: Limits) -> list[Outcome]:
    """Return what came of each case of an answer; of a value one outcome. Raises Stopped.

    The answers before it are there too. Where one of them ends the process or takes its time, it is run without them.
    """
    names = list(handed.answers)
    before = names[: names.index(exercise.name) + 1]
    calls: list[tuple[str, str | None]] = [(exercise.name, json.dumps(case.arguments)) for case in cases]
    calls = calls or [(exercise.name, None)]
    told: list[dict] = []
    for cells in (before, before[-1:]) if len(before) > 1 else (before,):
        try:
            told = run(Asked([(name, handed.answers[name]) for name in cells], calls), limits)
        except Stopped:
            if len(cells) == 1:
                raise
            continue
        if not any(one.get("over") for one in told):
            break
    return [
        Outcome(
            one.get("value"),
            printable(str(one.get("error", ""))),
            bool(one.get("printed")),
            str(one.get("kind", "")),
            bool(one.get("over")),
        )
        for one in told
    ]
