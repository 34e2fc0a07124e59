"""A user's own files: SQL over them, formats of values, and what is refused in one sentence."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from own_tables import adverts, config
from own_tables import refused as refused_by
from tipbench.data.custom.config import own_data
from tipbench.data.custom.files import all_files
from tipbench.loading import prepare

ROWS = pl.DataFrame(
    {
        "key": [f"k{i}" for i in range(40)],
        "text": [f"words {i}" for i in range(40)],
        "bad": ["YES" if i % 4 == 0 else "No" for i in range(40)],
        "year": [1990 + i % 2 for i in range(40)],
    }
)


def risk(folder: Path, **fields: Any) -> dict[str, Any]:
    ROWS.write_csv(folder / "rows.csv")
    return adverts(folder, **{"label": "bad", "split": "all", **fields})


def lists(folder: Path, rows: pl.DataFrame, **fields: Any) -> dict[str, Any]:
    rows.write_csv(folder / "lists.csv")
    columns = {"region": "region", "count": "count", "*": "*"}
    return {
        **config(folder, "prevalence", "lists.csv"),
        "unit": "region",
        "distinct": True,
        "tables": {"populations": {"lists": "2"}, "case_lists": columns},
        "sources": {"case_lists": "lists.csv"},
        **fields,
    }


def crowd(folder: Path, truth: pl.DataFrame, **fields: Any) -> dict[str, Any]:
    votes = pl.DataFrame({"item": ["a", "a", "b", "c"], "who": ["x", "y", "x", "y"], "said": [1, 1, 0, 1]})
    votes.write_csv(folder / "votes.csv")
    truth.write_csv(folder / "truth.csv")
    return {
        **config(folder, "flag_aggregation", ["votes.csv", "truth.csv"]),
        "sql": "SELECT DISTINCT item, truth FROM votes LEFT JOIN truth USING (item)",
        "unit": "item",
        "label": "truth",
        "tables": {
            "queue": {"advert": "item"},
            "reviews": {"advert": "item", "reviewer": "who", "vote": "said"},
        },
        "sources": {"reviews": "votes.csv"},
        "split": "all",
        **fields,
    }


def refused(own: dict[str, Any]) -> str:
    return refused_by(own["task"], own)


def test_yes_and_no_are_labels_and_further_columns(tmp_path: Path) -> None:
    prepared = prepare("advert_risk", own=risk(tmp_path))
    assert prepared.answers.frame["label"].to_list() == [int(i % 4 == 0) for i in range(40)]
    own = risk(tmp_path, label=None, tables={"adverts": {"body": "text", "*": "bad"}})
    adverts = prepare("advert_risk", own=own).folds[0].tables["adverts"].collect()
    assert adverts["bad"].to_list() == [int(i % 4 == 0) for i in range(40)]


def test_sql_filters_rows_and_keeps_their_order(tmp_path: Path) -> None:
    prepared = prepare(
        "advert_risk", own=risk(tmp_path, sql="SELECT * FROM rows WHERE CAST(year AS INT) > 1990")
    )
    assert prepared.names is not None
    assert prepared.names["name"].to_list() == [f"k{i}" for i in range(1, 40, 2)]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT yaer FROM rows", "data.sql of data=mine fails: "),
        ("SELECT yaer FROM rows", "; its tables are rows (key, text, bad, year)."),
        ("SELECT * FROM row", "its tables are rows"),
        ("SELECT CAST(text AS INT) AS key FROM rows", "data.sql of data=mine fails: "),
        ("SELECT * FROM rows WHERE year = '2050'", "data.sql of data=mine gives no rows"),
        ("SELECT * FROM rows WHERE year =", "data.sql of data=mine fails: sql parser error"),
        ("SELECT * FROM rows; SELECT * FROM rows", "one (and only one) statement"),
        ("year > 1990", "is not a SELECT"),
        ("DROP TABLE rows", "is not a SELECT"),
        ("-- SELECT\nDELETE FROM rows", "is not a SELECT"),
        ("SHOW TABLES", "is not a SELECT"),
        ("SELECT * FROM rows JOIN read_csv ('x.csv') USING (key)", "may open a file by read_csv()"),
        ("SELECT * FROM /* */ Read_CSV/**/('x.csv')", "may open a file by"),
        ("SELECT * FROM rows, scan_parquet('x')", "may open a file by scan_parquet()"),
        ("SELECT * FROM \"read_csv\" -- x\n('x.csv')", "may open a file by"),
        ("SELECT * FROM `read_csv`('x.csv')", "may open a file by"),
        ("SELECT * FROM 'read_csv'('x.csv')", "may open a file by"),
        ("SELECT * FROM other_function('x.csv')", "is not a supported table function"),
        ("SELECT text FROM rows", "maps key, which the data lacks"),
    ],
)
def test_sql_that_cannot_be_meant_is_refused(sql: str, says: str, tmp_path: Path) -> None:
    assert says in refused(risk(tmp_path, sql=sql))


def test_strings_and_comments_of_sql_are_no_code(tmp_path: Path) -> None:
    sql = (
        "/* DROP */ SELECT *, EXTRACT(YEAR FROM DATE('2020-01-01')) AS y, 'read_csv(1)' AS \"x; y\" FROM rows"
    )
    sql += " -- scan_csv('a')"
    assert prepare("advert_risk", own=risk(tmp_path, sql=sql)).answers.frame.height == 40


def test_truth_of_some_items_is_joined_to_votes_on_all(tmp_path: Path) -> None:
    truth = pl.DataFrame({"item": ["b", "a", "z"], "truth": [0, 1, 1]})
    prepared = prepare("flag_aggregation", own=crowd(tmp_path, truth))
    assert prepared.names is not None
    assert prepared.names["name"].to_list() == ["a", "b", "c"]
    assert prepared.answers.frame["label"].to_list() == [1, 0, None]
    assert prepared.folds[0].tables["reviews"].collect().height == 4


def test_a_mapping_names_the_tables_of_sql_and_its_order_is_kept(tmp_path: Path) -> None:
    truth = pl.DataFrame({"item": ["b", "a", "c"], "truth": [0, 1, 1]})
    sql = "SELECT v.item, t.truth FROM v JOIN t ON v.item = t.item WHERE who = 'x' ORDER BY v.item DESC"
    files = {"v": "votes.csv", "t": "truth.csv"}
    own = crowd(tmp_path, truth, files=files, sql=sql, sources={}, tables={"queue": {"advert": "item"}})
    names = prepare("flag_aggregation", own=own).names
    assert names is not None
    assert names["name"].to_list() == ["b", "a"]
    same = crowd(tmp_path, truth, files={"v": "votes.csv", "votes": "truth.csv"}, sql="SELECT item FROM v")
    assert "has two files for the table votes" in refused(same)


def test_files_of_sql_may_be_of_several_formats_and_count_for_the_version(tmp_path: Path) -> None:
    own = crowd(tmp_path, pl.DataFrame({"item": ["a"], "truth": [1]}), format=None)
    pl.DataFrame({"item": ["b"], "truth": [0]}).write_ndjson(tmp_path / "truth.jsonl")
    own["files"] = ["votes.csv", "truth.jsonl"]
    assert prepare("flag_aggregation", own=own).answers.frame["label"].to_list() == [None, 0, None]
    assert [path.name for path in all_files(own_data(own))] == ["votes.csv", "truth.jsonl"]
    (tmp_path / "truth.txt").write_text("item,truth\n", encoding="utf-8")
    own["files"] = ["votes.csv", "truth.txt"]
    assert "the name of" in refused(own)
    (tmp_path / "truth.jsonl").write_text("{", encoding="utf-8")
    own["files"] = ["votes.csv", "truth.jsonl"]
    assert "is not a well-formed jsonl file" in refused(own)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"where": "year > 1"}, "where of data=mine is wrong: SQL does this now, as sql: SELECT * FROM rows WHERE"),
        ({"join": {"files": "a.csv"}}, "LEFT JOIN others USING"),
        ({"wide": {}}, "UNION ALL"),
        ({"refers": {}}, "SELECT sender AS account"),
        ({"sources": {"accounts": {"files": "rows.csv", "where": "a"}}}, "as sources.TABLE.sql: SELECT"),
        ({"tables": {"adverts": {"body": "text", "price": "count( * )"}}}, "COUNT(*) counts rows and is no column"),
        ({"lable": "bad"}, "data.lable of data=mine is wrong: no such key, did you mean label; see docs/own-data.md"),
        ({"sources": {"accounts": {"file": "rows.csv"}}},
         "data.sources.accounts.file of data=mine is wrong: no such key, did you mean files"),
        ({"sources": {"accounts": {"format": "csv"}}, "tables": {"accounts": {"x": "a"}, "adverts": {"body": "text"}}},
         "sources.accounts names no file"),
    ],
)  # fmt: skip
def test_former_and_unknown_keys_are_refused_with_what_to_write(
    fields: dict[str, Any], says: str, tmp_path: Path
) -> None:
    said = refused(risk(tmp_path, **fields))
    assert says in said
    if "names no file" not in says:
        assert "see docs/own-data.md; correct its config." in said


def test_files_of_different_columns_are_refused_in_a_sentence(tmp_path: Path) -> None:
    own = crowd(tmp_path, pl.DataFrame({"item": ["a"], "truth": [1]}), sql=None)
    said = refused(own | {"files": ["truth.csv", "votes.csv"]})
    assert "votes.csv lacks truth and has who, said, unlike truth.csv" in said
    assert "join them by data.sql" in said


def test_files_of_the_same_columns_in_another_order_are_one_table(tmp_path: Path) -> None:
    ROWS[:20].write_csv(tmp_path / "a.csv")
    ROWS[20:].select(reversed(ROWS.columns)).write_csv(tmp_path / "b.csv")
    prepared = prepare("advert_risk", own=risk(tmp_path, files=["a.csv", "b.csv"]))
    assert prepared.folds[0].tables["adverts"].collect()["body"].to_list() == ROWS["text"].to_list()


def test_columns_of_other_types_in_two_files_are_refused(tmp_path: Path) -> None:
    ROWS.write_parquet(tmp_path / "a.parquet")
    ROWS.with_columns(pl.col("year").cast(pl.String)).write_parquet(tmp_path / "b.parquet")
    own = risk(tmp_path, files=["a.parquet", "b.parquet"], format="parquet")
    assert "year is Int64 in a.parquet and String in b.parquet" in refused(own)


def test_one_row_a_person_becomes_one_row_a_pattern(tmp_path: Path) -> None:
    people = pl.DataFrame(
        {
            "region": ["n", "n", "n", "s"],
            "police": ["yes", "yes", "no", "yes"],
            "shelter": ["no", "no", "yes", "yes"],
        }
    )
    own = lists(tmp_path, people.with_columns(count=1))
    assert "by COUNT(*) in data.sources.case_lists.sql" in refused(own)
    own["sources"] = {
        "case_lists": {"sql": "SELECT region, police, shelter, COUNT(*) AS count FROM lists GROUP BY ALL"}
    }
    found = prepare("prevalence", own=own).folds[0].tables["case_lists"]
    assert found.collect().rows() == [(0, 1, 0, 1), (0, 2, 1, 0), (1, 1, 1, 1)]
    assert found.collect_schema()["count"] == pl.Int32


def test_whole_floats_are_counts_and_others_are_refused(tmp_path: Path) -> None:
    rows = pl.DataFrame({"region": ["n", "n"], "count": ["25.0", "3"], "a": [1, 0], "b": [0, 1]})
    found = prepare("prevalence", own=lists(tmp_path, rows)).folds[0].tables["case_lists"].collect()
    assert found["count"].to_list() == [25, 3]
    said = refused(lists(tmp_path, rows.with_columns(pl.lit("2.5").alias("count"))))
    assert (
        "data.tables.case_lists.count of data=mine is not a whole number in 2 of 2 rows (first: 2.5)" in said
    )


def test_fractions_that_are_cut_are_said(tmp_path: Path) -> None:
    tables = {"adverts": {"body": "text", "price": "CAST(year AS DOUBLE) / 4"}}
    prepared = prepare("advert_risk", own=risk(tmp_path, tables=tables))
    assert prepared.folds[0].tables["adverts"].collect()["price"][0] == 497
    assert any("price of data=mine is not a whole number in 40 of 40 rows" in note for note in prepared.notes)


UNION = " UNION ALL ".join(
    f"SELECT '{name}' AS series, date, {name} AS value FROM wide" for name in ("y", "x1", "x2")
)


def panel(folder: Path, **fields: Any) -> dict[str, Any]:
    days = [f"2019-03-{day:02}" for day in range(1, 31)]
    wide = pl.DataFrame({"date": days, "y": [float(i) for i in range(30)], "x1": 1.0, "x2": 2.0})
    wide.write_csv(folder / "wide.csv")
    effect = {name: f"'2019-03-{day}'" for name, day in (("day", 20), ("first_day", 20), ("last_day", 25))}
    return {
        **config(folder, "intervention_effect", "wide.csv"),
        "unit": "'y'",
        "distinct": True,
        "tables": {
            "effects": {"region": "'y'", "outcome": "'value'", "scale": "'level'", **effect},
            "market": {"region": "series", "day": "date", "value": "CAST(value AS DOUBLE)"},
        },
        "sources": {"market": {"sql": UNION}},
        **fields,
    }


def test_a_wide_panel_with_dates_is_read_as_a_long_one_with_days(tmp_path: Path) -> None:
    tables = prepare("intervention_effect", own=panel(tmp_path)).folds[0].tables
    market = tables["market"].collect()
    assert market.columns == ["region", "day", "value"]
    assert market.height == 90
    assert market.filter(region=2)["day"].to_list() == list(range(17956, 17986))
    assert market.filter(region=2)["value"].sort().to_list() == [float(i) for i in range(30)]
    assert tables["effects"].collect().select("day", "first_day", "last_day").row(0) == (17975, 17975, 17980)


def test_dates_and_times_of_parquet_are_days_and_minutes_as_text_is(tmp_path: Path) -> None:
    text = ["2019-03-01 10:30", "2019-03-02T00:01:59"]
    times = pl.Series(["2019-03-01 10:30:00", "2019-03-02 00:01:59"]).str.to_datetime()
    pl.DataFrame({"text": text, "time": times}).write_parquet(tmp_path / "rows.parquet")
    own = {"files": "rows.parquet", "format": "parquet", "unit": None, "label": None}
    for column in ("text", "time"):
        tables = {"adverts": {"body": "text", "minute": column}}
        adverts = prepare("advert_risk", own=risk(tmp_path, tables=tables, **own)).folds[0].tables["adverts"]
        assert adverts.collect()["minute"].to_list() == [17956 * 1440 + 630, 17957 * 1440 + 1]


def test_a_day_that_is_no_date_is_named_with_its_field(tmp_path: Path) -> None:
    own = panel(tmp_path)
    own["tables"]["market"]["day"] = "'1 March'"
    assert (
        "data.tables.market.day of data=mine is not a whole number in 90 of 90 rows (first: 1 March)"
        in refused(own)
    )


def test_columns_read_as_one_hint_at_their_separator(tmp_path: Path) -> None:
    own = risk(tmp_path)
    ROWS.write_csv(tmp_path / "rows.csv", separator=";")
    assert "set data.separator=';'" in refused(own)


GOOD = "key,text,bad\n" + "".join(f"k{i},words {i},{i % 2}\n" for i in range(20))


def refused_file(folder: Path, content: bytes | None = None, run: str = "advert_risk", **fields: Any) -> str:
    """The message that a config over ``rows.csv`` with this content is refused with."""
    if content is not None:
        (folder / "rows.csv").write_bytes(content)
    settings = {key: fields.pop(key) for key in ("split", "labels", "needs", "oracle") if key in fields}
    return refused_by(run, adverts(folder, **{"unit": None, "label": "bad", **fields}), **settings)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"key,text,bad\n", "has a header and no rows"),
        (GOOD.encode() + b"k20,words", "truncated: its last line has 2 of 3 fields"),
        (GOOD.encode() + b'k20,"words', "a quote that is never closed"),
        (gzip.compress(GOOD.encode())[:-20], "truncated or damaged"),
        (b"key,text,bad\nk1,caf\xe9,1\n", "is not utf-8 at byte 19"),
        (GOOD.encode() + b"a,b,c,d\n", "not a well-formed csv file"),
        (GOOD.replace(",0\n", ",not\n").encode(), "is not binary: it holds 1, not"),
        (GOOD.replace(",text,", ",body,").encode(), "maps text, which the data lacks: it has key, body, bad"),
        (GOOD.replace(",0\n", ",\n").encode(), "10 positive, 0 negative and 10 unknown; lower data.folds"),
        ("".join(GOOD.splitlines(keepends=True)[:4]).encode(), "too few clusters"),
    ],
)
def test_a_bad_file_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    assert says in refused_file(tmp_path, content)


PAIRS = {"left": "text", "right": "key", "label": "bad"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"path": None}, "has no path: say where its folder or file is with data.path=PATH"),
        ({"path": "/nowhere/at all"}, "data.path=/nowhere/at all of data=mine does not exist"),
        ({"files": "other.csv"}, "other.csv of data=mine does not exist"),
        ({"package": "no_such_package/x", "path": None}, "pip install no_such_package"),
        ({"encoding": "utf-99"}, "data.encoding=utf-99 does not exist"),
        ({"format": "xls"}, "data.format of data=mine is wrong"),
        ({"folds": 1}, "data.folds of data=mine is wrong"),
        ({"lable": "bad"}, "data.lable of data=mine is wrong"),
        ({"tables": {}}, "map at least one column"),
        ({"label": "bad is it"}, "neither a column nor a polars SQL expression"),
        ({"label": "CAST(text AS INT)"}, "data.label of data=mine fails on the data"),
        ({"unit": "bad"}, "is not a key: 20 of 20 rows repeat or lack it"),
        ({"tables": {"adverts": {"body": "text", "price": "text"}}}, "data.tables.adverts.price"),
        ({"split": "given"}, "choose one of kfold, all"),
        ({"split": "forward"}, "cannot have split=forward"),
        ({"labels": "truth"}, "has labels=given only"),
        ({"oracle": True}, "no hidden truth for an oracle"),
        ({"needs": {"adverts.contacts"}}, "set data.tables.adverts.contacts"),
        ({"run": "advert_linkage"}, "is for task=advert_risk, and not for advert_linkage"),
        ({"fold": "1"}, "a single value"),
        ({"fold": "'train'"}, "no test part"),
        ({"label": None, "pairs": PAIRS}, "cannot use"),
        ({"pairs": PAIRS}, "is wrong: pairs excludes label: map"),
    ],
)
def test_a_bad_config_is_refused(fields: dict[str, Any], says: str, tmp_path: Path) -> None:
    assert says in refused_file(tmp_path, GOOD.encode(), **fields)


@pytest.mark.parametrize("kind", ["parquet", "npz", "hf"])
def test_a_binary_file_that_is_not_one_is_refused(kind: str, tmp_path: Path) -> None:
    assert re.search(
        "not a whole|not a complete|not a dataset", refused_file(tmp_path, b"PAR1 no more", format=kind)
    )


@pytest.mark.parametrize("kind", ["csv", "parquet", "npz", "hf"])
def test_a_fifo_is_refused(kind: str, tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    files = "rows" if kind != "hf" else "."
    fifo(tmp_path / "rows")
    assert refused_file(tmp_path, format=kind, files=files).endswith(
        "cannot be read: it is not a regular file."
    )


def test_a_parquet_file_that_is_truncated_or_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    pl.DataFrame({"text": ["a"] * 999, "bad": [0, 1, 0] * 333}).write_parquet(path)
    assert "not a whole parquet file" in refused_file(tmp_path, path.read_bytes()[:-10], format="parquet")
    assert "is empty" in refused_file(tmp_path, b"", format="parquet")
    pl.DataFrame({"text": [], "bad": []}).write_parquet(path)
    assert "no rows" in refused_file(tmp_path, format="parquet")
