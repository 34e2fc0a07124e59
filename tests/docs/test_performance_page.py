"""The page of what it costs shows the numbers that are kept, and no others."""

import json
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "research" / "cost"))

from table import NUMBERS, PAGE, PARTS, Budget, told  # pyright: ignore[reportMissingImports]


def test_the_tables_of_the_page_are_those_of_the_numbers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = {
        part: re.search(rf"<!-- {part} -->\n\n(.*?)\n\n<!-- end of {part} -->", page, re.DOTALL)
        for part in PARTS
    }
    made = told(json.loads(NUMBERS.read_text(encoding="utf-8")))
    assert {part: found and found[1] for part, found in shown.items()} == made


def test_a_budget_holds_up_to_its_bound_and_one_that_was_not_measured_says_so() -> None:
    assert [Budget("a", value, "s", 2.0).holds for value in (2.0, 2.1, None)] == [True, False, None]
    assert [Budget("a", value, "s", 2.0, at_least=True).holds for value in (2.0, 1.9)] == [True, False]
    assert Budget("a", None, "give `--runs RUNS`", 30).cells[1:] == (
        "give `--runs RUNS`",
        "≤ 30",
        "not measured",
    )
