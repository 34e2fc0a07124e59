"""Tables of recall by form: a form without an interval is told of one method, and is no column of several."""

from types import SimpleNamespace
from typing import Any

from tipbench.metrics.by_form import FormRecall
from tipbench.runs.by_form import table_of, table_of_results

FOUND = {
    "labour": FormRecall(0.5, 0.25, 0.75, None, 31),
    "organs": FormRecall(0.0, note="too few clusters", operations=3),
}


def result(method: str, by_form: dict[str, FormRecall]) -> Any:
    return SimpleNamespace(task="advert_risk", method_name=method, split="forward", by_form=by_form)


def test_one_method_has_a_row_per_form() -> None:
    columns, cells = table_of(FOUND)
    assert [one.heading for one in columns] == ["form", "operations", "recall", "95% interval"]
    assert cells == [
        ["labour", "31", "0.500", "0.250 to 0.750"],
        ["organs", "3", "0.000", "too few clusters"],
    ]


def test_several_methods_have_a_column_per_form_with_an_interval() -> None:
    columns, cells = table_of_results(
        [result("a", FOUND), result("b", {}), result("c", {"organs": FOUND["organs"]})]
    )
    assert [one.heading for one in columns] == ["task", "method", "split", "labour"]
    assert cells == [["advert_risk", "a", "forward", "0.500 0.250 to 0.750"]]
