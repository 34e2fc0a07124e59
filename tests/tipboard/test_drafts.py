"""A draft of the data gets a board by --draft alone, and is then marked as a draft."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tipbench.tasks import score_version
from tipboard.board import collection
from tipboard.board.acceptance import accept
from tipboard.board.files import newest, read, store_reference
from tipboard.board.page import render
from tipcore.errors import UsageError
from tipdata.core.world import versions

METHOD = "advert_risk/prior"
REFUSED = r"^data version 0\.9\.0 is a draft and may still change: add --draft, or take 0\.5\.0\.$"


@pytest.fixture(autouse=True)
def draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 0.9.0, a draft of the same world."""
    monkeypatch.setitem(versions(), "0.9.0", {**versions()["0.5.0"], "status": "draft"})


@pytest.fixture
def drafted(result: Callable, runs: Callable) -> Path:
    """A run on the draft, and nothing else."""
    meant = {"data": "0.9.0", "evaluator": score_version("advert_risk"), "method": "0.2.0"}
    return runs(result(METHOD, data="0.9.0/tiny", versions=meant))


def kept(results: Path, *folders: Path) -> Path:
    for folder in folders:
        store_reference(results, collection.collect(folder, draft=True), [])
    return results


def test_runs_on_a_draft_are_collected_for_a_board_only_where_asked(drafted: Path) -> None:
    with pytest.raises(UsageError, match=REFUSED):
        collection.collect(drafted)
    assert len(collection.collect(drafted, draft=True)) == 1


def test_a_draft_is_no_default_beside_a_released_board_and_its_page_alone_says_that_it_is_one(
    result: Callable, runs: Callable, drafted: Path, tmp_path: Path
) -> None:
    runs(result(METHOD))
    results = kept(tmp_path / "results", drafted / "0.9.0", drafted / "0.5.0")
    assert newest(results) == read(results).data == "0.5.0/tiny"
    assert newest(results, draft=True) == read(results, draft=True).data == "0.9.0/tiny"
    assert read(results, "0.5.0/tiny", draft=True).data == "0.5.0/tiny"
    with pytest.raises(UsageError, match=REFUSED):
        read(results, "0.9.0/tiny")
    assert "Release 0.9.0/tiny (draft), evaluator" in render(read(results, draft=True), "f.svg")
    assert "draft" not in render(read(results), "f.svg")


@pytest.mark.parametrize("action", [("add", "runs=runs"), ("check",), ("build", "--to", "site"), ("build",)])
def test_the_commands_refuse_a_draft_with_2_in_one_sentence(
    refused: Callable, drafted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    kept(tmp_path / "results", drafted)
    said = refused("board", *action)
    assert "0.9.0 is a draft and may still change: add --draft, or take 0.5.0." in said
    assert not (tmp_path / "site").exists()


def test_every_page_of_a_site_of_a_draft_is_marked(
    tipbench: Callable, drafted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert tipbench("board", "add", "runs=runs", "--to", "results", "--draft")[0] == 0
    assert tipbench("board", "check", "results=results", "--draft")[0] == 0
    assert tipbench("board", "build", "--to", "site", "--draft")[0] == 0
    pages = sorted((tmp_path / "site").rglob("*.html"))
    assert len(pages) == 4
    assert all("0.9.0/tiny (draft)" in page.read_text(encoding="utf-8") for page in pages)


def test_a_submission_on_a_draft_is_accepted_only_where_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = SimpleNamespace(versions=SimpleNamespace(data="0.9.0"), data="0.9.0/tiny", id="a--b")
    checked: Any = SimpleNamespace(record=record, scored=[])
    monkeypatch.setattr("tipboard.board.acceptance.check", lambda *_, **__: checked)
    monkeypatch.setattr("tipboard.board.acceptance.to_json", lambda _: "{}")
    with pytest.raises(UsageError, match=REFUSED):
        accept(tmp_path / "a--b", tmp_path / "results")
    assert accept(tmp_path / "a--b", tmp_path / "results", draft=True)[0].is_dir()
