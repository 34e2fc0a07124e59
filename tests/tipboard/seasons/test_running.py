"""When a season is run and closed, and what is said of an entry that fails."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from handed_in import CLOSES, ENDS, OPENS, record_of
from tipbench.fence.session import Limits
from tipbench.lanes import lanes
from tipbench.runs.cells import Cell
from tipbench.runs.runner import Outcome
from tipboard.seasons import closing, running, verification, worlds
from tipboard.seasons.closing import close_season
from tipboard.seasons.entries import config_digest
from tipboard.seasons.record import (
    FROZEN,
    RAN,
    REASONS,
    RECEIPTS,
    STATUS,
    Attempt,
    Entered,
    Frozen,
    Season,
    SeasonWorld,
    Standing,
    WorldTask,
)
from tipboard.seasons.running import Participant, cells_of, list_shipped, reason_of, run
from tipboard.seasons.verification import verify
from tipboard.seasons.worlds import MOST_ATTEMPTS, Draw, draw_world
from tipboard.submissions.record import SubmissionRecord
from tipcore.errors import CheckFailed, MachineFault, UsageError


@pytest.mark.parametrize(
    ("error", "limit", "reason"),
    [
        ("Ended", "minutes", "time"),
        ("Ended", "cpu_minutes", "time"),
        ("Ended", "memory_gib", "memory"),
        ("Ended", "processes", "error"),
        ("Ended", None, "error"),
        ("MethodError", None, "error"),
        ("UsageError", None, "error"),
        ("NotShown", None, "needs"),
        ("PredictionsRefused", None, "refused"),
        ("AnswerRefused", None, "refused"),
        ("FloatingPointError", None, "refused"),
    ],
)
def test_a_failure_has_a_reason_of_a_fixed_list(error: str, limit: str | None, reason: str) -> None:
    assert reason_of(Outcome(Cell({}, Path()), cause="x", error=error, limit=limit)) == reason
    assert reason in REASONS
    assert reason_of(Outcome(Cell({}, Path()), cause="MemoryError: no room", error="MethodError")) == "memory"


def test_shipped_methods_take_part_with_the_labels_of_the_season(terms: Season) -> None:
    those = {one.id: one for one in list_shipped(terms)}
    assert {"tipbench--mace", "tipbench--chao_lower", "tipbench--oracle"} <= those.keys()
    assert those["tipbench--oracle"].oracles == {"flag_aggregation", "prevalence"}
    assert {task for one in those.values() for task in one.configs} == set(terms.tasks)
    both = terms.terms["flag_aggregation"].model_copy(update={"labels": ["gold", "none"]})
    terms = terms.model_copy(update={"terms": {**terms.terms, "flag_aggregation": both}})
    told = dict.fromkeys(terms.tasks, WorldTask(clusters=1, answers=""))
    world = SeasonWorld(k=4, lane=1, drawn=True, attempts=[Attempt(number=7, reasons=[])], tasks=told)
    cells = list(cells_of(terms, Path("secret"), those["tipbench--mace"], world))
    assert [(one.data, one.seed, one.config["labels"]) for one in cells] == [
        ("0.5.0/tiny.w7", 4, "gold"),
        ("0.5.0/tiny.w7", 4, "none"),
    ]
    assert len({one.folder for one in cells}) == 2
    assert len(list(cells_of(terms, Path("secret"), those["tipbench--oracle"], world))) == 2
    of_lane = world.model_copy(update={"tasks": {"prevalence": told["prevalence"]}})
    assert list(cells_of(terms, Path("secret"), those["tipbench--mace"], of_lane)) == []


@pytest.fixture
def one_method(terms: Season, monkeypatch: pytest.MonkeyPatch) -> Participant:
    """Let one shipped method be all that takes part, and every world be there."""
    (mace,) = (one for one in list_shipped(terms) if one.id == "tipbench--mace")
    for module in (running, closing):
        monkeypatch.setattr(module, "participants", lambda *_, **__: [mace])

    def draw(draw: Draw, k: int, lane: int, *_: Any) -> SeasonWorld:
        told = WorldTask(clusters=1, answers="", references={})
        return SeasonWorld(
            k=k,
            lane=lane,
            drawn=k > 3,
            attempts=[Attempt(number=draw.number(k, lane, 0), reasons=[])],
            tasks=dict.fromkeys(lanes(terms.tasks)[lane - 1], told),
        )

    monkeypatch.setattr(running, "draw_world", draw)
    monkeypatch.setattr(running, "_publish_folds", lambda *_: None)
    monkeypatch.setattr(running, "forget_world", lambda world: None)
    return mace


def test_a_season_is_run_after_its_packages_and_closed_after_all_cells(
    opened: tuple[Path, Path], one_method: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, public = opened
    with pytest.raises(
        UsageError, match="season spring takes packages until 2027-03-01 00:00 UTC: run it after that"
    ):
        run(secret, OPENS)
    assert not (secret / FROZEN).exists()
    with pytest.raises(
        UsageError, match="season spring is open until 2027-04-01 00:00 UTC: close it after that"
    ):
        close_season(secret, CLOSES)
    with pytest.raises(UsageError, match="season spring was not run: `tipbench season run"):
        close_season(secret, ENDS)
    monkeypatch.setattr(running, "_run_batch", lambda *_: None)
    assert run(secret, CLOSES, "sequential", quiet=True) == {one_method.id: {}}
    assert (public / FROZEN).read_bytes() == (secret / FROZEN).read_bytes()
    with pytest.raises(UsageError, match=r"was not run to its end \(1 task of its methods left\)"):
        close_season(secret, ENDS)
    assert sorted(path.name for path in public.iterdir()) == [FROZEN, RECEIPTS, "season.json", STATUS]
    assert verify(public).notes == [
        "its key is published at the close: until then there is nothing to verify"
    ]
    config = one_method.configs["flag_aggregation"]
    changed = {
        **config,
        "baseline": {**config["baseline"], "method": {**config["baseline"]["method"], "a": 1}},
    }
    assert config_digest(changed) != config_digest(config)
    other = Participant(one_method.id, {"flag_aggregation": changed})
    monkeypatch.setattr(running, "participants", lambda *_, **__: [other])
    with pytest.raises(UsageError, match="tipbench--mace is not as it was frozen"):
        run(secret, CLOSES, "sequential", quiet=True)


def test_an_entry_that_fails_on_one_world_is_listed_and_not_run_on_others(
    opened: tuple[Path, Path], one_method: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, public = opened
    asked: list[Cell] = []

    def fail(job: Any, *_: Any) -> Outcome:
        asked.append(job.cell)
        return Outcome(job.cell, cause="of a secret", trace="of a secret", error="MethodError")

    monkeypatch.setattr(running, "run_one", fail)
    found = run(secret, CLOSES, "sequential", quiet=True)
    assert found == {one_method.id: {"flag_aggregation": "failed: the method raised an error"}}
    assert len(asked) == 1
    assert "secret" not in (public / STATUS).read_text(encoding="utf-8")
    monkeypatch.setattr(closing, "truths", lambda *_: [])
    assert run(secret, CLOSES, "sequential", quiet=True) == found
    _, folder = close_season(secret, ENDS)
    (one,) = closing.read_closed(folder).closed.entries
    assert one.tasks["flag_aggregation"].status == "failed: the method raised an error"
    with pytest.raises(UsageError, match="season spring is closed already"):
        close_season(secret, ENDS)


def test_a_season_that_was_run_and_closed_can_be_verified(
    opened: tuple[Path, Path], one_method: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "run_one", lambda job, *_: Outcome(job.cell, cause="x", error="MethodError"))
    for module, name, made in (
        (closing, "truths", []), (verification, "list_shipped", [one_method]), (verification, "_world_differences", []),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, lambda *_, made=made: made)
    run(opened[0], CLOSES, "sequential", quiet=True)
    _, folder = close_season(opened[0], ENDS)
    assert verify(folder, engine="sequential", quiet=True).differences == []


@pytest.mark.parametrize(
    ("left", "right", "within", "is_same"),
    [
        (1.0, 1.0000000001, 0.0, True),
        (0.5, 0.501, 0.0, False),
        (0.5, 0.501, 0.001, True),
        ({"a": [1.0, None]}, {"a": [1.0, None]}, 0.0, True),
        ({"a": [1.0]}, {"a": [1.0, 2.0]}, 0.0, False),
        ({"a": 1}, {"b": 1}, 0.0, False),
        (None, 0.0, 1.0, False),
    ],
)
def test_values_are_the_same_up_to_a_tolerance(left: Any, right: Any, within: float, is_same: bool) -> None:
    assert verification.same(left, right, within) is is_same


def test_the_scores_on_copies_of_all_worlds_decide_the_class(
    opened: tuple[Path, Path], terms: Season, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = terms.terms["flag_aggregation"].model_copy(update={"labels": ["gold", "none"]})
    terms = terms.model_copy(update={"terms": {**terms.terms, "flag_aggregation": both}})
    pinned = {"package": "b==1.0", "overrides": {"flag_aggregation": []}}
    made = record_of("spring", "a", "b", ("flag_aggregation",), pinned=pinned)
    record = SubmissionRecord.model_validate(made)
    entered = Entered(number=1, previous="0" * 64, entered=OPENS, record=record, wheels={}, files={})
    (mace,) = (one for one in list_shipped(terms) if one.id == "tipbench--mace")
    one = Participant("a--b", {"flag_aggregation": mace.configs["flag_aggregation"]}, entered)
    told = {"flag_aggregation": WorldTask(clusters=1, answers="")}
    places = [
        SeasonWorld(k=k, lane=1, drawn=k > 3, attempts=[Attempt(number=k, reasons=[])], tasks=told)
        for k in range(1, 7)
    ]
    score = SimpleNamespace(primary="f1", scores={"f1": SimpleNamespace(value=0.5)})
    monkeypatch.setattr(running, "SharedFold", lambda *_, **__: None)
    monkeypatch.setattr(running, "is_done", lambda cell: True)
    monkeypatch.setattr(running, "read_result", lambda folder: score)
    monkeypatch.setattr(running, "score_disguised", lambda shared, cell, key, *_: 0.1 + cell.seed / 100)
    keys = {"flag_aggregation": bytes(32)}
    for world in places:
        assert running.read_class_tests(terms, tmp_path, one, places) == {}
        assert running.statuses(terms, tmp_path, [one], places) == {one.id: {}}  # so it cannot be closed
        cells = tuple((one.id, cell) for cell in cells_of(terms, tmp_path, one, world))[:1]
        running._test_class(tmp_path, Limits(), keys, running.CellBatch(cells, keys))
    assert running.statuses(terms, tmp_path, [one], places) == {one.id: {"flag_aggregation": RAN}}
    (test,) = running.read_class_tests(terms, tmp_path, one, places).values()
    assert (test.score, test.disguised) == (0.5, pytest.approx(0.135))
    for kept, found in (
        (test, "worlds"),
        (test.model_copy(update={"low": -0.1, "bounded_low": -0.1}), "fold"),
        (None, "fold"),
    ):
        assert Standing(entry_class="fold", class_test=kept, status=RAN).class_found == found


def test_a_fault_of_the_machine_is_no_failure_of_an_entry(
    opened: tuple[Path, Path], one_method: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        running, "run_one", lambda job, *_: Outcome(job.cell, cause="full", error="MachineFault")
    )
    with pytest.raises(MachineFault, match="full"):
        run(opened[0], CLOSES, "sequential", quiet=True)
    monkeypatch.setenv("TIPBENCH_STORE", "memory://worlds")
    with pytest.raises(UsageError, match="worlds of a season stay on this machine: unset TIPBENCH_STORE"):
        run(opened[0], CLOSES, "sequential", quiet=True)


def test_a_world_that_fails_its_checks_is_drawn_again_up_to_20_times(
    terms: Season, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, gone = list[int](), list[int]()
    draw = Draw(terms, bytes(32), Frozen(name="spring", frozen=CLOSES, entries=[]))
    monkeypatch.setattr(worlds, "open_on_disk", lambda *_, world, **__: made.append(world))
    monkeypatch.setattr(worlds, "forget_world", lambda world: gone.append(world.world))
    with pytest.raises(
        CheckFailed, match=r"world 5 of lane 2 of season spring failed its checks 20 times \(a leak\)"
    ):
        draw_world(draw, 5, 2, lambda world, names: ["a leak"])
    assert (made, len(set(made))) == (gone, MOST_ATTEMPTS)
    monkeypatch.setattr(Draw, "prepare", lambda *_: None)
    monkeypatch.setattr(Draw, "describe", lambda *_: WorldTask(clusters=1, answers=""))
    found = draw_world(draw, 5, 2, lambda world, names: ["a leak"] * (world.world in made[:2]))
    assert [one.number for one in found.attempts] == made[:3]
    assert [one.reasons for one in found.attempts] == [["a leak"], ["a leak"], []]
    assert (found.number, found.drawn) == (made[2], True)
