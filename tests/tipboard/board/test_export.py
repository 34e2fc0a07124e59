import csv
import io
from collections.abc import Callable

import polars as pl
import pytest
from tipboard.board.board_rows import standings
from tipboard.board.entries import Entry
from tipboard.board.export import matrix, of_task, overall
from tipboard.board.files import Board
from tipboard.board.formats import FORMATS, frame
from tipboard.commands.board_exports import ABOUT
from tipcore.errors import UsageError

A, B, ORACLE = "advert_risk/prior", "advert_risk/lightgbm", "advert_risk/oracle"


@pytest.fixture
def shown(result: Callable, board: Callable) -> Board:
    return board(
        result(A, score=0.1234567890123),
        result(A, "region", 0.1),
        result(B, score=0.7),
        result(ORACLE, score=0.9, oracle_method=True),
    )


def test_the_table_of_everything_has_every_line_of_every_split(shown: Board) -> None:
    table = overall([(shown, standings(shown, every_split=True))])
    assert len(table.rows) == len(table.records) == 4
    found = frame(table)
    assert found["split"].to_list() == ["forward"] * 3 + ["region"]
    assert found["size"].unique().to_list() == ["tiny"]
    assert [row.usual for row in table.rows] == [True] * 3 + [False]


def test_files_hold_unrounded_numbers_and_null_where_nothing_is_known(shown: Board) -> None:
    [standing] = standings(shown)
    table = of_task(shown, standing)
    read = pl.read_parquet(io.BytesIO(FORMATS["parquet"].write(table)))
    assert read.filter(pl.col("method") == "prior")["score"].to_list() == [0.1234567890123]
    assert read["p_holm"].null_count() == 3
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"].write(table).decode())))
    assert [row["score"] for row in rows] == ["0.7", "0.1234567890123", "0.9"]
    assert rows[0]["p_holm"] == ""


def test_a_matrix_has_a_column_a_split(shown: Board) -> None:
    [standing] = standings(shown)
    table = matrix(shown, standing)
    assert [heading.text for heading in table.headings] == ["method", "forward", "region"]
    assert frame(table).filter(pl.col("method") == "prior").select("forward", "region").row(0) == (
        0.1234567890123,
        0.1,
    )


def test_the_best_ranked_score_is_bold_and_no_oracle_and_no_claim_is(shown: Board, result: Callable) -> None:
    own = result("advert_risk/best", score=0.95)
    claimed = Entry("acme", "best", [own.model_copy(update={"verified": False})])
    [standing] = standings(Board(shown.data, [*shown.entries, claimed]))
    table = of_task(shown, standing, ["method", "score"])
    told = FORMATS["markdown"].write(table).decode()
    assert [line for line in told.splitlines() if "**" in line] == ["| lightgbm    | **0.700** |"]
    assert rf"lightgbm & \textbf{{{0.7:.3f}}} \\" in FORMATS["latex"].write(table).decode()
    bold = {row.cells[0].text: row.best for row in matrix(shown, standing).rows}
    assert bold == {"lightgbm": (1,), "prior": (2,), "oracle": (), "acme / best": ()}


def test_a_table_has_the_columns_that_were_chosen_in_their_order(shown: Board) -> None:
    [standing] = standings(shown)
    table = of_task(shown, standing, ["interval", "method"])
    assert [heading.key for heading in table.headings] == ["interval", "method"]
    assert frame(table).columns == ["task", "split", "metric", "team", "low", "high", "method"]
    everything = overall([(shown, standings(shown))], ["split", "method", "score"])
    assert [heading.key for heading in everything.headings] == ["split", "method", "score"]
    with pytest.raises(UsageError, match=r'no column scores\. Did you mean "score"\?'):
        of_task(shown, standing, ["scores"])


def test_captions_say_release_evaluator_split_metric_and_that_the_data_is_synthetic(shown: Board) -> None:
    [standing] = standings(shown)
    caption = of_task(shown, standing).caption
    evaluator = shown.results[0].versions.evaluator
    for said in ("0.4.0/tiny", f"evaluator {evaluator}", "split forward", "average precision", "Synthetic"):
        assert said in caption
    assert caption in FORMATS["markdown"].write(of_task(shown, standing)).decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_csv_starts_a_formula_and_parquet_has_it_as_it_is(result: Callable, start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    board = Board("0.4.0/tiny", [Entry(name, name, [result(A)])])
    [standing] = standings(board)
    table = of_task(board, standing)
    [row] = csv.DictReader(io.StringIO(FORMATS["csv"].write(table).decode(), newline=""))
    assert row["team"] == row["method"] == f"'{name}"
    assert frame(table)["team"].to_list() == [name]


def test_names_are_text_in_markdown_and_oracles_stand_in_italics(result: Callable, shown: Board) -> None:
    stranger = Entry("x", "[a](http://b)|<b>`c`", [result(A)])
    board = Board(shown.data, [*shown.entries, stranger])
    [standing] = standings(board)
    told = FORMATS["markdown"].write(of_task(board, standing)).decode()
    assert r"x / \[a\](http://b)\|\<b\>\`c\`" in told
    assert "| *oracle* " in told


def test_every_format_can_be_typed_and_no_other() -> None:
    assert set(ABOUT) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_table_gives_the_same_bytes(shown: Board, name: str) -> None:
    tables = [overall([(shown, standings(shown, every_split=True))]) for _ in range(2)]
    assert FORMATS[name].write(tables[0]) == FORMATS[name].write(tables[1])
