import polars as pl
import pytest
from tipbench.faults import is_none_of, refuse
from tipdata.errors import UsageError

ROWS = pl.DataFrame({"town": [5, None, 7, 9]})


def test_a_fault_tells_what_how_often_where_first_and_what_to_do() -> None:
    with pytest.raises(UsageError) as error:
        refuse("stops", ROWS, pl.col("town") > 6, "are far away", "drop them")
    assert str(error.value) == "stops: 2 of 4 rows are far away (first: row 3); drop them."


def test_nothing_wrong_and_nothing_known_are_no_fault() -> None:
    refuse("stops", ROWS, pl.col("town") > 10, "are far away", "drop them")
    refuse("stops", ROWS.clear(), pl.col("town") > 0, "are far away", "drop them")


def test_what_names_nothing_is_none_of_what_is_known() -> None:
    assert ROWS.select(is_none_of("town", pl.Series([5, 7, 7]))).to_series().to_list() == [
        False,
        True,
        False,
        True,
    ]
