"""Every lesson runs from its first cell to its last, and what its text claims of the data holds."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from tipcourse.lessons import (
    CASES,
    EXERCISE,
    HOLDS,
    INSTRUCTOR,
    Cell,
    Lesson,
    all_lessons,
    cells_of,
    glossary,
)
from tipdata.release import Release

LESSONS = [pytest.param(lesson, id=lesson.name) for lesson in all_lessons()]
LONGEST = 32
"""Lines of a cell of code: what fits a screen, pictures included."""


@pytest.fixture
def without_screen() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_and_its_claims_hold(lesson: Lesson, tiny: Release, without_screen: None) -> None:
    runpy.run_path(str(lesson.path))
    assert len(plt.get_fignums()) >= 3


def test_there_are_eight_lessons_of_half_an_hour_to_an_hour() -> None:
    assert [lesson.number for lesson in all_lessons()] == list(range(1, 9))
    assert all(30 <= lesson.minutes <= 60 for lesson in all_lessons())


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_what_every_lesson_has(lesson: Lesson) -> None:
    cells = cells_of(lesson)
    text = "\n".join(cell.source for cell in cells if cell.markdown)
    assert text.startswith(f"# {lesson.number} · ")
    for part in (
        "## What the number does not mean",
        "## Discussion: ethics",
        "Timing",
        "students get wrong",
        "`tiny`",
    ):
        assert part in text, part
    assert "synthetic" in text or "invented" in text or "simulated" in text
    assert 3 <= sum(EXERCISE in cell.tags for cell in cells) <= 5
    assert any(HOLDS in cell.tags for cell in cells)
    assert lesson.words
    assert set(lesson.words) <= set(glossary())
    text = " ".join(cell.source for cell in cells_of(lesson) if cell.markdown and INSTRUCTOR not in cell.tags)
    for word in lesson.words:
        assert any(one.lower() in text.lower() for one in word.split(", ")), f"the text never says {word}"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_picture_stands_before_the_first_formula(lesson: Lesson) -> None:
    cells = cells_of(lesson)
    picture = next(cell.number for cell in cells if not cell.markdown and re.search(r"figure\(", cell.source))
    formula = [
        cell.number
        for cell in cells
        if cell.markdown and INSTRUCTOR not in cell.tags and re.search(r"\w [*/−] \w|log\(", cell.source)
    ]
    assert not formula or picture < formula[0]


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_are_short_and_links_lead_nowhere_outside_a_notebook(lesson: Lesson) -> None:
    cells = cells_of(lesson)
    long = {cell.number: len(cell.source.splitlines()) for cell in cells if not cell.markdown}
    assert {number: lines for number, lines in long.items() if lines > LONGEST} == {}
    assert [
        link for cell in cells if cell.markdown for link in re.findall(r"\]\((?!https?:)[^)]*\)", cell.source)
    ] == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_an_answer_is_redone_by_no_other_cell(lesson: Lesson) -> None:
    """The last cell that defines a name is graded: no cell of the lesson may define it again."""
    cells = cells_of(lesson)
    asked = [_defined(cell) for cell in cells if EXERCISE in cell.tags]
    others = [
        name
        for cell in cells
        if not {EXERCISE, CASES} & set(cell.tags) and not cell.markdown
        for name in _defined(cell)
    ]
    assert not {name for names in asked for name in names} & set(others)


def _defined(cell: Cell) -> list[str]:
    body = ast.parse(cell.source).body
    named = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    return named + [
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]


def test_the_page_for_lecturers_lists_the_lessons_as_they_are() -> None:
    page = (all_lessons()[0].path.parent / "README.md").read_text(encoding="utf-8")
    for lesson in all_lessons():
        assert re.search(rf"\| {lesson.number} \| `{lesson.name}`: .* \| {lesson.minutes} \|", page), (
            lesson.name
        )
