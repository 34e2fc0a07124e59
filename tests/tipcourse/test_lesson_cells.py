"""What a student starts holds places for answers, and no answer, no case and no note for the instructor."""

from __future__ import annotations

import nbformat
import pytest
from tipcourse.exercises import exercises_of, solutions_of
from tipcourse.lessons import (
    CASES,
    HOLDS,
    INSTRUCTOR,
    PLACE,
    Lesson,
    all_lessons,
    as_ipynb,
    as_script,
    cells_of,
    check_source,
    solved_notebook,
    student_notebook,
    with_answer,
    with_place,
)

LESSONS = [pytest.param(lesson, id=lesson.name) for lesson in all_lessons()]
FUNCTION = (
    'def half(x):\n    """Return it."""\n    # answer\n    y = x\n    return y / 2\n    # end of answer'
)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_student_gets_no_solution_no_case_and_no_note(lesson: Lesson) -> None:
    notebook = student_notebook(lesson)
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
    assert "# answer" not in text
    assert "options_" not in text
    assert "cases_" not in text
    assert "## Words" in text


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_same_lesson_gives_the_same_bytes(lesson: Lesson) -> None:
    assert as_ipynb(student_notebook(lesson)) == as_ipynb(student_notebook(lesson))
    assert as_script(student_notebook(lesson)) == as_script(student_notebook(lesson))


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_lecturer_gets_solutions_and_notes(lesson: Lesson) -> None:
    sources = [cell.source for cell in solved_notebook(lesson).cells]
    assert set(solutions_of(lesson).values()) <= set(sources)
    assert any("For the instructor" in source for source in sources)
    assert not any(PLACE in source for source in sources)


def test_the_place_of_an_answer_replaces_all_of_it() -> None:
    assert with_place(FUNCTION) == f'def half(x):\n    """Return it."""\n    return None  {PLACE}'
    assert with_place('# answer\nword = "a"\n# end of answer') == f"word = None  {PLACE}"
    assert with_answer(FUNCTION) == 'def half(x):\n    """Return it."""\n    y = x\n    return y / 2'
    with pytest.raises(ValueError, match="without"):
        with_place("def half(x):\n    return x / 2")
