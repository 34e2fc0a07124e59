from collections.abc import Callable

import pytest
from tipboard.board.board_rows import standings
from tipboard.board.columns import COLUMNS, OVERALL, metric_column, records, shown

A = "advert_risk/prior"


def test_what_is_lost_on_each_shift_is_in_files_and_the_worst_is_shown(
    result: Callable, board: Callable
) -> None:
    scores = {"forward": 0.5, "operation": 0.6, "region": 0.55, "language": 0.2}
    [standing] = standings(board(*(result(A, split, score) for split, score in scores.items())))
    [line] = standing.lines
    [record] = records([standing])
    assert record["drop_region"] == pytest.approx(0.05)
    assert record["drop_language"] == record["worst_shift_drop"] == pytest.approx(0.4)
    assert (record["drop_platform"], record["worst_shift"]) == (None, "language")
    [worst] = [column for column in shown(standing) if column.key == "worst_shift"]
    assert worst.text(line) == "+0.400 (language)"


def test_of_an_error_the_largest_rise_is_the_worst(result: Callable, board: Callable) -> None:
    task = "prevalence/independence"
    errors = {"all": 0.2, "region": 0.5}
    metric = "median_abs_log_error"
    found = [
        result(task, split, primary=metric, scores={metric: {"value": e}}) for split, e in errors.items()
    ]
    [record] = records(standings(board(*found)))
    assert record["worst_shift_drop"] == pytest.approx(-0.3)


def test_every_column_has_a_heading_a_meaning_and_names_of_its_own() -> None:
    assert (
        len({column.key for column in COLUMNS}) == len({column.heading for column in COLUMNS}) == len(COLUMNS)
    )
    assert all(column.about.endswith(".") for column in COLUMNS)


def test_the_table_of_everything_has_its_columns_in_distinct_places() -> None:
    places = [column.overall or 0 for column in OVERALL]
    assert places == sorted(set(places))


def test_a_column_of_any_metric_is_one_entry(result: Callable, board: Callable) -> None:
    metric = {"average_precision": {"value": 0.5}, "auroc": {"value": 0.8}}
    [standing] = standings(board(*(result(A, seed=seed, scores=metric) for seed in (0, 1))))
    column = metric_column("auroc", "AUROC", "Area under the curve.")
    [line] = standing.lines
    assert shown(standing, [column]) == [column]
    assert (column.text(line), column.values(line)) == ("0.800", {"auroc": 0.8})
    absent = metric_column("coverage", "coverage", "The share of intervals that hold the truth.")
    assert shown(standing, [absent]) == []
