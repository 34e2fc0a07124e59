"""From a run to a board that lists it, on the command line; and what is refused, in one sentence."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from stored_results import change_results
from tipdata.release import Release

TASK = "flag_aggregation"
PACK = (
    "submit", "runs/0.5.0/tiny/flag_aggregation/forward/majority", "--to", "lab-a--crowd", "team=lab-a", "method=crowd",
    "summary=Counts.", "authors=A. Author, Example University", "replicates=50",
)  # fmt: skip


@pytest.fixture
def kept(tipbench: Callable, place: Path, once: Path, tiny: Release) -> Path:
    """Runs, a board of reference methods made of them, and a packed submission."""
    if once.exists():
        shutil.copytree(once, place, dirs_exist_ok=True)
        return place
    words = (f"baseline={TASK}/majority,{TASK}/mace", "release=tiny", "replicates=50", "engine=sequential")
    assert tipbench("run", "-m", *words)[0] == 0
    code, _, err = tipbench("board", "add", "runs=runs")
    assert code == 0, err
    code, out, _ = tipbench(*PACK)
    assert (code, "accepted: lab-a--crowd" in out) == (0, True)
    shutil.copytree(place, once)
    return place


def test_three_commands_lead_from_a_run_to_a_board_that_lists_it(tipbench: Callable, kept: Path) -> None:
    code, out, _ = tipbench("board", "add", "submission=lab-a--crowd", "--json")
    assert (code, json.loads(out)["id"]) == (0, "lab-a--crowd")
    code, out, _ = tipbench("board", "build", "--to", "site", "--json")
    assert code == 0
    page = (kept / "site/tiny/tasks/flag_aggregation.html").read_text(encoding="utf-8")
    assert "methods/lab-a--crowd.html" in page
    assert (kept / "site/tiny/methods/lab-a--crowd.html").is_file()


def test_a_score_that_was_altered_is_named_with_exit_1_and_put_right(tipbench: Callable, kept: Path) -> None:
    tipbench("board", "add", "submission=lab-a--crowd")
    assert tipbench("board", "check", "scores=true", "runs=runs")[0] == 0
    [folder] = (kept / "results").rglob("submissions/*/uploaded")
    change_results(folder, lambda one: one["scores"]["auroc"].update(value=0.999))
    code, out, _ = tipbench("board", "check", "scores=true", "--json")
    [difference] = json.loads(out)["differences"]
    assert (code, difference["metric"], difference["stored"]) == (1, "auroc", 0.999)
    code, out, said = tipbench("board", "check", "scores=true")
    assert (code, "1 number different" in out) == (1, True)
    assert said.startswith("not scored, because predictions are missing: 2 reference results")
    assert tipbench("board", "check", "scores=true", "--write")[0] == 0
    assert tipbench("board", "check", "scores=true")[0] == 0


def test_an_entry_is_reproduced_and_shown_as_such(tipbench: Callable, kept: Path) -> None:
    tipbench("board", "add", "submission=lab-a--crowd")
    code, out, _ = tipbench("board", "reproduce", "lab-a--crowd", "--json")
    [found] = json.loads(out)
    assert (code, found["same"], found["stored"]) == (0, True, found["found"])
    tipbench("board", "build", "--to", "site")
    page = (kept / "site/tiny/methods/lab-a--crowd.html").read_text(encoding="utf-8")
    assert "reproduced" in page


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "submission=nothing"), "nothing is not a folder of a submission"),
        (("add", "submission=lab-a--crowd", "--to", "README"), "cannot be written"),
        (("check", "scores=true", "data=0.5.0/small"), "holds no results of 0.5.0/small"),
        (("check", "scores=true", "runs=nothing"), "nothing is not a folder"),
        (("reproduce", "lab-a--nothing"), "is not an entry of the board of 0.5.0/tiny: choose"),
        (("build", "--to", "runs"), "was not made by `tipbench board build`"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    refused: Callable, kept: Path, words: tuple[str, ...], said: str
) -> None:
    (kept / "README").write_text("", encoding="utf-8")
    before = sorted(kept.rglob("*"))
    assert said in refused("board", *words, "--quiet")
    assert sorted(kept.rglob("*")) == before


BUILD = "from tipbench.__main__ import run; raise SystemExit(run())"


def contents(site: Path) -> dict[str, bytes]:
    return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_build_that_is_killed_at_any_moment_leaves_the_whole_site_of_before_or_after(
    tipbench: Callable, kept: Path
) -> None:
    tipbench("board", "build", "--to", "site")
    before = contents(kept / "site")
    tipbench("board", "add", "submission=lab-a--crowd")
    tipbench("board", "build", "--to", "other")
    after = contents(kept / "other")
    assert before != after
    seen = []
    for turn in range(6):
        left = set(kept.glob(".partial-*"))
        running = subprocess.Popen(
            [sys.executable, "-c", BUILD, "board", "build", "--to", "site", "--quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while running.poll() is None and set(kept.glob(".partial-*")) == left:
            time.sleep(0.001)
        time.sleep(0.06 * turn)
        running.kill()
        running.wait()
        found = contents(kept / "site")
        seen.append(found == after)
        assert found in (before, after)
    assert tipbench("board", "build", "--to", "site")[0] == 0
    assert contents(kept / "site") == after
    # Some were killed before they were done: or nothing was tested.
    assert not all(seen)
