"""``tipbench course``: list lessons, write notebooks and keys, grade what students hand in."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tipbench.console import Column, emit, emit_json, emit_table, notice
from tipbench.exit_codes import FAILED, USAGE
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.progress import progress

from tipcourse.grading import Graded, grade, make_key, read_key, write_key
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
from tipcourse.notebooks import find_notebooks
from tipcourse.reports import as_csv, as_json, emit_class, emit_marks
from tipcourse.running import Limits, open_fence, outcomes_apart


def call_list(options: argparse.Namespace) -> int:
    """List the lessons."""
    lessons = all_lessons()
    if options.json:
        told = ("number", "name", "title", "minutes", "question")
        emit_json([{name: getattr(lesson, name) for name in told} for lesson in lessons])
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


def call_start(options: argparse.Namespace) -> int:
    """Write students' notebooks, all of them or none."""
    lessons, folder = _lessons(options.lessons), expand_home(options.to)
    require_extra()
    files: dict[Path, Callable[[], str]] = {}
    for lesson in lessons:
        files[folder / f"{lesson.stem}.ipynb"] = partial(_text, student_notebook, lesson, as_ipynb)
        if options.py:
            files[folder / f"{lesson.stem}.py"] = partial(_text, student_notebook, lesson, as_script)
    _write_new(files, "your answers are kept; give another folder with --to")
    for path in files:
        notice(f"written: {path}", options.quiet)
    return 0


def call_solution(options: argparse.Namespace) -> int:
    """Write lecturers' notebooks, all of them or none."""
    require_extra()
    folder = expand_home(options.to)
    files = {
        folder / f"{lesson.stem}.solution.ipynb": partial(_text, solved_notebook, lesson, as_ipynb)
        for lesson in _lessons(options.lessons)
    }
    _write_new(files, "give another folder with --to")
    for path in files:
        notice(f"written: {path}", options.quiet)
    return 0


def call_key(options: argparse.Namespace) -> int:
    """Write a key."""
    require_extra()
    path = expand_home(options.to)
    key = make_key(_lessons(options.lessons), options.seed)
    write_key(key, path)
    notice(f"written: {path}, for you alone; --seed {key.seed} makes it again", options.quiet)
    return 0


def call_grade(options: argparse.Namespace) -> int:
    """Grade notebooks; exit 1 where an answer that is graded is not right, 2 where a notebook could not be graded."""
    limits = Limits(options.seconds, options.memory)
    require_extra()
    found = find_notebooks(options.notebooks, expand_home)
    key = None if options.key is None else read_key(expand_home(options.key))
    table = None if options.csv is None else expand_home(options.csv)
    if table is not None and table.exists():
        raise UsageError(f"{table} is there already: give another file, so that no marks are lost.")
    run = outcomes_apart if options.trust else open_fence()
    graded: list[Graded] = []
    with progress("notebooks", len(found), options.quiet) as advance:
        for path, shown in found:
            graded.append(replace(grade(path, key, run, limits), shown=shown))
            advance(1)
    if len(graded) == 1 and graded[0].problem:
        raise UsageError(graded[0].problem)
    if table is not None:
        write_file_atomically(table, as_csv(graded))
    _show(graded, options)
    if any(one.problem for one in graded):
        return USAGE
    return 0 if all(one.is_right for one in graded) else FAILED


def _show(graded: list[Graded], options: argparse.Namespace) -> None:
    if options.json:
        emit_json(as_json(graded))
    elif len(graded) == 1:
        emit_marks(graded[0])
    else:
        emit_class(graded)
        whole = sum(one.is_right for one in graded)
        left = sum(bool(one.problem) for one in graded)
        missed = f", {left:,} could not be graded" if left else ""
        emit(f"{len(graded):,} notebooks, {whole:,} with all points{missed}")
    if len(graded) == 1:
        for note in graded[0].notes:
            notice(note, options.quiet)
    if options.csv is not None:
        notice(f"written: {expand_home(options.csv)}", options.quiet)


def _lessons(words: list[str]) -> list[Lesson]:
    if words == ["all"]:
        return list(all_lessons())
    return list(dict.fromkeys(lesson_of(word) for word in words))


def _text(notebook: Callable, lesson: Lesson, written: Callable[..., str]) -> str:
    return written(notebook(lesson))


def _write_new(files: dict[Path, Callable[[], str]], advice: str) -> None:
    """Write files of which none is there yet, all or none. Raises UsageError where one is, or cannot be written."""
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
