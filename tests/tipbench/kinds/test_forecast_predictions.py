"""Forecasts that are malformed, and answers to them that are, are refused in one sentence with counts."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.predictions import check_predictions
from tipcore.errors import UsageError

FRAME = pl.DataFrame(
    {
        "stop": [11, 12, 13],
        "part": "test",
        "region": [0, 0, 1],
        "answer": [1, 2, 101],
        "cluster": [7, 7, 8],
        "weight": 0.5,
    }
)
GALLERY = pl.DataFrame({"region": [0] * 12 + [1, 1], "candidate": [*range(12), 101, 102]})
ANSWERS = Answers(kinds.FORECASTS, "stop", FRAME, gallery=GALLERY)
GOOD = pl.DataFrame({"query": [13, 11, 12, 11], "candidate": [102, 3, 2, 1], "score": [0.1, 0.2, 0.3, 0.4]})


def refused(predictions) -> str:
    with pytest.raises(UsageError) as error:
        check_predictions(ANSWERS, predictions)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_good_forecasts_come_back_in_the_order_of_the_answers_by_falling_score() -> None:
    assert check_predictions(ANSWERS, GOOD).select("query", "candidate").rows() == [
        (11, 1),
        (11, 3),
        (12, 2),
        (13, 102),
    ]


def test_a_query_that_is_missing_or_extra_is_refused_with_counts_on_both_sides() -> None:
    message = refused(GOOD.with_columns(pl.col("query").replace(13, 99)))
    assert "1 missing (13), 1 extra (99); 3 queries expected, 3 given" in message


def test_a_candidate_of_another_region_is_refused() -> None:
    message = refused(GOOD.with_columns(pl.col("candidate").replace(102, 2)))
    assert "1 of 4 name a candidate that the query's region does not have (13-2)" in message


def test_an_eleventh_candidate_and_a_repeated_one_are_refused() -> None:
    rest = GOOD.filter(pl.col("query") != 11)
    long = pl.DataFrame({"query": [11] * 11, "candidate": range(11), "score": [float(n) for n in range(11)]})
    assert "1 of 3 queries have more than 10 candidates (11)" in refused(pl.concat([rest, long]))
    assert "2 of 5 rows repeat a pair" in refused(pl.concat([GOOD, GOOD.tail(1)]))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (GOOD.cast({"candidate": pl.Int32}), "candidate is Int32 and answer is Int64"),
        (GOOD.cast({"query": pl.String}), "query is String and stop is Int64"),
        (GOOD.with_columns(score=pl.lit(float("nan"))), "values of score are NaN"),
        (GOOD.drop("score"), "no column score"),
        (GOOD.clear(), "0 rows given"),
    ],
)
def test_a_wrong_type_or_value_is_refused(changed: pl.DataFrame, says: str) -> None:
    assert says in refused(changed)


@pytest.mark.parametrize(
    ("frame", "gallery", "says"),
    [
        (
            FRAME.with_columns(answer=pl.lit(50, dtype=pl.Int64)),
            GALLERY,
            "3 of 3 are not a candidate of their region",
        ),
        (FRAME, None, "no candidate at all"),
        (FRAME.drop("region"), GALLERY, "region missing"),
        (FRAME.with_columns(answer=pl.lit(None, dtype=pl.Int64)), GALLERY, "3 of 3 rows have no answer"),
        (FRAME.with_columns(weight=pl.lit(0.0)), GALLERY, "weights are not positive"),
        (FRAME.with_columns(stop=pl.lit(1, dtype=pl.Int64)), GALLERY, "2 of 3 rows repeat a stop key"),
    ],
)
def test_answers_that_cannot_be_right_are_refused(frame: pl.DataFrame, gallery, says: str) -> None:
    with pytest.raises(UsageError) as error:
        Answers(kinds.FORECASTS, "stop", frame, gallery=gallery)
    assert says in str(error.value)
