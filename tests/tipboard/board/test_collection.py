import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipbench.evaluation.comparison import Draws
from tipbench.runs.results import read_result
from tipboard.board.collection import FinishedRun, KeptDraws, collect, draws_of_run, read_draws, to_bytes
from tipcore.errors import UsageError

A, B = "advert_risk/prior", "advert_risk/lightgbm"


def test_runs_come_sorted_by_task_split_method_and_seed(result: Callable, runs: Callable) -> None:
    folder = runs(result(A, seed=0), result(B, seed=2), result(B, seed=1), result(B, "closure"))
    places = [(run.result.split, run.result.method, run.result.seed) for run in collect(folder)]
    assert places == [("closure", B, 0), ("forward", B, 1), ("forward", B, 2), ("forward", A, 0)]


def test_what_a_killed_run_left_half_written_is_not_collected(result: Callable, runs: Callable) -> None:
    folder = runs(result(A))
    [run] = folder.rglob("result.json")
    partial = folder / ".partial-7" / "a"
    partial.mkdir(parents=True)
    (partial / "result.json").write_bytes(run.read_bytes())
    assert [one.folder for one in collect(folder)] == [run.parent]


def test_mixed_data_are_refused_naming_the_odd_ones_and_what_to_do(result: Callable, runs: Callable) -> None:
    small = result(A, "random", data="0.5.0/small")
    folder = runs(result(A), result(B), small)
    with pytest.raises(UsageError, match=r"1 of 3 runs are not of 0\.5\.0/tiny") as refused:
        collect(folder)
    assert str(next((folder / "0.5.0/small").rglob("prior/*"))) in str(refused.value)
    assert f"runs={folder}/0.5.0/tiny" in str(refused.value)
    assert len(collect(folder / "0.5.0/tiny")) == 2


def test_other_and_mixed_evaluators_are_refused_naming_the_odd_ones(result: Callable, runs: Callable) -> None:
    old = {"data": "0.5.0", "evaluator": 0, "method": "0.2.0"}
    with pytest.raises(UsageError, match=r"by 0 where this one is 3\)"):
        collect(runs(result(A, "random", versions=old)))
    folder = runs(result(A), result(B))
    with pytest.raises(
        UsageError, match=r"1 of 3 runs were scored by another .*random/prior.*run them again"
    ):
        collect(folder)


def test_two_configs_of_one_method_in_one_place_are_refused(result: Callable, runs: Callable) -> None:
    folder = runs(result(A, seed=0), result(A, seed=1, config_hash="1" * 64))
    with pytest.raises(UsageError, match="a board shows one of them"):
        collect(folder)


def test_the_same_cell_in_two_folders_is_refused(result: Callable, runs: Callable) -> None:
    folder = runs(result(A))
    (folder / "0.5.0").rename(folder / "mine")
    runs(result(A))
    with pytest.raises(UsageError, match="a board shows one of them"):
        collect(folder)


def test_runs_on_data_of_ones_own_are_no_board(result: Callable, runs: Callable) -> None:
    with pytest.raises(UsageError, match="not a release"):
        collect(runs(result(A, data="sms_spam")))


def test_nothing_to_collect_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a folder"):
        collect(tmp_path / "absent")
    with pytest.raises(UsageError, match="no finished run"):
        collect(tmp_path)


def kept(method: str, draws: np.ndarray) -> KeptDraws:
    return KeptDraws("advert_risk", "forward", method, 0, Draws(0.25, draws, 31))


def test_draws_come_back_as_they_were_in_one_order(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).random(1000).astype(np.float32).astype(np.float64)
    drawn[3] = np.nan
    both = [kept("b", drawn), kept("a", np.empty(0))]
    (tmp_path / "draws.parquet").write_bytes(to_bytes(both))
    again = read_draws(tmp_path / "draws.parquet")
    assert [(one.method, one.draws.value, one.draws.clusters) for one in again] == [
        ("a", 0.25, 31),
        ("b", 0.25, 31),
    ]
    np.testing.assert_array_equal(again[1].draws.draws, drawn)
    assert to_bytes(both[::-1]) == to_bytes(both)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text"])
def test_what_is_no_file_of_draws_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "draws.parquet").write_bytes(content)
    with pytest.raises(UsageError, match=r"draws\.parquet holds no bootstrap draws: [^\n]+$"):
        read_draws(tmp_path / "draws.parquet")


def test_other_columns_are_no_draws(tmp_path: Path) -> None:
    pl.DataFrame({"task": ["a"]}).write_parquet(tmp_path / "draws.parquet")
    with pytest.raises(UsageError, match="its columns are task"):
        read_draws(tmp_path / "draws.parquet")


def test_the_draws_that_a_run_left_are_those_that_are_drawn_from_its_predictions(
    place: Path, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    words = ("baseline=advert_linkage/phone_components", "release=tiny", "split=operation", "--json")
    code, out, _ = tipbench("run", *words)
    assert code == 0
    [folder] = [path.parent for path in (place / "runs").rglob("result.json")]
    result = read_result(folder)
    left = draws_of_run(FinishedRun(result, folder)).draws
    (folder / "draws.npz").unlink()
    again = draws_of_run(FinishedRun(result, folder)).draws
    assert (left.value, left.clusters) == (again.value, again.clusters)
    assert left.value == json.loads(out)["scores"]["b_cubed_f1"]["value"]
    assert len(left.draws) == 1000
    np.testing.assert_array_equal(left.draws, again.draws)
