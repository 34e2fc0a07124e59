"""Submissions of real runs on ``tiny``: accepted, scored again, reproduced."""

import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stored_results import change_results
from tipbench.cli import main
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
from tipcore.errors import CheckFailed, UsageError
from tipdata.release import Release

DATA = "0.4.0/tiny"
TASK = "flag_aggregation"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """Runs of two methods on two splits."""
    folder = tmp_path_factory.mktemp("runs")
    methods = f"baseline={TASK}/majority,{TASK}/weighted_majority"
    words = ("run", "-m", methods, "release=tiny", "split=forward,operation", "engine=sequential", "--quiet")
    assert main([*words, f"runs.path={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def packed(runs: Path) -> Callable[..., Path]:
    """A submission of the runs of weighted_majority, in a folder of its name below the one that is given."""

    def pack(to: Path, team: str = "lab-a", **declared: str) -> Path:
        to = to / f"{team}--{declared.get('method', 'weighted_majority')}"
        [*folders] = (runs / DATA / TASK).glob("*/weighted_majority/*")
        more = [f"{name}={value}" for name, value in declared.items()]
        words = (
            "--to",
            str(to),
            f"team={team}",
            "summary=Weighs reviewers.",
            "authors=A. Author, Example",
        )
        assert main(["submit", *map(str, folders), *words, "check=false", "--quiet", *more]) == 0
        return to

    return pack


@pytest.fixture
def results(runs: Path, tmp_path: Path) -> Path:
    """A board with the reference methods."""
    found = collect(runs)
    store_reference(tmp_path / "results", found, draws_of(found, quiet=True))
    return tmp_path / "results"


def line_of(results: Path, entry: str) -> Line:
    [standing] = standings(read(results))
    return next(line for line in standing if line["entry"] == entry)


def test_an_accepted_submission_stands_on_the_board_with_the_scores_of_its_predictions(
    results: Path, packed: Callable, runs: Path, tmp_path: Path
) -> None:
    place, checked = accept(packed(tmp_path / "s"), results, quiet=True)
    assert place == results / DATA / "submissions/lab-a--weighted_majority"
    assert len(checked.scored) == 2
    mine, theirs = (
        line_of(results, "lab-a--weighted_majority"),
        line_of(results, "tipbench--weighted_majority"),
    )
    assert [mine[key] == theirs[key] for key in ("score", "low", "by_split")] == [True] * 3
    assert (mine["status"], theirs["status"]) == (SELF_REPORTED, RUN_HERE)
    # The same predictions under the same draws, but neither ranked nor tested.
    assert (theirs["rank"], theirs["against"] is None) == (1.0, False)
    assert (mine["rank"], mine["rank_low"], mine["against"]) == (None, None, None)


def test_predictions_are_kept_under_their_digests_and_no_number_of_the_author_is(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    place, checked = accept(packed(tmp_path / "s"), results, quiet=True)
    kept = {f"sha256:{path.stem}" for path in (results / "predictions").rglob("*.parquet")}
    assert kept == {one.result.predictions.digest for one in checked.scored}
    record = json.loads((place / "submission.json").read_text(encoding="utf-8"))
    assert "scores" not in json.dumps(record)


def test_a_refused_submission_leaves_nothing(results: Path, packed: Callable, tmp_path: Path) -> None:
    folder = packed(tmp_path / "s")
    path = folder / TASK / "forward" / "s0.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Refused, match=r"forward/s0\.parquet: "):
        accept(folder, results, quiet=True)
    assert not (results / DATA / "submissions").exists()
    assert not (results / "predictions").exists()


def test_the_same_team_and_method_again_is_refused_unless_it_is_to_replace(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    folder = packed(tmp_path / "s")
    accept(folder, results, quiet=True)
    with pytest.raises(UsageError, match=r"lab-a--weighted_majority is on the board .*overwrite=true"):
        accept(folder, results, quiet=True)
    shutil.rmtree(folder / TASK / "operation")
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    record["predictions"] = [one for one in record["predictions"] if one["split"] == "forward"]
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")
    accept(folder, results, replace=True, quiet=True)
    assert "operation" not in line_of(results, "lab-a--weighted_majority")["by_split"]


def test_a_folder_of_another_name_than_its_record_replaces_nothing(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    accept(packed(tmp_path), results, quiet=True)
    stranger = (tmp_path / "lab-a--weighted_majority").rename(tmp_path / "lab-b--other")
    said = (
        "it is of lab-a--weighted_majority and its folder is lab-b--other; rename the folder lab-a--weighted"
    )
    with pytest.raises(Refused, match=said):
        accept(stranger, results, replace=True, quiet=True)


def _accept(submission: Path, results: Path, start: object, queue: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    try:
        accept(submission, results, quiet=True)
        queue.put("accepted")  # type: ignore[attr-defined]
    except UsageError as error:
        queue.put(str(error))  # type: ignore[attr-defined]


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
    assert "lab-c--weighted_majority" in said[3]
    teams = {entry.team: len(entry.results) for entry in read(results).entries if not entry.is_reference}
    assert teams == {"lab-a": 2, "lab-b": 2, "lab-c": 2}
    assert rescore(results, DATA, quiet=True).differences == []
    names = {path.name for path in results.rglob("*")}
    assert not {name for name in names if name.startswith((".partial", ".old"))}


def test_scoring_again_finds_the_same_numbers_and_says_what_has_no_predictions(
    results: Path, packed: Callable, runs: Path, tmp_path: Path
) -> None:
    accept(packed(tmp_path / "s"), results, quiet=True)
    found = rescore(results, DATA, quiet=True)
    assert (found.scored, len(found.without), found.differences) == (2, 4, [])
    found = rescore(results, DATA, runs=runs, quiet=True)
    assert (found.scored, found.without, found.differences) == (6, [], [])


def test_a_stored_number_that_was_altered_is_named_and_put_right_when_asked(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    place, _ = accept(packed(tmp_path / "s"), results, quiet=True)

    def first() -> Result:
        (one,) = [one for one in read_results(place / "uploaded" / RESULTS) if one.split == "forward"]
        return one

    def change(one: dict) -> None:
        one["scores"]["average_precision"]["value"] += 0.01
        one["groups"]["lawful"]["units"] += 1

    true = first()
    change_results(place / "uploaded", change, split="forward")
    path = f"{place / 'uploaded' / RESULTS}: {TASK}/forward/{true.method_name}/s0"
    found = rescore(results, DATA, quiet=True).differences
    assert [(one.path, one.metric) for one in found] == [
        (path, "average_precision"),
        (path, "units of lawful"),
    ]
    assert found[0].found == true.scores["average_precision"].value
    rescore(results, DATA, write=True, quiet=True)
    again = first()
    assert (again.scores, again.groups) == (true.scores, true.groups)
    assert rescore(results, DATA, quiet=True).differences == []


def test_scores_of_another_evaluator_are_refused_and_made_anew_when_asked(
    results: Path, packed: Callable, runs: Path, tmp_path: Path
) -> None:
    accept(packed(tmp_path / "s"), results, quiet=True)
    true = {path: read_results(path) for path in results.rglob(RESULTS)}
    for path in true:
        change_results(path.parent, lambda one: one["versions"].update(evaluator=0))
    with pytest.raises(UsageError, match=r"6 of 6 results are of another evaluator .*--write"):
        rescore(results, DATA, quiet=True)
    with pytest.raises(UsageError, match=r"4 reference results .*give its folder with runs="):
        rescore(results, DATA, write=True, quiet=True)
    rescore(results, DATA, runs=runs, write=True, quiet=True)
    for path, found in true.items():
        for one, again in zip(found, read_results(path), strict=True):
            assert (again.scores, again.versions, again.cost) == (one.scores, one.versions, one.cost)


def test_predictions_that_were_lost_or_altered_are_a_sentence(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    accept(packed(tmp_path / "s"), results, quiet=True)
    first, second = sorted((results / "predictions").rglob("*.parquet"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(UsageError, match="are not what was accepted"):
        rescore(results, DATA, quiet=True)
    first.unlink()
    with pytest.raises(UsageError, match=r"predictions of 1 results .*bring them back"):
        rescore(results, DATA, quiet=True)


@pytest.mark.usefixtures("known_world")
def test_a_submission_of_this_package_is_reproduced_bit_for_bit(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    accept(packed(tmp_path / "s"), results, quiet=True)
    [first] = reproduce(results, DATA, "lab-a--weighted_majority", splits=["forward"], quiet=True)
    assert (first.split, first.same, first.stored) == ("forward", True, first.found)
    line = line_of(results, "lab-a--weighted_majority")
    assert (line["status"], line["rank"]) == (REPRODUCED, None)
    assert [one.verified for one in read(results).entries[-1].results] == [True, False]
    # What was reproduced stays when more of it is.
    reproduce(results, DATA, "lab-a--weighted_majority", splits=["operation"], quiet=True)
    assert [one.verified for one in read(results).entries[-1].results] == [True, True]
    assert len(read(results).entries[-1].uploaded) == 2
    assert rescore(results, DATA, quiet=True).differences == []


@pytest.mark.usefixtures("known_world")
def test_a_reference_method_is_run_again_and_held_against_its_digest(results: Path) -> None:
    found = reproduce(results, DATA, "tipbench--majority", quiet=True)
    assert [(one.split, one.same) for one in found] == [("forward", True), ("operation", True)]


WHEEL = {
    "own_votes.py": """
import polars as pl
class Votes:
    needs = frozenset({"reviews.advert", "reviews.vote"})
    stochastic = False
    def __init__(self, **others):
        pass
    def fit(self, fold, seed):
        pass
    def predict(self, fold):
        units = fold.to_predict().collect()
        vote = pl.col("vote").replace_strict({"harmful": 1.0, "unsure": 0.5, "clear": 0.0})
        share = fold.tables["reviews"].group_by("advert").agg(score=vote.mean()).collect()
        return units.join(share, on="advert", how="left").select("advert", pl.col("score").fill_null(0.0))
""",
    "own_votes-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: own-votes\nVersion: 1.0\n",
    "own_votes-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def write_wheel(folder: Path) -> None:
    """A wheel with a method, as authors pin one."""
    import zipfile

    record = "own_votes-1.0.dist-info/RECORD"
    with zipfile.ZipFile(folder / "own_votes-1.0-py3-none-any.whl", "w") as file:
        for name, text in WHEEL.items():
            file.writestr(name, text)
        file.writestr(record, "".join(f"{name},,\n" for name in (*WHEEL, record)))


def take_wheels_from(folder: Path, results: Path) -> None:
    with (results / "board.yaml").open("a", encoding="utf-8") as file:
        file.write(f"packages: {{wheelhouse: {folder}}}\n")


def pin(folder: Path, package: str, *overrides: str) -> None:
    path = folder / "submission.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["pinned"] = {"package": package, "overrides": {TASK: list(overrides)}}
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.usefixtures("copied_environment", "known_world")
def test_another_package_is_installed_apart_and_its_own_predictions_are_what_is_shown(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    write_wheel(tmp_path)
    take_wheels_from(tmp_path, results)
    folder = packed(tmp_path / "s", method="votes")
    target = "baseline.method._target_=own_votes.Votes"
    pin(folder, "own-votes==1.0", f"baseline={TASK}/weighted_majority", "release=tiny", target)
    accept(folder, results, quiet=True)
    found = reproduce(results, DATA, "lab-a--votes", splits=["forward"], quiet=True)
    assert [one.same for one in found] == [False]
    line = line_of(results, "lab-a--votes")
    assert line["score"] == found[0].found == line_of(results, "tipbench--majority")["score"]
    assert read(results).entries[-1].results[0].method == f"{TASK}/votes"


@pytest.mark.usefixtures("copied_environment", "known_world")
@pytest.mark.parametrize(
    ("package", "overrides", "said"),
    [
        ("own-votes==1.0", ("baseline=flag_aggregation/majority",), "own-votes==1.0 cannot be installed: "),
        (f"tipbench=={__version__}", ("baseline=flag_aggregation/nothing", "release=tiny"), "nothing"),
        (
            f"tipbench=={__version__}",
            ("baseline=flag_aggregation/oracle", "release=tiny"),
            "an oracle, shown hidden truth",
        ),
        (
            f"tipbench=={__version__}",
            ("baseline=supplier_risk/sector_prior", "release=tiny"),
            "of another cell",
        ),
    ],
)
def test_what_cannot_be_reproduced_is_said_and_changes_nothing(
    results: Path, packed: Callable, tmp_path: Path, package: str, overrides: tuple[str, ...], said: str
) -> None:
    take_wheels_from(tmp_path, results)
    folder = packed(tmp_path / "s")
    pin(folder, package, *overrides)
    accept(folder, results, quiet=True)
    with pytest.raises((CheckFailed, UsageError), match=said) as refused:
        reproduce(results, DATA, "lab-a--weighted_majority", splits=["forward"], quiet=True)
    assert len(str(refused.value).splitlines()) == 1
    assert line_of(results, "lab-a--weighted_majority").status == SELF_REPORTED


def test_an_entry_that_is_not_there_or_names_no_package_is_a_sentence(
    results: Path, packed: Callable, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="choose tipbench--majority"):
        reproduce(results, DATA, "tipbench--majorty", quiet=True)
    folder = packed(tmp_path / "s")
    record = json.loads((folder / "submission.json").read_text(encoding="utf-8"))
    (folder / "submission.json").write_text(json.dumps({**record, "pinned": None}), encoding="utf-8")
    accept(folder, results, quiet=True)
    with pytest.raises(UsageError, match="names no package"):
        reproduce(results, DATA, "lab-a--weighted_majority", quiet=True)


def test_a_perfect_submission_is_neither_ranked_nor_tested(
    results: Path, packed: Callable, runs: Path, tmp_path: Path
) -> None:
    from tipbench.loading import prepare

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
            import hashlib

            entry["digest"] = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    (folder / "submission.json").write_text(json.dumps(record), encoding="utf-8")
    accept(folder, results, quiet=True)
    line = line_of(results, "lab-a--better")
    assert line.row.score == pytest.approx(1.0)
    assert (line.rank, line.against) == (None, None)
