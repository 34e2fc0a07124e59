import csv
import io
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench.console import Column
from tipbench.declarations import Command
from tipbench.tasks import tasks
from tipboard.board.columns import columns_with_text
from tipboard.board.entries import Entry
from tipboard.board.files import Board, read
from tipboard.board.standings import standings
from tipboard.board.tables import FORMATS, BoardTable, escape_latex, frame, matrix, of_task, overall
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
    assert [row["usual"] for row in table.rows] == [True] * 3 + [False]


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
    assert [column.title for column in table.columns] == ["method", "forward", "region"]
    assert frame(table).filter(pl.col("method") == "prior").select("forward", "region").row(0) == (
        0.1234567890123,
        0.1,
    )


def test_the_best_score_is_bold_and_no_oracle_and_no_claim_is(shown: Board, result: Callable) -> None:
    own = result("advert_risk/best", score=0.95)
    claimed = Entry("acme", "best", [own.model_copy(update={"verified": False})])
    [standing] = standings(Board(shown.data, [*shown.entries, claimed]))
    table = of_task(shown, standing, ["method", "score"])
    told = FORMATS["markdown"].write(table).decode()
    assert [line for line in told.splitlines() if "**" in line] == ["| lightgbm    | **0.700** |"]
    assert rf"lightgbm & \textbf{{{0.7:.3f}}} \\" in FORMATS["latex"].write(table).decode()
    table = matrix(shown, standing)
    bold = {row["name"]: [column.title for column in table.columns if column.bold(row)] for row in table.rows}
    assert bold == {"lightgbm": ["forward"], "prior": ["region"], "oracle": [], "acme / best": []}


def test_a_table_has_the_columns_that_were_chosen_in_their_order(shown: Board) -> None:
    [standing] = standings(shown)
    table = of_task(shown, standing, ["interval", "method"])
    assert [column.name for column in table.columns] == ["interval", "method"]
    assert frame(table).columns == ["interval", "method"]
    everything = overall([(shown, standings(shown))], ["split", "method", "score"])
    assert [column.name for column in everything.columns] == ["split", "method", "score"]
    with pytest.raises(UsageError, match=r'no column scores\. Did you mean "score"\?'):
        of_task(shown, standing, ["scores"])


def test_captions_say_release_evaluator_split_metric_and_that_the_data_is_synthetic(shown: Board) -> None:
    [standing] = standings(shown)
    caption = of_task(shown, standing).caption
    evaluator = shown.results[0].versions.evaluator
    for said in (
        "0.5.0/tiny",
        f"evaluator {evaluator}",
        "split forward",
        "average precision",
        "Synthetic",
        "Open practice",
    ):
        assert said in caption
    assert caption in FORMATS["markdown"].write(of_task(shown, standing)).decode()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_of_csv_starts_a_formula_and_parquet_has_it_as_it_is(result: Callable, start: str) -> None:
    name = f"{start}cmd|' /C calc'!A0"
    board = Board("0.5.0/tiny", [Entry(name, name, [result(A)])])
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
    options = Command("board export", "tipboard.commands.board.export").parameters["options"]
    assert set(options[0].choices or ()) == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_table_gives_the_same_bytes(shown: Board, name: str) -> None:
    tables = [overall([(shown, standings(shown, every_split=True))]) for _ in range(2)]
    assert FORMATS[name].write(tables[0]) == FORMATS[name].write(tables[1])


SPECIAL = "\\{}$&#_^~%"
BAD = SPECIAL + "<>|\"'`–—−±×…≥≤→↓τéßŁЖملف中\u202e\x00😀 -- ?` \\input{x}"


def test_every_special_character_is_a_command() -> None:
    assert escape_latex(SPECIAL) == (r"\textbackslash{}\{\}\$\&\#\_\textasciicircum{}\textasciitilde{}\%")


@given(st.text())
def test_no_text_opens_a_command_a_group_or_a_comment_of_its_own(text: str) -> None:
    """Groups are balanced in every beginning of what is left once escaped braces are taken away."""
    told = escape_latex(text).replace(r"\{", "").replace(r"\}", "")
    depth = 0
    for character in told:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    for special in "%&#_":
        assert told.count(special) == told.count(f"\\{special}")
    assert "\n" not in told


@given(st.text(alphabet=st.characters(min_codepoint=0x180)))
def test_what_pdflatex_has_no_glyph_for_is_ascii(text: str) -> None:
    assert escape_latex(text).isascii()


def latex(rows: Sequence[Mapping[str, str]], caption: str = "c", title: str = "b") -> str:
    """A table of rows with a column of text and one of numbers."""
    columns = [
        Column("a", name="method", text=lambda row: row["a"]), Column(title, True, text=lambda row: row["b"])
    ]  # fmt: skip
    return FORMATS["latex"].write(BoardTable(caption, columns, rows, ())).decode()


def test_a_number_below_nought_has_a_minus_and_a_hyphen_in_a_word_stays() -> None:
    table = latex([{"a": "x-1", "b": "-0.5 to -0.1"}, {"a": "y", "b": "-"}])
    assert r"x{-}1 & $-$0.5 to $-$0.1 \\" in table
    assert r"y & {-} \\" in table


def test_oracles_are_in_italics_and_columns_of_numbers_at_the_right() -> None:
    table = latex([{"a": "oracle", "b": "1", "kind": "oracle"}, {"a": "prior", "b": "0"}])
    assert r"\begin{tabular}{lr}" in table
    assert "\\emph{oracle} & 1 \\\\\nprior & 0 \\\\" in table


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_pdflatex_prints_any_text_and_every_task_on_the_width_of_a_page(
    made_board: Path, tmp_path: Path
) -> None:
    tables = [latex([{"a": BAD, "b": "-0.1"}], BAD, BAD)]
    board = read(made_board)
    for standing in standings(board):
        names = [column.name for column in columns_with_text(standing) if column.printed]
        tables.append(FORMATS["latex"].write(of_task(board, standing, names)).decode())
    assert len(tables) == 1 + len(tasks())
    table = r"\clearpage ".join(tables)
    (tmp_path / "t.tex").write_text(
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{booktabs}\usepackage[margin=2cm]{geometry}"
        r"\begin{document}"
        f"{table}\\end{{document}}",
        encoding="utf-8",
    )
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout[-500:]
    wide = [line for line in done.stdout.decode("latin-1").splitlines() if line.startswith("Overfull")]
    # The first table is of the text that is hardest to print, and no page has room for it.
    assert len(wide) <= 2, wide
