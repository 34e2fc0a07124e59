"""What a fresh world said of an entry cannot be taken away, edited or put in another's place."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tipboard.board.entries import Entry
from tipboard.board.files import store_results
from tipboard.board.fresh_record import CELLS, check_fresh, store_record
from tipcore.errors import UsageError

METHOD = "advert_risk/crowd"
FENCE = dict.fromkeys(("files", "network", "memory", "processes"), True)
FILE = "advert_risk/forward/s0.json"


@pytest.fixture
def entry(result: Callable) -> Entry:
    """A submission that was reproduced on two splits, of which a fresh world has one."""
    here = [
        result(METHOD, split, fence=FENCE, predictions={"file": "p.parquet", "digest": f"sha256:{split}"})
        for split in ("forward", "region")
    ]
    there = [result(METHOD, score=0.4, data="0.3.0/tiny.w7", fence=FENCE)]
    return Entry("lab", "crowd", here, (), object(), (), there)  # type: ignore[arg-type]


@pytest.fixture
def folder(entry: Entry, tmp_path: Path) -> Path:
    return stored(tmp_path / "fresh", entry)


def stored(folder: Path, entry: Entry) -> Path:
    store_results(folder, entry.fresh, [])
    store_record(folder, entry.id, entry.results)
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_what_was_written_is_accepted_and_a_split_that_the_world_has_not_is_written_down(
    folder: Path, entry: Entry
) -> None:
    check_fresh(folder, entry)
    cells = json.loads((folder / CELLS).read_text(encoding="utf-8"))["cells"]
    assert [(cell["split"], cell["fresh"] is None) for cell in cells] == [
        ("forward", False),
        ("region", True),
    ]


def other(folder: Path) -> None:
    edit(folder / CELLS, "lab--crowd", "lab--other")


def digest(folder: Path) -> None:
    edit(folder / CELLS, '"fresh": "sha256:', '"fresh": "sha256:0')


def reproduced(folder: Path) -> None:
    edit(folder / CELLS, "sha256:forward", "sha256:other")


def unlisted(folder: Path) -> None:
    record = json.loads((folder / CELLS).read_text(encoding="utf-8"))
    record["cells"] = record["cells"][1:]
    (folder / CELLS).write_text(json.dumps(record), encoding="utf-8")
    (folder / FILE).unlink()


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (shutil.rmtree, "the results on a fresh world are missing"),
        (lambda folder: (folder / CELLS).unlink(), "the results on a fresh world are missing"),
        (
            lambda folder: (folder / CELLS).write_text("{}", encoding="utf-8"),
            "cells.json is not what was written there",
        ),
        (lambda folder: (folder / FILE).unlink(), f"{FILE} is not the file that was written there"),
        (lambda folder: edit(folder / FILE, '"value": 0.4', '"value": 0.5'), f"{FILE} is not the file"),
        (digest, f"{FILE} is not the file that was written there"),
        (other, "of lab--other and not of lab--crowd"),
        (reproduced, "advert_risk, split forward, seed 0 was reproduced without a run on a fresh world"),
        (unlisted, "advert_risk, split forward, seed 0 was reproduced without a run on a fresh world"),
        (
            lambda folder: shutil.copy(folder / FILE, folder / FILE.replace("s0", "s1")),
            "s1.json is of no result that was reproduced",
        ),
    ],
)
def test_tampering_is_refused_in_one_sentence(
    tamper: Callable[[Path], object], said: str, folder: Path, entry: Entry
) -> None:
    tamper(folder)
    with pytest.raises(UsageError) as refused:
        check_fresh(folder, entry)
    assert said in str(refused.value)
    assert str(refused.value).endswith("; run `tipbench board reproduce lab--crowd` again.")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"data": "0.3.0/tiny"},
        {"data": "0.3.0/small.w7"},
        {"data": "0.2.0/tiny.w7"},
        {"data": "my own data"},
        {"versions": {"data": "0.3.0", "evaluator": 2, "method": "0.2.0"}},
        {"versions": {"data": "0.3.0", "evaluator": 1, "method": "other==1.0"}},
    ],
)
def test_results_of_the_release_or_of_another_size_version_or_package_are_no_fresh_ones(
    more: dict, result: Callable, entry: Entry, tmp_path: Path
) -> None:
    fresh = [result(METHOD, **{"data": "0.3.0/tiny.w7", **more})]
    wrong = Entry(entry.team, entry.method, entry.results, (), entry.record, (), fresh)
    with pytest.raises(UsageError, match=f"{FILE} is of .* and not of a fresh world as advert_risk"):
        check_fresh(stored(tmp_path / "fresh", wrong), wrong)


def test_what_was_reproduced_before_there_were_fences_needs_none(result: Callable, tmp_path: Path) -> None:
    old = Entry("lab", "crowd", [result(METHOD)], (), object())  # type: ignore[arg-type]
    check_fresh(tmp_path / "fresh", old)
    claimed = Entry("lab", "crowd", [result(METHOD, fence=FENCE, verified=False)], (), object())  # type: ignore[arg-type]
    check_fresh(tmp_path / "fresh", claimed)
