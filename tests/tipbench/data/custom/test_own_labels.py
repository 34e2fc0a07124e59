"""Truth of a user's own data that is more than one label: label sets, urgency, alarms."""

from dataclasses import replace
from pathlib import Path

import polars as pl
from own_tables import RISK, SETS, WIDE, refused, sets
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
    unknown = sets(tmp_path, labels={"one": "CASE WHEN key != 'k0' THEN 1 END"})
    assert "data.labels.one of data=wide is missing for 1 of 40 rows" in refused(SETS, unknown, split="kfold")
    assert prepare(SETS, own=unknown, split="all").answers.frame["label_one"].null_count() == 1
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
    assert "not a step for 1 positive units (first: a)" in refused(ALARMS, {**own, "onset": "id"})
    assert "map data.onset" in refused(ALARMS, {**own, "onset": None})
