"""Forecasts that are malformed, and answers to them that are, are refused in one sentence with counts."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import add_link_counts
from tipbench.kinds.refusals import check_predictions
from tipcore.errors import UsageError

FORECAST_PREDICTIONS_FRAME = pl.DataFrame(
    {
        "stop": [11, 12, 13],
        "part": "test",
        "region": [0, 0, 1],
        "answer": [1, 2, 101],
        "cluster": [7, 7, 8],
        "weight": 0.5,
    }
)
FORECAST_PREDICTIONS_GALLERY = pl.DataFrame(
    {"region": [0] * 12 + [1, 1], "candidate": [*range(12), 101, 102]}
)
FORECAST_PREDICTIONS_ANSWERS = Answers(
    kinds.FORECASTS, "stop", FORECAST_PREDICTIONS_FRAME, gallery=FORECAST_PREDICTIONS_GALLERY
)
FORECAST_PREDICTIONS_GOOD = pl.DataFrame(
    {"query": [13, 11, 12, 11], "candidate": [102, 3, 2, 1], "score": [0.1, 0.2, 0.3, 0.4]}
)


def refused(predictions) -> str:
    with pytest.raises(UsageError) as error:
        check_predictions(FORECAST_PREDICTIONS_ANSWERS, predictions)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_good_forecasts_come_back_in_the_order_of_the_answers_by_falling_score() -> None:
    assert check_predictions(FORECAST_PREDICTIONS_ANSWERS, FORECAST_PREDICTIONS_GOOD).select(
        "query", "candidate"
    ).rows() == [(11, 1), (11, 3), (12, 2), (13, 102)]


def test_a_query_that_is_missing_or_extra_is_refused_with_counts_on_both_sides() -> None:
    message = refused(FORECAST_PREDICTIONS_GOOD.with_columns(pl.col("query").replace(13, 99)))
    assert "1 missing (13), 1 extra (99); 3 queries expected, 3 given" in message


def test_a_candidate_of_another_region_is_refused() -> None:
    message = refused(FORECAST_PREDICTIONS_GOOD.with_columns(pl.col("candidate").replace(102, 2)))
    assert "1 of 4 name a candidate that the query's region does not have (13-2)" in message


def test_an_eleventh_candidate_and_a_repeated_one_are_refused() -> None:
    rest = FORECAST_PREDICTIONS_GOOD.filter(pl.col("query") != 11)
    long = pl.DataFrame({"query": [11] * 11, "candidate": range(11), "score": [float(n) for n in range(11)]})
    assert "1 of 3 queries have more than 10 candidates (11)" in refused(pl.concat([rest, long]))
    assert "2 of 5 rows repeat a pair" in refused(
        pl.concat([FORECAST_PREDICTIONS_GOOD, FORECAST_PREDICTIONS_GOOD.tail(1)])
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (FORECAST_PREDICTIONS_GOOD.cast({"candidate": pl.Int32}), "candidate is Int32 and answer is Int64"),
        (FORECAST_PREDICTIONS_GOOD.cast({"query": pl.String}), "query is String and stop is Int64"),
        (FORECAST_PREDICTIONS_GOOD.with_columns(score=pl.lit(float("nan"))), "values of score are NaN"),
        (FORECAST_PREDICTIONS_GOOD.drop("score"), "no column score"),
        (FORECAST_PREDICTIONS_GOOD.clear(), "0 rows given"),
    ],
)
def test_a_wrong_type_or_value_is_refused(changed: pl.DataFrame, says: str) -> None:
    assert says in refused(changed)


@pytest.mark.parametrize(
    ("frame", "gallery", "says"),
    [
        (
            FORECAST_PREDICTIONS_FRAME.with_columns(answer=pl.lit(50, dtype=pl.Int64)),
            FORECAST_PREDICTIONS_GALLERY,
            "3 of 3 are not a candidate of their region",
        ),
        (FORECAST_PREDICTIONS_FRAME, None, "no candidate at all"),
        (FORECAST_PREDICTIONS_FRAME.drop("region"), FORECAST_PREDICTIONS_GALLERY, "region missing"),
        (
            FORECAST_PREDICTIONS_FRAME.with_columns(answer=pl.lit(None, dtype=pl.Int64)),
            FORECAST_PREDICTIONS_GALLERY,
            "3 of 3 rows have no answer",
        ),
        (
            FORECAST_PREDICTIONS_FRAME.with_columns(weight=pl.lit(0.0)),
            FORECAST_PREDICTIONS_GALLERY,
            "weights are not positive",
        ),
        (
            FORECAST_PREDICTIONS_FRAME.with_columns(stop=pl.lit(1, dtype=pl.Int64)),
            FORECAST_PREDICTIONS_GALLERY,
            "2 of 3 rows repeat a stop key",
        ),
    ],
)
def test_answers_that_cannot_be_right_are_refused(frame: pl.DataFrame, gallery, says: str) -> None:
    with pytest.raises(UsageError) as error:
        Answers(kinds.FORECASTS, "stop", frame, gallery=gallery)
    assert says in str(error.value)


LINK_PREDICTIONS_GALLERY = pl.DataFrame(
    {
        "region": [0] * 12 + [1],
        "view": ["accounts"] * 12 + ["wallets"],
        "candidate": [*range(12), 5],
        "cluster": [7, 7, *[None] * 10, 8],
        "group": ["trafficking"] * 2 + ["resident"] * 10 + ["business"],
    },
    schema_overrides={"region": pl.Int32},
)
SEEDS = pl.DataFrame(
    {"advert": [1, 2], "region": [0, 1], "cluster": [7, 8], "given": [0, None]},
    schema_overrides={"region": pl.Int32},
)
LINK_PREDICTIONS_ANSWERS = Answers(
    kinds.LINKS, "advert", add_link_counts(SEEDS, LINK_PREDICTIONS_GALLERY), gallery=LINK_PREDICTIONS_GALLERY
)
LINK_PREDICTIONS_GOOD = pl.DataFrame(
    {
        "query": [2, 1, 1],
        "view": ["wallets", "accounts", "accounts"],
        "candidate": [5, 3, 1],
        "score": [0.5, 0.1, 0.9],
    }
)


def test_lists_come_back_by_seed_view_and_score() -> None:
    assert check_predictions(LINK_PREDICTIONS_ANSWERS, LINK_PREDICTIONS_GOOD)["candidate"].to_list() == [
        1,
        3,
        5,
    ]


def test_what_a_seed_names_is_no_link_of_it() -> None:
    assert LINK_PREDICTIONS_ANSWERS.frame["links"].to_list() == [1, 1]
    alone = add_link_counts(SEEDS, LINK_PREDICTIONS_GALLERY.filter(pl.col("candidate") != 1))
    assert alone["links"].to_list() == [0, 1]
    assert Answers(kinds.LINKS, "advert", alone, gallery=LINK_PREDICTIONS_GALLERY).scored_rows()[
        "advert"
    ].to_list() == [2]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (LINK_PREDICTIONS_GOOD.drop("view"), "no column view"),
        (
            LINK_PREDICTIONS_GOOD.with_columns(query=pl.lit(9, pl.Int64)),
            "1 of 1 query keys are not among the 2 seeds",
        ),
        (
            LINK_PREDICTIONS_GOOD.with_columns(view=pl.lit("firms")),
            "3 of 3 name a candidate that its view does not have",
        ),
        (
            LINK_PREDICTIONS_GOOD.with_columns(candidate=pl.lit(5, pl.Int64), query=pl.lit(2, pl.Int64)),
            "does not have in the query's region",
        ),
        (LINK_PREDICTIONS_GOOD.with_columns(score=pl.lit(float("nan"))), "NaN"),
        (LINK_PREDICTIONS_GOOD.cast({"candidate": pl.String}), "candidate is String"),
        (
            pl.concat([LINK_PREDICTIONS_GOOD, LINK_PREDICTIONS_GOOD.head(1)]),
            "2 of 4 rows repeat a query, view and candidate",
        ),
        (
            pl.DataFrame({"query": [1] * 11, "view": "accounts", "candidate": range(11), "score": 0.5}),
            "1 lists of a query and view have more than 10 candidates",
        ),
    ],
)
def test_malformed_links_are_refused(wrong: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_predictions(LINK_PREDICTIONS_ANSWERS, wrong)


def test_a_truth_without_a_gallery_is_none() -> None:
    with pytest.raises(UsageError, match="nothing can be linked"):
        Answers(kinds.LINKS, "advert", add_link_counts(SEEDS, LINK_PREDICTIONS_GALLERY))
    with pytest.raises(UsageError, match="the gallery has no group"):
        Answers(
            kinds.LINKS,
            "advert",
            add_link_counts(SEEDS, LINK_PREDICTIONS_GALLERY),
            gallery=LINK_PREDICTIONS_GALLERY.drop("group"),
        )
