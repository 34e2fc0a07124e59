import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench.tasks import tasks
from tipboard.actions.board.export_tables import FIT_A_PAGE
from tipboard.board.board_rows import standings
from tipboard.board.columns import shown
from tipboard.board.export import of_task
from tipboard.board.files import read
from tipboard.board.formats import FORMATS
from tipboard.board.latex import escaped, latex_table

REPOSITORY = Path(__file__).parents[3]

SPECIAL = "\\{}$&#_^~%"
BAD = SPECIAL + "<>|\"'`–—−±×…≥≤→↓τéßŁЖملف中\u202e\x00😀 -- ?` \\input{x}"


def test_every_special_character_is_a_command() -> None:
    assert escaped(SPECIAL) == (r"\textbackslash{}\{\}\$\&\#\_\textasciicircum{}\textasciitilde{}\%")


@given(st.text())
def test_no_text_opens_a_command_a_group_or_a_comment_of_its_own(text: str) -> None:
    """Groups are balanced in every beginning of what is left once escaped braces are taken away."""
    told = escaped(text).replace(r"\{", "").replace(r"\}", "")
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
    assert escaped(text).isascii()


def test_a_number_below_nought_has_a_minus_and_a_hyphen_in_a_word_stays() -> None:
    table = latex_table(["a", "b"], [["x-1", "-0.5 to -0.1"], ["y", "-"]], [False, True], "c")
    assert r"x{-}1 & $-$0.5 to $-$0.1 \\" in table
    assert r"y & {-} \\" in table


def test_oracles_are_in_italics_and_columns_of_numbers_at_the_right() -> None:
    table = latex_table(
        ["method", "score"], [["oracle", "1"], ["prior", "0"]], [False, True], "c", [{0: "emph"}, {}]
    )
    assert r"\begin{tabular}{lr}" in table
    assert "\\emph{oracle} & 1 \\\\\nprior & 0 \\\\" in table


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_pdflatex_prints_any_text_and_every_task_on_the_width_of_a_page(
    made_board: Path, tmp_path: Path
) -> None:
    tables = [latex_table(["a", BAD], [[BAD, "-0.1"]], [False, True], BAD)]
    board = read(made_board)
    for standing in standings(board):
        names = [column.key for column in shown(standing) if column.key in FIT_A_PAGE]
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
