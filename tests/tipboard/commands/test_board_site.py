"""``tipbench board build`` and ``export`` on a whole board."""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest
from made_season import made_season
from tipboard.board import files
from tipboard.board.files import read
from tipboard.board.season import BoardSeason
from tipboard.commands.board import export
from tipboard.seasons.standings import SCHEMA, rank_entries

READ = cache(read)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large board is read by the first test that exports it."""
    monkeypatch.setattr(export, "read", READ)


def test_build_makes_a_site_and_says_where(tipbench: Callable, place: Path, made_board: Path) -> None:
    code, out, said = tipbench("board", "build", f"results={made_board}", "--to", "site", "--json")
    told = json.loads(out)
    assert (code, said) == (0, "")
    assert Path(told["folder"]).samefile(place / "site")
    assert (place / "site/index.html").is_file()
    assert len(list((place / "site").rglob("*.html"))) == told["pages"]


def test_build_without_results_is_a_usage_error(refused: Callable, place: Path) -> None:
    refused("board", "build", "results=nowhere", "--to", "site")
    assert not (place / "site").exists()


def lines(results: Path, task: str | None = None, split: str | None = None) -> int:
    """Count methods by task, on one split or on any."""
    every = READ(results, None, False).results
    return len({(r.task, r.method) for r in every if task in (None, r.task) and split in (None, r.split)})


@pytest.mark.parametrize(
    ("words", "of", "kinds"),
    [
        (("task=prevalence", "--matrix"), {"task": "prevalence"}, ("markdown", "latex", "csv", "parquet")),
        (("task=advert_risk",), {"task": "advert_risk"}, ("csv", "parquet")),
        (("split=tactics",), {"split": "tactics"}, ("csv", "parquet")),
    ],
)
def test_tables_are_written_in_every_format(
    tipbench: Callable,
    place: Path,
    made_board: Path,
    words: tuple[str, ...],
    of: dict[str, str],
    kinds: tuple[str, ...],
) -> None:
    rows = lines(made_board, **of)
    for kind in kinds:
        to = (f"results={made_board}", "--to", f"t.{kind}", "--json")
        called = tipbench("board", "export", "--format", kind, *words, *to)
        assert (called[0], json.loads(called[1])) == (0, {"file": f"t.{kind}", "format": kind, "rows": rows})
    assert pl.read_parquet("t.parquet").height == pl.read_csv("t.csv").height == rows > 5


def test_a_table_goes_to_standard_output_alone(tipbench: Callable, made_board: Path) -> None:
    words = ("task=advert_risk", f"results={made_board}")
    code, out, said = tipbench("board", "export", "--format", "csv", *words)
    assert (code, said) == (0, "")
    assert len(out.splitlines()) == 1 + lines(made_board, task="advert_risk")


def test_columns_are_exactly_those_asked_for_in_their_order(tipbench: Callable, made_board: Path) -> None:
    words = ("board", "export", f"results={made_board}", "--format", "csv", "--columns")
    code, out, _ = tipbench(*words, "score,method,95% interval,leakage,low", "task=advert_risk")
    assert (code, out.splitlines()[0]) == (0, "score,method,interval,leakage,low")
    assert " to " in out.splitlines()[1].split(",")[2]
    assert tipbench(*words, "data,seed_sd,task,accused_per_find")[1].startswith(
        "data,seed_sd,task,accused_per_find\n"
    )


def test_standings_of_a_season_are_exported_of_one_task_and_with_their_task_of_all(
    tipbench: Callable, made_board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season = BoardSeason("spring", "0.5.0/small", "1 June 2027", 8, rank_entries(*made_season()))
    monkeypatch.setattr(export, "newest_season", lambda *_: season)
    words = ("board", "export", f"results={made_board}", "table=season")
    code, out, _ = tipbench(*words, "--format", "csv", "task=prevalence")
    assert (code, out.splitlines()[0]) == (0, ",".join(SCHEMA))
    assert len(out.splitlines()) == 1 + season.tasks["prevalence"].height
    for task, first in (("task=prevalence", "method"), (None, "task")):
        code, out, _ = tipbench(*words, *filter(None, [task]))
        assert (code, out.split("|")[1].strip()) == (0, first)
    for word, said in (("split=random", "leave split= and --matrix out"), ("--matrix", "leave split= and")):
        code, _, told = tipbench(*words, word)
        assert (code, said in told) == (2, True)


def test_results_that_travel_with_tipbench_are_shown_where_there_are_none_here(
    tipbench: Callable, place: Path, made_board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made_board, place / "shipped/results")
    (place / "shipped/results/README.md").write_text("page", encoding="utf-8")
    for draws in place.rglob("draws.parquet"):
        draws.unlink()
    monkeypatch.setattr(files, "SHIPPED", place / "shipped")
    monkeypatch.setattr(files, "project_file", lambda name: place / "shipped" / name)
    words = ("board", "export", "--columns", "method,against", "task=prevalence")
    code, out, said = tipbench(*words, "--format", "csv")
    assert (code, len(said.splitlines())) == (0, 1)
    assert "the results that travel with tipbench; their bootstrap draws do not" in said
    assert {line.split(",")[1] for line in out.splitlines()[1:]} == {""}
    code, out, _ = tipbench("board", "check")
    assert code == 0
    assert "is not compared" in out
    assert "add --to FOLDER" in tipbench("board", "build")[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("parquet",), "add --to FILE.parquet"),
        (("csv", "task=advert_risks"), 'Did you mean "advert_risk"?'),
        (("csv", "task=prevalence", "split=forward"), "choose all or region"),
        (("csv", "--matrix"), "add task=TASK"),
        (("latex", "task=prevalence", "--columns", "methd,score"), 'Did you mean "method"?'),
        (("latex", "task=prevalence", "--matrix", "--columns", "score"), "leave --columns out"),
        (("csv", "table=season"), "no season has closed on the data of 0.5.0/small"),
        (("csv", "table=all"), "choose practice or season"),
        (("csv", "data=0.5.0/xl"), "holds no results of 0.5.0/xl"),
        (("csv", "task=advert_risk", "--to", "own_methods.py/t.csv"), "give another --to"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_what_to_do(
    refused: Callable, place: Path, made_board: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in refused("board", "export", "--format", *words, f"results={made_board}")
