"""What the columns declare of themselves holds in the data."""

from dataclasses import replace

import polars as pl
import pytest
from tipdata import stages as stages_module
from tipdata.core.tables import Column, InWorld, Sealed, Table
from tipdata.core.world import World, parameters, versions
from tipdata.release import Release, generate_region
from tipdata.release.verification import category_values, undeclared_in_table, undeclared_values
from tipdata.stages import all_tables, as_of, stages, tables_of

TABLES = all_tables()
FREE_TEXT = {"places.name", "adverts.title", "adverts.body", "contacts.narrative", "supplies.product"}
"""Columns of words that are not categories."""
UNDOCUMENTED = {("contacts", "person"), ("stops", "wallet"), ("trips", "wallet")}
"""Callers who are not exploited are not among the people, and most wallets that book are not in the sample."""


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_64_bit_column_says_what_it_identifies_or_that_it_is_a_number(table: Table) -> None:
    for column in table.columns:
        if column.inner == pl.Int64:
            assert column.id_of or column.sealed, f"{table.name}.{column.name}: give it id_of or sealed"
        if (column.name,) == table.key and column.inner == pl.Int64:
            assert column.id_of, f"{table.name}.{column.name} is a key: give it id_of"


def test_what_identifies_a_row_of_a_table_is_there(tiny: Release) -> None:
    """References that have a value are keys of the table they name, but for those to rows that are not documented."""
    tables = tables_of(tiny.version)
    keys = {
        name: tiny.scan(name, truth=True).select(table.key[0]).collect().to_series()
        for name, table in tables.items()
        if len(table.key) == 1
    }
    for name, table in tables.items():
        frame = tiny.scan(name, truth=True).collect()
        for column in table.columns:
            if column.id_of and (name, column.name) not in UNDOCUMENTED:
                held = frame[column.name]
                held = held.explode() if isinstance(column.dtype, pl.List) else held
                assert held.drop_nulls().is_in(keys[column.id_of].implode()).all(), (name, column.name)


def test_every_column_of_words_lists_its_values_or_is_free_text() -> None:
    unlisted = {
        f"{name}.{column.name}"
        for name, table in TABLES.items()
        for column in table.columns
        if column.inner == pl.String and not category_values(column, parameters("0.5.0"))
    }
    assert unlisted == FREE_TEXT


def test_every_value_of_a_category_is_declared(tiny: Release) -> None:
    assert undeclared_values(tiny) == []


@pytest.mark.parametrize(
    ("table", "column"), [("accounts", "client"), ("market", "platform"), ("adverts", "facts")]
)
def test_a_value_that_is_not_declared_is_named(tiny: Release, table: str, column: str) -> None:
    frame = tiny.scan(table, truth=True).collect()
    odd = pl.lit("odd") if frame.schema[column] == pl.String else pl.lit(["odd"])
    changed = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 3).then(odd).otherwise(column).alias(column)
    )
    [problem] = undeclared_in_table(TABLES[table], changed, parameters("0.5.0"))
    assert problem.startswith(f"table {table}, column {column}: 'odd' is none of ")


def test_values_come_from_names_values_and_groups_of_the_world_file() -> None:
    listed = {
        "a.kinds": {"value": {"x": "one", "y": "two", "z": "one"}},
        "a.list": {"value": ["y", "w"]},
        "a.group.p.q": {"value": 1},
        "a.group.r": {"range": [1, 2]},
    }
    assert InWorld(("a.kinds", "a.list")).list_values(listed) == ("x", "y", "z", "w")
    assert InWorld(("a.kinds",), "values", ("three",)).list_values(listed) == ("one", "two", "three")
    assert InWorld(("a.group",)).list_values(listed) == ("p", "r")
    with pytest.raises(ValueError, match=r"a\.nothing lists no values"):
        InWorld(("a.nothing",)).list_values(listed)


def test_an_id_of_no_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    first = stages()[0]
    for wrong in ("nowhere", "adverts"):
        table = Table("extra", ("one",), (Column("one", pl.Int32(), "public", id_of=wrong),))
        more = (*stages(), replace(first, name="extra", tables=(table,)))
        monkeypatch.setattr(stages_module, "stages", lambda more=more: more)
        with pytest.raises(ValueError, match=rf"extra\.one: id_of={wrong} is not a table with one Int32 key"):
            all_tables.__wrapped__()
        monkeypatch.undo()


def test_a_sealed_way_without_its_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="give a kind"):
        Sealed("label")
    with pytest.raises(ValueError, match="give a kind"):
        Sealed("mask", "image")


def test_a_column_is_in_no_version_before_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column that joins in a draft is drawn and then left out of a region of what is released."""
    monkeypatch.setitem(versions(), "9.0.0", {**versions()["0.5.0"], "status": "draft"})
    places = TABLES["places"]
    since = replace(
        places, columns=tuple(replace(c, since="9.0.0") if c.name == "port" else c for c in places.columns)
    )
    assert "port" not in as_of("0.5.0", since).schema
    assert as_of("9.0.0", since).schema == places.schema
    first = stages()[0]
    changed = replace(first, tables=(since, *first.tables[1:]))
    monkeypatch.setattr("tipdata.stages.stages_of", lambda version: (changed,))
    assert "port" not in generate_region(World.of("0.5.0"), 0)["places"].columns
    assert "port" in generate_region(World.of("9.0.0"), 0)["places"].columns
