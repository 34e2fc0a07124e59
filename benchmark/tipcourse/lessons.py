"""Find the lessons: in the wheel, or in the checkout that an editable install points to.

A lesson is one file, ``docs/course/<number>_<name>.py``, a notebook in jupytext's percent format. Its header says what
it is of. Everything else is derived from its cells (:mod:`tipcourse.cells`): what a student gets, the solution, checks.
Only the standard library and PyYAML are needed here, so that ``tipbench course list`` works without the extra.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml
from tipbench.config.options import suggestion
from tipcore.errors import UsageError
from tipdata.documents.project_files import project_file

HEADER = "# ---\n"
KEY = "tipbench_course"
"""Of the header of a lesson, and of the metadata of a student's notebook."""


@dataclass(frozen=True)
class Lesson:
    """One lesson. ``minutes``: how long it takes a class; ``question``: what it answers; ``words``: of the glossary."""

    path: Path
    number: int
    name: str
    title: str
    minutes: int
    question: str
    words: tuple[str, ...]

    @property
    def stem(self) -> str:
        """The name of its notebook, without an ending."""
        return self.path.stem

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the lesson as text, whatever its line ends: a key is of one edition of it."""
        return hashlib.sha256(self.path.read_text(encoding="utf-8").encode()).hexdigest()


def lesson_folder() -> Path:
    """Return the folder that holds the lessons."""
    return project_file("docs/course")


@cache
def all_lessons() -> tuple[Lesson, ...]:
    """Return the lessons in their order."""
    return tuple(_read(path) for path in sorted(lesson_folder().glob("[0-9]*_*.py")))


def lesson_of(word: str) -> Lesson:
    """Return the lesson of a name (``leakage``), a number (``1``) or both (``01_leakage``). Raises UsageError."""
    for lesson in all_lessons():
        if word in (lesson.name, lesson.stem, str(lesson.number)):
            return lesson
    near = suggestion(word, [lesson.name for lesson in all_lessons()])
    raise UsageError(f'There is no lesson "{word}". {near}')


@cache
def glossary() -> dict[str, str]:
    """Return the glossary of tipbench, word by word, without links."""
    text = project_file("docs/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE)
    return {word: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", meaning) for word, meaning in rows}


def _read(path: Path) -> Lesson:
    text = path.read_text(encoding="utf-8")
    header = text.split(HEADER)[1].splitlines()
    said = yaml.safe_load("\n".join(line.removeprefix("# ") for line in header))["jupyter"][KEY]
    number, _, name = path.stem.partition("_")
    return Lesson(
        path, int(number), name, said["title"], said["minutes"], said["question"], tuple(said["words"])
    )
