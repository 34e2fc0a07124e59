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
from pathlib import Path

from tipbench.console import Column, emit_json, emit_table, notice
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipcourse.grading import make_key, write_key
from tipcourse.lessons import Lesson, all_lessons, as_ipynb, as_script, lesson_of, notebook_of, require_extra


def call(options: argparse.Namespace) -> int:
    """List the lessons, or write notebooks or a key."""
    if not options.lesson:
        if options.key is not None:
            raise UsageError("--key is written of lessons: name some, or all.")
        return _list(options.json)
    words = options.lesson
    lessons = list(all_lessons() if words == ["all"] else dict.fromkeys(lesson_of(word) for word in words))
    require_extra()
    if options.key is not None:
        path, key = expand_home(options.key), make_key(lessons, options.seed)
        write_key(key, path)
        notice(f"written: {path}, for you alone; seed={key.seed} makes it again", options.quiet)
        return 0
    return _write_notebooks(lessons, options)


def _list(as_json: bool) -> int:
    keys = ("number", "name", "title", "minutes", "question")
    if as_json:
        emit_json([{name: getattr(lesson, name) for name in keys} for lesson in all_lessons()])
        return 0
    columns = Column("", number=True), Column("lesson"), Column("title"), Column("minutes", number=True)
    rows = [[str(getattr(lesson, name)) for name in keys] for lesson in all_lessons()]
    emit_table([*columns, Column("question", prose=True)], rows)
    return 0


def _write_notebooks(lessons: list[Lesson], options: argparse.Namespace) -> int:
    """Write notebooks, all of them or none. Raises UsageError where one exists already, or cannot be written."""
    folder, solved = expand_home(options.to), options.solutions
    writers = {".solution.ipynb" if solved else ".ipynb": as_ipynb}
    writers |= {".py": as_script} if options.py and not solved else {}
    files = {folder / f"{one.stem}{end}": (one, write) for one in lessons for end, write in writers.items()}
    for path in files:
        if path.exists():
            kept = "" if solved else "your answers are kept; "
            raise UsageError(f"{path} is there already: {kept}give another folder with --to.")
    texts = {path: write(notebook_of(lesson, solved)) for path, (lesson, write) in files.items()}
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
        notice(f"written: {path}", options.quiet)
    return 0
