"""Label sets as answers and predictions: what is refused, with one sentence."""

from __future__ import annotations

import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.refusals import check_predictions
from tipbench.runs.scoring import read_predictions_file
from tipcore.errors import UsageError

FRAME = pl.DataFrame(
    {
        "contact": [1, 2, 3],
        "part": ["test", "test", "valid"],
        "cluster": [1, 1, 2],
        "weight": [1.0, 1.0, 1.0],
        "label_legal": [1, 0, None],
        "label_wages": [0, 1, 1],
        "urgency": [2, 0, 1],
    }
)
ANSWERS = Answers(kinds.LABELSETS, "contact", FRAME)
GIVEN = pl.DataFrame(
    {
        "contact": [3, 1, 2],
        "score_wages": [0.3, 0.1, 0.2],
        "score_legal": [0.6, 0.4, 0.5],
        "score_urgency": [1.5, 0.5, 0.0],
    }
)


def test_predictions_come_back_in_the_order_of_the_answers() -> None:
    checked = check_predictions(ANSWERS, GIVEN)
    assert checked.columns == ["contact", "score_legal", "score_wages", "score_urgency"]
    assert checked.row(0) == pytest.approx((1, 0.4, 0.1, 0.5))


def test_the_labels_are_named_by_their_columns_and_only_the_test_part_counts() -> None:
    assert ANSWERS.label_names == ("legal", "wages")
    assert ANSWERS.scored_rows()["contact"].to_list() == [1, 2]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (GIVEN.drop("score_wages"), "no column score_wages"),
        (GIVEN.drop("score_urgency"), "no column score_urgency"),
        (
            GIVEN.with_columns(score_housing=0.5),
            "score_housing of no known label; the labels are legal, wages",
        ),
        (GIVEN.with_columns(score_wages=pl.lit(1)), "score_wages is Int32"),
        (GIVEN.with_columns(score_legal=pl.lit(float("nan"))), "3 of 3 values of score_legal are NaN"),
        (GIVEN.with_columns(score_urgency=pl.lit(None, dtype=pl.Float64)), "score_urgency are null"),
        (GIVEN.head(2), "1 missing"),
        (pl.concat([GIVEN, GIVEN.head(1)]), "1 repeated"),
    ],
)
def test_malformed_predictions_are_refused(given: pl.DataFrame, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_predictions(ANSWERS, given)


def test_urgency_may_be_left_out_where_it_is_not_known_and_given_nevertheless() -> None:
    answers = Answers(kinds.LABELSETS, "contact", FRAME.drop("urgency"))
    assert check_predictions(answers, GIVEN).columns == ["contact", "score_legal", "score_wages"]


def test_answers_without_a_label_are_refused() -> None:
    with pytest.raises(UsageError, match="not a single label"):
        Answers(kinds.LABELSETS, "contact", FRAME.drop("urgency", "label_legal", "label_wages"))


def test_scores_are_read_from_csv_as_numbers(tmp_path) -> None:
    GIVEN.with_columns(score_wages=pl.lit(1)).write_csv(tmp_path / "p.csv")
    assert read_predictions_file(str(tmp_path / "p.csv")).schema["score_wages"] == pl.Float64
