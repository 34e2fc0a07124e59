"""Read a student's notebook: its lesson, the cell of each answer, changes of checks, and what an answer reaches for."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipcore.errors import UsageError
from tipcore.locations import expand_home

from tipcourse.exercises import exercises_of
from tipcourse.lessons import KEY, Lesson, check_source, find_lesson, lesson_of, require_extra

LARGEST = 64 << 20
"""Bytes of a notebook, pictures included."""


@dataclass(frozen=True)
class StudentNotebook:
    """A notebook that was handed in.

    ``answers``: the cell of each exercise, by name, in the order of the lesson; the last that defines it.
    ``untouched``: exercises whose place is still empty. ``checks``: those whose check was edited or removed.
    """

    path: Path
    lesson: Lesson
    edition: str
    answers: dict[str, str]
    untouched: frozenset[str]
    checks: tuple[str, ...]


def find_notebooks(words: list[str]) -> list[tuple[Path, str]]:
    """Return the notebooks that paths name, and their names in tables: files, and ``.ipynb`` below folders.

    A notebook of a folder is shown by its path in there, a file by its name; where these repeat, by what was typed.
    Raises UsageError for a path that is not there, such as the name of a lesson that was not started.
    """
    found: dict[Path, tuple[str, str]] = {}
    for word in words:
        path = expand_home(word)
        if path.is_dir():
            inside = _notebooks_in(path)
            if not inside:
                raise UsageError(
                    f"{word} holds no notebook: name a folder with .ipynb files, or one of them."
                )
            for one in inside:
                within = one.relative_to(path).as_posix()
                found.setdefault(one, (within, f"{Path(word).as_posix()}/{within}"))
        elif path.is_file():
            found.setdefault(path, (path.name, Path(word).as_posix()))
        elif (lesson := find_lesson(word)) is not None:
            raise UsageError(
                f"{lesson.stem}.ipynb is not here: begin it with `tipbench course start {lesson.name}`, "
                "then grade its file."
            )
        else:
            raise UsageError(f"{word} is not there: give the notebook that `tipbench course start` made.")
    often = Counter(short for short, _ in found.values())
    return [(path, short if often[short] == 1 else long) for path, (short, long) in found.items()]


def _notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks of a folder and of those in it, but for what is hidden, as copies of an editor are."""

    def refuse(error: OSError) -> None:  # else notebooks in this folder would be missing without a word
        raise UsageError(f"{error.filename} cannot be read ({error.strerror or error}).")

    found: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(place, name) for name in names if name.endswith(".ipynb") and not name.startswith(".")]
    return sorted(found)


def read_notebook(path: Path) -> StudentNotebook:
    """Return what a student handed in. Raises UsageError for what is no notebook of a lesson."""
    require_extra()
    read = _read(path)
    about = read.metadata.get(KEY)
    name = about.get("lesson") if isinstance(about, dict) else None
    if not isinstance(name, str):
        raise UsageError(f"{path} names no lesson: grade a notebook that `tipbench course start` made.")
    lesson = lesson_of(name)
    sources = [str(cell.source) for cell in read.cells if cell.cell_type == "code"]
    for number, source in enumerate(sources, 1):
        if re.search("[\ud800-\udfff]", source):
            half = "half a character (a lone surrogate)"
            raise UsageError(f"{path} holds {half} in code cell {number}: type that line again.")
    exercises = exercises_of(lesson)
    answers = {}
    for one in exercises:
        pattern = re.compile(rf"^(def {one.name}\b|{one.name}\s*(:[^=\n]*)?=(?!=))", re.MULTILINE)
        holding = [source for source in sources if pattern.search(source)]
        if holding:
            answers[one.name] = holding[-1]
    untouched = {
        one.name for one in exercises if _normalise(answers.get(one.name, "")) == _normalise(one.place)
    }
    left = {_normalise(source) for source in sources}
    edited = [one.name for one in exercises if _normalise(check_source(one.name)) not in left]
    edition = str(about.get("edition", ""))
    return StudentNotebook(path, lesson, edition, answers, frozenset(untouched), tuple(edited))


def _read(path: Path) -> Any:
    import jupytext

    if path.suffix not in (".ipynb", ".py"):
        raise UsageError(f"{path} is neither .ipynb nor .py: give the notebook itself.")
    try:
        if path.stat().st_size <= LARGEST:
            text = path.read_text(encoding="utf-8")
            return jupytext.reads(text, fmt="ipynb" if path.suffix == ".ipynb" else "py:percent")
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}).") from None
    except Exception:  # a library may raise anything on a damaged file
        raise UsageError(f"{path} is no notebook that can be read: save it again from Jupyter.") from None
    raise UsageError(f"{path} is larger than {LARGEST >> 20} MiB: clear its outputs, and save it again.")


def _normalise(source: str) -> str:
    """Return source without what an editor changes: blank lines, spaces at line ends."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


PLAIN = {
    "__future__", "bisect", "collections", "datetime", "decimal", "fractions", "functools", "heapq", "itertools",
    "math", "numpy", "operator", "polars", "random", "re", "statistics", "string", "typing",
}  # fmt: skip
"""What an answer may import without a word."""
DOORS = {
    "__import__", "breakpoint", "compile", "eval", "exec", "getattr", "globals", "locals", "open", "vars",
}  # fmt: skip
"""Names through which Python reaches everything."""
OURS = re.compile(r"tipcourse|tipbench|tipdata|solutions_of|exercises_of")


def names_reached(source: str) -> list[str]:
    """Return modules, names and words of a cell that no answer needs; none of a cell that is no Python."""
    try:
        read = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found: set[str] = set()
    for node in ast.walk(read):
        if isinstance(node, ast.Import | ast.ImportFrom):
            whole = isinstance(node, ast.Import)
            modules = [one.name for one in node.names] if whole else [node.module or "."]
            found |= {module for module in modules if module.partition(".")[0] not in PLAIN}
        elif isinstance(node, ast.Name) and (node.id in DOORS or OURS.search(node.id)):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and (node.attr.startswith("__") or OURS.search(node.attr)):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(OURS.findall(node.value))
    return sorted(found)
