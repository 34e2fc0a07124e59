"""Why a class is not there is said in one sentence, with the cause."""

import sys
from pathlib import Path

import pytest
from tipbench.config.methods import method_class, parameters_of, why_missing


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import not_there_at_all", "(ModuleNotFoundError: No module named 'not_there_at_all')"),
        ("1 / 0", "(ZeroDivisionError: division by zero)"),
        ("def f(:", "(SyntaxError: "),
    ],
)
def test_a_module_that_cannot_be_imported_keeps_its_cause(place: Path, source: str, says: str) -> None:
    (place / "faulty.py").write_text(source + "\n", encoding="utf-8")
    sys.modules.pop("faulty", None)
    said = why_missing("faulty.Mine") or ""
    assert said.startswith("the module faulty cannot be imported (")
    assert says in said
    assert "\n" not in said
    assert method_class("faulty.Mine") is parameters_of("faulty.Mine") is None


def test_a_class_or_a_module_that_is_not_there_is_named(place: Path) -> None:
    assert why_missing("own_methods.Length") is None
    assert why_missing("own_methods.Nothing") == "own_methods has no class Nothing"
    assert why_missing("own_methods.Lenght") == "own_methods has no class Lenght; did you mean Length?"
    for target, module in (("nowhere.Mine", "nowhere"), ("nowhere.deep.Mine", "nowhere")):
        assert (why_missing(target) or "").startswith(f"there is no module {module}: ")
    assert (why_missing("tipbench.nowhere.Mine") or "").startswith("there is no module tipbench.nowhere: ")
