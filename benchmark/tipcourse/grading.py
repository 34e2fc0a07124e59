"""Grade a notebook: run its answers, compare them with what cases expect, and give points; and the lecturer's key."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from tipcore.atomic import write_file_atomically
from tipcore.display import printable
from tipcore.errors import UsageError

from tipcourse.exercises import (
    OPEN_SEED,
    Case,
    CaseResults,
    Exercise,
    Outcome,
    compare_outcomes,
    exercises_of,
    form_of,
    with_full_stop,
)
from tipcourse.lessons import Lesson
from tipcourse.notebooks import StudentNotebook, names_reached, read_notebook
from tipcourse.running import Limits, Questions, Stopped
from tipcourse.values import equal

LARGEST = 16 << 20
"""Bytes of a key."""
SEED_BITS = 63
OWNER_ALONE = 0o600


class LessonKey(BaseModel):
    """Held-back cases by function and right values of one lesson. ``digest``: SHA-256 of its edition."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lesson: str
    digest: str
    cases: dict[str, list[Case]]
    values: dict[str, Any]


class Key(BaseModel):
    """A key file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[1] = 1
    seed: int
    lessons: list[LessonKey]

    def of(self, lesson: Lesson) -> LessonKey:
        """Return the key of a lesson. Raises UsageError for one that it has not, or that has changed."""
        found = next((one for one in self.lessons if one.lesson == lesson.name), None)
        if found is None:
            raise UsageError(
                f"the key has nothing on {lesson.name}: make one with `tipbench course start {lesson.name} --key FILE`."
            )
        if found.digest != lesson.digest:
            raise UsageError(
                f"{lesson.name} has changed since this key was made: write a new key to another file with "
                f"`tipbench course start {' '.join(one.lesson for one in self.lessons)} --key FILE seed={self.seed}`."
            )
        return found


def make_key(lessons: list[Lesson], seed: int | None) -> Key:
    """Return the key of lessons; without a seed, of one that is drawn. Raises UsageError for the seed that is open."""
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    if not OPEN_SEED < seed < 1 << SEED_BITS:
        raise UsageError(
            f"seed={seed} is not between 1 and {(1 << SEED_BITS) - 1}: 0 is that of the open checks."
        )
    made = []
    for lesson in lessons:
        asked = exercises_of(lesson)
        cases = {one.name: one.held_back(seed) for one in asked if one.function}
        values = {one.name: one.expected for one in asked if not one.function}
        made.append(LessonKey(lesson=lesson.name, digest=lesson.digest, cases=cases, values=values))
    return Key(seed=seed, lessons=made)


def write_key(key: Key, path: Path) -> None:
    """Write a key for its owner alone. Raises UsageError where there is a file already."""
    if path.exists():
        raise UsageError(f"{path} is there already: give another file, so that no key is lost.")
    text = json.dumps(key.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False)
    write_file_atomically(path, text + "\n", mode=OWNER_ALONE)


def read_key(path: Path) -> Key:
    """Return the key of a file. Raises UsageError for what is not one."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(
                f"{path} is larger than a key can be: give the file of `tipbench course start --key`."
            )
        return Key.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}): give key=FILE.") from None
    except (ValidationError, UnicodeDecodeError):
        raise UsageError(
            f"{path} is no key: make one with `tipbench course start LESSON --key FILE`."
        ) from None


Run = Callable[[Questions, Limits], list[dict]]
"""Runs answers; see :mod:`tipcourse.running`."""
Ask = Callable[[Questions], list[dict]]
"""Runs answers within the limits of this grading."""


@dataclass(frozen=True)
class Mark:
    """The mark of one answer. ``open``, ``held_back``: None without such cases; ``of``: 0 where it is not graded."""

    exercise: str
    points: float
    of: int
    said: str
    open: CaseResults | None = None
    held_back: CaseResults | None = None


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

    def ask(asked: Questions) -> list[dict]:
        return run(asked, limits)

    try:
        handed = read_notebook(path)
        lesson = handed.lesson
        held_back = None if key is None else key.of(lesson)
        marks = tuple(_mark(handed, one, held_back, ask) for one in exercises_of(lesson))
        return Graded(path, lesson, marks, tuple(_notes(handed)))
    except UsageError as error:
        return Graded(path, None, problem=str(error))
    except Exception as error:  # an unforeseen error in one notebook must not cost the others their marks
        why = f"could not be graded ({type(error).__name__}): look at this notebook yourself."
        return Graded(path, None, problem=f"{path} {why}")


def _notes(handed: StudentNotebook) -> list[str]:
    edited = "was edited or removed: it was graded by the one of the package."
    notes = [f"the check of {name} {edited}" for name in handed.checks]
    for name, source in handed.answers.items():
        if reached := names_reached(source):
            notes.append(f"the answer {name} uses {', '.join(reached)}, which no answer needs: look at it.")
    if handed.edition != handed.lesson.digest[:12]:
        notes.append(
            "the notebook was started with another edition of the lesson: its text may differ from today's."
        )
    return notes


def _mark(handed: StudentNotebook, exercise: Exercise, key: LessonKey | None, ask: Ask) -> Mark:
    name, of = exercise.name, exercise.points if exercise.function or key is not None else 0
    if name not in handed.answers:
        return Mark(name, 0, of, f"no cell defines {name}: was it renamed or removed?")
    if name in handed.untouched:
        return Mark(name, 0, of, "not answered yet.")
    open_cases, held = exercise.cases(OPEN_SEED), [] if key is None else key.cases.get(name, [])
    try:
        outcomes = _run(handed, exercise, open_cases + held, ask)
    except Stopped as stopped:
        return Mark(name, 0, of, with_full_stop(str(stopped)))
    if not exercise.function:
        form = form_of(exercise, outcomes[0])
        if key is None or not form.passed:
            said = "one of the options; whether it is right, the lecturer's key tells (key=)."
            return Mark(name, 0, of, form.said or said, form)
        right = equal(outcomes[0].value, key.values.get(name))
        secretly = CaseResults(int(right), 1, "" if right else with_full_stop(exercise.hint))
        return Mark(name, of if right else 0, of, secretly.said, form, secretly)
    if all(one.value is None and not one.error and not one.printed for one in outcomes):
        return Mark(name, 0, of, "it returns nothing, on every case.")
    openly = compare_outcomes(exercise, open_cases, outcomes[: len(open_cases)])
    secretly = compare_outcomes(exercise, held, outcomes[len(open_cases) :], secret=True) if held else None
    points = 0.0
    if openly.passed:
        points = of if secretly is None or secretly.passed else of / 2
    return Mark(name, points, of, openly.said or (secretly.said if secretly else ""), openly, secretly)


def _run(handed: StudentNotebook, exercise: Exercise, cases: list[Case], ask: Ask) -> list[Outcome]:
    """Return the outcome of each case of an answer, or of a value. Raises Stopped.

    The answers before it are defined too. If one of them ends the process or takes its time, it is run without them.
    """
    names = list(handed.answers)
    before = names[: names.index(exercise.name) + 1]
    calls: list[tuple[str, str | None]] = [(exercise.name, json.dumps(case.arguments)) for case in cases]
    calls = calls or [(exercise.name, None)]
    found: list[dict] = []
    for cells in (before, before[-1:]) if len(before) > 1 else (before,):
        try:
            found = ask(Questions([(name, handed.answers[name]) for name in cells], calls))
        except Stopped:
            if len(cells) == 1:
                raise
            continue
        if not any(one.get("over") for one in found):
            break
    return [_read_outcome(**one) for one in found]


def _read_outcome(
    value: Any = None, error: Any = "", printed: Any = False, kind: Any = "", over: Any = False, **_: Any
) -> Outcome:
    return Outcome(value, printable(str(error)), bool(printed), str(kind), bool(over))
