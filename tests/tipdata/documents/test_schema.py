"""The diagram of the tables: up to date, complete, the same twice, and with room for every word."""

from itertools import pairwise
from pathlib import Path

import pytest
from tipdata.documents.schema import (
    CHARACTERS,
    FILE,
    STACKS,
    drawn_columns,
    height,
    references,
    signature,
    stack_stages,
    write,
)
from tipdata.stages import all_tables, stages

DRAWN = [stage for stage in stages() if stage.tables]


def test_the_diagram_is_up_to_date() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert f"tables {signature()}" in text, "run python -m tipdata.documents.schema"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "first.svg"
    write(path)
    return path


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    write(tmp_path / "again.svg")
    assert drawn.read_bytes() == (tmp_path / "again.svg").read_bytes()


def test_every_table_and_column_is_drawn(drawn: Path) -> None:
    text = drawn.read_text(encoding="utf-8")
    for name, table in all_tables().items():
        assert f">{name}</text>" in text
        for column in table.columns:
            assert f">{column.name}</text>" in text or f">{column.name}*</text>" in text, (name, column.name)


@pytest.mark.parametrize(
    ("table", "column", "to"),
    [
        ("ties", "source", "accounts"),
        ("adverts", "parent", "adverts"),
        ("adverts", "town", "places"),
        ("messages", "conversation", "conversations"),
        ("queue", "advert", "adverts"),
        ("supplies", "buyer", "firms"),
        ("firms", "main_agency", "agencies"),
        ("people", "operation", "operations"),
        ("circuits", "plan", "places"),
    ],
)
def test_a_column_refers_to_the_table_whose_key_it_is(table: str, column: str, to: str) -> None:
    assert references()[table][column] == to


def test_no_table_refers_to_itself_by_its_key_and_no_other_column_refers() -> None:
    for name, found in references().items():
        table = all_tables()[name]
        assert all(to != name for column, to in found.items() if column in table.key)
        assert {column.name for column in table.columns if column.id_of} - set(found) <= set(table.key)


def test_a_name_and_what_stands_beside_it_leave_room_for_each_other() -> None:
    """The font has one width: square, name, mark of the key, a gap and what is beside fit into the table."""
    for table in all_tables().values():
        assert {line.column.name for line in drawn_columns(table)} == set(table.schema)
        keys = [line.key for line in drawn_columns(table)]
        assert keys == sorted(keys, reverse=True)
        for line in drawn_columns(table):
            assert 3 + len(line.column.name) + line.key + 1 + len(line.beside) + 1 <= CHARACTERS, line


def test_stacks_keep_the_order_of_the_stages_and_the_tallest_is_as_low_as_can_be() -> None:
    stacks = stack_stages(DRAWN)
    assert [stage for stack in stacks for stage in stack] == DRAWN
    assert len(stacks) <= STACKS
    tallest = max(sum(height(stage) for stage in stack) for stack in stacks)
    assert tallest >= max(height(stage) for stage in DRAWN)
    # One stack less can only be taller, and one alone holds all.
    by_number = [max(sum(map(height, one)) for one in stack_stages(DRAWN, most)) for most in (1, 3, STACKS)]
    assert all(more >= fewer for more, fewer in pairwise(by_number))
    assert by_number[0] == pytest.approx(sum(map(height, DRAWN)))
