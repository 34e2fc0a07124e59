"""Answers are checked when they are made."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipcore.errors import UsageError

FRAME = pl.DataFrame(
    {
        "advert": [3, 1, 2, 4],
        "part": ["test", "valid", "test", "test"],
        "label": [1, 0, 0, None],
        "cluster": [7, 8, 8, 9],
        "weight": [1.0, 0.5, 0.5, 1.0],
    },
    schema_overrides={"label": pl.Int8},
)
ALARMS = FRAME.with_columns(pl.Series("onset", [4, None, None, None], dtype=pl.Int32))


@pytest.mark.parametrize(
    ("kind", "frame", "says"),
    [
        (kinds.SCORES, FRAME.drop("weight"), "weight missing"),
        (kinds.SCORES, FRAME.clear(), "not a single advert"),
        (kinds.SCORES, FRAME.with_columns(advert=pl.lit(1)), "3 of 4 rows repeat a advert key"),
        (kinds.SCORES, FRAME.with_columns(weight=pl.lit(0.0)), "4 weights are not positive"),
        (kinds.SCORES, FRAME.with_columns(weight=pl.lit(float("nan"))), "4 weights are not positive"),
        (kinds.SCORES, FRAME.with_columns(part=pl.lit(None, dtype=pl.String)), "4 of 4 rows have no part"),
        (kinds.ALARMS, FRAME, "onset missing; alarms need advert, part, label, onset, cluster, weight"),
        (kinds.ALARMS, ALARMS.cast({"onset": pl.Float64}), "onset is Float64; make it Int32"),
        (kinds.ALARMS, ALARMS.with_columns(pl.col("onset") - 4), "1 onsets are before step 1"),
        (
            kinds.ALARMS,
            ALARMS.with_columns(pl.lit(None, dtype=pl.Int32).alias("onset")),
            "1 positives have no onset",
        ),
        (kinds.ALARMS, ALARMS.with_columns(pl.lit(2, dtype=pl.Int32).alias("onset")), "3 others have one"),
    ],
)
def test_malformed_answers_are_refused_with_a_count(
    kind: PredictionKind, frame: pl.DataFrame, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        Answers(kind, "advert", frame)


def test_there_are_nine_kinds_each_known_by_its_name() -> None:
    names = "scores, clusters, candidates, forecasts, alarms, labelsets, estimates, links, classes"
    assert ", ".join(kinds.KINDS) == names
    assert all(name == kind.name == repr(kind) for name, kind in kinds.KINDS.items())


@pytest.mark.parametrize(("kind", "frame"), [(kinds.SCORES, FRAME), (kinds.ALARMS, ALARMS)])
def test_only_test_rows_with_a_known_label_are_scored(kind: PredictionKind, frame: pl.DataFrame) -> None:
    answers = Answers(kind, "advert", frame)
    assert answers.scored_rows()["advert"].to_list() == [3, 2]
    assert answers.scored_rows("valid")["advert"].to_list() == [1]


def test_queries_are_the_units_with_another_member_in_the_gallery() -> None:
    gallery = pl.DataFrame({"advert": [1, 2, 3, 4, 5], "cluster": [7, 8, 7, None, None]})
    assert Answers(kinds.CANDIDATES, "advert", gallery).scored_rows()["advert"].to_list() == [1, 3]


def test_labelled_pairs_of_unknown_units_are_refused() -> None:
    pairs = pl.DataFrame({"left": [1, 2], "right": [2, 77], "label": [1, 0]})
    with pytest.raises(UsageError, match=r"1 ends of labelled pairs are not a known advert .*77"):
        Answers(kinds.CLUSTERS, "advert", FRAME, pairs)
