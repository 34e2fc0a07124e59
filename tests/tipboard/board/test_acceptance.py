"""Submissions of real runs on ``tiny``: accepted, scored again, reproduced."""

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stored_results import change_record, change_results
from tipbench.cli import main
from tipbench.loading import prepare
from tipbench.runs.frames import RESULTS, read_results
from tipbench.runs.results import Result
from tipbench.version import __version__
from tipboard.board.acceptance import accept
from tipboard.board.collection import collect
from tipboard.board.entries import REPRODUCED, RUN_HERE, SELF_REPORTED
from tipboard.board.files import read, store_reference
from tipboard.board.reproduction import reproduce
from tipboard.board.rescoring import rescore
from tipboard.board.standings import Line, draws_of, standings
from tipboard.submissions.messages import Refused
from tipcore.errors import UsageError
from tipdata.release import Release

DATA = "0.5.0/tiny"
TASK = "flag_aggregation"
NAME = "lab-a--dawid_skene"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """Runs of two methods on two splits."""
    folder = tmp_path_factory.mktemp("runs")
    methods = f"baseline={TASK}/majority,{TASK}/dawid_skene"
    words = ("run", "-m", methods, "release=tiny", "split=forward,operation", "engine=sequential", "--quiet")
    assert main([*words, f"runs.path={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def submission(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission of the runs of dawid_skene."""
    to = tmp_path_factory.mktemp("packed") / NAME
    folders = [str(one) for one in (runs / DATA / TASK).glob("*/dawid_skene/*")]
    words = ("--to", str(to), "team=lab-a", "summary=Weighs reviewers.", "authors=A. Author, Example")
    assert main(["submit", *folders, *words, "check=false", "--quiet"]) == 0
    return to


@pytest.fixture(scope="module")
def packed(submission: Path) -> Callable[..., Path]:
    """A copy of the submission, in a folder of its name below the one that is given."""

    def pack(to: Path, team: str = "lab-a", method: str = "dawid_skene") -> Path:
        folder = shutil.copytree(submission, to / f"{team}--{method}")
        return change_record(folder, team=team, method=method)

    return pack


@pytest.fixture(scope="module")
def reference(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board with the reference methods, to copy."""
    to, found = tmp_path_factory.mktemp("reference") / "results", collect(runs)
    store_reference(to, found, draws_of(found, quiet=True))
    return to


@pytest.fixture(scope="module")
def with_submission(reference: Path, submission: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same board after the submission was accepted, to copy."""
    to = shutil.copytree(reference, tmp_path_factory.mktemp("accepted") / "results")
    place, checked = accept(submission, to, quiet=True)
    assert place == to / DATA / "submissions" / NAME
    kept = {f"sha256:{path.stem}" for path in (to / "predictions").rglob("*.parquet")}
    assert len(kept) == 2
    assert kept == {one.result.predictions.digest for one in checked.scored}
    return to


@pytest.fixture
def results(reference: Path, tmp_path: Path) -> Path:
    """A board with the reference methods."""
    return shutil.copytree(reference, tmp_path / "results")


@pytest.fixture
def accepted(with_submission: Path, tmp_path: Path) -> Path:
    """A board with an accepted submission."""
    return shutil.copytree(with_submission, tmp_path / "results")


def line_of(results: Path, entry: str) -> Line:
    [standing] = standings(read(results))
    return next(line for line in standing if line["entry"] == entry)


def test_an_accepted_submission_stands_on_the_board_with_the_scores_of_its_predictions(
    accepted: Path,
) -> None:
    mine, theirs = line_of(accepted, NAME), line_of(accepted, "tipbench--dawid_skene")
    assert [mine[key] == theirs[key] for key in ("score", "low", "by_split")] == [True] * 3
    assert (mine["status"], theirs["status"]) == (SELF_REPORTED, RUN_HERE)
    # The same predictions under the same draws, but not tested.
    assert (theirs["is_run_here"], theirs["against"] is None) == (True, False)
    assert (mine["is_run_here"], mine["against"]) == (False, None)
    record = (accepted / DATA / "submissions" / NAME / "submission.json").read_text(encoding="utf-8")
    assert "scores" not in record


def test_a_refused_submission_leaves_nothing(results: Path, packed: Callable, tmp_path: Path) -> None:
    folder = packed(tmp_path / "s")
    path = folder / TASK / "forward" / "s0.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Refused, match=r"forward/s0\.parquet: "):
        accept(folder, results, quiet=True)
    assert not (results / DATA / "submissions").exists()
    assert not (results / "predictions").exists()


def test_the_same_team_and_method_again_is_refused_unless_it_is_to_replace(
    accepted: Path, packed: Callable, tmp_path: Path
) -> None:
    folder = packed(tmp_path / "s")
    shutil.rmtree(folder / TASK / "operation")
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    forward = [one for one in record["predictions"] if one["split"] == "forward"]
    change_record(folder, predictions=forward)
    with pytest.raises(UsageError, match=r"lab-a--dawid_skene is on the board .*overwrite=true"):
        accept(folder, accepted, quiet=True)
    accept(folder, accepted, replace=True, quiet=True)
    assert "operation" not in line_of(accepted, NAME)["by_split"]


def test_a_folder_of_another_name_than_its_record_replaces_nothing(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    stranger = packed(tmp_path).rename(tmp_path / "lab-b--other")
    said = "it is of lab-a--dawid_skene and its folder is lab-b--other; rename the folder lab-a--dawid"
    with pytest.raises(Refused, match=said):
        accept(stranger, results, replace=True, quiet=True)


def _accept(submission: Path, results: Path, start: object, queue: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    try:
        accept(submission, results, quiet=True)
        queue.put("accepted")  # type: ignore[attr-defined]
    except UsageError as error:
        queue.put(str(error))  # type: ignore[attr-defined]


@pytest.mark.slow
def test_submissions_accepted_at_the_same_moment_lose_nothing(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    """Two teams and a third that comes twice, each in a process of its own."""
    folders = [packed(tmp_path / name, name) for name in ("lab-a", "lab-b", "lab-c")]
    context = multiprocessing.get_context("spawn")
    start, queue = context.Barrier(4), context.Queue()
    workers = [
        context.Process(target=_accept, args=(one, results, start, queue)) for one in (*folders, folders[2])
    ]
    for one in workers:
        one.start()
    # What is refused begins with a path or with a name, by which of the two checks came too late.
    said = sorted((queue.get(timeout=120) for _ in workers), key=lambda one: one != "accepted")
    for one in workers:
        one.join()
    assert said[:3] == ["accepted"] * 3
    assert "lab-c--dawid_skene" in said[3]
    teams = {entry.team: len(entry.results) for entry in read(results).entries if not entry.is_reference}
    assert teams == {"lab-a": 2, "lab-b": 2, "lab-c": 2}
    assert rescore(results, DATA, quiet=True).differences == []
    names = {path.name for path in results.rglob("*")}
    assert not {name for name in names if name.startswith((".partial", ".old"))}


def test_scoring_again_finds_the_same_numbers_and_says_what_has_no_predictions(
    accepted: Path, runs: Path
) -> None:
    found = rescore(accepted, DATA, quiet=True)
    assert (found.scored, len(found.without), found.differences) == (2, 4, [])
    found = rescore(accepted, DATA, runs=runs, quiet=True)
    assert (found.scored, found.without, found.differences) == (6, [], [])


def test_a_stored_number_that_was_altered_is_named_and_put_right_when_asked(accepted: Path) -> None:
    place = accepted / DATA / "submissions" / NAME

    def first() -> Result:
        (one,) = [one for one in read_results(place / "uploaded" / RESULTS) if one.split == "forward"]
        return one

    def change(one: dict) -> None:
        one["scores"]["average_precision"]["value"] += 0.01
        one["groups"]["lawful"]["units"] += 1

    true = first()
    change_results(place / "uploaded", change, split="forward")
    path = f"{place / 'uploaded' / RESULTS}: {TASK}/forward/{true.method_name}/s0"
    found = rescore(accepted, DATA, quiet=True).differences
    assert [(one.path, one.metric) for one in found] == [
        (path, "average_precision"),
        (path, "units of lawful"),
    ]
    assert found[0].found == true.scores["average_precision"].value
    rescore(accepted, DATA, write=True, quiet=True)
    again = first()
    assert (again.scores, again.groups) == (true.scores, true.groups)
    assert rescore(accepted, DATA, quiet=True).differences == []


def test_scores_of_another_evaluator_are_refused_and_made_anew_when_asked(accepted: Path, runs: Path) -> None:
    true = {path: read_results(path) for path in accepted.rglob(RESULTS)}
    for path in true:
        change_results(path.parent, lambda one: one["versions"].update(evaluator=0))
    with pytest.raises(UsageError, match=r"another evaluator than this one scored 6 of 6 results .*--write"):
        rescore(accepted, DATA, quiet=True)
    with pytest.raises(UsageError, match=r"4 reference results .*give its folder with runs="):
        rescore(accepted, DATA, write=True, quiet=True)
    rescore(accepted, DATA, runs=runs, write=True, quiet=True)
    for path, found in true.items():
        for one, again in zip(found, read_results(path), strict=True):
            assert (again.scores, again.versions, again.cost) == (one.scores, one.versions, one.cost)


def test_predictions_that_were_lost_or_altered_are_a_sentence(accepted: Path) -> None:
    first, second = sorted((accepted / "predictions").rglob("*.parquet"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(UsageError, match="are not what was accepted"):
        rescore(accepted, DATA, quiet=True)
    first.unlink()
    with pytest.raises(UsageError, match=r"lacks the predictions of 1 submitted result .*restore the files"):
        rescore(accepted, DATA, quiet=True)


def test_a_submission_of_this_package_is_reproduced_bit_for_bit(accepted: Path) -> None:
    [first] = reproduce(accepted, DATA, NAME, splits=["forward"], quiet=True)
    assert (first.split, first.same, first.stored) == ("forward", True, first.found)
    line = line_of(accepted, NAME)
    assert line["status"] == REPRODUCED
    assert [one.verified for one in read(accepted).entries[-1].results] == [True, False]
    # What was reproduced stays when more of it is.
    reproduce(accepted, DATA, NAME, splits=["operation"], quiet=True)
    assert [one.verified for one in read(accepted).entries[-1].results] == [True, True]
    assert len(read(accepted).entries[-1].uploaded) == 2
    assert rescore(accepted, DATA, quiet=True).differences == []


def test_a_reference_method_is_run_again_and_held_against_its_digest(results: Path) -> None:
    found = reproduce(results, DATA, "tipbench--majority", splits=["forward"], quiet=True)
    assert [(one.split, one.same) for one in found] == [("forward", True)]


def test_an_oracle_is_not_reproduced_which_changes_nothing(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    folder = packed(tmp_path / "s")
    overrides = {TASK: [f"baseline={TASK}/oracle", "release=tiny"]}
    change_record(folder, pinned={"package": f"tipbench=={__version__}", "overrides": overrides})
    accept(folder, results, quiet=True)
    with pytest.raises(UsageError, match="is an oracle, which sees hidden truth: choose a method") as refused:
        reproduce(results, DATA, NAME, splits=["forward"], quiet=True)
    assert len(str(refused.value).splitlines()) == 1
    assert line_of(results, NAME)["status"] == SELF_REPORTED


def test_an_entry_that_is_not_there_or_names_no_package_is_a_sentence(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="choose tipbench--majority"):
        reproduce(results, DATA, "tipbench--majorty", quiet=True)
    accept(change_record(packed(tmp_path / "s"), pinned=None), results, quiet=True)
    with pytest.raises(UsageError, match="names no package"):
        reproduce(results, DATA, NAME, quiet=True)


def test_a_perfect_submission_is_not_tested(results: Path, packed: Callable, tmp_path: Path) -> None:
    folder = packed(tmp_path / "s", method="better")
    path = folder / TASK / "forward" / "s0.parquet"
    answers = prepare(TASK, release="tiny", split="forward").answers.frame
    noise = np.random.default_rng(0).random(answers.height).astype(np.float32)
    scores = answers.select(
        "advert", score=pl.Series((answers["label"].to_numpy() + noise) / 2).cast(pl.Float32)
    )
    scores.write_parquet(path)
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    for entry in record["predictions"]:
        if entry["split"] == "forward":
            entry["digest"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    accept(change_record(folder, predictions=record["predictions"]), results, quiet=True)
    line = line_of(results, "lab-a--better")
    assert line["score"] == pytest.approx(1.0)
    assert (line["is_best"], line["against"]) == (False, None)
