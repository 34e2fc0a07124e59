"""docs/python.md: its examples print what it says, and it has every public name."""

import doctest
from pathlib import Path

import pytest
import tipbench

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


def test_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    looks = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, optionflags=looks, encoding="utf-8")
    assert failed == 0
    assert tried > 20


def test_every_public_name_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = {name for name in tipbench.__all__ if f"<!-- reference: tipbench.{name} -->" in text}
    assert named == set(tipbench.__all__) - {"__version__"}


def test_the_reference_of_a_function_has_its_parameters_and_errors() -> None:
    from tipdocs.reference import described, referred

    text = described("run")
    assert "    parameters: Mapping[str, Any] | None = None," in text
    assert "- **split, labels, access, seed, replicates**: as on the command line." in text
    assert "    split: str = 'auto'," in text
    assert "**Raises**" in text
    assert ">>>" not in text
    assert "    *others: Result | str | Path,\n    runs: str" in described("compare")
    assert "- `labels(part: str) -> pl.LazyFrame`: Return" in described("Fold")
    assert referred("a\n<!-- reference: tipbench.run -->\nb") == f"a\n{text}\nb"
