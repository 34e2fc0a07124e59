"""Truth of a user's own data that is more than one label: label sets, urgency, alarms."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from own_tables import RISK, SETS, WIDE, adverts, refused, sets
from tipbench import kinds
from tipbench.loading import prepare

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
    assert everything.answers.frame.select("label_one", "label_two").equals(
        frame.select("label_one", "label_two")
    )


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
        "name": "chats",
        "task": "alarms",
        "path": str(tmp_path),
        "files": "chats.csv",
        "format": "csv",
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
    assert prepared.answers.scored()["advert"].to_list() == [k for k in frame["advert"] if k % 4 != 3]


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
