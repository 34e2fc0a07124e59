"""``tipbench board`` on real runs of ``tiny``, and a sweep that is killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stored_results import change_results
from tipbench.runs.results import read_result, run_folders
from tipboard.board.collection import read_draws
from tipdata.release import Release

BOARD = ("board", "add", "runs=runs", "--to", "results")


@pytest.fixture
def votes(tipbench: Callable, place: Path, once: Path, tiny: Release) -> Path:
    """Three cheap methods on two splits."""
    if once.exists():
        shutil.copytree(once, place, dirs_exist_ok=True)
        return place
    methods = ",".join(f"flag_aggregation/{name}" for name in ("majority", "dawid_skene", "oracle"))
    words = (f"baseline={methods}", "split=forward,operation", "replicates=20", "engine=sequential")
    assert tipbench("run", "-m", *words)[0] == 0
    shutil.copytree(place, once)
    return place


def test_results_are_kept_tested_and_rendered_and_the_check_holds(tipbench: Callable, votes: Path) -> None:
    code, out, err = tipbench(*BOARD, "--json")
    assert code == 0, err
    assert json.loads(out)["results"] == 6
    kept = read_draws(votes / "results/0.5.0/tiny/reference/draws.parquet")
    assert [(one.split, one.method, one.seed) for one in kept] == [
        ("forward", "dawid_skene", 0),
        ("forward", "majority", 0),
    ]
    names = sorted(path.name for path in (votes / "results").iterdir())
    assert names == ["0.5.0", "README.md", "board.png", "board.svg"]
    assert tipbench("board", "check")[0] == 0


def test_without_predictions_nothing_is_tested_and_all_else_is_there(tipbench: Callable, votes: Path) -> None:
    for predictions in votes.rglob("predictions.parquet"):
        predictions.unlink()
    code, _, said = tipbench(*BOARD)
    assert code == 0
    assert said.startswith("no tests")
    assert said.endswith(": flag_aggregation\n")
    assert read_draws(votes / "results/0.5.0/tiny/reference/draws.parquet") == []
    assert "| dawid_skene |" in (votes / "results/README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("changed", ["README.md", "results"])
def test_the_check_fails_where_page_or_results_were_changed(
    tipbench: Callable, votes: Path, changed: str
) -> None:
    tipbench(*BOARD)
    if changed == "results":
        folder, method = votes / "results/0.5.0/tiny/reference", "flag_aggregation/majority"
        change_results(folder, lambda one: one["scores"][one["primary"]].update(value=0.99), method=method)
    else:
        path = votes / "results" / changed
        text = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"\b0\.([1-9])", r"1.\1", text.replace("0.5.0", "@")).replace("@", "0.5.0"),
            encoding="utf-8",
        )
    code, out, said = tipbench("board", "check")
    assert (code, out) == (1, "")
    assert "is not what the results beside it render to" in said


def test_a_page_is_rendered_again_from_the_results_that_are_there_without_runs(
    tipbench: Callable, refused: Callable, votes: Path
) -> None:
    tipbench(*BOARD)
    shutil.rmtree(votes / "runs")
    page, figure = votes / "results/README.md", votes / "results/board.svg"
    kept = {path: path.read_bytes() for path in (votes / "results/0.5.0").rglob("*.*") if path.is_file()}
    wanted = page.read_bytes()
    page.write_text("old", encoding="utf-8")
    figure.unlink()
    said = tipbench("board", "check")[2]
    assert "run `tipbench board build results=results`" in said
    code, out, err = tipbench("board", "build", "--json")
    assert (code, json.loads(out)["rendered"], err) == (0, True, "")
    assert page.read_bytes() == wanted
    assert figure.is_file()
    assert {path: path.read_bytes() for path in kept} == kept
    assert tipbench("board", "check")[0] == 0
    assert tipbench("board", "check", "--write")[0] == 2
    refused("board", "build", "results=nowhere")


def test_mixed_releases_are_a_usage_error_of_one_sentence(refused: Callable, votes: Path) -> None:
    [run] = votes.glob("runs/0.5.0/tiny/flag_aggregation/forward/majority/*/result.json")
    other = votes / "runs/other/result.json"
    other.parent.mkdir()
    other.write_text(run.read_text(encoding="utf-8").replace("0.5.0/tiny", "0.5.0/small"), encoding="utf-8")
    assert "1 of 7 runs are not of 0.5.0/tiny: runs/other" in refused(*BOARD)
    assert not (votes / "results").exists()


START = "from tipbench.__main__ import run; raise SystemExit(run())"
SWEEP = (
    "experiment=board", "release=tiny", "grid.baselines=[flag_aggregation/*]", "grid.splits=[forward,operation,random]",
    "replicates=20", "--quiet",
)  # fmt: skip


@pytest.mark.slow
def test_a_board_that_is_killed_and_started_again_ends_with_the_same_results(
    place: Path, tiny: Release, tipbench: Callable
) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", START, "run", *SWEEP, "engine.workers=2", "runs.path=killed"],
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ},
    )
    while len(finished(place / "killed")) < 3:
        assert running.poll() is None
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    half = finished(place / "killed")
    for runs in ("killed", "whole"):
        assert tipbench("run", *SWEEP, "engine=sequential", f"runs.path={runs}")[0] == 0
    whole = finished(place / "whole")
    assert 3 <= len(half) < len(whole)
    assert finished(place / "killed") == whole


def finished(runs: Path) -> dict[str, dict]:
    """Every finished run's result but what it cost and where, by its place."""
    return {
        str(path.relative_to(runs)): read_result(path).model_dump(exclude={"cost", "environment"})
        for path in run_folders(runs)
    }
