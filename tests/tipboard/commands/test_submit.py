"""``tipbench submit``: from runs to a folder that is accepted, in one command."""

import json
import shutil
from pathlib import Path

import pytest
from tipdata.release import Release

ABOUT = ("team=acme", "summary=A lower bound.", "authors=A. Author, Acme, Inc.", "replicates=5")


@pytest.fixture
def runs(tipbench, place: Path, once: Path, tiny: Release) -> str:
    if not once.exists():
        assert tipbench("run", "baseline=prevalence/chao_lower", "replicates=5", "--quiet")[0] == 0
        shutil.copytree("runs", once)
    shutil.copytree(once, "runs", dirs_exist_ok=True)
    return "runs/0.5.0/tiny"


def test_runs_are_packed_checked_and_their_scores_shown(tipbench, runs: str) -> None:
    code, out, err = tipbench("submit", runs, "--to", "sub", *ABOUT)
    assert code == 0, err
    assert "median_abs_log_error" in out
    assert out.splitlines()[-1] == "accepted: acme--chao_lower on 0.5.0/tiny, 1 file"
    assert "packed 1 file of" in err
    record = json.loads(Path("sub/submission.json").read_text(encoding="utf-8"))
    assert record["authors"] == [{"name": "A. Author", "affiliation": "Acme, Inc."}]


def test_check_gives_what_pack_showed_and_json_alone_on_request(tipbench, runs: str) -> None:
    shown = tipbench("submit", runs, "--to", "sub", *ABOUT, "--quiet")[1]
    code, out, err = tipbench("submit", "sub", "replicates=5", "--quiet")
    assert (code, out, err) == (0, shown, "")
    found = json.loads(tipbench("submit", "sub", "replicates=5", "--json")[1])
    assert (found["accepted"], found["submission"], len(found["files"])) == (True, "acme--chao_lower", 1)
    assert found["files"][0]["verified"] is False


def test_a_refused_submission_exits_with_1_and_says_why(tipbench, runs: str) -> None:
    assert tipbench("submit", runs, "--to", "sub", *ABOUT, "check=false", "--quiet") == (0, "", "")
    Path("sub/.hidden").touch()
    code, out, err = tipbench("submit", "sub")
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "tipbench: sub is refused:"
    assert err.splitlines()[1].startswith("  .hidden: no file of that name")
    code, out, _ = tipbench("submit", "sub", "--json")
    assert code == 1
    assert json.loads(out)["problems"][0].startswith(".hidden: ")


def test_a_file_is_packed_by_its_place(tipbench, runs: str) -> None:
    [file] = Path(runs).rglob("predictions.parquet")
    Path("p.parquet").write_bytes(file.read_bytes())
    labels = json.loads(file.with_name("result.json").read_text(encoding="utf-8"))["labels"]
    words = ["prevalence/all/s7=p.parquet"]
    words += ["data=0.5.0/tiny", "access=public", f"labels={labels}", "hardware=1 GPU", "method=m"]
    code, out, err = tipbench("submit", *words, "--to", "sub", *ABOUT)
    assert code == 0, err
    assert "accepted: acme--m" in out
    assert Path("sub/prevalence/all/s7.parquet").is_file()
    assert "self-reported. Add package=" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "give one kind"),
        (["a/b/s0=a.parquet"], "need data="),
        (["a/b/0=a.parquet", "data=d", "labels=l", "access=a"], "write TASK/SPLIT/sSEED=FILE"),
        (["runs", "a/b/s0=c"], "give one kind"),
        (["none"], "none is not a folder"),
    ],
)
def test_what_to_pack_must_be_said(refused, place: Path, words: list[str], says: str) -> None:
    assert says in refused("submit", *words, "--to", "sub", *ABOUT)
    assert not Path("sub").exists()


def test_help_teaches_with_examples(tipbench) -> None:
    code, out, _ = tipbench("submit", "--help")
    assert code == 0
    assert "tipbench submit runs" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["none"], "not a folder of a submission"),
        (["a", "b"], "add --to FOLDER"),
        (["a", "team=acme"], "add --to FOLDER"),
    ],
)
def test_what_is_not_one_folder_to_check_is_refused(
    refused, place: Path, words: list[str], says: str
) -> None:
    assert says in refused("submit", *words)


def test_of_an_empty_folder_it_is_said_what_is_missing_and_what_to_do(tipbench, refused, place: Path) -> None:
    Path("empty").mkdir()
    code, out, err = tipbench("submit", "empty")
    assert (code, out) == (1, "")
    assert "submission.json: it is not there: pack a submission with `tipbench submit RUN --to FOLDER`" in err
    said = refused("submit", "empty", "--to", "sub", *ABOUT)
    assert "empty holds no finished run (result.json): make one with `tipbench run`, or give files" in said
    assert not Path("sub").exists()


@pytest.mark.parametrize("lacks", ["team", "summary", "authors"])
def test_what_a_submission_needs_is_named(refused, place: Path, lacks: str) -> None:
    about = [one for one in ABOUT if not one.startswith(lacks)]
    assert f"a submission needs {lacks}=" in refused("submit", "runs", "--to", "sub", *about)
