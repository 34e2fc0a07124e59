"""Runs and results as they would be found, without running anything."""

import shutil
import sys
import venv
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tipbench
from tipbench.evaluation.comparison import Draws
from tipbench.runs.results import RESULT, Result
from tipboard.board.collection import KeptDraws
from tipboard.board.entries import reference_entries
from tipboard.board.files import Board, boards
from tipboard.submissions.guard import outcome_of
from tipboard.submissions.reader import outcome

sys.path.insert(0, str(Path(__file__).parent))

from made_board import make_board
from made_result import made_result

Make = Callable[..., Result]


@pytest.fixture
def result() -> Make:
    """A result of a method, split and score; ``more`` replaces fields of it."""

    def make(method: str, split: str = "forward", score: float | None = 0.5, **more: Any) -> Result:
        content = made_result(split, score, task=method.partition("/")[0], method=method).model_dump()
        content["scores"] |= {"harm_gap": {"value": 0.02}, "protection_gap": {"value": 0.07}}
        return Result.model_validate({**content, "oracle": {"share": 0.25, "oracle": 0.9}, **more})

    return make


@pytest.fixture(scope="session")
def made_board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results of every task, split and shipped method, with made-up scores: to read, not to change."""
    return make_board(tmp_path_factory.mktemp("made") / "results")


@pytest.fixture(scope="session")
def committed() -> Path:
    """The committed results, where the reference run of the newest data is among them."""
    results = Path(tipbench.__file__).parents[2] / "results"
    if not boards(results):
        pytest.skip("the reference run of this version of the data is in the making")
    return results


@pytest.fixture
def runs(tmp_path: Path) -> Callable[..., Path]:
    """Writes results as runs, without predictions, to ``<tmp_path>/runs/<data>/...``; gives ``<tmp_path>/runs``."""

    def write(*results: Result) -> Path:
        for one in results:
            method = one.method.partition("/")[2]
            place = f"{one.data}/{one.task}/{one.split}/{method}/{one.config_hash[:12]}-s{one.seed}"
            folder = tmp_path / "runs" / place
            folder.mkdir(parents=True)
            (folder / RESULT).write_text(one.to_json(), encoding="utf-8")
        return tmp_path / "runs"

    return write


@pytest.fixture
def board() -> Callable[..., Board]:
    """A board of results as reference entries; ``draws``: by method, or none."""

    def make(*results: Result, draws: dict[str, np.ndarray] | None = None, data: str = "0.5.0/tiny") -> Board:
        return Board(
            data, reference_entries(results, [kept(one, array) for one, array in (draws or {}).items()])
        )

    return make


def kept(method: str, drawn: np.ndarray, value: float = 0.5, clusters: int = 40) -> KeptDraws:
    """Draws of a method of advert_risk on its default split."""
    return KeptDraws("advert_risk", "forward", method, 0, Draws(value, drawn, clusters))


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files of submissions, all of which are honest, be read in this process."""

    def read(folder: Any, entries: Any, forms: Any, limits: Any, workdir: Path) -> dict[str, Path | str]:
        found = {}
        for number, one in enumerate(entries):
            file = {"number": number, "name": one.file, "digest": one.digest, **asdict(forms[one.task])}
            said = outcome(folder, file, limits, workdir)
            found[one.file] = outcome_of(one, said, workdir / f"{number}.parquet")
        return found

    monkeypatch.setattr("tipboard.submissions.check.read_guarded", read)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with pip and nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(folder, with_pip=True, symlinks=True)
    return folder


@pytest.fixture
def copied_environment(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install packages into copies of one environment: to make one takes seconds."""

    def create(folder: Path, **_: object) -> None:
        shutil.copytree(bare, folder, symlinks=True)

    monkeypatch.setattr("tipboard.submissions.packages.venv.create", create)
