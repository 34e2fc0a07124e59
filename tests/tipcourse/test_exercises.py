"""What is asked can be told right from wrong: solutions pass, guesses do not."""

from __future__ import annotations

import pytest
from tipcourse.exercises import HELD_BACK, OPEN_SEED, PRELUDE, Exercise, exercises_of
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


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_who_knows_the_open_cases_and_guesses_one_answer_for_all_others_is_wrong_on_most(
    exercise: Exercise,
) -> None:
    known = [case.arguments for case in exercise.cases(OPEN_SEED)]
    for seed in range(1, 9):
        cases = exercise.held_back(seed)
        assert len(cases) == HELD_BACK >= 10
        for guess in cases:
            hard_coded = [
                Outcome(case.expected if case.arguments in known else guess.expected) for case in cases
            ]
            made = tried(exercise, cases, hard_coded)
            assert not made.passed
            assert made.right <= len(cases) / 2
    assert exercise.held_back(1) == exercise.held_back(1) != exercise.held_back(2)


def test_cases_that_do_not_differ_are_an_error_and_no_loop_without_end() -> None:
    space = {"cases_f": lambda draw: [([1], "Any")], "f": lambda one: one}
    with pytest.raises(ValueError, match="cases_f draws too few"):
        Exercise("f", 1, True, "", _space=space).held_back(1)


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
