"""What a fresh world said of an entry cannot be taken away, edited or put in another's place."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stored_results import change_results, remove_results, write_results
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import digest_of
from tipboard.board.entries import Entry
from tipboard.board.files import store_results
from tipboard.board.fresh_worlds import CELLS, check_fresh, read_fresh_record, store_record
from tipcore.errors import UsageError

METHOD = "advert_risk/crowd"
WORLD = "0.4.0/tiny.w7"
FENCE = dict.fromkeys(("files", "network", "memory", "processes"), True)
NAME, HERE = "advert_risk/forward/s0", {"split": "forward"}


@pytest.fixture
def entry(result: Callable) -> Entry:
    """A submission that was reproduced on two splits, of which a fresh world has one."""
    here = [result(METHOD, split, fence=FENCE, schema_version=2) for split in ("forward", "region")]
    there = [result(METHOD, score=0.4, data="0.4.0/tiny.w7", fence=FENCE)]
    return Entry("lab", "crowd", here, (), object(), (), there)  # type: ignore[arg-type]


@pytest.fixture
def folder(entry: Entry, tmp_path: Path) -> Path:
    return stored(tmp_path, entry)


def stored(submission: Path, entry: Entry) -> Path:
    fresh, reproduced = submission / "fresh", submission / "reproduced"
    store_results(reproduced, entry.results, [])
    store_results(fresh, entry.fresh, [])
    worlds = {(one.task, one.split, one.seed): WORLD for one in entry.results}
    store_record(fresh, reproduced, entry.id, worlds)
    return fresh


def check(fresh: Path, entry: Entry) -> None:
    """Read what lies there now, as a board does, and check it."""
    again = read_results(fresh.parent / "reproduced" / RESULTS)
    check_fresh(fresh, fresh.parent / "reproduced", replace(entry, results=again))


def rescored(value: float) -> Callable[[dict], object]:
    return lambda one: one["scores"][one["primary"]].update(value=value)


def add(folder: Path, **changes: object) -> None:
    """Store the fresh result once more, with other values."""
    (one,) = read_results(folder / RESULTS)
    write_results(folder, [one, one.model_copy(update=changes)])


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_was_written_is_accepted_and_a_split_that_the_world_has_not_is_written_down(
    folder: Path, entry: Entry
) -> None:
    check(folder, entry)
    cells = json.loads((folder / CELLS).read_text(encoding="utf-8"))["cells"]
    assert [(cell["split"], cell["fresh"] is None) for cell in cells] == [
        ("forward", False),
        ("region", True),
    ]


def other(folder: Path) -> None:
    edit(folder / CELLS, "lab--crowd", "lab--other")


def digest(folder: Path) -> None:
    edit(folder / CELLS, '"fresh": "sha256:', '"fresh": "sha256:0')


def changed(folder: Path, change: Callable[[dict], object], bound: bool = True) -> None:
    """Edit the record and, if it is to be bound again, the digest of itself."""
    record = json.loads((folder / CELLS).read_text(encoding="utf-8"))
    change(record)
    (folder / CELLS).write_text(json.dumps(record), encoding="utf-8")
    if bound:
        read = read_fresh_record(folder)
        assert read is not None
        record["digest"] = read.compute_digest()
        (folder / CELLS).write_text(json.dumps(record), encoding="utf-8")


def reproduced(folder: Path) -> None:
    change_results(folder.parent / "reproduced", rescored(0.99), **HERE)


def drawn(folder: Path) -> None:
    (folder.parent / "reproduced" / "draws.parquet").unlink()


def without_fences(folder: Path) -> None:
    """As results of before 0.5.0 look, but for the version of their files."""
    shutil.rmtree(folder)
    change_results(folder.parent / "reproduced", lambda one: one.update(fence=None))


def absent(folder: Path) -> None:
    """Say that the world has no such split, and take the result away."""
    remove_results(folder, **HERE)
    changed(folder, lambda record: record["cells"][0].update(fresh=None), bound=False)


def score_and_digest(folder: Path) -> None:
    change_results(folder, rescored(0.5))
    (one,) = read_results(folder / RESULTS)
    digest = digest_of(one.to_json().encode())
    changed(folder, lambda record: record["cells"][0].update(fresh=digest), bound=False)


def unlisted(folder: Path) -> None:
    changed(folder, lambda record: record.update(cells=record["cells"][1:]))
    remove_results(folder, **HERE)


def elsewhere(folder: Path) -> None:
    changed(folder, lambda record: record["cells"][0].update(world="0.4.0/tiny.w8"))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (shutil.rmtree, "the results on a fresh world are missing"),
        (lambda folder: (folder / CELLS).unlink(), "the results on a fresh world are missing"),
        (
            lambda folder: (folder / CELLS).write_text("{}", encoding="utf-8"),
            "cells.json is not what was written there",
        ),
        (lambda folder: remove_results(folder, **HERE), f"{NAME} is not the result that was written there"),
        (lambda folder: change_results(folder, rescored(0.5)), f"{NAME} is not the result"),
        (digest, "cells.json is not what was written there"),
        (other, "of lab--other and not of lab--crowd"),
        (reproduced, f"reproduced/{NAME} is not the result that was written with it"),
        (drawn, "reproduced/draws.parquet is not the file that was written with it"),
        (without_fences, "advert_risk, split forward, seed 0 was reproduced without a fence"),
        (absent, "cells.json is not what was written there"),
        (score_and_digest, "cells.json is not what was written there"),
        (elsewhere, f"{NAME} is of 0.4.0/tiny.w7 and not of a fresh world as advert_risk, split forward"),
        (unlisted, "advert_risk, split forward, seed 0 was reproduced without a run on a fresh world"),
        (
            lambda folder: add(folder, seed=1),
            "advert_risk/forward/s1 is of no result that was reproduced",
        ),
        (
            lambda folder: add(folder, prevalence=0.5),
            f"{NAME} is not the result that was written there",
        ),
    ],
)
def test_tampering_is_refused_in_one_sentence(
    tamper: Callable[[Path], object], said: str, folder: Path, entry: Entry
) -> None:
    tamper(folder)
    with pytest.raises(UsageError) as refused:
        check(folder, entry)
    assert said in str(refused.value)
    assert str(refused.value).endswith("; run `tipbench board reproduce lab--crowd` again.")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"data": "0.4.0/tiny"},
        {"data": "0.4.0/small.w7"},
        {"data": "0.2.0/tiny.w7"},
        {"data": "my own data"},
        {"versions": {"data": "0.4.0", "evaluator": 3, "method": "0.2.0"}},
        {"versions": {"data": "0.4.0", "evaluator": 2, "method": "other==1.0"}},
    ],
)
def test_results_of_the_release_or_of_another_size_version_or_package_are_no_fresh_ones(
    more: dict, result: Callable, entry: Entry, tmp_path: Path
) -> None:
    fresh = [result(METHOD, **{"data": "0.4.0/tiny.w7", **more})]
    wrong = Entry(entry.team, entry.method, entry.results, (), entry.record, (), fresh)
    with pytest.raises(UsageError, match=f"{NAME} is of .* and not of a fresh world as advert_risk"):
        check(stored(tmp_path, wrong), wrong)


def test_what_was_reproduced_before_there_were_fences_needs_none(result: Callable, tmp_path: Path) -> None:
    old = Entry("lab", "crowd", [result(METHOD)], (), object())  # type: ignore[arg-type]
    check_fresh(tmp_path / "fresh", tmp_path / "reproduced", old)
    claimed = Entry("lab", "crowd", [result(METHOD, fence=FENCE, verified=False)], (), object())  # type: ignore[arg-type]
    check_fresh(tmp_path / "fresh", tmp_path / "reproduced", claimed)
