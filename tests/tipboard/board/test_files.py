from collections.abc import Callable
from pathlib import Path

import pytest
from tipboard.board.collection import collect
from tipboard.board.files import read, store_reference
from tipcore.errors import UsageError

A, B = "advert_risk/prior", "advert_risk/lightgbm"


def test_results_are_copied_to_their_places_byte_for_byte(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    found = collect(runs(result(A), result(B, seed=2)))
    folder = store_reference(tmp_path / "results", found, [])
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("s*.json"))
    assert names == ["advert_risk/forward/lightgbm/s2.json", "advert_risk/forward/prior/s0.json"]
    for run in found:
        [copy] = folder.glob(f"*/*/*/s{run.result.seed}.json")
        assert copy.read_bytes() == (run.folder / "result.json").read_bytes()
    by_method = {entry.method: list(entry.results) for entry in read(tmp_path / "results").entries}
    assert by_method == {run.result.method.partition("/")[2]: [run.result] for run in found}


def test_what_is_no_longer_run_is_gone_and_nothing_is_left_beside(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    both = collect(runs(result(A), result(B)))
    store_reference(results, both, [])
    store_reference(results, both[:1], [])
    assert [one.method for one in read(results).results] == [B]
    assert [path.name for path in (results / "0.4.0/tiny").iterdir()] == ["reference"]


def test_a_store_that_fails_leaves_the_earlier_results(
    result: Callable, runs: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    found = collect(runs(result(A)))
    store_reference(results, found, [])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tipcore.atomic._put", full)
    with pytest.raises(UsageError, match="No space left on device"):
        store_reference(results, found, [])
    monkeypatch.undo()
    assert read(results).results == [found[0].result]
    assert [path.name for path in (results / "0.4.0/tiny").iterdir()] == ["reference"]


def test_the_largest_size_of_the_newest_version_is_shown(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    folder = runs(result(A), result(A, data="0.4.0/small"))
    for size in ("small", "tiny"):
        store_reference(tmp_path / "results", collect(folder / "0.4.0" / size), [])
    assert read(tmp_path / "results").data == "0.4.0/small"


def test_results_that_are_absent_or_broken_are_one_sentence(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="holds no results of a release"):
        read(tmp_path)
    folder = store_reference(tmp_path / "results", collect(runs(result(A))), [])
    (folder / "draws.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="holds no draws"):
        read(tmp_path / "results")


def test_results_of_another_evaluator_or_release_are_refused_on_the_same_board(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    folder = store_reference(results, collect(runs(result(A), result(B))), [])
    path = folder / "advert_risk/forward/prior/s0.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"evaluator": 2', '"evaluator": 0'), encoding="utf-8")
    with pytest.raises(UsageError, match=r"mixes evaluators .*tipbench--prior"):
        read(results)
    path.write_text(text.replace("0.4.0/tiny", "0.4.0/small"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"tipbench--prior has results of 0\.4\.0/small on the board of"):
        read(results)
