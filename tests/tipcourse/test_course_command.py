"""``tipbench course`` as students and lecturers type it."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from unittest.mock import DEFAULT, Mock

import pytest
from tipcore.errors import UsageError
from tipcore.extras import how_to_install
from tipcourse import lessons
from tipcourse.commands.course import grade, start
from tipcourse.grading import Run
from tipcourse.lessons import all_lessons

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_here: Run) -> Path:
    """A working folder with a hard name; answers run in this process, for speed."""
    folder = tmp_path / "a b=(c), ملف"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(grade, "open_fence", lambda: run_here)
    return folder


def marks(here: Path) -> list[dict[str, str]]:
    with (here / "marks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_list_needs_no_extra_and_all_else_names_it(
    tipbench: Command, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lessons, "find_spec", lambda name: None)
    code, out, err = tipbench("course", "start", "--json")
    assert (code, err) == (0, "")
    assert [one["name"] for one in json.loads(out)] == [one.name for one in all_lessons()]
    for words in ("start leakage", "start 1 --solutions", "start all --key k", "grade ."):
        why = f"notebooks need jupytext, which is not installed: {how_to_install('course')}."
        assert refused("course", *words.split()).startswith(f"tipbench: {why}")
    assert os.listdir() == []


def test_a_lesson_is_started_once_by_name_or_number(
    tipbench: Command, refused: Callable[..., str], here: Path
) -> None:
    assert tipbench("course", "start", "leakage", "--py")[0] == 0
    assert sorted(os.listdir()) == ["01_leakage.ipynb", "01_leakage.py"]
    before = (here / "01_leakage.ipynb").read_bytes()
    for word in ("1", "01_leakage", "all"):
        assert "01_leakage.ipynb is there already: your answers are kept" in refused("course", "start", word)
    assert (here / "01_leakage.ipynb").read_bytes() == before
    assert sorted(os.listdir()) == ["01_leakage.ipynb", "01_leakage.py"], "of all nothing is written"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["start", "leakege"], 'There is no lesson "leakege". Did you mean "leakage"?'),
        (["grade", "leakage"], "01_leakage.ipynb is not here: begin it with `tipbench course start leakage`"),
        (["grade", "nothing.ipynb"], "nothing.ipynb is not there"),
        (["grade", "."], ". holds no notebook"),
        (["grade", "mine.ipynb", "seconds=0"], "seconds=0 is not between"),
        (["grade", "mine.ipynb", "key=nothing.json"], "mine.ipynb is not there"),
        (["start", "all", "--key", "k.json", "seed=0"], "seed=0 is not between 1 and"),
        (["start", "--key", "k.json"], "--key is written of lessons"),
    ],
)
def test_a_mistake_gets_one_sentence_and_writes_nothing(
    words: list[str], says: str, refused: Callable[..., str]
) -> None:
    assert says in refused("course", *words)
    assert os.listdir() == []


def test_a_key_is_for_its_owner_never_overwritten_and_the_same_for_a_seed(
    tipbench: Command, refused: Callable[..., str], here: Path
) -> None:
    assert tipbench("course", "start", "all", "--key", "a.json", "seed=5")[0] == 0
    assert tipbench("course", "start", "all", "--key", "b.json", "seed=5", "--quiet") == (0, "", "")
    assert tipbench("course", "start", "all", "--key", "c.json", "--quiet")[0] == 0
    assert (here / "a.json").read_bytes() == (here / "b.json").read_bytes() != (here / "c.json").read_bytes()
    assert "is there already" in refused("course", "start", "leakage", "--key", "a.json")
    if os.name == "posix":
        assert (here / "a.json").stat().st_mode & 0o077 == 0


def test_one_notebook_is_a_table_of_checks(tipbench: Command, handed: Callable[..., Path]) -> None:
    path = handed("leakage", {"share_seen": "def share_seen(train, test):\n    return 1"})
    code, out, _ = tipbench("course", "grade", str(path))
    assert code == 1
    assert "shared_operations" in out
    assert "2 of 2" in out
    assert "5 of 7 points" in out
    assert "share_seen([1, 1, 2], [2, 2, 3, 4]) is 1, expected 0.5" in out
    assert tipbench("course", "grade", str(handed("leakage")))[0] == 0


def test_a_class_is_a_row_each_and_a_csv_that_no_spreadsheet_computes(
    tipbench: Command, handed: Callable[..., Path], here: Path
) -> None:
    assert tipbench("course", "start", "all", "--key", "k.json", "--quiet")[0] == 0
    handed("leakage")
    handed("leakage", {"shared_operations": "def shared_operations(a, b):\n    return 0"}, "=cmd.ipynb")
    handed("money", name="cy.ipynb")
    (here.parent / "empty.ipynb").write_text("", encoding="utf-8")
    words = ["course", "grade", str(here.parent), "key=k.json", "--csv", "marks.csv"]
    code, out, _ = tipbench(*words)
    assert code == 2, "one could not be graded"
    assert "4 notebooks, 2 with all points, 1 could not be graded" in out
    rows = {row["notebook"]: row for row in marks(here)}
    assert rows["ada.ipynb"]["points"] == rows["ada.ipynb"]["of"] == "8"
    assert rows["'=cmd.ipynb"]["points"] == "6"
    assert rows["cy.ipynb"]["lesson"] == "money"
    assert rows["cy.ipynb"]["shared_operations"] == ""
    assert rows["empty.ipynb"]["points"] == ""
    assert "no notebook that can be read" in rows["empty.ipynb"]["said"]
    code, _, err = tipbench(*words)
    assert code == 2
    assert "marks.csv is there already" in err


def test_a_notebook_of_another_lesson_than_the_keys_stops_no_class_and_what_is_no_key_is_refused(
    tipbench: Command, handed: Callable[..., Path], here: Path
) -> None:
    assert tipbench("course", "start", "leakage", "--key", "k.json", "--quiet")[0] == 0
    handed("accusations", name="a.ipynb")
    for name in ("b.ipynb", "c.ipynb"):
        handed("leakage", name=name)
    code, _, _ = tipbench("course", "grade", str(here.parent), "key=k.json", "--csv", "marks.csv")
    assert code == 2
    rows = marks(here)
    assert [row["points"] for row in rows] == ["", "8", "8"]
    assert "the key has nothing on accusations" in rows[0]["said"]
    (here / "k.json").write_text('{"seed": 1}', encoding="utf-8")
    code, out, err = tipbench("course", "grade", str(here.parent), "key=k.json")
    assert (code, out, "k.json is no key" in err) == (2, "", True)


def test_marks_say_whose_they_are(tipbench: Command, handed: Callable[..., Path], here: Path) -> None:
    for place in ("ben", "anna/first try", "anna/.ipynb_checkpoints", ".Trash"):
        (here / place).mkdir(parents=True)
        handed("leakage").rename(here / place / "01_leakage.ipynb")
    (here / "ben" / "._01_leakage.ipynb").write_text("of another system's archive", encoding="utf-8")
    found = ["anna/first try/01_leakage.ipynb", "ben/01_leakage.ipynb"]
    assert notebooks_of(tipbench, here, ".") == found
    assert notebooks_of(tipbench, here, *found) == found, "as typed, where names repeat"
    assert notebooks_of(tipbench, here, "ben", "anna") == ["01_leakage.ipynb", "first try/01_leakage.ipynb"]
    (here / "cy").mkdir()
    handed("leakage").rename(here / "cy" / "01_leakage.ipynb")
    assert notebooks_of(tipbench, here, "ben", "cy/") == ["ben/01_leakage.ipynb", "cy/01_leakage.ipynb"]


def notebooks_of(tipbench: Command, here: Path, *words: str) -> list[str]:
    code, out, _ = tipbench("course", "grade", *words, "--csv", "marks.csv")
    assert code == 0
    rows = marks(here)
    (here / "marks.csv").unlink()
    assert all(row["notebook"] in out for row in rows)
    return [row["notebook"] for row in rows]


def test_json_has_every_mark(tipbench: Command, handed: Callable[..., Path]) -> None:
    code, out, _ = tipbench("course", "grade", str(handed("leakage")), "--json")
    told = json.loads(out)[0]
    assert code == 0
    assert (told["lesson"], told["points"], told["of"], told["problem"]) == ("leakage", 7, 7, None)
    first = {"exercise": "shared_operations", "points": 2, "of": 2, "held_back": None, "said": ""}
    assert told["exercises"][0] == first | {"open": {"right": 5, "cases": 5}}


def test_the_solution_is_a_file_apart(tipbench: Command, here: Path) -> None:
    assert tipbench("course", "start", "leakage", "--to", "lecture", "--quiet", "--solutions") == (0, "", "")
    assert os.listdir() == ["lecture"]
    text = (here / "lecture" / "01_leakage.solution.ipynb").read_text(encoding="utf-8")
    assert "For the instructor" in text
    assert tipbench("course", "start", "leakage", "--to", "lecture", "--solutions")[0] == 2


def test_of_several_lessons_none_is_left_where_one_cannot_be_written(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, full = start.write_file_atomically, UsageError("x cannot be written: No space left on device.")
    write = Mock(wraps=real, side_effect=[DEFAULT, full])
    monkeypatch.setattr(start, "write_file_atomically", write)
    assert "No space left" in refused("course", "start", "leakage", "accusations", "--to", "handout")
    assert os.listdir("handout") == []
