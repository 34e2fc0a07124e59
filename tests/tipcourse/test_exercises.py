"""What is asked can be told right from wrong: solutions pass, guesses do not."""

from __future__ import annotations

import pytest
from tipcourse.exercises import OPEN_SEED, PRELUDE, Exercise, exercises_of
from tipcourse.lessons import all_lessons
from tipcourse.trying import Outcome, form_of, tried
from tipcourse.values import encoded, equal

ASKED = [(f"{lesson.name}.{one.name}", one) for lesson in all_lessons() for one in exercises_of(lesson)]
ALL = [pytest.param(one, id=name) for name, one in ASKED]
FUNCTIONS = [pytest.param(one, id=name) for name, one in ASKED if one.function]
VALUES = [pytest.param(one, id=name) for name, one in ASKED if not one.function]


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_no_constant_passes_and_no_argument_handed_back(exercise: Exercise) -> None:
    for seed in (OPEN_SEED, 5):
        cases = exercise.cases(seed)
        guesses = [case.expected for case in cases] + [0, None, True, [], ""]
        for guess in guesses:
            assert not tried(exercise, cases, [Outcome(encoded(guess))] * len(cases)).passed
        for position in range(min(len(case.arguments) for case in cases)):
            echoed = [Outcome(case.arguments[position]) for case in cases]
            assert not tried(exercise, cases, echoed).passed


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_cases_are_a_handful_the_same_for_a_seed_and_others_for_another(exercise: Exercise) -> None:
    cases = exercise.cases(OPEN_SEED)
    assert 4 <= len(cases) <= 8
    assert cases == exercise.cases(OPEN_SEED)
    assert cases != exercise.cases(5)
    assert all(case.hint and not case.hint.endswith(".") for case in cases)


@pytest.mark.parametrize("exercise", VALUES)
def test_a_value_has_a_right_answer_among_its_options_and_a_check_that_does_not_tell(
    exercise: Exercise,
) -> None:
    assert exercise.options.count(exercise.expected) == 1
    assert all(form_of(exercise, Outcome(option)).passed for option in exercise.options)
    assert not form_of(exercise, Outcome("none of them")).passed
    assert exercise.hint
    assert not exercise.hint.endswith(".")


@pytest.mark.parametrize("exercise", ALL)
def test_an_empty_place_gives_nothing_and_shows_no_answer(exercise: Exercise) -> None:
    space: dict = dict(PRELUDE)
    exec(exercise.place, space)
    if not exercise.function:
        assert space[exercise.name] is None
        assert repr(exercise.expected) not in exercise.place
        return
    cases = exercise.cases(OPEN_SEED)
    assert all(space[exercise.name](*case.arguments) is None for case in cases)
    assert any(not equal(None, case.expected) for case in cases)
    assert exercise.place.count("return") == 1
