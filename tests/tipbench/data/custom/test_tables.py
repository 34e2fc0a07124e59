"""Tables of own data: ids that agree, many columns, arrays; odd values are refused or noted."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_tables import EDGES, NODES, RISK, SETS, WIDE, adverts, config, fold_of, graph, refused, sets
from tipbench.data.custom.columns import REFERS
from tipbench.loading import prepare
from tipdata.stages import all_tables

CROWD = replace(
    RISK, name="crowd", unit="advert", table="queue", tables={"queue": (), "reviews": (), "flags": ()}
)


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
        **config(tmp_path, "crowd", "truth.csv", name="crowd"),
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
    assert prepared.answers.scored_rows()["advert"].to_list() == [0]

    distinct = {**own, "files": "votes.csv", "label": None, "distinct": True}
    units = prepare(CROWD, own=distinct)
    assert units.names is not None
    assert units.names["name"].to_list() == ["b", "a"]
    assert "is not a key" in refused(CROWD, {**distinct, "distinct": False})
    assert "distinct needs unit" in refused(CROWD, {**distinct, "unit": None})


def test_a_column_named_like_the_unit_is_looked_up_and_another_is_not(tmp_path: Path) -> None:
    own = graph(tmp_path)
    own["tables"]["ties"] |= {"account": "from", "referrer": "from"}
    ties = fold_of(RISK, own).tables["ties"].collect()
    assert ties["account"].to_list() == [2, 1, 0]
    assert ties["referrer"].to_list() == EDGES["from"].to_list()
    EDGES.with_columns(pl.lit("eve").alias("from")).write_csv(tmp_path / "edges.csv")
    assert "names no known account" in refused(RISK, own)


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
    assert set(REFERS[table]) <= set(all_tables()[table].schema)
    assert {t.key for t in all_tables().values()} >= {(name,) for name in REFERS[table].values()}


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
            "data.tables.tie of data=graph is not a table of risk: choose ties",
        ),
        ({"labels": {"a": "bad"}, "label": None}, "is for label sets: map data.label"),
        ({"labels": {"a": "bad"}}, "is wrong: label, labels and true_class exclude each other"),
        ({"onset": "age"}, "is for alarms"),
        ({"hidden": ["agee"]}, "names agee, which no file has: they have who, bad, age, from"),
        ({"hidden": ["age"]}, "maps age, which data.hidden keeps from inputs"),
    ],
)
def test_a_bad_config_of_several_tables_is_refused(fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in refused(RISK, graph(tmp_path, **fields))


def test_a_path_to_the_units_file_finds_the_others_beside_it(tmp_path: Path) -> None:
    own = graph(tmp_path, path=str(tmp_path / "nodes.csv"))
    assert fold_of(RISK, own).tables["ties"].collect().height == 3


def test_reading_changes_no_file(tmp_path: Path) -> None:
    own = graph(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    prepare(RISK, own=own)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


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


def arrays(folder: Path, **changed: Any) -> dict[str, Any]:
    held = {
        "x": np.arange(8, dtype=np.float32).reshape(4, 2),
        "edge_index": np.array([[0, 1, 3], [1, 2, 0]]),
        "y": np.array([0.0, 2.0, 0.0, 1.0]),
        "train_mask": np.ones(4, dtype=bool),
    } | changed
    np.savez(folder / "graph.npz", **{name: array for name, array in held.items() if array is not None})
    return {
        **config(folder, "risk", "graph.npz", name="graph", format="npz"),
        "label": "y > 0",
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


PEOPLE = pl.DataFrame(
    {
        "police": ["yes", "no", "yes"] * 6,
        "shelter": ["no", "yes", "yes"] * 6,
        "hotline": ["yes", "yes", "no"] * 6,
    }
)


def lists(folder: Path, people: pl.DataFrame) -> dict[str, Any]:
    people.write_csv(folder / "people.csv")
    return {
        "name": "people", "task": "prevalence", "path": str(folder), "files": "people.csv", "format": "csv",
        "unit": "'all'", "distinct": True, "split": "all",
        "sources": {"case_lists": {"sql": "SELECT *, COUNT(*) AS n FROM people GROUP BY ALL"}},
        "tables": {"populations": {"lists": "3"}, "case_lists": {"region": "'all'", "count": "n", "*": "*"}},
    }  # fmt: skip


def test_one_odd_cell_does_not_drop_a_list(tmp_path: Path) -> None:
    [fold] = prepare("prevalence", own=lists(tmp_path, PEOPLE)).folds
    assert {"police", "shelter", "hotline"} <= set(fold.tables["case_lists"].collect_schema().names())
    odd = PEOPLE.with_columns(
        hotline=pl.when(pl.int_range(pl.len()) == 6).then(pl.lit("NA")).otherwise("hotline")
    )
    said = "is yes or no in 3 of 4 cells of hotline and not in 1 (first: 'NA' in row 2): correct them"
    assert said in refused("prevalence", lists(tmp_path, odd))
    text = PEOPLE.with_columns(remark=pl.lit("seen at night"))
    [fold] = prepare("prevalence", own=lists(tmp_path, text)).folds
    assert "remark" not in fold.tables["case_lists"].collect_schema().names()


def chats(folder: Path, onset: int) -> dict[str, Any]:
    units = pl.DataFrame({"chat": [f"c{i}" for i in range(40)]}).with_row_index("n")
    units.with_columns(bad=pl.col("n") % 2, onset=pl.when(pl.col("n") % 2 == 1).then(onset)).write_csv(
        folder / "chats.csv"
    )
    units.join(pl.DataFrame({"at": [1, 2, 3]}), how="cross").with_columns(act=pl.lit("greet")).write_csv(
        folder / "rows.csv"
    )
    return {
        "name": "chats", "task": "recruitment_onset", "path": str(folder), "files": "chats.csv", "format": "csv",
        "unit": "chat", "label": "bad", "onset": "onset", "sources": {"messages": "rows.csv"},
        "tables": {
            "conversations": {"starter": "n"},
            "messages": {"conversation": "chat", "sequence": "at", "act": "act"},
        },
    }  # fmt: skip


def test_an_onset_after_the_end_of_its_stream_is_refused(tmp_path: Path) -> None:
    prepare("recruitment_onset", own=chats(tmp_path, 3))
    said = refused("recruitment_onset", chats(tmp_path, 4))
    assert re.search("onsets are after the last step of their conversation .*onset 4 of 3 steps", said)


def votes(folder: Path, cast: pl.DataFrame) -> dict[str, Any]:
    cast.write_csv(folder / "votes.csv")
    items = pl.DataFrame({"item": [f"i{n}" for n in range(8)], "bad": [n % 2 for n in range(8)]})
    items.write_csv(folder / "items.csv")
    return {
        "name": "votes", "task": "flag_aggregation", "path": str(folder), "files": "items.csv", "format": "csv",
        "unit": "item", "label": "bad", "split": "all", "sources": {"reviews": "votes.csv"},
        "tables": {"queue": {"advert": "item"}, "reviews": {"advert": "item", "reviewer": "who", "vote": "says"}},
    }  # fmt: skip


CAST = pl.DataFrame({"item": [f"i{n}" for n in range(8)], "who": "emu", "says": [1, 0] * 4, "at": 5})
TWICE = pl.concat([CAST.with_columns(says=1 - pl.col("says"), at=pl.lit(9, pl.Int32)), CAST])


@pytest.mark.parametrize("minute", [None, "1", "'1'", "CAST(at AS INT) - CAST(at AS INT)"])
def test_a_vote_that_is_cast_twice_is_refused_also_at_a_constant_minute(
    minute: str | None, tmp_path: Path
) -> None:
    own = votes(tmp_path, pl.concat([CAST, CAST.head(1)]))
    own["tables"]["reviews"] |= {} if minute is None else {"minute": minute}
    says = "2 of 9 rows are by a reviewer who votes on the same advert again .*keep one"
    assert re.search(says, refused("flag_aggregation", own))


@pytest.mark.parametrize("truth", [{}, {"label": None, "true_class": "bad"}])
def test_the_last_vote_of_a_reviewer_on_an_advert_counts(truth: dict[str, Any], tmp_path: Path) -> None:
    own = votes(tmp_path, TWICE) | truth
    own["tables"]["reviews"]["minute"] = "at"
    prepared = prepare("flag_aggregation", own=own)
    left = prepared.folds[0].tables["reviews"].collect()
    assert left["minute"].to_list() == [9] * 8
    assert left["vote"].cast(pl.Int64).to_list() == [0, 1] * 4
    [note] = [note for note in prepared.notes if note.startswith("reviews: ")]
    assert "8 of 16 votes are followed by a later one of the same reviewer on the same advert" in note


def test_a_column_that_is_almost_one_that_methods_know_is_said(tmp_path: Path) -> None:
    pl.DataFrame({"key": range(40), "text": ["a b"] * 40, "bad": [0, 1] * 20, "where": "p1"}).write_csv(
        tmp_path / "r.csv"
    )
    tables = {"adverts": {"body": "text", "platfrom": "where", "mood": "where"}}
    own = adverts(tmp_path, files="r.csv", label="bad", tables=tables)
    notes = prepare("advert_risk", own=own).notes
    assert [note for note in notes if "if you mean" in note] == [
        "data.tables.adverts.platfrom of data=mine is a feature of your own; if you mean platform, write it so: "
        "methods know it by that name."
    ]
