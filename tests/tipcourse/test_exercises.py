"""What is asked can be told right from wrong: solutions pass, guesses do not."""

from __future__ import annotations

import pytest
from tipcore.errors import UsageError
from tipcourse import checks
from tipcourse.exercises import (
    HELD_BACK,
    OPEN_SEED,
    PRELUDE,
    Exercise,
    Outcome,
    compare_outcomes,
    exercises_of,
    form_of,
)
from tipcourse.lessons import all_lessons
from tipcourse.values import encode, equal

ASKED = [(f"{lesson.name}.{one.name}", one) for lesson in all_lessons() for one in exercises_of(lesson)]
ALL = [pytest.param(one, id=name) for name, one in ASKED]
FUNCTIONS = [pytest.param(one, id=name) for name, one in ASKED if one.function]
VALUES = [pytest.param(one, id=name) for name, one in ASKED if not one.function]


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_cases_are_a_handful_the_same_for_a_seed_and_no_constant_or_argument_handed_back_passes(
    exercise: Exercise,
) -> None:
    cases = exercise.cases(OPEN_SEED)
    assert 4 <= len(cases) <= 8
    assert cases == exercise.cases(OPEN_SEED)
    assert cases != exercise.cases(5)
    assert all(case.hint and not case.hint.endswith(".") for case in cases)
    for seed in (OPEN_SEED, 5):
        cases = exercise.cases(seed)
        guesses = [case.expected for case in cases] + [0, None, True, [], ""]
        for guess in guesses:
            assert not compare_outcomes(exercise, cases, [Outcome(encode(guess))] * len(cases)).passed
        for position in range(min(len(case.arguments) for case in cases)):
            echoed = [Outcome(case.arguments[position]) for case in cases]
            assert not compare_outcomes(exercise, cases, echoed).passed


@pytest.mark.parametrize("exercise", FUNCTIONS)
def test_who_knows_the_open_cases_and_guesses_one_answer_for_all_others_is_wrong_on_most(
    exercise: Exercise,
) -> None:
    known = [case.arguments for case in exercise.cases(OPEN_SEED)]
    for seed in range(1, 9):
        cases = exercise.held_back(seed)
        assert len(cases) == HELD_BACK >= 10
        for guess in cases:
            answers = [case.expected if case.arguments in known else guess.expected for case in cases]
            hard_coded = [Outcome(answer) for answer in answers]
            made = compare_outcomes(exercise, cases, hard_coded)
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


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    check = checks("leakage")

    def read(name: str, answer: object) -> str:
        check(name, answer)
        return capsys.readouterr().out.strip()

    return read


def test_a_right_answer_is_told_so_and_an_empty_one_is_not_called_wrong(said) -> None:
    assert said("shared_operations", lambda a, b: len(set(a) & set(b))) == "✓ 5 of 5 examples right."
    assert said("shared_operations", lambda a, b: None).startswith("○ Not answered yet")
    assert said("leaky_split", None).startswith("○ Not answered yet")


def test_a_wrong_answer_is_shown_the_case_and_a_hint(said) -> None:
    """Also where the answer changes its arguments: they are shown as they were."""

    def greedy(train: list, test: list) -> int:
        train.clear()
        return 3

    hint = "Operation 2 alone is in both lists."
    assert f"shared_operations([1, 1, 2], [2, 3]) is 3, expected 1. {hint}" in said(
        "shared_operations", greedy
    )
    assert "give it back with `return`" in said("shared_operations", lambda a, b: print(3))
    failed = said("shared_operations", lambda a, b: 1 / 0)
    assert f"ZeroDivisionError: division by zero. {hint}" in failed
    assert "not a function any more" in said("shared_operations", 3)


def test_a_value_is_checked_for_its_form_and_not_given_away(said) -> None:
    right, wrong = said("leaky_split", "random"), said("leaky_split", "forward")
    assert right.replace("random", "forward") == wrong
    assert "✓" not in right
    assert "can be one of 'random', 'operation', 'forward'" in said("leaky_split", "rando")


def test_a_check_of_something_else_names_what_there_is() -> None:
    with pytest.raises(UsageError, match="has no exercise x: it has shared_operations, share_seen"):
        checks("leakage")("x", 1)
