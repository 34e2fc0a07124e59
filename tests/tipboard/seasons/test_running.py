"""When a season is run and closed, and what is said of an entry that fails."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from handed_in import CLOSES, ENDS, OPENS
from tipbench.runs.cells import Cell
from tipbench.runs.runner import Outcome
from tipboard.seasons import closing, running, worlds
from tipboard.seasons.closing import close_season
from tipboard.seasons.entries import config_digest
from tipboard.seasons.record import FROZEN, REASONS, STATUS, Attempt, Frozen, Season, SeasonWorld, WorldTask
from tipboard.seasons.running import Participant, cells_of, list_shipped, reason_of, run
from tipboard.seasons.verification import verify
from tipboard.seasons.worlds import MOST_ATTEMPTS, draw_world
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


def test_shipped_methods_take_part_with_the_labels_of_the_season(terms: Season) -> None:
    those = {one.id: one for one in list_shipped(terms)}
    assert {"tipbench--mace", "tipbench--chao_lower", "tipbench--oracle"} <= those.keys()
    assert those["tipbench--oracle"].oracles == {"flag_aggregation", "prevalence"}
    assert {task for one in those.values() for task in one.configs} == set(terms.tasks)
    both = terms.terms["flag_aggregation"].model_copy(update={"labels": ["gold", "none"]})
    terms = terms.model_copy(update={"terms": {**terms.terms, "flag_aggregation": both}})
    world = SeasonWorld(k=4, drawn=True, attempts=[Attempt(number=7, reasons=[])], tasks={})
    cells = list(cells_of(terms, Path("secret"), those["tipbench--mace"], world))
    assert [(one.data, one.seed, one.config["labels"]) for one in cells] == [
        ("0.4.0/tiny.w7", 4, "gold"),
        ("0.4.0/tiny.w7", 4, "none"),
    ]
    assert len({one.folder for one in cells}) == 2
    assert len(list(cells_of(terms, Path("secret"), those["tipbench--oracle"], world))) == 2


@pytest.fixture
def one_method(terms: Season, monkeypatch: pytest.MonkeyPatch) -> Participant:
    """Let one shipped method be all that takes part, and every world be there."""
    (mace,) = (one for one in list_shipped(terms) if one.id == "tipbench--mace")
    for module in (running, closing):
        monkeypatch.setattr(module, "participants", lambda *_, **__: [mace])

    def draw(season: Season, key: bytes, frozen: Any, k: int, *_: Any) -> SeasonWorld:
        told = WorldTask(clusters=1, answers="", references={})
        return SeasonWorld(
            k=k,
            drawn=k > 3,
            attempts=[Attempt(number=k, reasons=[])],
            tasks=dict.fromkeys(season.tasks, told),
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
    with pytest.raises(UsageError, match="has 1 methods and tasks that were not run on every world"):
        close_season(secret, ENDS)
    assert sorted(path.name for path in public.iterdir()) == [FROZEN, "season.json", STATUS]
    assert verify(public).notes == ["its key is published at the close: until then nothing follows"]
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
    assert "secret" not in (public / STATUS).read_text()
    monkeypatch.setattr(closing, "truths", lambda *_: [])
    assert run(secret, CLOSES, "sequential", quiet=True) == found
    _, folder = close_season(secret, ENDS)
    (one,) = closing.read_closed(folder).closed.entries
    assert one.tasks["flag_aggregation"].status == "failed: the method raised an error"
    with pytest.raises(UsageError, match="season spring is closed already"):
        close_season(secret, ENDS)


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
    made, gone, frozen = list[int](), list[int](), Frozen(name="spring", frozen=CLOSES, entries=[])
    monkeypatch.setattr(worlds, "open_on_disk", lambda *_, world, **__: made.append(world))
    monkeypatch.setattr(worlds, "forget_world", lambda world: gone.append(world.world))
    with pytest.raises(CheckFailed, match=r"world 5 of season spring failed its checks 20 times \(a leak\)"):
        draw_world(terms, bytes(32), frozen, 5, lambda world, names: ["a leak"])
    assert (made, len(set(made))) == (gone, MOST_ATTEMPTS)
    monkeypatch.setattr(
        worlds, "prepare_keyed", lambda *asked: SimpleNamespace(task=SimpleNamespace(name=asked[5]))
    )
    monkeypatch.setattr(worlds, "describe", lambda *_: WorldTask(clusters=1, answers=""))
    found = draw_world(
        terms, bytes(32), frozen, 5, lambda world, names: ["a leak"] * (world.world in made[:2])
    )
    assert [one.number for one in found.attempts] == made[:3]
    assert [one.reasons for one in found.attempts] == [["a leak"], ["a leak"], []]
    assert (found.number, found.drawn) == (made[2], True)
