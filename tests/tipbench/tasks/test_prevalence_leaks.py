"""What must not give the number of hidden people away: names, order, and how many are seen by itself."""

import numpy as np
import polars as pl
import pytest
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.release import Release

TASK = tasks()["prevalence"]


@pytest.fixture(scope="module")
def known(small: Release) -> pl.DataFrame:
    """Regions with their truth and what is shown of them, a column each."""
    prepared = prepare("prevalence", release=small)
    shown = prepared.folds[0].tables
    rows = (
        shown["case_lists"]
        .group_by("region", maintain_order=True)
        .agg(
            rows=pl.len(),
            strata=pl.struct("form", "sex").n_unique(),
            most=pl.col("count").max(),
            single=(pl.col("count") == 1).sum(),
        )
    )
    frame = prepared.answers.frame.select("region", "truth")
    for table in (shown["populations"].collect(), rows.collect()):
        frame = frame.join(table, on="region", how="left", maintain_order="left")
    return frame


def _left_over(known: pl.DataFrame, column: str) -> float:
    """Median absolute log error of the best constant multiple of a column, fitted with the truth in view."""
    ratio = np.log((known["truth"] / known[column]).to_numpy())
    return float(np.median(np.abs(ratio - np.median(ratio))))


def test_a_region_s_number_tells_nothing_of_its_people(known: pl.DataFrame) -> None:
    correlation = np.corrcoef(known["region"].rank().to_numpy(), known["truth"].rank().to_numpy())[0, 1]
    assert abs(correlation) < TASK.leak_limits["region_rank_correlation"]


def test_what_is_shown_is_no_multiple_of_the_truth(known: pl.DataFrame) -> None:
    for column in ("observed", "lists", "rows", "strata", "most", "single"):
        if (known[column] > 0).all():
            assert _left_over(known, column) > TASK.leak_limits["constant_multiple_error"], column


def test_a_planted_multiple_of_the_truth_is_found(known: pl.DataFrame) -> None:
    planted = known.with_columns(planted=pl.col("truth") / 7 + 1)
    assert _left_over(planted, "planted") < TASK.leak_limits["constant_multiple_error"]


def test_no_region_is_both_learnt_from_and_tested(small: Release) -> None:
    parts = prepare("prevalence", release=small, split="region").folds[0].parts
    assert parts["region"].n_unique() == parts.height
