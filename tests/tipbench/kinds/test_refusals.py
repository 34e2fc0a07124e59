"""Predictions of every kind: good ones come back in the order of the answers, others are refused in one sentence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import FEW_ROWS
from tipbench.kinds.lists import add_link_counts
from tipbench.kinds.refusals import PredictionsRefused, check_predictions, quote_names
from tipbench.runs.scoring import read_predictions_file
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
    refused: Callable[..., str], tmp_path: Path, tiny: Release, name: str
) -> None:
    pl.DataFrame({"advert": [1], name: [0.5]}).write_parquet(tmp_path / "p.parquet")
    said = refused("score", str(tmp_path / "p.parquet"), "task=advert_risk", "release=tiny")
    assert said.rstrip().isprintable()
    assert said.startswith(f"tipbench: {tmp_path / 'p.parquet'}: no column score among ")
    assert len(said) < 300


FRAME = pl.DataFrame(
    {"advert": [10, 11, 12, 13], "part": "test", "label": 1, "cluster": [1, 1, 2, 2], "weight": 1.0}
)
SCORES = Answers(kinds.SCORES, "advert", FRAME)
SCORED = pl.DataFrame({"advert": [13, 10, 12, 11], "score": [0.75, 0.0, 0.5, 0.25]})
CLUSTERS = Answers(kinds.CLUSTERS, "advert", FRAME)
ONSETS = FRAME.with_columns(onset=pl.lit(3, dtype=pl.Int32), label=pl.lit(1, dtype=pl.Int8))
ALARMS = Answers(kinds.ALARMS, "advert", ONSETS)
ALARMED = pl.DataFrame({"advert": [13, 10, 12, 11], "step": [3, None, 1, 250]})
CANDIDATES = Answers(kinds.CANDIDATES, "advert", FRAME)
RANKED = pl.DataFrame({"query": [11, 10, 10], "candidate": [10, 12, 11], "score": [0.5, 0.1, 0.9]})
GALLERY = Answers(kinds.CANDIDATES, "advert", pl.DataFrame({"advert": range(20), "cluster": [0] * 20}))
ELEVEN = pl.DataFrame({"query": [0] * 11, "candidate": range(1, 12), "score": [0.5] * 11})

MOVES = pl.DataFrame(
    {"stop": [11, 12, 13], "part": "test", "region": [0, 0, 1], "answer": [1, 2, 101], "cluster": [7, 7, 8]}
)
TOWNS = pl.DataFrame({"region": [0] * 12 + [1, 1], "candidate": [*range(12), 101, 102]})
FORECASTS = Answers(kinds.FORECASTS, "stop", MOVES.with_columns(weight=pl.lit(0.5)), gallery=TOWNS)
FORECAST = pl.DataFrame(
    {"query": [13, 11, 12, 11], "candidate": [102, 3, 2, 1], "score": [0.1, 0.2, 0.3, 0.4]}
)
ELEVEN_TOWNS = pl.DataFrame(
    {"query": [11] * 11, "candidate": range(11), "score": [float(n) for n in range(11)]}
)

ROWS = pl.DataFrame(
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
LINKS = Answers(kinds.LINKS, "advert", add_link_counts(SEEDS, ROWS), gallery=ROWS)
LINKED = pl.DataFrame(
    {
        "query": [2, 1, 1],
        "view": ["wallets", "accounts", "accounts"],
        "candidate": [5, 3, 1],
        "score": [0.5, 0.1, 0.9],
    }
)
ELEVEN_ROWS = pl.DataFrame({"query": [1] * 11, "view": "accounts", "candidate": range(11), "score": 0.5})

NEEDS = pl.DataFrame(
    {
        "contact": [1, 2, 3],
        "part": ["test", "test", "valid"],
        "cluster": [1, 1, 2],
        "weight": 1.0,
        "label_legal": [1, 0, None],
        "label_wages": [0, 1, 1],
        "urgency": [2, 0, 1],
    }
)
LABELS = Answers(kinds.LABELSETS, "contact", NEEDS)
LABELLED = pl.DataFrame(
    {
        "contact": [3, 1, 2],
        "score_wages": [0.3, 0.1, 0.2],
        "score_legal": [0.6, 0.4, 0.5],
        "score_urgency": [1.5, 0.5, 0.0],
    }
)
NAN = float("nan")


def constant(
    frame: pl.DataFrame, dtype: pl.DataType | type[pl.DataType] = pl.Int64, **values: Any
) -> pl.DataFrame:
    return frame.with_columns(pl.lit(value, dtype=dtype).alias(name) for name, value in values.items())


def twice(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame.head(1)])


@pytest.mark.parametrize(
    ("answers", "given", "rows"),
    [
        (SCORES, SCORED, [(10, 0.0), (11, 0.25), (12, 0.5), (13, 0.75)]),
        (ALARMS, ALARMED, [(10, None), (11, 250), (12, 1), (13, 3)]),
        (ALARMS, constant(ALARMED, pl.Int32, step=None), [(10, None), (11, None), (12, None), (13, None)]),
        (
            CLUSTERS,
            SCORED.select("advert", cluster=pl.lit("a")),
            [(10, "a"), (11, "a"), (12, "a"), (13, "a")],
        ),
        (CANDIDATES, RANKED, [(10, 11, 0.9), (10, 12, 0.1), (11, 10, 0.5)]),
        (FORECASTS, FORECAST, [(11, 1, 0.4), (11, 3, 0.2), (12, 2, 0.3), (13, 102, 0.1)]),
        (LINKS, LINKED, [(1, "accounts", 1, 0.9), (1, "accounts", 3, 0.1), (2, "wallets", 5, 0.5)]),
        (LABELS, LABELLED, [(1, 0.4, 0.1, 0.5), (2, 0.5, 0.2, 0.0), (3, 0.6, 0.3, 1.5)]),
    ],
)
def test_good_predictions_come_back_in_the_order_of_the_answers_and_by_falling_score(
    answers: Answers, given: pl.DataFrame, rows: list[tuple]
) -> None:
    for predictions in (given, given.sort(given.columns[0])):
        assert check_predictions(answers, predictions).rows() == rows


def test_single_precision_ten_candidates_and_unknown_urgency_are_fine() -> None:
    assert check_predictions(SCORES, SCORED.cast({"score": pl.Float32})).schema["score"] == pl.Float32
    assert check_predictions(GALLERY, ELEVEN.head(10)).height == 10
    without = Answers(kinds.LABELSETS, "contact", NEEDS.drop("urgency"))
    assert check_predictions(without, LABELLED).columns == ["contact", "score_legal", "score_wages"]


BAD: list[tuple[Answers, Any, str]] = [
    *((SCORES, SCORED.with_columns(score=pl.when(pl.col("advert") != 12).then("score").otherwise(pl.lit(value))),
       f"1 of 4 values of score are {what} (first at 12)")
      for value, what in ((NAN, "NaN"), (float("inf"), "infinite"), (-float("inf"), "infinite"), (None, "null"))),
    (SCORES, pl.DataFrame({"advert": [10, 10, 12, 99], "score": [0.1] * 4}),
     "2 missing (11, 13), 1 extra (99), 1 repeated (10); 4 of advert expected, 3 unique in 4 rows"),
    (SCORES, SCORED.filter(pl.col("advert") != 13), "1 missing (13)"),
    (SCORES, twice(SCORED), "1 repeated (13)"),
    (SCORES, pl.concat([SCORED, pl.DataFrame({"advert": [50], "score": [0.1]})]), "1 extra (50)"),
    (SCORES, SCORED.cast({"advert": pl.String}), "advert is String and advert is Int64 in the answers"),
    (SCORES, SCORED.cast({"advert": pl.Int32}), "advert is Int32"),
    (SCORES, SCORED.cast({"score": pl.String}), "score is String; make it Float32 or Float64"),
    (SCORES, SCORED.cast({"score": pl.Int64}), "score is Int64"),
    (SCORES, constant(SCORED, pl.Float64, score=-1.7e308),
     "4 of 4 values of score are outside -1e+30 to 1e+30"),
    (SCORES, SCORED.drop("score"), "no column score among advert"),
    (SCORES, SCORED.clear(), "0 rows given for 4"),
    (SCORES, SCORED.lazy(), "LazyFrame was given"),
    (SCORES, pd.DataFrame({"advert": [1]}), "DataFrame was given; give a polars DataFrame"),
    (SCORES, pl.DataFrame({"advert": [10] * (FEW_ROWS + 1), "score": 0.5}),
     "100,001 rows given for 4 of advert, and at most 100,000 are looked at"),
    (SCORES, pl.DataFrame({"advert": [10] * FEW_ROWS, "score": 0.5}), "1 repeated (10)"),
    (CLUSTERS, SCORED.rename({"score": "cluster"}), "cluster is Float64; make it Int64 or String"),
    (CLUSTERS, constant(SCORED.select("advert"), cluster=None), "4 of 4 values of cluster are null"),
    (ALARMS, ALARMED.cast({"step": pl.Float64}), "step is Float64; make it Int32 or Int64"),
    (ALARMS, ALARMED.cast({"step": pl.Int16}), "step is Int16"),
    (ALARMS, ALARMED.drop("step"), "no column step among advert; alarms need advert, step"),
    (ALARMS, ALARMED.head(3), "1 missing (11)"),
    (ALARMS, twice(ALARMED), "1 repeated (13)"),
    (ALARMS, ALARMED.with_columns(pl.col("step") - 3), "2 of 4 values of step are below 1 (first at 13, 12)"),
    (ALARMS, constant(ALARMED, advert=None), "4 of 4 values of advert are null"),
    (CANDIDATES, RANKED.cast({"candidate": pl.String}), "candidate is String"),
    (CANDIDATES, constant(RANKED, candidate=77),
     "1 of 1 candidate keys are not among the 4 of advert in the gallery (77)"),
    (CANDIDATES, constant(RANKED, query=78),
     "1 of 1 query keys are not among the 4 of advert in the gallery (78)"),
    (CANDIDATES, RANKED.with_columns(candidate="query"),
     "3 of 3 rows name the query as its own candidate (11"),
    (CANDIDATES, pl.concat([RANKED] * 2), "6 of 6 rows repeat a pair of query and candidate (11-10"),
    (GALLERY, ELEVEN, "1 of 1 queries have more than 10 candidates (0)"),
    (FORECASTS, FORECAST.with_columns(pl.col("query").replace(13, 99)),
     "1 missing (13), 1 extra (99); 3 queries expected, 3 given"),
    (FORECASTS, FORECAST.with_columns(pl.col("candidate").replace(102, 2)),
     "1 of 4 name a candidate that the query's region does not have (13-2)"),
    (FORECASTS, pl.concat([FORECAST.filter(pl.col("query") != 11), ELEVEN_TOWNS]),
     "1 of 3 queries have more than 10 candidates (11)"),
    (FORECASTS, pl.concat([FORECAST, FORECAST.tail(1)]), "2 of 5 rows repeat a pair"),
    (FORECASTS, FORECAST.cast({"candidate": pl.Int32}), "candidate is Int32 and answer is Int64"),
    (FORECASTS, FORECAST.cast({"query": pl.String}), "query is String and stop is Int64"),
    (FORECASTS, constant(FORECAST, pl.Float64, score=NAN), "values of score are NaN"),
    (FORECASTS, FORECAST.drop("score"), "no column score"),
    (FORECASTS, FORECAST.clear(), "0 rows given"),
    (LINKS, LINKED.drop("view"), "no column view"),
    (LINKS, constant(LINKED, query=9), "1 of 1 query keys are not among the 2 seeds"),
    (LINKS, constant(LINKED, pl.String, view="firms"), "3 of 3 name a candidate that its view does not have"),
    (LINKS, constant(LINKED, candidate=5, query=2), "does not have in the query's region"),
    (LINKS, constant(LINKED, pl.Float64, score=NAN), "NaN"),
    (LINKS, LINKED.cast({"candidate": pl.String}), "candidate is String"),
    (LINKS, twice(LINKED), "2 of 4 rows repeat a query, view and candidate"),
    (LINKS, ELEVEN_ROWS, "1 lists of a query and view have more than 10 candidates"),
    (LABELS, LABELLED.drop("score_wages"), "no column score_wages"),
    (LABELS, LABELLED.drop("score_urgency"), "no column score_urgency"),
    (LABELS, LABELLED.with_columns(score_housing=0.5),
     "score_housing of no known label; the labels are legal, wages"),
    (LABELS, constant(LABELLED, pl.Int32, score_wages=1), "score_wages is Int32"),
    (LABELS, constant(LABELLED, pl.Float64, score_legal=NAN), "3 of 3 values of score_legal are NaN"),
    (LABELS, constant(LABELLED, pl.Float64, score_urgency=None), "score_urgency are null"),
    (LABELS, LABELLED.head(2), "1 missing"),
    (LABELS, twice(LABELLED), "1 repeated"),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "given", "says"), BAD)
def test_each_malformation_has_its_sentence(answers: Answers, given: Any, says: str) -> None:
    with pytest.raises(PredictionsRefused) as error:
        check_predictions(answers, given)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_a_seed_names_is_no_link_of_it() -> None:
    assert LINKS.frame["links"].to_list() == [1, 1]
    alone = add_link_counts(SEEDS, ROWS.filter(pl.col("candidate") != 1))
    assert alone["links"].to_list() == [0, 1]
    assert Answers(kinds.LINKS, "advert", alone, gallery=ROWS).scored_rows()["advert"].to_list() == [2]


def test_labels_are_named_by_their_columns_and_scores_of_csv_are_numbers(tmp_path: Path) -> None:
    assert LABELS.label_names == ("legal", "wages")
    assert LABELS.scored_rows()["contact"].to_list() == [1, 2]
    LABELLED.with_columns(score_wages=pl.lit(1)).write_csv(tmp_path / "p.csv")
    assert read_predictions_file(str(tmp_path / "p.csv")).schema["score_wages"] == pl.Float64


@pytest.mark.parametrize(
    ("frame", "gallery", "says"),
    [
        (constant(FORECASTS.frame, answer=50), TOWNS, "3 of 3 are not a candidate of their region"),
        (FORECASTS.frame, None, "no candidate at all"),
        (FORECASTS.frame.drop("region"), TOWNS, "region missing"),
        (constant(FORECASTS.frame, answer=None), TOWNS, "3 of 3 rows have no answer"),
        (constant(FORECASTS.frame, pl.Float64, weight=0.0), TOWNS, "weights are not positive"),
        (constant(FORECASTS.frame, stop=1), TOWNS, "2 of 3 rows repeat a stop key"),
    ],
)
def test_answers_to_forecasts_that_cannot_be_right_are_refused(
    frame: pl.DataFrame, gallery: pl.DataFrame | None, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        Answers(kinds.FORECASTS, "stop", frame, gallery=gallery)


def test_links_without_a_gallery_and_label_sets_without_a_label_are_refused() -> None:
    with pytest.raises(
        UsageError, match="no candidate at all; links need a gallery of region, view and candidate"
    ):
        Answers(kinds.LINKS, "advert", LINKS.frame)
    with pytest.raises(UsageError, match="the gallery has no group"):
        Answers(kinds.LINKS, "advert", LINKS.frame, gallery=ROWS.drop("group"))
    with pytest.raises(UsageError, match="not a single label"):
        Answers(kinds.LABELSETS, "contact", NEEDS.drop("urgency", "label_legal", "label_wages"))
