"""A draft of the data gets a board or a sealed round by --draft alone, and is then marked as a draft."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tipboard.board import collection, worlds
from tipboard.board.acceptance import accept
from tipboard.board.files import newest, read, store_reference
from tipboard.board.page import render
from tipboard.board.rounds import Closed
from tipboard.board.worlds import store_stability
from tipboard.rounds import new
from tipboard.rounds.new import RoundOrder, new_round
from tipboard.rounds.record import Round, commitment_of, json_schema, terms, to_json
from tipboard.rounds.scores import Scores
from tipboard.site.build import NOWHERE
from tipboard.site.round_page import round_page
from tipboard.site.sizes import size_of
from tipcore.errors import UsageError
from tipdata.core.world import versions

METHOD = "advert_risk/prior"
REFUSED = r"^data version 0\.9\.0 is a draft and may still change: add --draft, or take 0\.4\.0\.$"
NOW = new.datetime.fromisoformat("2026-06-01T12:00:00+00:00")


@pytest.fixture(autouse=True)
def draft(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 0.9.0, a draft of the same world."""
    monkeypatch.setitem(versions(), "0.9.0", {**versions()["0.4.0"], "status": "draft"})


@pytest.fixture
def drafted(result: Callable, runs: Callable) -> Path:
    """A run on the draft, and nothing else."""
    meant = {"data": "0.9.0", "evaluator": 2, "method": "0.2.0"}
    return runs(result(METHOD, data="0.9.0/tiny", versions=meant))


def kept(results: Path, *folders: Path) -> Path:
    for folder in folders:
        store_reference(results, collection.collect(folder, draft=True), [])
    return results


def test_runs_on_a_draft_are_collected_for_a_board_only_where_asked(drafted: Path) -> None:
    with pytest.raises(UsageError, match=REFUSED):
        collection.collect(drafted)
    assert len(collection.collect(drafted, draft=True)) == 1


def test_runs_on_independent_worlds_of_a_draft_are_collected_only_where_asked(
    result: Callable, runs: Callable, tmp_path: Path
) -> None:
    meant = {"data": "0.9.0", "evaluator": 2, "method": "0.2.0"}
    folder = runs(*(result(METHOD, data=f"0.9.0/small.w{world}", versions=meant) for world in range(1, 6)))
    with pytest.raises(UsageError, match=REFUSED):
        worlds.collect_worlds(folder)
    assert (
        store_stability(tmp_path, worlds.collect_worlds(folder, draft=True)).parent
        == tmp_path / "0.9.0/small"
    )


def test_a_draft_is_no_default_board_beside_a_released_one(
    result: Callable, runs: Callable, drafted: Path, tmp_path: Path
) -> None:
    runs(result(METHOD))
    results = kept(tmp_path / "results", drafted / "0.9.0", drafted / "0.4.0")
    assert newest(results) == read(results).data == "0.4.0/tiny"
    assert newest(results, draft=True) == read(results, draft=True).data == "0.9.0/tiny"
    assert read(results, "0.4.0/tiny", draft=True).data == "0.4.0/tiny"
    with pytest.raises(UsageError, match=REFUSED):
        read(results, "0.9.0/tiny")


def test_the_page_of_a_draft_says_so_and_no_other_does(
    result: Callable, runs: Callable, drafted: Path, tmp_path: Path
) -> None:
    runs(result(METHOD))
    results = kept(tmp_path / "results", drafted / "0.9.0", drafted / "0.4.0")
    assert "Release 0.9.0/tiny (draft), evaluator" in render(read(results, draft=True), "f.svg")
    assert "draft" not in render(read(results), "f.svg")


@pytest.mark.parametrize("action", [("add", "runs=runs"), ("check",), ("build", "--to", "site"), ("build",)])
def test_the_commands_refuse_a_draft_with_2_in_one_sentence(
    tipbench: Callable,
    drafted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    kept(tmp_path / "results", drafted)
    code, out, said = tipbench("board", *action)
    assert (code, out, len(said.splitlines())) == (2, "", 1)
    assert "0.9.0 is a draft and may still change: add --draft, or take 0.4.0." in said
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


# Sealed rounds


def order(place: Path, **changes: Any) -> RoundOrder:
    asked = {"name": "spring", "size": "tiny", "closes": "2026-06-30", "tasks": ("prevalence",)}
    return RoundOrder(**{**asked, "secret": place / "secret", "public": place / "public", **changes})


def described(version: str, tmp_path: Path) -> Round:
    plan: Any = SimpleNamespace(
        version=version, numbers=range(8), tasks=("prevalence",), prefixes={}, columns={}
    )
    return new._described(order(tmp_path), plan, NOW.date(), NOW.date(), bytes(32), "0" * 64)


def test_a_round_of_a_draft_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=REFUSED):
        new_round(order(tmp_path, version="0.9.0"), NOW)
    assert list(tmp_path.iterdir()) == []


def test_the_command_makes_a_round_of_a_draft_by_draft_alone(
    tipbench: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RoundOrder] = []

    def make(order: RoundOrder, *_: object, **__: object) -> Round:
        new._checked(order, NOW.date())
        asked.append(order)
        return described(order.version or "0.4.0", tmp_path)

    monkeypatch.setattr("tipboard.commands.seal.new.new_round", make)
    monkeypatch.chdir(tmp_path)
    words = ["seal", "new", "spring", "closes=2026-06-30", "--secret", "secret", "--to", "public"]
    code, out, said = tipbench(*words, "release=0.9.0/small")
    assert (code, out, len(said.splitlines())) == (2, "", 1)
    assert "0.9.0 is a draft and may still change: add --draft" in said
    code, out, _ = tipbench(*words, "release=0.9.0/small", "--draft")
    assert code == 0
    assert out.startswith("round spring (draft): 8 regions")
    code, out, _ = tipbench(*words)
    assert code == 0
    assert "draft" not in out
    assert [one.version for one in asked] == ["0.9.0", None]


def test_the_record_of_a_round_of_a_draft_says_so_and_its_commitment_binds_it(tmp_path: Path) -> None:
    made = described("0.9.0", tmp_path)
    assert json.loads(to_json(made))["draft"] is True
    assert "draft" in json_schema()["properties"]
    assert commitment_of(bytes(32), made) == made.commitment
    assert commitment_of(bytes(32), made.model_copy(update={"draft": None})) != made.commitment
    released = described("0.4.0", tmp_path)
    assert "draft" not in json.loads(to_json(released))
    assert '"draft"' not in terms(released.model_dump(mode="json"))


def test_the_page_of_a_round_of_a_draft_says_so(result: Callable, board: Callable, tmp_path: Path) -> None:
    for version, marks in (("0.9.0", 2), ("0.4.0", 0)):
        made = described(version, tmp_path)
        scores = Scores(name=made.name, commitment=made.commitment, entries=[])
        page = round_page(Closed(made, scores, None), [size_of(board(result(METHOD)))], NOWHERE)
        assert page.html.count("tiny (draft)") == marks
