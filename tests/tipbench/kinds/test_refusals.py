"""A refusal of predictions is one sentence, with its subject kept apart."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import FEW_ROWS
from tipbench.kinds.refusals import PredictionsRefused, check_predictions, quote_names
from tipcore.errors import UsageError
from tipdata.release import Release


def test_a_refusal_says_predictions_once_also_after_it_crossed_processes() -> None:
    assert issubclass(PredictionsRefused, UsageError)
    error = PredictionsRefused("3 missing (predictions: 7); predict each of them once")
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(one, PredictionsRefused)
        assert one.said == "3 missing (predictions: 7); predict each of them once"
        assert str(one) == f"predictions: {one.said}"


def test_names_of_a_files_columns_are_quoted_shortly_and_command_no_terminal() -> None:
    assert quote_names(["a", "b"]) == "a, b"
    many = quote_names([f"c{number}" for number in range(3_000)] + ["x" * 9_000])
    assert many.endswith("c11 and 2,989 more")
    assert quote_names(["x" * 9_000]) == "x" * 40 + "..."
    assert (
        PredictionsRefused("no column score among \x1b[2J, a\nb").said
        == r"no column score among \x1b[2J, a\nb"
    )


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "x" * 9_000])
def test_a_column_of_a_hostile_name_is_refused_in_one_short_line(
    tipbench: Callable[..., tuple[int, str, str]], tmp_path: Path, tiny: Release, name: str
) -> None:
    pl.DataFrame({"advert": [1], name: [0.5]}).write_parquet(tmp_path / "p.parquet")
    code, out, said = tipbench("score", str(tmp_path / "p.parquet"), "task=advert_risk", "release=tiny")
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert said.rstrip().isprintable()
    assert len(said) < 300


PREDICTIONS_FRAME = pl.DataFrame(
    {"advert": [10, 11, 12, 13], "part": "test", "label": 1, "cluster": [1, 1, 2, 2], "weight": 1.0}
)
PREDICTIONS_SCORES = Answers(kinds.SCORES, "advert", PREDICTIONS_FRAME)
CLUSTERS = Answers(kinds.CLUSTERS, "advert", PREDICTIONS_FRAME)
CANDIDATES = Answers(kinds.CANDIDATES, "advert", PREDICTIONS_FRAME)
ALARMS = Answers(
    kinds.ALARMS,
    "advert",
    PREDICTIONS_FRAME.with_columns(onset=pl.lit(3, dtype=pl.Int32), label=pl.lit(1, dtype=pl.Int8)),
)
PREDICTIONS_GOOD = pl.DataFrame({"advert": [13, 10, 12, 11], "score": [0.75, 0.0, 0.5, 0.25]})
GOOD_ALARMS = pl.DataFrame({"advert": [13, 10, 12, 11], "step": [3, None, 1, 250]})
GOOD_CANDIDATES = pl.DataFrame({"query": [11, 10, 10], "candidate": [10, 12, 11], "score": [0.5, 0.1, 0.9]})


def refused(answers: Answers, predictions) -> str:
    """The sentence with which these predictions are refused."""
    with pytest.raises(UsageError) as error:
        check_predictions(answers, predictions)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_good_predictions_come_back_in_the_order_of_the_answers() -> None:
    assert check_predictions(PREDICTIONS_SCORES, PREDICTIONS_GOOD).rows() == [
        (10, 0.0),
        (11, 0.25),
        (12, 0.5),
        (13, 0.75),
    ]
    assert check_predictions(PREDICTIONS_SCORES, PREDICTIONS_GOOD.sort("advert")).equals(
        PREDICTIONS_GOOD.sort("advert")
    )


def test_alarms_come_back_in_the_order_of_the_answers_with_nulls_for_none() -> None:
    assert check_predictions(ALARMS, GOOD_ALARMS).rows() == [(10, None), (11, 250), (12, 1), (13, 3)]
    never = GOOD_ALARMS.with_columns(step=pl.lit(None, dtype=pl.Int32))
    assert check_predictions(ALARMS, never)["step"].null_count() == 4


def test_single_precision_scores_and_string_clusters_are_fine() -> None:
    check_predictions(PREDICTIONS_SCORES, PREDICTIONS_GOOD.cast({"score": pl.Float32}))
    check_predictions(CLUSTERS, PREDICTIONS_GOOD.select("advert", cluster=pl.lit("a")))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), None])
def test_a_value_that_is_no_number_is_refused_with_its_key(value: float | None) -> None:
    bad = PREDICTIONS_GOOD.with_columns(
        pl.when(pl.col("advert") == 12).then(pl.lit(value)).otherwise("score").alias("score")
    )
    message = refused(PREDICTIONS_SCORES, bad)
    assert "1 of 4 values of score are" in message
    assert "first at 12" in message


def test_missing_extra_and_repeated_keys_are_counted_on_both_sides() -> None:
    bad = pl.DataFrame({"advert": [10, 10, 12, 99], "score": [0.1] * 4})
    message = refused(PREDICTIONS_SCORES, bad)
    for part in (
        "2 missing (11, 13)",
        "1 extra (99)",
        "1 repeated (10)",
        "4 of advert expected",
        "3 unique in 4 rows",
    ):
        assert part in message


def test_one_fault_alone_is_found() -> None:
    assert "1 missing (13)" in refused(PREDICTIONS_SCORES, PREDICTIONS_GOOD.filter(pl.col("advert") != 13))
    assert "1 repeated (13)" in refused(
        PREDICTIONS_SCORES, pl.concat([PREDICTIONS_GOOD, PREDICTIONS_GOOD.head(1)])
    )
    assert "1 extra (50)" in refused(
        PREDICTIONS_SCORES, pl.concat([PREDICTIONS_GOOD, pl.DataFrame({"advert": [50], "score": [0.1]})])
    )


@pytest.mark.parametrize(
    ("answers", "bad", "says"),
    [
        (
            PREDICTIONS_SCORES,
            PREDICTIONS_GOOD.cast({"advert": pl.String}),
            "advert is String and advert is Int64 in the answers",
        ),
        (PREDICTIONS_SCORES, PREDICTIONS_GOOD.cast({"advert": pl.Int32}), "advert is Int32"),
        (
            PREDICTIONS_SCORES,
            PREDICTIONS_GOOD.cast({"score": pl.String}),
            "score is String; make it Float32 or Float64",
        ),
        (PREDICTIONS_SCORES, PREDICTIONS_GOOD.cast({"score": pl.Int64}), "score is Int64"),
        (
            PREDICTIONS_SCORES,
            PREDICTIONS_GOOD.with_columns(score=pl.lit(-1.7e308)),
            "4 of 4 values of score are outside -1e.30 to 1e.30",
        ),
        (PREDICTIONS_SCORES, PREDICTIONS_GOOD.drop("score"), "no column score among advert"),
        (PREDICTIONS_SCORES, PREDICTIONS_GOOD.clear(), "0 rows given for 4"),
        (
            CLUSTERS,
            PREDICTIONS_GOOD.rename({"score": "cluster"}),
            "cluster is Float64; make it Int64 or String",
        ),
        (
            CLUSTERS,
            PREDICTIONS_GOOD.select("advert", cluster=pl.lit(None, dtype=pl.Int64)),
            "4 of 4 values of cluster are null",
        ),
        (CANDIDATES, GOOD_CANDIDATES.cast({"candidate": pl.String}), "candidate is String"),
        (ALARMS, GOOD_ALARMS.cast({"step": pl.Float64}), "step is Float64; make it Int32 or Int64"),
        (ALARMS, GOOD_ALARMS.cast({"step": pl.Int16}), "step is Int16"),
        (ALARMS, GOOD_ALARMS.drop("step"), "no column step among advert; alarms need advert, step"),
        (ALARMS, GOOD_ALARMS.head(3), "1 missing .11."),
        (ALARMS, pl.concat([GOOD_ALARMS, GOOD_ALARMS.head(1)]), "1 repeated .13."),
        (
            ALARMS,
            GOOD_ALARMS.with_columns(pl.col("step") - 3),
            r"2 of 4 values of step are below 1 \(first at 13, 12\)",
        ),
        (
            ALARMS,
            GOOD_ALARMS.with_columns(pl.lit(None, dtype=pl.Int64).alias("advert")),
            "4 of 4 values of advert are null",
        ),
        (
            CANDIDATES,
            GOOD_CANDIDATES.with_columns(candidate=pl.lit(77, dtype=pl.Int64)),
            "1 of 1 candidate keys .* 4 of advert .*77",
        ),
        (
            CANDIDATES,
            GOOD_CANDIDATES.with_columns(query=pl.lit(78, dtype=pl.Int64)),
            "1 of 1 query keys .*78",
        ),
        (CANDIDATES, GOOD_CANDIDATES.with_columns(candidate="query"), "3 of 3 rows name the query .*11"),
        (CANDIDATES, pl.concat([GOOD_CANDIDATES] * 2), "6 of 6 rows repeat a pair .*11-10"),
    ],
)
def test_each_malformation_has_its_sentence(answers: Answers, bad: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_predictions(answers, bad)


def test_an_eleventh_candidate_is_refused() -> None:
    gallery = Answers(kinds.CANDIDATES, "advert", pl.DataFrame({"advert": range(20), "cluster": [0] * 20}))
    rows = pl.DataFrame({"query": [0] * 11, "candidate": range(1, 12), "score": [0.5] * 11})
    assert "1 of 1 queries have more than 10 candidates (0)" in refused(gallery, rows)
    check_predictions(gallery, rows.head(10))


def test_candidates_come_back_by_query_and_falling_score() -> None:
    found = check_predictions(CANDIDATES, GOOD_CANDIDATES).rows()
    assert found == [pytest.approx(row) for row in [(10, 11, 0.9), (10, 12, 0.1), (11, 10, 0.5)]]


def test_a_frame_of_another_library_is_refused_by_name() -> None:
    assert "DataFrame was given; give a polars DataFrame" in refused(
        PREDICTIONS_SCORES, pd.DataFrame({"advert": [1]})
    )
    assert "LazyFrame was given" in refused(PREDICTIONS_SCORES, PREDICTIONS_GOOD.lazy())


def test_rows_without_end_are_refused_before_their_keys_are_compared() -> None:
    many = pl.DataFrame({"advert": [10] * (FEW_ROWS + 1), "score": 0.5})
    said = refused(PREDICTIONS_SCORES, many)
    assert "100,001 rows given for 4 of advert, and at most 100,000 are looked at" in said
    assert "1 repeated (10)" in refused(PREDICTIONS_SCORES, many.head(FEW_ROWS))
