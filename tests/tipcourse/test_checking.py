"""What a student reads below an answer, at once and in plain words."""

from __future__ import annotations

import pytest
from tipcore.errors import UsageError
from tipcourse import checks


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    check = checks("leakage")

    def read(name: str, answer: object) -> str:
        check(name, answer)
        return capsys.readouterr().out.strip()

    return read


def test_a_right_answer_is_told_so(said) -> None:
    assert said("shared_operations", lambda a, b: len(set(a) & set(b))) == "✓ 5 of 5 examples right."


def test_an_empty_answer_is_not_called_wrong(said) -> None:
    assert said("shared_operations", lambda a, b: None).startswith("○ Not answered yet")
    assert said("leaky_split", None).startswith("○ Not answered yet")


def test_a_wrong_answer_is_shown_the_case_and_a_hint(said) -> None:
    told = said("shared_operations", lambda a, b: len(a))
    assert (
        "shared_operations([1, 1, 2], [2, 3]) is 3, expected 1. Operation 2 alone is in both lists." in told
    )
    assert "give it back with `return`" in said("shared_operations", lambda a, b: print(3))
    assert "ZeroDivisionError: division by zero. Operation 2 alone is in both lists." in said(
        "shared_operations", lambda a, b: 1 / 0
    )
    assert "not a function any more" in said("shared_operations", 3)


def test_an_answer_that_changes_its_arguments_is_shown_them_as_they_were(said) -> None:
    def greedy(train: list, test: list) -> int:
        train.clear()
        return 9

    assert "shared_operations([1, 1, 2], [2, 3]) is 9" in said("shared_operations", greedy)


def test_a_value_is_checked_for_its_form_and_not_given_away(said) -> None:
    right, wrong = said("leaky_split", "random"), said("leaky_split", "forward")
    assert right.replace("random", "forward") == wrong
    assert "✓" not in right
    assert "can be one of 'random', 'operation', 'forward'" in said("leaky_split", "rando")


def test_a_check_of_something_else_names_what_there_is() -> None:
    with pytest.raises(UsageError, match="has no exercise x: it has shared_operations, share_seen"):
        checks("leakage")("x", 1)
