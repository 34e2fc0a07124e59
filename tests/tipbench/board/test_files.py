from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.board.collection import collect
from tipbench.board.files import read, store
from tipdata.errors import UsageError

A, B = "advert_risk/prior", "advert_risk/lightgbm"


def test_results_are_copied_to_their_places_byte_for_byte(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    found = collect(runs(result(A), result(B, seed=2)))
    folder = store(tmp_path / "results", found, [])
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("s*.json"))
    assert names == ["advert_risk/forward/lightgbm/s2.json", "advert_risk/forward/prior/s0.json"]
    for run in found:
        [copy] = folder.glob(f"*/*/*/s{run.result.seed}.json")
        assert copy.read_bytes() == (run.folder / "result.json").read_bytes()
    assert read(tmp_path / "results").results == [run.result for run in found]


def test_what_is_no_longer_run_is_gone_and_nothing_is_left_beside(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    both = collect(runs(result(A), result(B)))
    store(results, both, [])
    store(results, both[:1], [])
    assert [one.method for one in read(results).results] == [B]
    assert [path.name for path in results.iterdir()] == ["0.3.0"]


def test_a_store_that_fails_leaves_the_earlier_results(
    result: Callable, runs: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    found = collect(runs(result(A)))
    store(results, found, [])
    rename = Path.rename

    def fails(path: Path, target: Path) -> Path:
        if path.name.startswith(".partial"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(UsageError, match="No space left on device"):
        store(results, found, [])
    monkeypatch.undo()
    assert read(results).results == [found[0].result]
    assert [path.name for path in results.iterdir()] == ["0.3.0"]


def test_the_largest_size_of_the_newest_version_is_shown(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    folder = runs(result(A), result(A, data="0.3.0/small"))
    for size in ("small", "tiny"):
        store(tmp_path / "results", collect(folder / "0.3.0" / size), [])
    assert read(tmp_path / "results").data == "0.3.0/small"


def test_results_that_are_absent_or_broken_are_one_sentence(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="holds no results of a release"):
        read(tmp_path)
    folder = store(tmp_path / "results", collect(runs(result(A))), [])
    (folder / "comparisons.json").write_text("[{}]", encoding="utf-8")
    with pytest.raises(UsageError, match="holds no comparisons"):
        read(tmp_path / "results")
