"""A user's own data with several tables: files of their own, ids that agree, many columns, label sets."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.data.custom.ids import REFERS
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.task import Task
from tipbench.tasks import tasks
from tipdata.core.errors import UsageError
from tipdata.stages import TABLES

RISK = replace(
    tasks()["advert_risk"],
    name="risk",
    unit="account",
    table="accounts",
    tables={"accounts": (), "ties": (), "adverts": ()},
)
CROWD = replace(
    RISK, name="crowd", unit="advert", table="queue", tables={"queue": (), "reviews": (), "flags": ()}
)
SETS = replace(
    RISK,
    name="sets",
    unit="contact",
    table="contacts",
    kind=kinds.LABELSETS,
    tables={"contacts": (), "people": ()},
)
ALARMS = replace(
    RISK, name="alarms", unit="chat", table="chats", kind=kinds.ALARMS, tables={"chats": (), "lines": ()}
)

NODES = pl.DataFrame({"who": ["bea", "al", "cy", "dot"], "bad": [0, 1, 0, 1], "age": [30, 40, 50, 60]})
EDGES = pl.DataFrame({"from": ["cy", "al", "bea"], "to": ["al", "dot", "bea"], "sum": ["1.5", "2", "3"]})


def graph(
    folder: Path, nodes: pl.DataFrame = NODES, edges: pl.DataFrame = EDGES, **fields: Any
) -> dict[str, Any]:
    """Nodes and edges in files of their own, and the config that maps them."""
    nodes.write_csv(folder / "nodes.csv")
    edges.write_csv(folder / "edges.csv")
    return {
        "name": "graph",
        "task": "risk",
        "path": str(folder),
        "files": "nodes.csv",
        "format": "csv",
        "unit": "who",
        "label": "bad",
        "tables": {"accounts": {"age": "age"}, "ties": {"source": "from", "target": "to", "sum": "sum"}},
        "sources": {"ties": "edges.csv"},
        "split": "all",
        **fields,
    }


def fold_of(task: Task, own: dict[str, Any], **settings: Any) -> Fold:
    return prepare(task, own=own, **settings).folds[0]


def refused(task: Task, own: dict[str, Any], **settings: Any) -> str:
    with pytest.raises(UsageError) as caught:
        prepare(task, own=own, **settings)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message


def test_a_table_of_its_own_file_has_its_own_rows_and_names_the_units(tmp_path: Path) -> None:
    prepared = prepare(RISK, own=graph(tmp_path))
    ties = prepared.folds[0].tables["ties"].collect()
    assert ties.columns == ["source", "target", "sum"]
    assert prepared.names is not None
    name = dict(prepared.names.iter_rows())
    named = [(name[source], name[target]) for source, target in ties.select("source", "target").iter_rows()]
    assert named == EDGES.select("from", "to").rows()
    assert prepared.answers.frame.select(pl.col("account").replace_strict(name), "label").rows() == [
        ("bea", 0), ("al", 1), ("cy", 0), ("dot", 1),
    ]  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_ids_agree_in_all_tables_whatever_they_look_like(data: st.DataObject, tmp_path: Path) -> None:
    words = st.text("ab01-é", min_size=1, max_size=4).filter(lambda s: s == s.strip())
    names = data.draw(st.lists(words, min_size=2, max_size=8, unique=True))
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names))
    edges = data.draw(st.lists(ends, min_size=1, max_size=12))
    nodes = pl.DataFrame({"who": names, "bad": [i % 2 for i in range(len(names))], "age": 1})
    frame = pl.DataFrame({"from": [s for s, _ in edges], "to": [t for _, t in edges], "sum": "1"})
    prepared = prepare(RISK, own=graph(tmp_path, nodes, frame))
    assert prepared.names is not None
    name = dict(prepared.names.iter_rows())
    ties = prepared.folds[0].tables["ties"].collect()
    assert [(name[s], name[t]) for s, t in ties.select("source", "target").iter_rows()] == edges


def test_integer_ids_stay_and_are_found_in_text(tmp_path: Path) -> None:
    NODES.with_columns(who=pl.Series([7, 70, 700, -1])).write_parquet(tmp_path / "nodes.parquet")
    edges = pl.DataFrame({"from": ["700", "7"], "to": ["-1", "70"], "sum": ["1", "2"]})
    own = graph(tmp_path, edges=edges, files="nodes.parquet", format="parquet")
    own["sources"] = {"ties": {"files": "edges.csv", "format": "csv"}}
    ties = fold_of(RISK, own).tables["ties"].collect()
    assert ties.select("source", "target").rows() == [(700, -1), (7, 70)]


def test_other_identifiers_of_one_name_are_numbered_together(tmp_path: Path) -> None:
    pl.DataFrame({"item": ["a", "b"], "truth": [1, None]}).write_csv(tmp_path / "truth.csv")
    votes = pl.DataFrame({"item": ["b", "a", "b"], "by": ["zoe", "kim", "kim"], "vote": ["yes", "no", "yes"]})
    votes.write_csv(tmp_path / "votes.csv")
    pl.DataFrame({"item": ["a"], "by": ["abe"]}).write_csv(tmp_path / "flags.csv")
    own = {
        "name": "crowd",
        "task": "crowd",
        "path": str(tmp_path),
        "files": "truth.csv",
        "format": "csv",
        "unit": "item",
        "label": "truth",
        "tables": {
            "queue": {"advert": "item"},
            "reviews": {"advert": "item", "flagger": "by", "vote": "vote"},
            "flags": {"advert": "item", "flagger": "by"},
        },
        "sources": {"reviews": "votes.csv", "flags": "flags.csv"},
        "split": "all",
    }
    prepared = prepare(CROWD, own=own)
    reviews = prepared.folds[0].tables["reviews"].collect()
    assert reviews.rows() == [(1, 2, "yes"), (0, 1, "no"), (1, 1, "yes")]
    assert prepared.folds[0].tables["flags"].collect().rows() == [(0, 0)]
    assert prepared.answers.frame["label"].to_list() == [1, None]
    assert prepared.answers.scored()["advert"].to_list() == [0]

    distinct = {**own, "files": "votes.csv", "label": None, "distinct": True}
    units = prepare(CROWD, own=distinct)
    assert units.names is not None
    assert units.names["name"].to_list() == ["b", "a"]
    assert "is no key" in refused(CROWD, {**distinct, "distinct": False})
    assert "distinct needs unit" in refused(CROWD, {**distinct, "unit": None})


def test_a_column_is_what_refers_says_it_is(tmp_path: Path) -> None:
    own = graph(tmp_path)
    own["tables"]["ties"] = {"source": "from", "target": "to", "referrer": "from"}
    told = {**own, "refers": {"ties": {"referrer": "account"}}}
    assert fold_of(RISK, told).tables["ties"].collect()["referrer"].to_list() == [2, 1, 0]
    assert fold_of(RISK, own).tables["ties"].collect()["referrer"].to_list() == EDGES["from"].to_list()
    EDGES.with_columns(pl.lit("eve").alias("from")).write_csv(tmp_path / "edges.csv")
    assert "names no known account" in refused(RISK, own)
    assert (
        fold_of(RISK, {**own, "refers": {"ties": {"source": "referrer"}}}).tables["ties"].collect().height
        == 3
    )
    assert "no column that is mapped" in refused(RISK, {**own, "refers": {"ties": {"source": "acount"}}})
    assert "refers names ties.sorce" in refused(RISK, {**own, "refers": {"ties": {"sorce": "account"}}})


def test_lists_of_ids_are_numbered_with_the_ids_of_other_tables(tmp_path: Path) -> None:
    nodes = NODES.with_columns(phones=pl.Series([["b", "a"], None, ["c"], []]))
    nodes.write_parquet(tmp_path / "nodes.parquet")
    pl.DataFrame({"phone": ["c", "d", "a"]}).write_parquet(tmp_path / "adverts.parquet")
    own = graph(tmp_path, files="nodes.parquet", format="parquet", sources={"adverts": "adverts.parquet"})
    own["tables"] = {"accounts": {"contacts": "phones"}, "adverts": {"contacts": "phone"}}
    fold = fold_of(RISK, own)
    assert fold.tables["accounts"].collect()["contacts"].to_list() == [[1, 0], [], [2], []]
    assert fold.tables["adverts"].collect()["contacts"].to_list() == [[2], [3], [0]]


@pytest.mark.parametrize("table", REFERS)
def test_what_refers_by_itself_is_a_column_of_a_release(table: str) -> None:
    assert set(REFERS[table]) <= set(TABLES[table].schema)
    assert {t.key for t in TABLES.values()} >= {(name,) for name in REFERS[table].values()}


def test_an_id_that_no_unit_has_is_refused_with_its_table_row_and_value(tmp_path: Path) -> None:
    edges = EDGES.with_columns(to=pl.Series(["al", "eve", "bea"]))
    said = refused(RISK, graph(tmp_path, edges=edges))
    assert "data.tables.ties.target of data=graph names no known account in 1 of 3 rows" in said
    assert "first: eve in row 2" in said
    said = refused(RISK, graph(tmp_path, edges=EDGES.with_columns(to=pl.Series(["al", "al", None]))))
    assert "first: nothing in row 3" in said


def test_rows_are_numbered_from_0_where_the_units_have_no_id(tmp_path: Path) -> None:
    edges = pl.DataFrame({"from": [0, 3], "to": [1, 2], "sum": [1, 1]})
    own = graph(tmp_path, edges=edges, unit=None)
    assert fold_of(RISK, own).tables["ties"].collect()["source"].to_list() == [0, 3]
    assert "first: 4 in row 1" in refused(RISK, graph(tmp_path, edges=edges + 4, unit=None))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"sources": {"ties": "edge.csv"}}, "edge.csv of data=graph does not exist"),
        ({"sources": {"accounts": "nodes.csv"}}, "is the table of the units"),
        ({"sources": {"tie": "edges.csv"}}, "sources names a file of tie: map at least one column"),
        (
            {"sources": {"ties": {"files": "edges.csv", "kind": "csv"}}},
            "data.sources.ties.kind of data=graph",
        ),
        ({"sources": {"ties": 3}}, "data.sources.ties of data=graph is wrong"),
        ({"tables": {"account": {"age": "age"}}, "sources": {}}, "maps no column of accounts"),
        (
            {"tables": {"accounts": {}, "tie": {"source": "who"}}, "sources": {}},
            "data.tables.tie of data=graph is no table of risk: choose ties",
        ),
        ({"labels": {"a": "bad"}, "label": None}, "is for label sets: map data.label"),
        ({"labels": {"a": "bad"}}, "is wrong: label and labels exclude each other"),
        ({"onset": "age"}, "is for alarms"),
        ({"hidden": ["agee"]}, "names agee, which no file has: they have who, bad, age, from"),
        ({"hidden": ["age"]}, "maps age, which data.hidden keeps from inputs"),
    ],
)
def test_a_bad_config_of_several_tables_is_refused(fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in refused(RISK, graph(tmp_path, **fields))


def test_an_empty_file_of_a_table_is_refused(tmp_path: Path) -> None:
    assert "has a header and no rows" in refused(RISK, graph(tmp_path, edges=EDGES.clear()))
    own = graph(tmp_path)
    (tmp_path / "edges.csv").write_bytes(b"")
    assert "edges.csv is empty" in refused(RISK, own)


def test_a_task_may_refuse_tables_that_it_cannot_use(tmp_path: Path) -> None:
    def check(tables: dict[str, pl.DataFrame]) -> None:
        if tables["ties"].height < 9:
            raise UsageError("ties are too few: give nine.")

    own = graph(tmp_path)
    assert refused(replace(RISK, check=check), own) == "ties are too few: give nine."
    assert prepare(RISK, own=own).split == "all"


def test_a_path_to_the_units_file_finds_the_others_beside_it(tmp_path: Path) -> None:
    own = graph(tmp_path, path=str(tmp_path / "nodes.csv"))
    assert fold_of(RISK, own).tables["ties"].collect().height == 3


def test_reading_changes_no_file(tmp_path: Path) -> None:
    own = graph(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    prepare(RISK, own=own)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def arrays(folder: Path, **changed: Any) -> dict[str, Any]:
    held = {
        "x": np.arange(8, dtype=np.float32).reshape(4, 2),
        "edge_index": np.array([[0, 1, 3], [1, 2, 0]]),
        "y": np.array([0.0, 2.0, 0.0, 1.0]),
        "train_mask": np.ones(4, dtype=bool),
    } | changed
    np.savez(folder / "graph.npz", **{name: array for name, array in held.items() if array is not None})
    return {
        "name": "graph",
        "task": "risk",
        "path": str(folder),
        "files": "graph.npz",
        "format": "npz",
        "label": "CASE WHEN y > 0 THEN 1 ELSE 0 END",
        "tables": {"accounts": {"*": "x"}, "ties": {"source": "source", "target": "target"}},
        "sources": {"ties": "graph.npz"},
        "split": "all",
    }


def test_a_graph_in_one_npz_file_gives_features_ties_and_labels(tmp_path: Path) -> None:
    prepared = prepare(RISK, own=arrays(tmp_path))
    fold = prepared.folds[0]
    assert fold.tables["accounts"].collect().rows() == [(0, 0, 1), (1, 2, 3), (2, 4, 5), (3, 6, 7)]
    assert fold.tables["accounts"].collect_schema().names() == ["account", "x_0", "x_1"]
    assert fold.tables["ties"].collect().rows() == [(0, 1), (1, 2), (3, 0)]
    assert prepared.answers.frame["label"].to_list() == [0, 1, 0, 1]
    by_file = arrays(tmp_path) | {"path": str(tmp_path / "graph.npz")}
    assert fold_of(RISK, by_file).tables["ties"].collect().height == 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"edge_index": np.zeros((3, 2), int)}, "edge_index of shape (3, 2): make it (2, edges)"),
        ({"edge_index": np.zeros(4, int)}, "edge_index of shape (4,): make it (2, edges)"),
        ({"edge_index": np.zeros((2, 3))}, "edge_index of float64: make it whole numbers"),
        ({"edge_index": np.zeros((2, 0), int)}, "arrays and no rows"),
        ({"edge_index": None}, "maps source, which the data lacks"),
        ({"edge_index": np.full((2, 3), 4)}, "names no known account in 3 of 3 rows (first: 4 in row 1)"),
        ({"x": np.zeros((5, 2))}, "y of 4 rows and x of 5: the arrays of a table have one length"),
        ({"x": np.zeros((4, 2, 2))}, "x of shape (4, 2, 2): give a value or a vector a row"),
        ({"x": np.array(["a", "b", "c", "d"])}, "finds no numeric column"),
        ({"y": np.array(3)}, "y of shape (): give a value or a vector a row"),
    ],
)
def test_an_npz_file_of_the_wrong_shapes_is_refused(
    changed: dict[str, Any], says: str, tmp_path: Path
) -> None:
    own = arrays(tmp_path, **changed)
    if changed.get("edge_index", 0) is None:
        own["tables"]["ties"]["mask"] = "train_mask"
    assert says in refused(RISK, own)


WIDE = pl.DataFrame(
    {
        "key": [f"k{i}" for i in range(40)],
        "number": range(100, 140),
        "f_1": [i / 4 for i in range(40)],
        "f_2": [None if i == 3 else -i for i in range(40)],
        "words": ["w"] * 40,
        "leak": [i % 2 for i in range(40)],
        "first": [i // 2 % 2 for i in range(40)],
        "second": [int(i // 2 % 5 == 0) for i in range(40)],
        "who": [i // 2 for i in range(40)],
        "day": ["2024-01-01"] * 40,
    }
)


def sets(folder: Path, **fields: Any) -> dict[str, Any]:
    WIDE.write_csv(folder / "wide.csv")
    return {
        "name": "wide",
        "task": "sets",
        "path": str(folder),
        "files": "wide.csv",
        "format": "csv",
        "unit": "number",
        "labels": {"one": "first", "two": "second"},
        "cluster": "who",
        "hidden": ["leak"],
        "tables": {"contacts": {"*": "*"}},
        "folds": 4,
        **fields,
    }


def test_many_columns_are_the_numeric_ones_that_nothing_else_reads(tmp_path: Path) -> None:
    contacts = fold_of(SETS, sets(tmp_path)).tables["contacts"].collect()
    assert contacts.columns == ["contact", "f_1", "f_2"]
    assert contacts["f_1"].to_list() == WIDE["f_1"].to_list()
    assert contacts["f_2"].to_list() == WIDE["f_2"].to_list()
    named = sets(tmp_path, tables={"contacts": {"score": "f_2", "narrative": "words", "*": "*"}})
    assert fold_of(SETS, named).tables["contacts"].collect().columns == [
        "contact",
        "score",
        "narrative",
        "f_1",
    ]
    shown = sets(tmp_path, tables={"contacts": {"*": "f_*"}}, hidden=["f_1"])
    assert fold_of(SETS, shown).tables["contacts"].collect().columns == ["contact", "f_2"]


@pytest.mark.parametrize(
    "truth", ["first", "CASE WHEN first = '1' THEN 1 ELSE 0 END", "1 - CAST(first AS INT)"]
)
def test_many_columns_never_hold_the_label_or_the_unit(truth: str, tmp_path: Path) -> None:
    own = sets(tmp_path, labels={"one": truth}, group="second", split="kfold")
    columns = fold_of(SETS, own).tables["contacts"].collect().columns
    assert not {"number", "first", "second", "who", "leak"} & set(columns)
    for pattern in ("first", "f*irst", "leak", "number"):
        own["tables"] = {"contacts": {"*": pattern}}
        assert "finds no numeric column that no other field reads" in refused(SETS, own)


def test_many_columns_of_a_second_table_of_the_same_file_leave_out_the_truth_too(tmp_path: Path) -> None:
    own = sets(
        tmp_path, tables={"contacts": {"contact": "number"}, "people": {"contact": "number", "*": "*"}}
    )
    own["sources"] = {"people": "wide.csv"}
    assert fold_of(SETS, own).tables["people"].collect().columns == ["contact", "f_1", "f_2"]


def test_a_file_may_hold_nothing_but_features(tmp_path: Path) -> None:
    WIDE.select("f_1", "f_2").write_csv(tmp_path / "bare.csv")
    own = graph(
        tmp_path, files="bare.csv", unit=None, label=None, tables={"accounts": {"*": "*"}}, sources={}
    )
    assert fold_of(RISK, own).tables["accounts"].collect().columns == ["account", "f_1", "f_2"]
    np.savez(tmp_path / "bare.npz", x=np.zeros((4, 2)))
    own |= {"files": "bare.npz", "format": "npz"}
    assert fold_of(RISK, own).tables["accounts"].collect().rows()[3] == (3, 0, 0)


def test_vectors_of_a_column_are_spread_and_must_have_one_length(tmp_path: Path) -> None:
    rows = WIDE.with_columns(vector=pl.Series([[i, i + 1] for i in range(40)]))
    rows.write_parquet(tmp_path / "rows.parquet")
    own = sets(tmp_path, files="rows.parquet", format="parquet", tables={"contacts": {"*": "vector"}})
    contacts = fold_of(SETS, own).tables["contacts"].collect()
    assert contacts.rows()[:2] == [(100, 0, 1), (101, 1, 2)]
    ragged = rows.with_columns(vector=pl.Series([[0] * (1 + i % 2) for i in range(40)]))
    ragged.write_parquet(tmp_path / "rows.parquet")
    assert "vectors have lengths 1, 2" in refused(SETS, own)


def test_a_name_that_a_table_has_already_is_not_given_twice(tmp_path: Path) -> None:
    own = sets(tmp_path, tables={"contacts": {"f_1": "words", "*": "*"}})
    assert "gives a column f_1, which contacts has already" in refused(SETS, own)


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
    assert "'a-b' is no name of a label" in refused(SETS, sets(tmp_path, labels={"a-b": "first"}))
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
    assert "no step for 1 positive units (first: a)" in refused(ALARMS, {**own, "onset": "id"})
    assert "map data.onset" in refused(ALARMS, {**own, "onset": None})
