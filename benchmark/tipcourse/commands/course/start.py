"""``tipbench course start``: write the notebooks of lessons; without a lesson, list which there are.

arguments:
  [LESSON...]             a name or number of the list, or all

settings:
  [seed=N]                of --key: to make the same key again (drawn)

options:
  [--to FOLDER=.]         where (the working folder)
  --py                    a script in jupytext's percent format beside each notebook
  --solutions             write the lecturer's notebooks: solutions, timing, what students get wrong
  [--key FILE]            write the lecturer's key instead: held-back cases; keep it from students
  --quiet --json
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tipbench.console import Column, emit_json, emit_table, notice
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipcourse.grading import make_key, write_key
from tipcourse.lessons import (
    Lesson,
    all_lessons,
    as_ipynb,
    as_script,
    lesson_of,
    require_extra,
    solved_notebook,
    student_notebook,
)


def call(options: argparse.Namespace) -> int:
    """List the lessons, or write notebooks or a key."""
    if options.key is not None and not options.lesson:
        raise UsageError("--key is written of lessons: name some, or all.")
    if not options.lesson:
        return _list(options)
    if options.key is not None:
        return _write_key(options)
    return _write_solutions(options) if options.solutions else _write_notebooks(options)


def _list(options: argparse.Namespace) -> int:
    """List the lessons."""
    lessons = all_lessons()
    if options.json:
        keys = ("number", "name", "title", "minutes", "question")
        emit_json([{name: getattr(lesson, name) for name in keys} for lesson in lessons])
        return 0
    columns = [
        Column("", number=True),
        Column("lesson"),
        Column("title"),
        Column("minutes", number=True),
        Column("question", prose=True),
    ]
    emit_table(
        columns, [[str(one.number), one.name, one.title, str(one.minutes), one.question] for one in lessons]
    )
    return 0


def _write_notebooks(options: argparse.Namespace) -> int:
    """Write students' notebooks, all of them or none."""
    lessons, folder = _lessons(options.lesson), expand_home(options.to)
    require_extra()
    files: dict[Path, Callable[[], str]] = {}
    for lesson in lessons:
        files[folder / f"{lesson.stem}.ipynb"] = partial(_text, student_notebook, lesson, as_ipynb)
        if options.py:
            files[folder / f"{lesson.stem}.py"] = partial(_text, student_notebook, lesson, as_script)
    return _write_new(files, "your answers are kept; give another folder with --to", options.quiet)


def _write_solutions(options: argparse.Namespace) -> int:
    """Write lecturers' notebooks, all of them or none."""
    require_extra()
    folder = expand_home(options.to)
    files = {
        folder / f"{lesson.stem}.solution.ipynb": partial(_text, solved_notebook, lesson, as_ipynb)
        for lesson in _lessons(options.lesson)
    }
    return _write_new(files, "give another folder with --to", options.quiet)


def _write_key(options: argparse.Namespace) -> int:
    """Write a key."""
    require_extra()
    path = expand_home(options.key)
    key = make_key(_lessons(options.lesson), options.seed)
    write_key(key, path)
    notice(f"written: {path}, for you alone; seed={key.seed} makes it again", options.quiet)
    return 0


def _lessons(words: list[str]) -> list[Lesson]:
    if words == ["all"]:
        return list(all_lessons())
    return list(dict.fromkeys(lesson_of(word) for word in words))


def _text(notebook: Callable, lesson: Lesson, written: Callable[..., str]) -> str:
    return written(notebook(lesson))


def _write_new(files: dict[Path, Callable[[], str]], advice: str, quiet: bool) -> int:
    """Write all files or none, and name them. Raises UsageError where one exists already, or cannot be written."""
    for path in files:
        if path.exists():
            raise UsageError(f"{path} is there already: {advice}.")
    texts = {path: text() for path, text in files.items()}
    written: list[Path] = []
    try:
        for path, text in texts.items():
            write_file_atomically(path, text)
            written.append(path)
    except UsageError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    for path in files:
        notice(f"written: {path}", quiet)
    return 0
