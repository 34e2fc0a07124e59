"""Entries of a season: predictions of all of its worlds, or a package alone; checked against its published folds."""

import json
from pathlib import Path
from typing import Any

import pytest
from guesses import guess
from mutated_case import packed
from mutated_run import DATA, WORLDS, publish_season
from stored_results import change_record
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.seasons.units import FOLDS, blank_answers, season_truth
from tipboard.submissions.check import check
from tipboard.submissions.messages import Refused
from tipboard.submissions.record import RECORD, Malformed, record_of
from tipcore.errors import UsageError
from tipdata.release import Release

pytestmark = pytest.mark.usefixtures("in_process")
TASKS = ["advert_linkage", "assistance_triage", "case_linkage", "prevalence"]
"""Of the kinds of predictions that need more than a key: clusters, label sets, links and estimates."""


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """A season as published."""
    return publish_season(tmp_path_factory.mktemp("season"), TASKS)


@pytest.fixture
def entry(public: Path, tmp_path: Path) -> Path:
    """Predictions of its worlds."""
    answers = {
        (task, w): blank_answers(tasks()[task], public / FOLDS / task / w) for task in TASKS for w in WORLDS
    }
    frames = {f"{task}/{world}/s0.parquet": guess(blank) for (task, world), blank in answers.items()}
    return packed(tmp_path / "acme--mine", "season/spring", frames, version="0.5.0")


def test_predictions_are_checked_and_not_scored(public: Path, entry: Path) -> None:
    checked = check(entry, truth=season_truth(public), quiet=True)
    assert len(checked.scored) == len(TASKS) * len(WORLDS)
    notes = {one.result.scores[one.result.primary].note for one in checked.scored}
    assert notes == {"hidden: scored at the close"}
    assert {one.result.scores[one.result.primary].value for one in checked.scored} == {None}
    with pytest.raises(Refused, match=r"season/spring is a season and no release"):
        check(entry, quiet=True)


def test_blank_answers_have_the_units_and_candidates_of_the_true_ones_and_no_truth(public: Path) -> None:
    for name in TASKS:
        answers, blank = (
            prepare(name, release=DATA).answers,
            blank_answers(tasks()[name], public / FOLDS / name / "w1"),
        )
        assert blank.frame[blank.unit].to_list() == answers.frame[answers.unit].sort().to_list()
        hidden = {"label", "cluster", "truth", *tasks()[name].label_columns}
        assert all(blank.frame[column].null_count() == blank.frame.height for column in hidden)
        if tasks()[name].views:
            assert blank.gallery is not None
            assert answers.gallery is not None
            key = ["region", "view", "candidate"]
            assert blank.gallery.select(key).sort(key).equals(answers.gallery.select(key).sort(key))
            assert blank.gallery["cluster"].null_count() == blank.gallery.height


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data": "season/autumn"}, "data: it is season/autumn and this is season/spring"),
        ({"versions": {"data": "0.3.0"}}, "versions.data: it is 0.3.0 and the season is of 0.5.0"),
        ({"predictions": "lacking"}, "predict every world, w1 to w6, and no other (w1 is missing)"),
        ({"predictions": "doubled"}, "of a season give advert_linkage/w1/s0.parquet"),
    ],
)
def test_an_entry_of_another_season_or_of_some_worlds_is_refused(
    public: Path, entry: Path, changes: dict[str, Any], says: str
) -> None:
    content = json.loads((entry / RECORD).read_text(encoding="utf-8"))
    first, *others = content["predictions"]
    if changes == {"predictions": "lacking"}:
        (entry / first["file"]).unlink()
        (entry / first["file"]).parent.rmdir()
        changes = {"predictions": others}
    elif changes == {"predictions": "doubled"}:
        again = {**first, "seed": 1, "file": first["file"].replace("s0", "s1")}
        (entry / again["file"]).write_bytes((entry / first["file"]).read_bytes())
        changes = {"predictions": [first, again, *others]}
    if "versions" in changes:
        changes["versions"] |= {"tasks": content["versions"]["tasks"]}
    with pytest.raises(Refused) as refused:
        check(change_record(entry, **changes), truth=season_truth(public), quiet=True)
    assert says in str(refused.value)


def test_a_folder_that_is_no_season_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a season"):
        season_truth(tmp_path)


RESOURCE = {"name": "Model 1", "licence": "MIT", "date": "2026-05-01"}
PACKAGE = {"pinned": {"package": "x==1", "overrides": {"prevalence": ["a=1"]}}, "predictions": []}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"entry_class": "fold"}, ""),
        ({"entry_class": "worlds", **PACKAGE}, ""),
        ({"entry_class": "worlds", "resources": [RESOURCE]}, ""),
        ({"entry_class": "system", "resources": [RESOURCE]}, ""),
        ({"entry_class": None}, "entry_class is missing"),
        ({"entry_class": "best"}, "entry_class: it must be 'fold', 'worlds', 'outside' or 'system'"),
        ({"entry_class": "outside", "resources": []}, "an entry of the class outside names what it uses"),
        (
            {"entry_class": "fold", "resources": [RESOURCE]},
            "resources are of entries of another class than fold",
        ),
        ({"resources": [RESOURCE | {"date": "2026-02-30"}]}, "resources[0].date: day is out of range"),
        ({"resources": [{"name": "x"}]}, "resources[0].licence: field required"),
        ({"pinned": PACKAGE["pinned"]}, "either pinned or has predictions, and not both"),
        ({"predictions": []}, "either pinned or has predictions, and not both"),
        (
            {**PACKAGE, "data": "0.5.0/tiny", "resources": []},
            "only an entry of a season may be a package alone",
        ),
    ],
)
def test_class_resources_and_kind_of_an_entry_fit_together(
    entry: Path, changes: dict[str, Any], says: str
) -> None:
    content = (change_record(entry, **changes) / RECORD).read_bytes()
    if not says:
        assert record_of(content).season == "spring"
        return
    with pytest.raises(Malformed) as refused:
        record_of(content)
    assert says in str(refused.value)


ABOUT = ("team=acme", "method=mine", "summary=Guesses.", "authors=A. Author", "hardware=2 cores", "--quiet")


def test_a_package_is_packed_from_overrides_and_checked(tipbench: Any, public: Path, place: Path) -> None:
    words = ["task=prevalence", "baseline.method._target_=acme.Mine", "+baseline.method.depth=3"]
    season = f"season={public}"
    how = (season, "package=acme==1.0", "entry_class=fold", "--to", "acme--mine")
    code, out, err = tipbench("submit", *words, *how, *ABOUT[:-1])
    assert (code, out) == (0, "accepted: acme--mine on season/spring, acme==1.0\n"), err
    assert "packed package acme==1.0 of acme--mine in acme--mine\n" in err
    record = record_of(Path("acme--mine/submission.json").read_bytes())
    assert record.pinned is not None
    assert (record.pinned.overrides, record.predictions) == ({"prevalence": words}, [])
    assert (record.season, record.size, record.tasks) == ("spring", None, ["prevalence"])
    assert tipbench("submit", "acme--mine", season)[0] == 0


def test_predictions_are_packed_with_their_resources(
    tipbench: Any, place: Path, public: Path, entry: Path
) -> None:
    files = [f"{task}/{world}/s0={entry}/{task}/{world}/s0.parquet" for task in TASKS for world in WORLDS]
    season = (
        f"season={public}",
        "entry_class=system",
        "resources=Model 1, MIT, 2026-05-01; Texts, CC0, 2025-01-31",
    )
    code, out, err = tipbench(
        "submit", *files[-6:], *season, "access=legal", "labels=none", "--to", "acme--mine", *ABOUT
    )
    assert code == 0, err
    assert out.splitlines()[-1] == "accepted: acme--mine on season/spring, 6 files"
    record = record_of(Path("acme--mine/submission.json").read_bytes())
    assert record.resources[0].model_dump() == RESOURCE
    assert (record.entry_class, len(record.resources)) == ("system", 2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["relase=tiny", "x"], 'Unknown setting "relase". Did you mean "replicates"?'),
        (["season=.", "package=x==1", "task=prevalence", "--to", "s", *ABOUT], "is not a season"),
        (["x", "season=.", "data=0.5.0/tiny", "--to", "s", *ABOUT], "data=0.5.0/tiny is not for season="),
        (["resources=Model 1, MIT", "x", "--to", "s", *ABOUT], 'write "NAME, LICENCE, DATE"'),
    ],
)
def test_a_mistake_in_an_entry_of_a_season_is_one_sentence(
    refused: Any, place: Path, words: list[str], says: str
) -> None:
    assert says in refused("submit", *words)
