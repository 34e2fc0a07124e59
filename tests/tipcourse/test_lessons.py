"""Lessons run and their claims hold; students' and lecturers' notebooks hold what they should; figures are readable."""

from __future__ import annotations

import ast
import io
import re
import runpy
from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import pytest
from tipbench.stories.sources import find_operations_of
from tipcourse import figure, find_operations
from tipcourse.exercises import exercises_of, solutions_of
from tipcourse.lessons import (
    CASES,
    EXERCISE,
    HOLDS,
    INSTRUCTOR,
    PLACE,
    Cell,
    Lesson,
    all_lessons,
    as_ipynb,
    as_script,
    cells_of,
    check_source,
    glossary,
    notebook_of,
    with_answer,
    with_place,
)
from tipdata.documents.palette import LIGHT
from tipdata.release import Release

LESSONS = [pytest.param(lesson, id=lesson.name) for lesson in all_lessons()]
LONGEST = 32
"""Lines of a cell of code: what fits a screen, pictures included."""


@pytest.fixture
def without_screen() -> Iterator[None]:
    mpl.use("Agg")
    yield
    plt.close("all")


LONG = ("leakage", "case")
"""Lessons that fit many methods."""
RUN = [
    pytest.param(one, id=one.name, marks=pytest.mark.slow if one.name in LONG else ())
    for one in all_lessons()
]


@pytest.mark.parametrize("lesson", RUN)
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
    parts = (
        "## What the number does not mean",
        "## Discussion: ethics",
        "Timing",
        "students get wrong",
        "`tiny`",
    )
    assert [part for part in parts if part not in text] == []
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
    texts = [cell for cell in cells if cell.markdown and INSTRUCTOR not in cell.tags]
    formula = [cell.number for cell in texts if re.search(r"\w [*/−] \w|log\(", cell.source)]
    assert not formula or picture < formula[0]


@pytest.mark.parametrize("lesson", LESSONS)
def test_cells_are_short_link_to_the_web_alone_and_define_no_answer_again(lesson: Lesson) -> None:
    """The last cell that defines a name is graded: no other cell of the lesson may define it."""
    cells = cells_of(lesson)
    code = [cell for cell in cells if not cell.markdown]
    assert [cell.number for cell in code if len(cell.source.splitlines()) > LONGEST] == []
    text = "\n".join(cell.source for cell in cells if cell.markdown)
    assert re.findall(r"\]\((?!https?:)[^)]*\)", text) == []
    asked = {name for cell in code if EXERCISE in cell.tags for name in _defined(cell)}
    others = [cell for cell in code if not {EXERCISE, CASES} & set(cell.tags)]
    assert not asked & {name for cell in others for name in _defined(cell)}


def _defined(cell: Cell) -> list[str]:
    body = ast.parse(cell.source).body
    targets = [one for node in body if isinstance(node, ast.Assign) for one in node.targets]
    names = [one.id for one in targets if isinstance(one, ast.Name)]
    return names + [node.name for node in body if isinstance(node, ast.FunctionDef)]


def test_the_page_for_lecturers_lists_the_lessons_as_they_are() -> None:
    page = (all_lessons()[0].path.parent / "README.md").read_text(encoding="utf-8")
    for lesson in all_lessons():
        assert re.search(rf"\| {lesson.number} \| `{lesson.name}`: .* \| {lesson.minutes} \|", page), (
            lesson.name
        )


FUNCTION = (
    'def half(x):\n    """Return it."""\n    # answer\n    y = x\n    return y / 2\n    # end of answer'
)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_student_gets_no_solution_no_case_and_no_note_and_the_same_bytes_again(lesson: Lesson) -> None:
    notebook = notebook_of(lesson)
    nbformat.validate(notebook)
    sources = [cell.source for cell in notebook.cells]
    for hidden in cells_of(lesson):
        if {CASES, HOLDS, INSTRUCTOR} & set(hidden.tags):
            assert hidden.source not in sources
    for one in exercises_of(lesson):
        assert sources.count(one.place) == 1
        assert sources[sources.index(one.place) + 1] == check_source(one.name)
        assert solutions_of(lesson)[one.name] not in sources
    text = as_ipynb(notebook) + as_script(notebook)
    again = notebook_of(lesson)
    assert as_ipynb(again) + as_script(again) == text
    assert not re.search("# answer|options_|cases_", text)
    assert "## Words" in text


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lecturer_gets_solutions_and_notes(lesson: Lesson) -> None:
    sources = [cell.source for cell in notebook_of(lesson, solved=True).cells]
    assert set(solutions_of(lesson).values()) <= set(sources)
    assert any("For the instructor" in source for source in sources)
    assert not any(PLACE in source for source in sources)


def test_the_place_of_an_answer_replaces_all_of_it() -> None:
    assert with_place(FUNCTION) == f'def half(x):\n    """Return it."""\n    return None  {PLACE}'
    assert with_place('# answer\nword = "a"\n# end of answer') == f"word = None  {PLACE}"
    assert with_answer(FUNCTION) == 'def half(x):\n    """Return it."""\n    y = x\n    return y / 2'
    with pytest.raises(ValueError, match="without"):
        with_place("def half(x):\n    return x / 2")


def test_a_lesson_finds_the_operations_that_the_command_finds(tiny: Release) -> None:
    asked = "kind=trafficking views>=4"
    assert find_operations(asked).equals(find_operations_of(tiny, asked))


def test_a_figure_has_its_own_ground_and_dark_text_in_a_dark_notebook(without_screen: None) -> None:
    """Where a notebook with dark colours sets light text on no ground."""
    dark = {"figure.facecolor": "none", "axes.facecolor": "none", "savefig.transparent": True}
    written = io.BytesIO()
    with mpl.rc_context():
        plt.style.use("dark_background")
        mpl.rcParams |= dark
        made, ax = figure("Scores by split")
        ax.plot([0, 1], [0, 1], label="a line")
        ax.set_xlabel("day")
        legend = ax.legend()
        made.savefig(written, format="png")
    written.seek(0)
    pixels = plt.imread(written)
    assert pixels[0, 0].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert pixels[..., 3].min() == 1
    drawn = [ax.xaxis.label, *ax.get_xticklabels(), *legend.get_texts(), *made.texts]
    assert {one.get_color() for one in drawn} <= {LIGHT["ink"], LIGHT["quiet"]}
