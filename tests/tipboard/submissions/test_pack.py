"""Packing runs and files: what comes of them is accepted, scores the same, and can be run again."""

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.runs.cells import Cell
from tipbench.runs.grid import expand
from tipbench.runs.results import read_result
from tipbench.version import __version__
from tipboard.submissions.check import check
from tipboard.submissions.pack import Gathered, gather_files, gather_runs, overrides_of, pack
from tipcore.errors import UsageError
from tipdata.release import Release

AUTHORS = [
    {"name": "A. Author", "affiliation": "Acme University"},
    {"name": "B. Author", "affiliation": None},
]
ABOUT: dict[str, Any] = {"team": "acme", "summary": "A lower bound.", "authors": AUTHORS}
FILES = {**ABOUT, "method": "mine", "hardware": "1 GPU"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs stay from one test to the next, by what was asked."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def ran(
    tipbench: Callable[..., tuple[int, str, str]], place: Path, tiny: Release, kept: Path
) -> Callable[..., Path]:
    """Run a baseline on tiny with some overrides, once for all tests; the folder that all runs are in."""

    def run(*words: str) -> Path:
        folder = kept / " ".join(words).replace("/", "-")
        if not folder.exists():
            folder.mkdir()
            with contextlib.chdir(folder):
                code, _, err = tipbench("run", *words, "release=tiny", "replicates=20", "--quiet")
            assert code == 0, err
        shutil.copytree(folder / "runs", place / "runs", dirs_exist_ok=True)
        return place / "runs"

    return run


def test_packed_runs_are_accepted_and_score_as_they_did(ran, tmp_path: Path) -> None:
    ran("baseline=prevalence/chao_lower")
    runs = ran("baseline=flag_aggregation/majority", "seed=3")
    record = pack(gather_runs([runs]), {**ABOUT, "method": "mine"}, tmp_path / "sub")
    checked = check(tmp_path / "sub", replicates=20, quiet=True)
    stored = {(r.task, r.seed): r for r in map(read_result, (p.parent for p in runs.rglob("result.json")))}
    assert len(checked.scored) == len(stored) == 2
    for one in checked.scored:
        run = stored[one.entry.task, one.entry.seed]
        # What rests on a threshold rests on the test's own scores: no author fixes one.
        fixed = {name for name in run.scores if name.startswith("ppv_")} | {"harm_gap", "protection_gap"}
        assert without(one.result.scores, fixed) == without(run.scores, fixed)
        assert (one.result.cost.fit_s, one.entry.access, one.entry.labels) == (
            run.cost.fit_s,
            run.access,
            run.labels,
        )
    assert record.hardware.startswith(f"{run.environment['cores']} cores")


def without(scores: dict, names: set[str]) -> dict:
    return {name: value for name, value in scores.items() if name not in names}


def test_what_is_not_said_is_told_by_the_runs(ran, tmp_path: Path) -> None:
    record = pack(gather_runs([ran("baseline=prevalence/chao_lower")]), ABOUT, tmp_path / "sub")
    assert (record.method, record.title, record.data) == ("chao_lower", "chao lower", "0.5.0/tiny")
    assert [one.affiliation for one in record.authors] == ["Acme University", None]
    assert record.pinned is not None
    assert record.pinned.package == f"tipbench=={__version__}"


@pytest.mark.parametrize(
    "words",
    [
        ["baseline=prevalence/chao_lower"],
        ["baseline=advert_risk/tfidf_logreg", "split=random", "baseline.method.c=0.5", "labels=weak"],
        ["baseline=advert_reading/dictionary", "train=worlds:2"],
        ["baseline=advert_risk/lightgbm", "seed=2", "access=platform", "replicates=7"],
        ["task=advert_risk", "baseline.method._target_=own_methods.Length", "+baseline.method.sign=-1.0"],
    ],
)
def test_overrides_that_are_pinned_make_the_same_config(words: list[str]) -> None:
    cell = _cell([*words, "release=tiny"])
    found = overrides_of(cell.config)
    assert found is not None
    again = _cell([*found, f"split={cell.split}", f"seed={cell.seed}"])
    assert (again.hash, again.seed) == (cell.hash, cell.seed)


def test_values_of_every_type_are_written_so_that_they_come_back() -> None:
    cell = _cell(["task=advert_risk", "baseline.method._target_=own_methods.Length", "release=tiny"])
    method = cell.config["baseline"]["method"]
    extra = {
        "a": "it's = x, y",
        "b": [1, "two", None],
        "c": {"d": True},
        "e": 1e-05,
        "f": "",
    }
    config = {**cell.config, "baseline": {**cell.config["baseline"], "method": {**method, **extra}}}
    found = overrides_of(config)
    assert found is not None
    assert _cell([*found, f"split={cell.split}"]).config["baseline"]["method"] == {**method, **extra}


def test_an_entry_is_run_again_by_what_is_pinned(ran, tmp_path: Path) -> None:
    runs = ran("baseline=advert_risk/prior", "split=random", "seed=4")
    [run] = runs.rglob("result.json")
    record = pack(gather_runs([runs]), ABOUT, tmp_path / "sub")
    [entry] = record.predictions
    assert record.pinned is not None
    assert (entry.split, entry.seed) == ("random", 4)
    words = [*record.pinned.overrides[entry.task], f"split={entry.split}", f"seed={entry.seed}"]
    assert _cell(words).hash == read_result(run.parent).config_hash


def test_a_method_of_ones_own_is_pinned_only_by_its_package(ran, tmp_path: Path) -> None:
    gathered = gather_runs([ran("task=advert_risk", "baseline.method._target_=own_methods.Length")])
    assert pack(gathered, {**ABOUT, "method": "own"}, tmp_path / "a").pinned is None
    record = pack(gathered, {**ABOUT, "method": "own", "package": "own==1.0"}, tmp_path / "b")
    assert record.pinned is not None
    assert "baseline.method._target_=own_methods.Length" in record.pinned.overrides["advert_risk"]


def test_runs_that_do_not_go_together_are_refused(ran) -> None:
    ran("baseline=prevalence/chao_lower")
    runs = ran("baseline=prevalence/independence")
    with pytest.raises(UsageError, match="differ in method or config"):
        gather_runs([runs])


def test_runs_of_an_oracle_are_left_out_and_counted(ran) -> None:
    runs = ran("baseline=prevalence/oracle")
    with pytest.raises(UsageError, match="shown hidden truth"):
        gather_runs([runs])
    ran("baseline=prevalence/chao_lower")
    gathered = gather_runs([runs])
    assert [one.source.split("/")[-2] for one in gathered.predictions] == ["chao_lower"]
    assert gathered.oracles == 1


def test_runs_on_data_of_ones_own_or_of_another_evaluator_are_refused(ran) -> None:
    runs = ran("baseline=prevalence/chao_lower")
    [path] = runs.rglob("result.json")
    _rewrite(path, config={"release": None})
    with pytest.raises(UsageError, match="which is not a release"):
        gather_runs([runs])
    _rewrite(path, config={"release": {"version": "0.5.0", "size": "tiny"}}, versions={"evaluator": 0})
    with pytest.raises(UsageError, match=r"scored by evaluator 0 and this one is 2"):
        gather_runs([runs])


def test_a_folder_without_runs_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no finished run \(result\.json\): make one with"):
        gather_runs([tmp_path])
    with pytest.raises(UsageError, match="is not a folder"):
        gather_runs([tmp_path / "none"])


def _files(tmp_path: Path) -> Gathered:
    """Estimates with a column that no one asked for, as parquet and as CSV."""
    from tipbench.loading import prepare

    units = prepare("prevalence", release="0.5.0/tiny", split="all").answers.frame.select("region")
    frame = units.with_columns(estimate=1000.0, lower=500.0, upper=2000.0, note=pl.lit("secret"))
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    return gather_files(
        [("prevalence", "all", 1, str(tmp_path / "a.parquet"))], "0.5.0/tiny", "truth", "public"
    )


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_packed_files_are_accepted_and_hold_only_what_is_asked_for(
    tiny: Release, tmp_path: Path, name: str
) -> None:
    from tipbench.tasks import task_of

    _files(tmp_path)
    labels = task_of("prevalence").labels[0]
    gathered = gather_files([("prevalence", "all", 1, str(tmp_path / name))], "0.5.0/tiny", labels, "public")
    pack(gathered, FILES, tmp_path / "sub")
    [one] = check(tmp_path / "sub", replicates=2, quiet=True).scored
    assert (one.entry.seed, one.entry.cost) == (1, None)
    assert b"secret" not in (tmp_path / "sub" / one.entry.file).read_bytes()


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"method": None}, "method="),
        ({"hardware": None}, "hardware="),
        ({"team": "Acme"}, "team: is not a name"),
        ({"summary": "s\u202e"}, "summary: holds the invisible"),
        ({"authors": []}, "authors"),
    ],
)
def test_what_may_not_stand_in_a_record_is_refused_and_nothing_is_left(
    tiny: Release, tmp_path: Path, about: dict[str, Any], says: str
) -> None:
    gathered = _files(tmp_path)
    with pytest.raises(UsageError, match=says):
        pack(gathered, {**FILES, **about}, tmp_path / "sub")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.parquet"]


def test_only_a_submission_is_replaced_and_only_when_asked(tiny: Release, tmp_path: Path) -> None:
    gathered, to = _files(tmp_path), tmp_path / "sub"
    pack(gathered, FILES, to)
    with pytest.raises(UsageError, match="or overwrite=true"):
        pack(gathered, FILES, to)
    pack(gathered, {**FILES, "team": "other"}, to, overwrite=True)
    assert json.loads((to / "submission.json").read_text(encoding="utf-8"))["team"] == "other"
    (to / "thesis.tex").touch()
    with pytest.raises(UsageError, match="is not a submission that was packed"):
        pack(gathered, FILES, to, overwrite=True)
    assert (to / "thesis.tex").exists()


def test_a_write_that_fails_leaves_what_was_there(
    tiny: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gathered, to = _files(tmp_path), tmp_path / "sub"
    pack(gathered, FILES, to)
    before = (to / "submission.json").read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageError, match="No space left"):
        pack(gathered, FILES, to, overwrite=True)
    assert (to / "submission.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.parquet", "sub"]


def test_two_files_of_one_place_are_refused() -> None:
    with pytest.raises(UsageError, match=r"a\.csv and b\.csv|b\.csv and a\.csv"):
        gather_files([("t", "s", 0, "a.csv"), ("t", "s", 0, "b.csv")], "0.5.0/tiny", "truth", "public")


def _cell(words: list[str]) -> Cell:
    [cell] = expand(Composer(config_folders(None), parse(words)), lambda task, settings: [task.splits[0]])
    return cell


def _rewrite(path: Path, **changes: Any) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        content[name] = {**content[name], **value} if isinstance(value, dict) else value
    path.write_text(json.dumps(content), encoding="utf-8")
