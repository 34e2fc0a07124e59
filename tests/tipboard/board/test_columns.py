from collections.abc import Callable

import pytest
from tipbench.metrics.harm import ALL_FLAGGED, FEW_FINDS, NO_FINDS
from tipbench.metrics.registry import metrics
from tipbench.tasks import tasks
from tipboard.board.columns import (
    COLUMNS,
    NOT_MEASURED,
    OVERALL,
    columns_with_text,
    expected_columns,
    metric_column,
    records,
    value_of,
)
from tipboard.board.standings import standings
from tipboard.board.tables import FORMATS, of_task

A = "advert_risk/prior"


def test_what_is_lost_on_each_shift_is_in_files_and_the_worst_is_shown(
    result: Callable, board: Callable
) -> None:
    scores = {"forward": 0.5, "operation": 0.6, "region": 0.55, "language": 0.2}
    [standing] = standings(board(*(result(A, split, score) for split, score in scores.items())))
    [line] = standing
    [record] = records(standing)
    assert record["drop_region"] == pytest.approx(0.05)
    assert record["drop_language"] == record["worst_shift_drop"] == pytest.approx(0.4)
    assert (record["drop_platform"], record["worst_shift"]) == (None, "language")
    [worst] = [column for column in columns_with_text(standing) if column.name == "worst_shift"]
    assert worst.text(line) == "+0.400 (language)"


def test_of_an_error_the_largest_rise_is_the_worst(result: Callable, board: Callable) -> None:
    task = "prevalence/independence"
    errors = {"all": 0.2, "region": 0.5}
    metric = "median_abs_log_error"
    found = [
        result(task, split, primary=metric, scores={metric: {"value": e}}) for split, e in errors.items()
    ]
    [record] = records(standings(board(*found))[0])
    assert record["worst_shift_drop"] == pytest.approx(-0.3)


def test_every_column_has_a_heading_a_meaning_and_names_of_its_own() -> None:
    assert (
        len({column.name for column in COLUMNS}) == len({column.title for column in COLUMNS}) == len(COLUMNS)
    )
    assert all(column.about.endswith(".") for column in COLUMNS)


def test_the_table_of_everything_has_its_columns_in_distinct_places() -> None:
    places = [column.overall or 0 for column in OVERALL]
    assert places == sorted(set(places))


def test_a_column_of_any_metric_is_one_entry(result: Callable, board: Callable) -> None:
    metric = {"average_precision": {"value": 0.5}, "auroc": {"value": 0.8}}
    [standing] = standings(board(*(result(A, seed=seed, scores=metric) for seed in (0, 1))))
    column = metric_column("auroc", "AUROC", "Area under the curve.")
    [line] = standing
    assert columns_with_text(standing, [column]) == [column]
    assert (column.text(line), column.values(line)) == ("0.800", {"auroc": 0.8})
    absent = metric_column("coverage", "coverage", "The share of intervals that hold the truth.")
    assert columns_with_text(standing, [absent]) == []


@pytest.mark.parametrize("reason", [NO_FINDS, FEW_FINDS, ALL_FLAGGED])
def test_a_gap_that_was_not_earned_is_a_reason_and_no_number_to_sort_by(
    reason: str, result: Callable, board: Callable
) -> None:
    """One seed of two without a gap is enough: a mean over the other would praise what chance spared."""
    gap = {"average_precision": {"value": 0.05}, "harm_gap": {"value": None, "note": reason}}
    other = {**gap, "harm_gap": {"value": 0.0}}
    [standing] = standings(board(result(A, scores=gap), result(A, seed=1, scores=other)))
    [column] = [one for one in columns_with_text(standing) if one.name == "harm_gap"]
    [line] = standing
    assert (column.text(line), value_of(column, line), column.note(line)) == (reason, None, reason)
    assert records(standing)[0]["harm_gap"] is None
    for name in ("markdown", "latex"):
        assert reason in FORMATS[name].write(of_task(board(result(A, scores=gap)), standing)).decode()


def test_a_longer_reason_is_told_beside_a_dash(result: Callable, board: Callable) -> None:
    gap = {"average_precision": {"value": 0.05}, "harm_gap": {"value": None, "note": "too few clusters"}}
    [standing] = standings(board(result(A, score=0.05, scores=gap), result("advert_risk/lightgbm")))
    [column] = [one for one in expected_columns(standing) if one.name == "harm_gap"]
    assert (column.text(standing[-1]), column.note(standing[-1])) == ("-", "too few clusters")


def test_what_an_older_run_did_not_measure_is_a_dash_that_says_so_and_only_where_the_task_reports_it(
    result: Callable, board: Callable
) -> None:
    [standing] = standings(board(result(A, scores={"average_precision": {"value": 0.05}})))
    found = {one.name: one for one in expected_columns(standing)}
    [line], column = standing, found["accusations_per_find_20"]
    assert (column.text(line), value_of(column, line), column.note(line)) == ("-", None, NOT_MEASURED)
    assert not {"coverage", "accusations_per_find"} & set(found)
    assert "accusations_per_find_20" not in {one.name for one in columns_with_text(standing)}


def test_every_metric_that_stands_beside_a_score_has_a_column() -> None:
    beside = {name for name, metric in metrics().items() if metric.beside}
    assert beside <= {column.name for column in COLUMNS}
    assert all(beside & set(task.metrics) for task in tasks().values() if "harm_gap" in task.metrics)
