"""The truth of own data: labels, label sets, alarms; and how it is scored."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_tables import RISK, SETS, WIDE, adverts, config, refused, sets
from polars.testing import assert_frame_equal
from tipbench import kinds
from tipbench.evaluation.evaluation import Evaluation
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate
from tipcore.errors import UsageError

ALARMS = replace(
    RISK, name="alarms", unit="chat", table="chats", kind=kinds.ALARMS, tables={"chats": (), "lines": ()}
)


def test_label_sets_are_given_to_fit_and_scored_by_name(tmp_path: Path) -> None:
    prepared = prepare(SETS, own=sets(tmp_path))
    assert (prepared.split, len(prepared.folds)) == ("kfold", 4)
    frame = prepared.answers.frame
    assert frame["label_one"].to_list() == WIDE["first"].to_list()
    assert frame["label_two"].to_list() == WIDE["second"].to_list()
    given = prepared.folds[0].labels("train").collect()
    assert given.schema == {"contact": pl.Int64, "label_one": pl.Int8, "label_two": pl.Int8}
    assert given.height == 30
    everything = prepare(SETS, own=sets(tmp_path), split="all")
    assert everything.folds[0].labels("train").collect().is_empty()
    labels = ["label_one", "label_two"]
    assert_frame_equal(everything.answers.frame[labels], frame[labels])


def test_urgency_stands_beside_the_labels(tmp_path: Path) -> None:
    levels = "CASE WHEN words = 'w' AND first = '1' THEN CAST(first AS INT) + CAST(second AS INT) END"
    prepared = prepare(SETS, own=sets(tmp_path, urgency=levels))
    asked = prepared.folds[0].labels("train").collect()
    assert asked.columns == ["contact", "label_one", "label_two", "urgency"]
    assert prepared.answers.frame["urgency"].unique().sort().to_list() == [None, 1, 2]
    assert prepared.answers.frame.schema["urgency"] == pl.Int8
    said = refused(SETS, sets(tmp_path, urgency="f_1"))
    assert "data.urgency of data=wide is none of 0, 1 and 2 in 37 of 40 rows (first: 0.25)" in said
    assert "urgency goes with labels" in refused(SETS, sets(tmp_path, urgency="second", labels={}))


def test_folds_of_label_sets_keep_clusters_whole_and_each_set_spread(tmp_path: Path) -> None:
    own = sets(tmp_path, cluster="number")
    for fold in prepare(SETS, own=own).folds:
        tested = WIDE[fold.parts.filter(pl.col("part") == "test")["contact"].to_list()]
        assert tested.group_by("first", "second").len().sort("first", "second")["len"].to_list() == [
            4,
            1,
            4,
            1,
        ]
    for fold in prepare(SETS, own=sets(tmp_path)).folds:
        who = fold.parts.with_columns(who=pl.col("contact") // 2).select("who", "part").unique()
        assert who["who"].is_unique().all()
    again = prepare(SETS, own=own).folds[1].parts
    assert again.equals(prepare(SETS, own=own).folds[1].parts)


def test_folds_of_label_sets_need_every_label_and_enough_of_each(tmp_path: Path) -> None:
    sparse = sets(tmp_path, labels={"one": "first", "rare": "CASE WHEN key = 'k0' THEN 1 ELSE 0 END"})
    assert "1 have rare and 19 do not" in refused(SETS, sparse, split="kfold")
    positives = sets(tmp_path, labels={"one": "CASE WHEN key != 'k0' THEN 1 END"})
    assert "20 have one and 0 do not" in refused(SETS, positives, split="kfold")
    assert prepare(SETS, own=positives, split="all").answers.frame["label_one"].null_count() == 1
    assert "data.labels.one of data=wide is not binary" in refused(
        SETS, sets(tmp_path, labels={"one": "f_2"})
    )
    assert "'a-b' is not a name of a label" in refused(SETS, sets(tmp_path, labels={"a-b": "first"}))
    assert "map data.labels.NAME of data=wide in place" in refused(
        SETS, sets(tmp_path, labels={}, label="first")
    )


def test_label_sets_name_their_labels_though_none_is_known(tmp_path: Path) -> None:
    assert "names no label" in refused(SETS, sets(tmp_path, labels={}))
    unknown = prepare(SETS, own=sets(tmp_path, labels={"one": "NULL"}), split="all").answers.frame
    assert unknown["label_one"].null_count() == 40


def test_alarms_have_a_label_and_the_step_from_which_it_shows(tmp_path: Path) -> None:
    chats = pl.DataFrame({"id": ["a", "b", "c"], "bad": [1, 0, None], "from": [3, 9, None]})
    chats.write_csv(tmp_path / "chats.csv")
    own = {
        **config(tmp_path, "alarms", "chats.csv", name="chats"),
        "unit": "id",
        "label": "bad",
        "onset": "from",
        "fold": "CASE WHEN id = 'a' THEN 'train' ELSE 'test' END",
        "tables": {"chats": {"chat": "id"}},
    }
    prepared = prepare(ALARMS, own=own)
    assert prepared.folds[0].labels("train").collect().rows() == [(0, 1, 3)]
    everything = prepare(ALARMS, own=own, split="all").answers.frame
    assert everything.select("label", "onset").rows() == [(1, 3), (0, None), (None, None)]
    assert everything.schema["onset"] == pl.Int32
    assert "not a step of a positive unit in 1 of 1 rows (first: a)" in refused(
        ALARMS, {**own, "onset": "id"}
    )
    assert "map data.onset" in refused(ALARMS, {**own, "onset": None})


UNKNOWN = pl.DataFrame(
    {
        "key": range(80),
        "text": "words",
        "verdict": [("yes", "no", "no", None)[i % 4] for i in range(80)],
        "part": [("train", "valid", "test")[i // 4 % 3] for i in range(80)],
    }
)


@pytest.mark.parametrize("split", ["kfold", "given", "all"])
@pytest.mark.parametrize(
    "label", ["verdict", "CASE WHEN verdict = 'yes' THEN 1 WHEN verdict = 'no' THEN 0 END"]
)
def test_unknown_labels_are_predicted_but_neither_learnt_nor_scored(
    split: str, label: str, tmp_path: Path
) -> None:
    UNKNOWN.write_csv(tmp_path / "rows.csv")
    own = adverts(tmp_path, label=label, fold="part" if split == "given" else None)
    prepared = prepare("advert_risk", own=own, split=split)
    assert (
        "labels of data=mine are unknown (data.label for 20 of 80 units): they are neither given to fit nor scored."
        in prepared.notes
    )
    for fold in prepared.folds:
        learnt = fold.labels("train").collect()["advert"]
        trained = fold.parts.filter(pl.col("part") == "train")["advert"].to_list()
        assert learnt.to_list() == sorted(key for key in trained if key % 4 != 3)
        if split == "kfold":
            assert sum(key % 4 == 3 for key in trained) == 16
    frame = prepared.answers.frame.filter(part="test")
    assert frame["advert"].to_list() == [k for k in range(80) if split != "given" or k // 4 % 3 == 2]
    assert prepared.answers.scored_rows()["advert"].to_list() == [k for k in frame["advert"] if k % 4 != 3]


def test_blanks_that_an_expression_labels_are_counted_in_a_note(tmp_path: Path) -> None:
    UNKNOWN.write_csv(tmp_path / "rows.csv")
    own = adverts(tmp_path, label="CASE WHEN verdict = 'yes' THEN 1 ELSE 0 END")
    [note] = [note for note in prepare("advert_risk", own=own).notes if "data.label of" in note]
    assert note.startswith(
        "data.label of data=mine labels 20 rows where verdict is empty; if the label is not known"
    )


def test_a_label_of_nan_is_unknown(tmp_path: Path) -> None:
    nan = float("nan")
    pl.DataFrame({"text": ["a"] * 3, "bad": [0.0, nan, 1.0]}).write_parquet(tmp_path / "rows.parquet")
    for label in ("bad", "bad > 0"):
        own = adverts(tmp_path, files="rows.parquet", format="parquet", unit=None, label=label)
        assert prepare("advert_risk", own=own, split="all").answers.frame["label"].to_list() == [0, None, 1]


def test_label_sets_may_know_some_labels_of_a_unit(tmp_path: Path) -> None:
    own = sets(
        tmp_path, cluster=None, labels={"one": "CASE WHEN number < '130' THEN first END", "two": "second"}
    )
    prepared = prepare(SETS, own=own, split="kfold")
    assert any("(data.labels.one for 10 of 40 units)" in note for note in prepared.notes)
    assert prepared.answers.frame["label_one"].null_count() == 10
    for fold in prepared.folds:
        given = fold.labels("train").collect()
        assert given.height == 30
        assert given["label_one"].null_count() in (7, 8)


PARTS = ("train", "valid", "test")


def units() -> pl.DataFrame:
    """A thousand adverts: a tenth positive, a third of migrants, the last 600 tested."""
    rows = range(1000)
    return pl.DataFrame(
        {
            "key": [f"k{i}" for i in rows],
            "text": "words",
            "bad": [int(i % 10 == 0) for i in rows],
            "group": [("migrant", "A", "B")[i % 3] for i in rows],
            "part": [PARTS[(i >= 200) + (i >= 400)] for i in rows],
        }
    )


def risk(folder: Path, frame: pl.DataFrame | None = None, **fields: Any) -> dict[str, Any]:
    (units() if frame is None else frame).write_csv(folder / "rows.csv")
    return adverts(folder, **{"label": "bad", "group": "group", "fold": "part", **fields})


def scored(own: dict[str, Any], score: pl.Expr, replicates: int = 20) -> Evaluation:
    predictions = units().filter(pl.col("part") != "train").select(pl.col("key").alias("advert"), score=score)
    return evaluate("advert_risk", predictions, own=own, replicates=replicates)


def test_a_group_of_any_name_is_in_the_harm_gap(tmp_path: Path) -> None:
    # Two units of valid reach the score at which five of 180 lawful migrants of the test are flagged, and ten of the
    # bad: a method that finds nobody, or flags far over the budget, has no gap.
    accused, found = [402, 405, 408, 411, 414], range(400, 500, 10)
    flagged = pl.col("key").is_in([f"k{number}" for number in (201, 202, *accused, *found)])
    found = scored(risk(tmp_path), pl.when(flagged).then(0.99).otherwise(0.1))
    assert found.groups["migrant"]["false_accusations_per_unit"] == pytest.approx(5 / 180)
    assert found.groups["A"]["false_accusations_per_unit"] == 0
    assert found.groups["lawful"]["units"] == 540
    assert found.scores["harm_gap"].value == pytest.approx(5 / 180 - 5 / 540)


LINKAGE = {"task": "advert_linkage", "label": None, "fold": None}
ALTERNATE = pl.when(pl.col("bad") == 1).then(pl.lit("0")).otherwise((pl.int_range(1000) % 2).cast(pl.String))


def renamed(column: str, **names: str | None) -> pl.Expr:
    return pl.col(column).replace(names)


@pytest.mark.parametrize(
    ("change", "fields", "says"),
    [
        (
            renamed("group", A=None, B="trafficking"),
            {},
            "data.group of data=mine is empty for 180 and trafficking for 180 of 540 test units that are not "
            "positive: they are in no group and in no harm figure.",
        ),
        (pl.col("bad"), LINKAGE | {"cluster": "text"}, "data.group of data=mine changes nothing"),
        (pl.col("bad"), {}, "at the data's own share of positives, 10%"),
        (pl.col("bad"), {"prevalence": 0.02}, "at 2% positives, as data.prevalence says"),
        (ALTERNATE.alias("part"), {}, "1 of 2 folds of data=mine test units of one class only"),
    ],
)
def test_a_reader_of_the_scores_is_told(
    change: pl.Expr, fields: dict[str, Any], says: str, tmp_path: Path
) -> None:
    own = risk(tmp_path, units().with_columns(change), **fields)
    assert any(says in note for note in prepare(own["task"], own=own).notes)


@pytest.mark.parametrize(
    ("change", "fields", "says"),
    [
        (renamed("group", A="lawful"), {}, "data.group of data=mine holds 'lawful'"),
        (pl.col("bad"), {"prevalence": 1}, "data.prevalence of data=mine is wrong"),
        (
            pl.col("bad"),
            LINKAGE | {"group": None, "prevalence": 0.1},
            "data.prevalence of data=mine is for scores",
        ),
        (renamed("part", test="Test"), {}, "holds Test in 600 of 1,000 rows: write train, valid or test"),
        (renamed("part", valid="validation"), {}, "holds validation in 200 of 1,000 rows"),
        (renamed("part", valid="2"), {}, "holds 2 in 200 of 1,000 rows"),
        (renamed("part", train="1", valid="2", test="x3"), {}, "holds x3 in 600 of 1,000 rows"),
        (
            pl.col("bad"),
            {"files": {"train": "rows.csv", "Test": "rows.csv"}, "fold": None},
            "files has a part 'Test': the parts are train, valid, test",
        ),
    ],
)
def test_groups_shares_and_folds_that_cannot_be_meant_are_refused(
    change: pl.Expr, fields: dict[str, Any], says: str, tmp_path: Path
) -> None:
    own = risk(tmp_path, units().with_columns(change), **fields)
    assert says in refused(own["task"], own)


def test_headline_metrics_are_at_the_share_of_positives_of_the_data_or_the_stated_one(tmp_path: Path) -> None:
    found = scored(risk(tmp_path), pl.lit(0.5))
    assert found.prevalence == pytest.approx(0.1)
    assert found.scores["average_precision"].value == pytest.approx(0.1)
    stated = scored(risk(tmp_path, prevalence=0.02), pl.lit(0.5))
    assert stated.prevalence == 0.02
    assert stated.scores["average_precision"].value == pytest.approx(0.02)
    assert stated.scores["average_precision_raw"].value == pytest.approx(0.1)


def test_what_learns_nothing_is_at_chance_over_pooled_folds(tmp_path: Path) -> None:
    own = risk(tmp_path, fold=None, split="kfold", cluster="CAST(REPLACE(key, 'k', '') AS INT) / 7")
    prepared = prepare("advert_risk", own=own)
    shares = [fold.labels("train").collect()["label"].mean() for fold in prepared.folds]
    frame = prepared.answers.frame
    # The share of positives that each fold's method learns is lowest where most are tested.
    predictions = frame.select(
        "advert", score=pl.col("fold").replace_strict(range(5), shares, return_dtype=pl.Float64)
    )
    found = evaluate("advert_risk", predictions, own=own, replicates=50)
    for score, chance in ((found.scores["auroc"], 0.5), (found.scores["average_precision"], 0.1)):
        assert score.value == pytest.approx(chance, abs=1e-12)
    assert found.scores["auroc"].low == pytest.approx(0.5, abs=1e-12)
    assert found.prevalence == pytest.approx(0.1)


def test_missing_and_unknown_units_are_named_as_the_user_wrote_them(tmp_path: Path) -> None:
    own = risk(tmp_path)
    prepared = prepare("advert_risk", own=own)
    # As a method hands them in: by the numbers that its fold has.
    given = prepared.answers.frame.select("advert", score=pl.lit(0.5))
    for predictions, says in (
        (given[1:], "1 missing (k200)"),
        (given.with_columns(score=pl.lit(float("nan"))), "(first at k200, k201, k202)"),
        (given.vstack(given[:1]), "1 repeated (k200)"),
    ):
        with pytest.raises(UsageError) as caught:
            evaluate("advert_risk", predictions, own=own, replicates=0)
        assert says in str(caught.value)


def test_payments_need_no_table_of_wallets_to_say_that_both_ends_are_some(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"from": ["zoe", "kim"], "to": ["kim", "bo"], "t": [1, 2], "sum": [5, 6], "bad": [0, 1]}
    )
    frame.write_csv(tmp_path / "rows.csv")
    own = {
        **config(tmp_path, "payment_risk", "rows.csv"),
        "label": "bad",
        "tables": {"payments": {"payer": "from", "payee": "to", "minute": "t", "amount": "sum"}},
        "split": "all",
    }
    payments = prepare("payment_risk", own=own).folds[0].tables["payments"].collect()
    assert payments.select("payer", "payee").rows() == [(2, 1), (1, 0)]
