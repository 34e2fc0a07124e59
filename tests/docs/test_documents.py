"""Single pages: the glossary, measured costs, the Python interface and the scope of security."""

import doctest
import json
import re
from pathlib import Path

import pytest
import tipbench
from table import NUMBERS, PAGE, PARTS, Budget, told  # pyright: ignore[reportMissingImports]
from tipcourse.lessons import glossary

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "docs" / "python.md"


def test_words_stand_in_the_order_of_the_alphabet() -> None:
    words = [re.sub("[^a-z0-9 ]", "", word.lower()) for word in glossary() if word not in ("word", "---")]
    assert len(words) > 50
    assert words == sorted(words)


def test_the_tables_of_the_page_are_those_of_the_numbers() -> None:
    page = PAGE.read_text(encoding="utf-8")
    made = told(json.loads(NUMBERS.read_text(encoding="utf-8")))
    assert set(made) == set(PARTS)
    for part, text in made.items():
        assert f"<!-- {part} -->\n\n{text}\n\n<!-- end of {part} -->" in page, part


def test_a_budget_holds_up_to_its_bound_and_one_that_was_not_measured_says_so() -> None:
    assert [Budget("a", value, "s", 2.0).holds for value in (2.0, 2.1, None)] == [True, False, None]
    assert [Budget("a", value, "s", 2.0, at_least=True).holds for value in (2.0, 1.9)] == [True, False]
    cells = Budget("a", None, "give `--runs RUNS`", 30).cells
    assert cells[1:] == ("give `--runs RUNS`", "≤ 30", "not measured")


def test_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    looks = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    failed, tried = doctest.testfile(str(PYTHON), module_relative=False, optionflags=looks, encoding="utf-8")
    assert failed == 0
    assert tried > 20


def test_every_public_name_is_described() -> None:
    text = PYTHON.read_text(encoding="utf-8")
    named = {name for name in tipbench.__all__ if f"<!-- reference: tipbench.{name} -->" in text}
    assert named == set(tipbench.__all__) - {"__version__"}


def test_the_reference_of_a_function_has_its_parameters_and_errors() -> None:
    from tipdocs.reference import described, referred

    text = described("run")
    assert "    parameters: Mapping[str, Any] | None = None," in text
    assert "- **split, labels, access, train, seed, replicates**: as on the command line." in text
    assert "    split: str = 'auto'," in text
    assert "**Raises**" in text
    assert ">>>" not in text
    assert "    *others: Result | str | Path,\n    runs: str" in described("compare")
    assert "- `labels(part: str) -> pl.LazyFrame`: Return" in described("Fold")
    assert referred("a\n<!-- reference: tipbench.run -->\nb") == f"a\n{text}\nb"


SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SCOPE = SECURITY.partition("## What is in scope")[2].partition("##")[0]


@pytest.mark.parametrize(
    "barrier",
    ["(docs/fence.md)", "course grade", "data calibrate", "[stores]", "tipbench submit", "season verify"],
)
def test_every_barrier_is_in_scope(barrier: str) -> None:
    assert barrier in SCOPE
    assert "offers no fence" not in SECURITY
