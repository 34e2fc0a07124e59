"""The lecturer's key: held-back cases of a lesson, drawn from a seed of the lecturer's own, in one file.

The solutions are open, as all of tipbench is: who looks for them finds them. What a key keeps back is on which cases
answers will be tried, so that one that was fitted to the open cases is told from one that is right. No student's
notebook holds it, and no wheel.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

from tipcourse.exercises import OPEN_SEED, Case, exercises_of
from tipcourse.lessons import Lesson

LARGEST = 16 << 20
"""Bytes of a key."""
SEED_BITS = 63
OWNER_ALONE = 0o600


class KeyCase(BaseModel):
    """One held-back case; see :class:`tipcourse.exercises.Case`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    arguments: list[Any]
    expected: Any
    hint: str


class LessonKey(BaseModel):
    """Of one lesson: the SHA-256 of the edition that it is of, cases by function, and the right values."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lesson: str
    digest: str
    cases: dict[str, list[KeyCase]]
    values: dict[str, Any]

    def cases_of(self, name: str) -> list[Case]:
        """Return the held-back cases of a function."""
        return [Case(one.arguments, one.expected, one.hint) for one in self.cases.get(name, ())]


class Key(BaseModel):
    """A key file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    schema_version: Literal[1] = 1
    seed: int
    lessons: list[LessonKey]

    def of(self, lesson: Lesson) -> LessonKey:
        """Return the key of a lesson. Raises UsageError for one that it has not, or of another edition."""
        found = next((one for one in self.lessons if one.lesson == lesson.name), None)
        if found is None:
            raise UsageError(f"the key has nothing on {lesson.name}: make one with `tipbench course key`.")
        if found.digest != lesson.digest:
            raise UsageError(
                f"the key is of another edition of {lesson.name}: make it again with "
                f"`tipbench course key {lesson.name} --seed {self.seed} --to FILE`."
            )
        return found


def make_key(lessons: list[Lesson], seed: int | None) -> Key:
    """Return the key of lessons; without a seed, of one that is drawn. Raises UsageError for the seed that is open."""
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    if not OPEN_SEED < seed < 1 << SEED_BITS:
        raise UsageError(
            f"--seed {seed} is not between 1 and {(1 << SEED_BITS) - 1}: 0 is that of the open checks."
        )
    made = []
    for lesson in lessons:
        asked = exercises_of(lesson)
        cases = {
            one.name: [KeyCase(**vars(case)) for case in one.held_back(seed)] for one in asked if one.function
        }
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
            raise UsageError(f"{path} is larger than a key can be: give the file of `tipbench course key`.")
        return Key.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}): give --key FILE.") from None
    except (ValidationError, UnicodeDecodeError):
        raise UsageError(f"{path} is no key: make one with `tipbench course key LESSON --to FILE`.") from None
