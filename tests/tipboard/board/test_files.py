from collections.abc import Callable
from pathlib import Path

import pytest
from stored_results import change_results
from tipbench.runs.frames import read_results
from tipboard.board.collection import collect
from tipboard.board.files import read, store_reference
from tipcore.errors import UsageError

A, B = "advert_risk/prior", "advert_risk/lightgbm"


def test_results_are_stored_by_place_as_they_were(result: Callable, runs: Callable, tmp_path: Path) -> None:
    found = collect(runs(result(A), result(B, seed=2)))
    folder = store_reference(tmp_path / "results", found, [])
    assert sorted(path.name for path in folder.iterdir()) == ["draws.parquet", "results.parquet"]
    stored = read_results(folder / "results.parquet")
    assert [(one.method, one.seed) for one in stored] == [(B, 2), (A, 0)]
    for run, one in zip(found, stored, strict=True):
        assert one.to_json().encode() == (run.folder / "result.json").read_bytes()
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
    assert [path.name for path in (results / "0.5.0/tiny").iterdir()] == ["reference"]


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
    assert [path.name for path in (results / "0.5.0/tiny").iterdir()] == ["reference"]


def test_the_largest_size_of_the_newest_version_is_shown(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    folder = runs(result(A), result(A, data="0.5.0/small"))
    for size in ("small", "tiny"):
        store_reference(tmp_path / "results", collect(folder / "0.5.0" / size), [])
    assert read(tmp_path / "results").data == "0.5.0/small"


def test_results_that_are_absent_or_broken_are_one_sentence(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="holds no results of a release"):
        read(tmp_path)
    folder = store_reference(tmp_path / "results", collect(runs(result(A))), [])
    (folder / "draws.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="holds no bootstrap draws"):
        read(tmp_path / "results")
    for content, said in ((b"PAR1", "holds no results"), (None, "the file is missing")):
        (folder / "results.parquet").unlink()
        if content is not None:
            (folder / "results.parquet").write_bytes(content)
        with pytest.raises(UsageError, match=said):
            read(tmp_path / "results")


def test_results_of_another_evaluator_or_release_are_refused_on_the_same_board(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    folder = store_reference(results, collect(runs(result(A), result(B))), [])
    change_results(folder, lambda one: one["versions"].update(evaluator=0), method=A)
    with pytest.raises(UsageError, match=r"mixes evaluators .*tipbench--prior"):
        read(results)
    change_results(folder, lambda one: one.update(data="0.5.0/small"), method=A)
    with pytest.raises(UsageError, match=r"tipbench--prior has results of 0\.5\.0/small on the board of"):
        read(results)
