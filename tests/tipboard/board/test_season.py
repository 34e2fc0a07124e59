"""Closed seasons on a board: which one is shown, what is refused, and tables and figures of it."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from made_result import made_result
from made_season import GUESTS, made_season
from tipbench.runs.frames import RESULTS, to_parquet_bytes
from tipbench.runs.report import SHOWN
from tipboard.board import season as board_season
from tipboard.board.columns import BY_NAME, COLUMNS, PLACES, choose_by_name
from tipboard.board.forest import forest_of
from tipboard.board.season import SEASONS, BoardSeason, add_season, newest_season
from tipboard.board.tables import FORMATS, frame, of_season
from tipboard.seasons.record import (
    ENTRIES,
    FROZEN,
    SEASON,
    VOID,
    WORLDS,
    Closed,
    ClosedEntry,
    Frozen,
    Season,
    SeasonWorld,
    Void,
    Voids,
    terms_of,
    to_json,
)
from tipboard.seasons.standings import SCHEMA, rank_entries
from tipcore.errors import UsageError

TASK, OPENS = "flag_aggregation", datetime(2027, 1, 1, tzinfo=UTC)
DATA = "0.5.0/small"


def write_closed(folder: Path, name: str, day: int = 1, data: str = "0.5.0", closed: bool = True) -> Path:
    """Write a closed season of two shipped methods in six worlds; return its folder."""
    digest, moment = "0" * 64, OPENS + timedelta(days=day)
    times = {"opens": OPENS, "closes": moment, "predictions": None}
    digests = dict.fromkeys(("world_file", "generator", "commitment"), digest)
    terms = {
        "tasks": [TASK],
        "terms": terms_of([TASK]),
        "minutes": 10.0,
        "memory_gib": 4.0,
        "tipbench": "0.7.0",
    }
    about = Season(name=name, data=data, size="small", worlds=6, **times, **digests, **terms)
    task = {"clusters": 40, "answers": "", "references": {"chance": 0.05, "oracle": 0.9}}
    worlds = [
        SeasonWorld.model_validate(
            {
                "k": k,
                "lane": 1,
                "drawn": k > 3,
                "attempts": [{"number": k, "reasons": []}],
                "tasks": {TASK: task},
            }
        )
        for k in range(1, 7)
    ]
    standing = {TASK: {"entry_class": "fold", "status": "ran"}}
    entries = [
        ClosedEntry.model_validate(
            {"id": f"tipbench--{one}", "is_host": True, "kind": "package", "entered": None, "tasks": standing}
        )
        for one in ("mace", "majority")
    ]
    results = [
        made_result(
            task=TASK, method=f"{TASK}/{method}", data=f"{data}/small.w{k}", seed=k, labels="gold",
            primary="average_precision", scores={"average_precision": {"value": score + k / 100}},
        )
        for method, score in (("mace", 0.6), ("majority", 0.4))
        for k in range(1, 7)
    ]  # fmt: skip
    folder.mkdir(parents=True)
    files = {
        SEASON: to_json(about),
        FROZEN: to_json(Frozen(name=name, frozen=moment, entries=[])),
        WORLDS: json.dumps([one.model_dump(mode="json") for one in worlds]),
    }
    if closed:
        files[ENTRIES] = to_json(Closed(name=name, closed=moment, entries=entries, voids=[]))
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    (folder / RESULTS).write_bytes(to_parquet_bytes(results))
    return folder


@pytest.fixture(scope="module")
def shown() -> BoardSeason:
    made = made_season(
        references={"single_unit": 0.35},
        changes={
            "team-a--reader": {"declared_class": "fold"},
            "team-c--agent": {"status": "failed: took too long"},
        },
    )
    return BoardSeason("spring", DATA, "1 June 2027", 8, rank_entries(*made))


def test_the_season_that_closed_last_on_the_data_is_shown_unless_it_is_void(tmp_path: Path) -> None:
    assert newest_season(tmp_path, DATA) is None
    seasons: dict[str, dict[str, Any]] = {
        "first": {}, "second": {"day": 9}, "open": {"day": 12, "closed": False}, "other": {"data": "0.3.0"},
        "void": {"day": 20},
    }  # fmt: skip
    for name, more in seasons.items():
        write_closed(tmp_path / SEASONS / name, name, **more)
    void = Void(entry=None, reason="x", at=OPENS)
    (tmp_path / SEASONS / "void" / VOID).write_text(to_json(Voids([void])), encoding="utf-8")
    found = newest_season(tmp_path, DATA)
    assert found is not None
    assert found.label == "Season second: 6 hidden worlds of 0.5.0/small, closed on 10 January 2027"
    assert found.frame["method"].to_list() == ["mace", "majority"]
    assert found.findings[TASK].top == ("mace",)


def test_a_season_is_verified_and_its_predictions_go_to_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    season, results = write_closed(tmp_path / "spring", "spring"), tmp_path / "results"
    (season / "folds").mkdir()
    (season / "predictions/ab").mkdir(parents=True)
    (season / "predictions/ab/x.parquet").write_bytes(b"predictions")
    said: list[str] = ["scores differ"]
    monkeypatch.setattr(board_season, "verify", lambda *_, **__: SimpleNamespace(differences=said))
    with pytest.raises(UsageError, match="season spring differs in 1 place, first: scores differ"):
        add_season(season, results)
    assert not (results / SEASONS).exists()
    said.clear()
    _, place = add_season(season, results)
    assert place == results / SEASONS / "spring"
    assert sorted(path.name for path in season.iterdir() if not (place / path.name).exists()) == [
        "folds",
        "predictions",
    ]
    assert [one.read_bytes() for one in (results / "predictions").rglob("*.parquet")] == [b"predictions"]
    with pytest.raises(UsageError, match="is there already"):
        add_season(season, results)
    with pytest.raises(UsageError, match="is not closed"):
        add_season(write_closed(tmp_path / "open", "open", closed=False), results)


def test_a_season_of_another_size_than_the_board_s_is_refused_in_one_sentence(tmp_path: Path) -> None:
    results = tmp_path / "results"
    (results / "0.5.0/tiny").mkdir(parents=True)
    season = write_closed(tmp_path / "spring", "spring")
    with pytest.raises(
        UsageError, match=r"spring is of 0\.5\.0/small and .* is a board of 0\.5\.0/tiny: give --to"
    ):
        add_season(season, results)
    assert not (results / SEASONS).exists()


def test_a_table_of_a_season_says_rank_class_wins_and_why_an_entry_has_none(shown: BoardSeason) -> None:
    lines = shown.lines("advert_risk")
    table = of_season(shown, lines)
    said = {line["name"]: {column.name: column.text(line) for column in table.columns} for line in table.rows}
    best = next(line for line in lines if line["is_best"])
    assert said[best["name"]]["wins_against_best"] == "the best"
    assert said[best["name"]]["rank"].startswith("1")
    other = next(one for one in lines if one["is_contender"] and not one["is_best"])
    assert said[other["name"]]["wins_against_best"] == f"{other['wins_against_best']} of 8 worlds"
    reader, agent = said["team-a / reader"], said["team-c / agent"]
    assert (reader["entry_class"], reader["declared_class"]) == ("worlds", "fold")
    assert (agent["rank"], agent["note"]) == ("-", "failed: took too long")
    assert (said["oracle"]["entry_class"], said["oracle"]["note"]) == ("oracle", "oracle: sees hidden truth")
    assert "experts" in reader
    assert "experts" not in {column.name for column in of_season(shown, shown.lines("prevalence")).columns}
    assert frame(table).columns == list(SCHEMA)
    assert frame(table)["mean"].to_list() == [line["mean"] for line in lines]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_has_exactly_the_columns_asked_for_in_their_order(shown: BoardSeason, name: str) -> None:
    asked = ["score", "method", "95% interval", "rank", "best_known_class", "accused per find"]
    table = of_season(shown, shown.lines("case_linkage"), asked)
    names = ["score", "method", "interval", "rank", "best_known_class", "accused_per_find"]
    content = FORMATS[name].write(table)
    if name == "parquet":
        found = pl.read_parquet(io.BytesIO(content))
        assert found.columns == names
        assert found["score"].dtype == pl.Float64
    elif name == "csv":
        assert content.decode().splitlines()[0] == ",".join(names)
    else:
        titles = ["score", "method", "interval", "rank", "best", "accused per find"]
        heading = next(line for line in content.decode().splitlines() if "score" in line and "method" in line)
        places = [heading.index(title) for title in titles]
        assert places == sorted(places)


def test_the_board_knows_every_column_of_tipbench_run_by_name_and_title() -> None:
    line = {"by_split": {}, "splits": [], "task": TASK, "scores": {}, "metric": "average_precision"}
    row = dict.fromkeys(("seed_sd", "seeds", "method", "score", "low", "high", "against", "data"))
    rest = dict.fromkeys(column.name for column in (*BY_NAME, *PLACES, *COLUMNS))
    keys = dict.fromkeys(("team", "primary", "unverified", "oracle", "is_reference", "note"))
    lines = [{**rest, **row, **keys, **line, "data": "0.5.0/tiny"}]
    for column in SHOWN:
        for name in (column.name, column.title):
            [found] = choose_by_name((*BY_NAME, *PLACES, *COLUMNS), lines, [name])
            assert found.name == column.name


def test_a_figure_has_its_lines_but_not_the_best_known_in_its_own_class(shown: BoardSeason) -> None:
    plots = {
        task: forest_of(shown.lines_of_finding(task), finding)
        for task, finding in shown.findings.items()
    }  # fmt: skip
    own = {task for task, one in shown.findings.items() if one.best_known is None}
    assert own
    assert own < set(plots)
    for task, plot in plots.items():
        assert ("best known" in plot.references) is (task not in own)
        assert {"chance", "one advert"} <= set(plot.references)
        assert not {GUESTS.get(row["entry"]) for row in plot.rows} - {None}
