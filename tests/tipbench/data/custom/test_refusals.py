import polars as pl
from tipbench.data.custom.checks import is_none_of, refuse
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
