"""Find lessons, read their cells, and derive the notebooks of students and lecturers."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from tipcore.errors import UsageError
from tipcore.extras import how_to_install
from tipcore.spelling import suggestion
from tipdata.documents.project_files import project_file

if TYPE_CHECKING:
    from nbformat import NotebookNode


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
        """SHA-256 of the lesson's text, with any line ends: a key fits one edition."""
        return hashlib.sha256(self.path.read_text(encoding="utf-8").encode()).hexdigest()


def lesson_folder() -> Path:
    """Return the folder that holds the lessons."""
    return project_file("docs/course")


@cache
def all_lessons() -> tuple[Lesson, ...]:
    """Return the lessons in their order."""
    return tuple(_read(path) for path in sorted(lesson_folder().glob("[0-9]*_*.py")))


def find_lesson(word: str) -> Lesson | None:
    """Return the lesson of a name (``leakage``), a number (``1``) or both (``01_leakage``), or None."""
    return next((one for one in all_lessons() if word in (one.name, one.stem, str(one.number))), None)


def lesson_of(word: str) -> Lesson:
    """Return the lesson that :func:`find_lesson` finds. Raises UsageError, with the nearest name."""
    if (lesson := find_lesson(word)) is not None:
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
    header = path.read_text(encoding="utf-8").split(HEADER)[1].splitlines()
    about = yaml.safe_load("\n".join(line.removeprefix("# ") for line in header))["jupyter"][KEY]
    number, _, name = path.stem.partition("_")
    return Lesson(path, int(number), name, **about | {"words": tuple(about["words"])})


EXTRA = "course"
EXERCISE, CASES, HOLDS, INSTRUCTOR, CHECK = "exercise", "cases", "holds", "instructor", "check"
ANSWER, END = "# answer", "# end of answer"
PLACE = "# write your answer here"
HOW = """\
**How to work with this notebook.** Run one cell after the other, from the top, with Shift + Enter. You need
not understand the code between the exercises: look at what it prints and draws. Where a line says `write
your answer here`: for an answer of one line, replace `None`. For several lines, replace the whole line, and begin
each of yours below the first letter of its `return`. A word as an answer needs quotation marks, such as `"yes"`.
Run the cell, then the one below it: it tries your answer on a few examples and says what is wrong. If your cell
itself shows an error in red, mend that first: the check still sees your last answer that ran. An answer may use
its arguments, `math`, `np` (numpy), `pl` (polars) and the answers before it. It is graded alone, without the rest
of the notebook.

All data are of the release `tiny`: two years of eight invented regions. `truth=True` shows what only a
simulation knows. The words of the list at the end are explained there."""
"""The text below the title of every notebook."""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


class Cell(NamedTuple):
    """One cell. ``number``: from 1, over all cells of the lesson; ``points``: of an exercise."""

    number: int
    markdown: bool
    source: str
    tags: tuple[str, ...]
    points: int = 0


def require_extra() -> None:
    """Raise UsageError if jupytext or nbformat is not installed."""
    for module in ("jupytext", "nbformat"):
        if find_spec(module) is None:
            raise UsageError(f"notebooks need {module}, which is not installed: {how_to_install(EXTRA)}.")


@lru_cache
def cells_of(lesson: Lesson) -> tuple[Cell, ...]:
    """Return the cells of a lesson's source."""
    require_extra()
    import jupytext

    read = jupytext.reads(lesson.path.read_text(encoding="utf-8"), fmt="py:percent")
    found = []
    for number, cell in enumerate(read.cells, 1):
        tags, points = tuple(cell.metadata.get("tags", ())), int(cell.metadata.get("points", 0))
        found.append(Cell(number, cell.cell_type == "markdown", cell.source, tags, points))
    return tuple(found)


def defined_name(source: str) -> str:
    """Return the name of an answer: the first function or variable that the exercise's cell defines."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            return node.name
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            return node.targets[0].id
    raise ValueError(f"an exercise that defines nothing: {source[:60]}")


def is_function(source: str) -> bool:
    """Return whether an exercise asks for a function, and not for a value."""
    return any(isinstance(node, ast.FunctionDef) for node in ast.parse(source).body)


def with_place(source: str) -> str:
    """Return the cell of an exercise as a student gets it: a marked place where the answer stood.

    Raises ValueError for a cell without markers.
    """
    found = re.search(rf"^([ ]*){ANSWER}\n.*?^[ ]*{END}$", source, re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"an exercise without {ANSWER} and {END}: {source[:60]}")
    given = "return None" if is_function(source) else f"{defined_name(source)} = None"
    return f"{source[: found.start()]}{found[1]}{given}  {PLACE}{source[found.end() :]}"


def with_answer(source: str) -> str:
    """Return the cell of an exercise with its solution, without the markers."""
    return "\n".join(line for line in source.splitlines() if line.strip() not in (ANSWER, END))


def check_source(name: str) -> str:
    """Return the cell that checks an answer."""
    return f'check("{name}", {name})'


def notebook_of(lesson: Lesson, solved: bool = False) -> NotebookNode:
    """Return the student's notebook: places instead of answers, and cells that check them.

    ``solved``: the lecturer's, with solutions, and with notes on timing and on what students get wrong.
    """
    from nbformat import v4

    hidden = {CASES, HOLDS} if solved else {CASES, HOLDS, INSTRUCTOR}
    shown = [cell for cell in cells_of(lesson) if hidden.isdisjoint(cell.tags)]
    made: list[Any] = []
    for place, cell in enumerate(shown):
        if place == 1:
            made.append(v4.new_markdown_cell(HOW, id=f"{lesson.name}-how"))
        name = f"{lesson.name}-{cell.number:02d}"
        tags = {"tags": list(cell.tags)} if cell.tags else {}
        if cell.markdown:
            made.append(v4.new_markdown_cell(cell.source, id=name, metadata=tags))
            continue
        asked = EXERCISE in cell.tags
        source = (with_answer if solved else with_place)(cell.source) if asked else cell.source
        made.append(v4.new_code_cell(source, id=name, metadata=tags))
        if asked:
            wanted = check_source(defined_name(cell.source))
            made.append(v4.new_code_cell(wanted, id=f"{name}-check", metadata={"tags": [CHECK]}))
    words = "\n".join(f"- **{word}**: {glossary()[word]}" for word in lesson.words)
    made.append(v4.new_markdown_cell(f"## Words\n\n{words}", id=f"{lesson.name}-words"))
    about = {KEY: {"lesson": lesson.name, "edition": lesson.digest[:12]}, "kernelspec": KERNEL}
    return v4.new_notebook(cells=made, metadata=about)


def as_ipynb(notebook: NotebookNode) -> str:
    """Return a notebook as the text of an ``.ipynb`` file; the same notebook gives the same text."""
    import nbformat

    return nbformat.writes(notebook) + "\n"


def as_script(notebook: NotebookNode) -> str:
    """Return a notebook as a script of jupytext's percent format, which keeps what it says of its lesson."""
    import jupytext

    kept = f"{KEY},kernelspec,-jupytext.text_representation"
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": kept}
    return jupytext.writes(notebook, fmt="py:percent")
