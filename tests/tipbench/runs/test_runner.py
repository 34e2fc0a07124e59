"""What is decided about a cell, by what lies in its folder and by what the user asked to overwrite."""

import errno
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import polars as pl
import pytest
import yaml
from tipbench.config.compose import Composer, parse
from tipbench.config.methods import instantiate
from tipbench.config.options import config_folders
from tipbench.method import Method, StreamMethod
from tipbench.runs import folds, runner
from tipbench.runs.cells import Cell
from tipbench.runs.grid import expand
from tipbench.runs.results import RESULT, Result, Versions, read_predictions, read_result, run_folders
from tipbench.runs.runner import Job, Outcome, decide
from tipcore.engines import Engine
from tipcore.errors import UsageError
from tipdata.release import Release

Make = Callable[..., Cell]
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def cell(own_configs: Path, tiny: Release) -> Make:
    @cache
    def make(method: str = "length", *words: str) -> Cell:
        typed = parse([f"baseline=advert_risk/{method}", "replicates=20", *words])
        (one,) = expand(Composer(config_folders(str(own_configs)), typed), lambda task, settings: task.splits)
        return one

    return make


@pytest.fixture
def finished(cell: Make) -> Cell:
    """A finished cell of a quick method."""
    assert runner.run([cell()], quiet=True)[0].result
    return cell()


def stored(finished: Cell, evaluator: int = 2, **digests: str) -> Result:
    """The cell's result as if other code, data or an older evaluator had made it, written in its place."""
    known = read_result(finished.folder)
    assert known.digests is not None
    changes = {
        "digests": known.digests.model_copy(update=digests),
        "versions": known.versions.model_copy(update={"evaluator": evaluator}),
    }
    made = known.model_copy(update=changes)
    (finished.folder / RESULT).write_text(made.to_json(), encoding="utf-8")
    return made


def test_a_result_of_todays_code_is_kept_and_made_again_only_where_always_is_asked(finished: Cell) -> None:
    result = read_result(finished.folder)
    for overwrite in ("only_missing", "never"):
        assert decide(finished, overwrite) == Outcome(finished, result, reused=True)
        assert runner.run([finished], overwrite=overwrite, quiet=True)[0].reused
    again = decide(finished, "always")
    assert isinstance(again, Job)
    assert (again.digests, again.versions, again.kept) == (result.digests, result.versions, None)
    assert not runner.run([finished], overwrite="always", quiet=True)[0].reused


@pytest.mark.parametrize(
    ("other", "scored_anew"),
    [
        ({"method": "0" * 64}, False),
        ({"input": "0" * 64}, False),
        ({"score": "0" * 64}, True),
        ({"evaluator": 0}, True),
    ],
)
def test_a_result_of_other_code_is_run_or_scored_again_and_only_never_keeps_it(
    finished: Cell, other: dict[str, Any], scored_anew: bool
) -> None:
    result = stored(finished, **other)
    made = decide(finished)
    assert isinstance(made, Job)
    assert made.kept == (result if scored_anew else None)
    assert decide(finished, "never") == Outcome(finished, result, reused=True)


def test_a_result_that_cannot_be_read_is_run_again_unless_nothing_may_be_overwritten(finished: Cell) -> None:
    (finished.folder / RESULT).write_text('{"task":', encoding="utf-8")
    for overwrite in ("only_missing", "always"):
        assert isinstance(decide(finished, overwrite), Job)
    refused = decide(finished, "never")
    assert isinstance(refused, Outcome)
    assert (refused.result, refused.usage, refused.reused) == (None, True, False)
    assert RESULT in str(refused.cause)
    assert not runner.run([finished], quiet=True)[0].reused


def test_a_cell_without_a_result_is_run_whatever_may_be_overwritten(finished: Cell, tmp_path: Path) -> None:
    missing = Cell(finished.config, tmp_path / "elsewhere")
    for overwrite in ("only_missing", "always", "never"):
        made = decide(missing, overwrite)
        assert isinstance(made, Job)
        assert made.kept is None


def test_a_cell_that_asks_for_what_there_is_not_is_a_users_mistake(finished: Cell) -> None:
    refused = decide(Cell({**finished.config, "access": "secret"}, finished.runs))
    assert isinstance(refused, Outcome)
    assert (refused.result, refused.usage, refused.unmapped, refused.reused) == (None, True, False, False)
    assert "secret" in str(refused.cause)


def test_a_run_records_what_it_did_and_can_be_read_again(cell: Make) -> None:
    (outcome,) = runner.run([cell()], quiet=True)
    stored = read_result(cell().folder)
    assert outcome.result == stored
    assert (stored.method, stored.split, stored.seed) == ("advert_risk/length", "forward", 0)
    assert stored.config == cell().config
    assert stored.cost.peak_mib is None or stored.cost.peak_mib >= 0
    assert stored.versions.method.startswith("sha256:")
    assert read_predictions(cell().folder, stored).schema["score"] == pl.Float64
    assert not list(cell().runs.rglob(".partial*"))


def test_a_name_that_is_no_folder_on_windows_is_refused_on_every_system(
    cell: Make, own_configs: Path
) -> None:
    folder = own_configs / "baseline" / "advert_risk"
    text = (folder / "length.yaml").read_text(encoding="utf-8")
    (folder / "con.yaml").write_text(text.replace("advert_risk/length", "advert_risk/con"), encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"baseline\.name=con .*Windows keeps that name for a device; choose"
    ):
        cell("con")


def test_a_run_on_an_independent_world_is_of_its_data_and_says_so(cell: Make) -> None:
    one, other = cell("length"), cell("length", "release.world=1")
    here, there = (outcome.result for outcome in runner.run([one, other], quiet=True))
    assert here is not None
    assert there is not None
    assert (here.data, there.data) == ("0.5.0/tiny", "0.5.0/tiny.w1")
    assert here.config["release"] == {"version": "0.5.0", "size": "tiny"}
    assert there.config["release"] == {"version": "0.5.0", "size": "tiny", "world": 1}
    assert here.predictions.digest != there.predictions.digest
    assert read_result(other.folder) == there


def test_a_method_whose_source_changed_is_run_again(finished: Cell, place: Path) -> None:
    with (place / "own_methods.py").open("a", encoding="utf-8") as file:
        file.write("CHANGED = 1\n")
    assert not runner.run([finished], quiet=True)[0].reused


def test_another_evaluator_scores_stored_predictions_anew_without_fitting(
    cell: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = runner.run([cell()], quiet=True)[0].result
    original = runner.versions_of

    def newer(one: Cell) -> Versions:
        return original(one).model_copy(update={"evaluator": 9})

    monkeypatch.setattr(runner, "versions_of", newer)
    monkeypatch.setattr(runner, "fit_and_predict", lambda *_: pytest.fail("it was fitted again"))
    again = runner.run([cell()], quiet=True)[0].result
    assert again is not None
    assert first is not None
    assert again.versions.evaluator == 9
    assert again.scores == first.scores
    assert again.cost.fit_s == first.cost.fit_s


def test_a_failing_cell_says_why_and_the_others_go_on(cell: Make) -> None:
    outcomes = runner.run([cell("broken"), cell("length")], quiet=True)
    assert outcomes[0].cause is not None
    assert outcomes[0].cause.startswith("ArithmeticError: it does not add up (own_methods.py, line ")
    assert (outcomes[0].usage, outcomes[0].unmapped) == (False, False)
    assert outcomes[1].result is not None
    assert not cell("broken").folder.exists()


def test_a_method_that_needs_what_it_may_not_see_is_a_users_mistake(cell: Make) -> None:
    for cells in ([cell("greedy")], [cell("length"), cell("greedy")]):
        outcome = runner.run(cells, quiet=True)[-1]
        assert outcome.usage
        assert "set access=platform" in str(outcome.cause)


def test_cells_of_one_fold_prepare_it_once(cell: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = folds.prepare_cell
    monkeypatch.setattr(folds, "prepare_cell", lambda *args: calls.append(1) or original(*args))
    runner.run([cell("length"), cell("chance"), cell("chance", "seed=1")], quiet=True)
    assert len(calls) == 1


def test_two_workers_give_the_predictions_of_one(cell: Make) -> None:
    cells = [cell("length"), cell("chance", "split=random")]
    one = [o.result.predictions.digest for o in runner.run(cells, quiet=True) if o.result]
    again = runner.run(cells, engine=Engine(workers=2), overwrite="always", quiet=True)
    two = [o.result.predictions.digest for o in again if o.result]
    assert len(one) == 2
    assert one == two


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_run(cell: Make, place: Path) -> None:
    (place / "file").touch()
    with pytest.raises(
        UsageError, match=r"runs\.path=.*file is a file or lies in one: give the path of a folder"
    ):
        runner.run([cell("length", "runs.path=file")], quiet=True)


@pytest.mark.parametrize(
    ("owner", "name", "says"),
    [(runner, "check_writable", r"^runs cannot be written to .*"), (Path, "write_text", "")],
)
def test_a_full_disk_before_or_in_a_sweep_stops_it_with_one_sentence(
    cell: Make, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, says: str
) -> None:
    monkeypatch.setattr(owner, name, Mock(side_effect=FULL))
    with pytest.raises(UsageError, match=f"{says}No space left on device; free"):
        runner.run([cell("length"), cell("chance")], quiet=True)
    assert not cell("length").folder.exists()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere.Nothing", "cannot be made: there is no module nowhere: run from the folder"),
        ("own_methods.Nothing", "cannot be made: own_methods has no class Nothing."),
        ("own_methods.Lenght", "own_methods has no class Lenght; did you mean Length?"),
        ("pathlib.PurePath", "is not a method: it lacks needs"),
    ],
)
def test_a_class_that_is_no_method_is_a_users_mistake(place: Path, target: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        instantiate({"_target_": target})


def test_every_baseline_that_ships_is_a_method_of_its_config() -> None:
    for name, path in Composer(config_folders(None)).options["baseline"].items():
        made = instantiate(yaml.safe_load(path.read_text(encoding="utf-8"))["method"])
        assert isinstance(made, Method | StreamMethod), name


@pytest.mark.parametrize("valid", [True, False])
def test_the_valid_part_is_scored_unless_a_job_leaves_it_out(cell: Make, valid: bool) -> None:
    one = cell("chance")
    versions = runner.versions_of(one)
    job = Job(one, versions, runner.digests_of(one, versions.data), valid=valid)
    shared = folds.SharedFold(one)
    result = runner.run_one(job, shared, runner.Methods(one, shared, None)).result
    assert result is not None
    assert (result.valid is not None) == valid
    assert result.scores[result.primary].value is not None


def test_few_folds_are_dealt_to_several_workers_and_none_is_lost(cell: Make) -> None:
    cells = [cell("chance", f"seed={seed}") for seed in range(5)]
    digests, versions = runner.digests_of(cells[0], "0.5.0"), runner.versions_of(cells[0])
    jobs = [runner.Job(one, versions, digests) for one in cells]
    batches = runner.deal(jobs, workers=2)
    assert [len(batch) for batch in batches] == [3, 2]
    assert sorted(job.cell.seed for batch in batches for job in batch) == list(range(5))


REPLACED = """
import os, sys
from pathlib import Path
from tipbench.runs import results
from tipcore import atomic

folder, by_exchange = Path(sys.argv[1]), sys.argv[2] == "True"
steps = 0
for line in sys.stdin:  # a process of its own for each, without another start
    number, child = int(line), os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()

def counted(step):
    def run(*given, **more):
        global steps
        steps += 1
        if steps == number:
            os._exit(9)
        return step(*given, **more)
    return run

result = results.read_result(folder)
again = result.model_copy(update={"notes": ["again"]})
predictions = (folder / "predictions.parquet").read_bytes()
atomic.move = counted(atomic.move)
atomic.exchange = counted(atomic.exchange) if by_exchange else lambda *_: False
atomic.shutil.rmtree = counted(atomic.shutil.rmtree)
results.store(folder, again, predictions)
"""


@pytest.mark.parametrize("by_exchange", [True, False])
def test_a_run_that_is_replaced_is_there_before_and_after_whenever_it_is_stopped(
    cell, by_exchange: bool
) -> None:
    """One exchange; where the system has none, whoever looks next puts back what was moved aside."""
    runner.run([cell()], quiet=True)
    number, seen = 0, set()
    words = [sys.executable, "-c", REPLACED, str(cell().folder), str(by_exchange)]
    stopping = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert stopping.stdin is not None
    assert stopping.stdout is not None
    while True:
        number += 1
        stopping.stdin.write(f"{number}\n")
        stopping.stdin.flush()
        code = stopping.stdout.readline()
        if code == "0\n":
            break
        assert code == "9\n"
        if by_exchange:
            assert (cell().folder / "result.json").is_file(), "at no moment there is none"
        assert run_folders(cell().runs) == [cell().folder]
        stored = read_result(cell().folder)
        read_predictions(cell().folder, stored)
        seen.add(tuple(stored.notes))
        assert runner.run([cell()], quiet=True)[0].reused
    stopping.communicate()
    assert number > 2
    assert ("again",) in seen or by_exchange
    assert runner.run([cell()], overwrite="always", quiet=True)[0].result is not None
    assert [path.name for path in cell().folder.parent.iterdir()] == [cell().folder.name]


def test_a_run_that_was_moved_aside_is_found_where_it_was(cell: Make) -> None:
    runner.run([cell()], quiet=True)
    folder = cell().folder
    folder.rename(folder.with_name(f".old-{folder.name}"))
    assert runner.run([cell()], quiet=True)[0].reused
    folder.rename(folder.with_name(f".old-{folder.name}"))
    assert run_folders(cell().runs) == [folder]
