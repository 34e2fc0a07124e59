"""A user's own data with several tables: files of their own, and ids that agree in all of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_tables import EDGES, NODES, RISK, fold_of, graph, refused
from tipbench.data.custom.columns import REFERS
from tipbench.loading import prepare
from tipcore.errors import UsageError
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
