"""Which cells go on behind one fence: seeds of one method on one fold, unless its rows come step by step."""

import importlib
import sys
from pathlib import Path

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.fence.session import Limits
from tipbench.runs import runner
from tipbench.runs.grid import expand
from tipbench.runs.runner import Outcome
from tipdata.release import Release

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a fence needs Linux")

METHODS = """
import os

import polars as pl
from tipbaselines.recruitment_onset.never import Never

FITTED = []


class Counting:
    needs = frozenset({"adverts.body"})
    stochastic = True

    def __init__(self, ends=-1):
        self.ends = ends

    def fit(self, fold, seed):
        if seed == self.ends:
            os._exit(3)
        FITTED.append(seed)
        self.notes = [f"fitted here: {FITTED}"]

    def predict(self, fold):
        return fold.to_predict().select("advert", score=pl.lit(0.5)).collect()


class Streamed(Never):
    stochastic = True

    def fit(self, fold, seed):
        super().fit(fold, seed)
        FITTED.append(seed)
        self.notes = [f"fitted here: {FITTED}"]
"""


@pytest.fixture
def run(tiny: Release, place: Path):
    """Run seeds 0 to 2 of a method behind a fence: its name, its class, and an argument in YAML."""
    (place / "counting.py").write_text(METHODS, encoding="utf-8")
    sys.modules.pop("counting", None)
    importlib.invalidate_caches()
    folder = place / "configs"

    def made(name: str, of: str, argument: str = "") -> list[Outcome]:
        config = folder / "baseline" / f"{name}.yaml"
        config.parent.mkdir(parents=True)
        text = (
            f"# A test.\nname: {name}\nsummary: a test\nreference: null\nmethod:\n  _target_: counting.{of}\n"
        )
        config.write_text(text + argument, encoding="utf-8")
        typed = parse([f"grid.baselines=[{name}]", "+grid.seeds=[0,1,2]", "replicates=0"])
        cells = expand(Composer(config_folders(str(folder)), typed), lambda task, _: task.splits[:1])
        return runner.run(cells, quiet=True, fence=Limits())

    return made


def noted(outcome: Outcome) -> str:
    assert outcome.result is not None, outcome.cause
    return next(note for note in outcome.result.notes if note.startswith("fitted here"))


def test_seeds_of_one_fold_go_on_behind_one_fence(run) -> None:
    outcomes = run("advert_risk/counting", "Counting")
    assert [noted(one) for one in outcomes] == [f"fitted here: {[0, 1, 2][: n + 1]}" for n in range(3)]


def test_a_seed_begins_behind_a_new_fence_where_rows_come_step_by_step(run) -> None:
    outcomes = run("recruitment_onset/counting", "Streamed")
    assert [noted(one) for one in outcomes] == [f"fitted here: [{seed}]" for seed in range(3)]


def test_a_seed_that_ends_its_process_ends_no_other_seed(run) -> None:
    first, second, third = run("advert_risk/ending", "Counting", "  ends: 1\n")
    assert noted(first) == "fitted here: [0]"
    assert second.result is None
    assert "ended by itself (exit code 3)" in second.cause
    assert noted(third) == "fitted here: [2]"


def test_a_fence_writes_nothing_to_the_home(run, home: Path) -> None:
    """So that a shared release can lie in a home that is read-only."""
    before = set(home.rglob("*"))
    noted(run("advert_risk/counting", "Counting")[0])
    assert set(home.rglob("*")) == before
