import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tipbench.evaluation.comparison import Draws
from tipbench.runs.results import read_result
from tipboard.board.draws import KeptDraws, draws_of_run, read_draws, to_bytes
from tipcore.errors import UsageError


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
    with pytest.raises(UsageError, match=r"draws\.parquet holds no draws: [^\n]+$"):
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
    left = draws_of_run(result, folder).draws
    (folder / "draws.npz").unlink()
    again = draws_of_run(result, folder).draws
    assert (left.value, left.clusters) == (again.value, again.clusters)
    assert left.value == json.loads(out)["scores"]["b_cubed_f1"]["value"]
    assert len(left.draws) == 1000
    np.testing.assert_array_equal(left.draws, again.draws)
