"""Checks of own tables, and own cases: what is refused, and what methods see."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from tipbaselines.case_linkage.contact_joins import ContactJoins
from tipbench.data.custom.checks import is_none_of, refuse
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipcore.errors import UsageError

ROWS = pl.DataFrame({"town": [5, None, 7, 9]})


def told(rows: pl.DataFrame, wrong: pl.Expr) -> str | None:
    """The refusal of rows, None where there is none."""
    try:
        refuse("stops", rows, wrong, "are far away", "drop them")
    except UsageError as error:
        return str(error)
    return None


def test_a_fault_tells_what_how_often_where_first_and_what_to_do() -> None:
    assert told(ROWS, pl.col("town") > 6) == "stops: 2 of 4 rows are far away (first: row 3); drop them."


def test_right_rows_unknown_values_and_no_rows_are_no_fault() -> None:
    assert told(ROWS, pl.col("town") > 9) is None
    assert told(ROWS[1:2], pl.col("town") > 0) is None
    assert told(ROWS[:0], pl.col("town") > 0) is None


def test_what_names_nothing_is_none_of_what_is_known() -> None:
    assert ROWS.select(is_none_of("town", pl.Series([5, 7, 7]))).to_series().to_list() == [
        False,
        True,
        False,
        True,
    ]


PAGE = Path(__file__).parents[4] / "docs" / "tasks" / "case_linkage.md"


@pytest.fixture
def cases(tmp_path: Path) -> dict[str, Any]:
    """The config of the page, and its files: case ci has adverts 3i to 3i + 2, two accounts and, if odd, a wallet."""
    numbers = range(60)
    adverts = {
        "id": [f"ad{i}" for i in numbers],
        "case": [f"c{i // 3}" for i in numbers],
        "posted_by": [f"acc{2 * (i // 3) + (i % 3 == 2)}" for i in numbers],
        "phone": [f"p{i // 3}" for i in numbers],
        "minute": [i * 4320 for i in numbers],
        "town": [i % 5 for i in numbers],
        "part": ["train" if i < 30 else "test" for i in numbers],
    }
    tables = {
        "adverts": adverts,
        "accounts": {"id": [f"acc{i}" for i in range(40)], "case": [f"c{i // 2}" for i in range(40)]},
        "wallets": {
            "id": [f"w{i}" for i in range(20)],
            "case": [f"c{i}" if i % 2 else None for i in range(20)],
            "town": [i % 5 for i in range(20)],
        },
        "payments": {"from_wallet": ["w1"], "to_wallet": ["w2"], "minute": [9], "town": [1]},
    }
    for name, columns in tables.items():
        pl.DataFrame(columns).write_csv(tmp_path / f"{name}.csv")
    text = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    return yaml.safe_load(text) | {"path": str(tmp_path)}


def test_the_config_of_the_page_gives_seeds_links_and_no_truth_to_methods(cases: dict[str, Any]) -> None:
    prepared = prepare("case_linkage", own=cases)
    fold = prepared.folds[0]
    assert all("operation" not in table.collect_schema() for table in fold.tables.values())
    train = fold.labels("train").collect()
    assert train.group_by("view").len().sort("view").rows() == [("accounts", 30), ("wallets", 15)]
    frame = prepared.answers.frame
    assert frame.height == 30
    assert sorted(frame["links"].to_list()) == [1] * 15 + [2] * 15
    method = ContactJoins()
    method.fit(fold, 0)
    scores = evaluate(prepared.task, prepared.answers, method.predict(fold), replicates=0).scores
    assert scores["r_precision_accounts"].value == 1
    assert scores["r_precision_wallets"].value == 0
    assert scores["r_precision_firms"].value is None


def test_cases_that_are_text_are_the_same_in_all_tables(cases: dict[str, Any]) -> None:
    answers = prepare("case_linkage", own=cases).answers
    gallery = answers.gallery
    assert gallery is not None
    of_case = answers.frame.join(gallery.filter(view="wallets"), on=["region", "cluster"])
    named = (
        dict(answers.custom.names.iter_rows()) if answers.custom and answers.custom.names is not None else {}
    )
    for row in of_case.iter_rows(named=True):
        assert int(named[row["advert"]][2:]) // 3 % 2 == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"accounts": {"account": "id"}, "wallets": {"wallet": "id"}},
            "no table says whose case its rows are",
        ),
        (
            {"accounts": {"operation": "case"}},
            "accounts has cases and no key: map data.tables.accounts.account",
        ),
        ({"accounts": {"account": "case", "operation": "case"}}, "have no key account of their own"),
    ],
)
def test_what_says_of_nothing_whose_it_is_is_refused(
    cases: dict[str, Any], wrong: dict[str, Any], says: str
) -> None:
    tables = {**cases["tables"], **wrong}
    with pytest.raises(UsageError, match=says):
        prepare("case_linkage", own=cases | {"tables": tables})
