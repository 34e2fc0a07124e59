"""``.ci/check-submission`` on pull requests to a repository made for it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tipbench.cli import main
from tipdata.release import Release

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / ".ci" / "check-submission"
WORKFLOW = ROOT / ".github" / "workflows" / "submission.yml"
TASK = "flag_aggregation"

Checked = tuple[int, str, str]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """The submission ``lab-a--crowd``."""
    folder = tmp_path_factory.mktemp("packed")
    words = ("run", f"baseline={TASK}/majority", "release=tiny", "engine=sequential", "--quiet")
    assert main([*words, f"runs.path={folder / 'runs'}"]) == 0
    about = ("team=lab-a", "method=crowd", "summary=Counts.", "authors=A. Author")
    to = folder / "lab-a--crowd"
    assert main(["submit", str(folder / "runs"), "--to", str(to), *about, "check=false", "--quiet"]) == 0
    return to


@pytest.fixture
def checked(tmp_path: Path) -> Callable[[Callable[[Path], object]], Checked]:
    """Make a pull request of what a function does to a checkout, and check it: exit code, what is said, errors."""
    repository = tmp_path / "repository"

    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.test", "-C", str(repository), *words],
            check=True, capture_output=True,
        )  # fmt: skip

    def check(change: Callable[[Path], object]) -> Checked:
        repository.mkdir()
        git("init", "-q", "-b", "main")
        (repository / "README.md").write_text("a\n", encoding="utf-8")
        git("add", "-A")
        git("commit", "-qm", "Begin")
        git("tag", "base")
        change(repository)
        git("add", "-A")
        git("commit", "-qm", "Submit", "--allow-empty")
        found = subprocess.run(
            ["bash", str(SCRIPT), "base", str(repository)],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        )  # fmt: skip
        return found.returncode, found.stdout, found.stderr

    return check


def put(packed: Path, name: str = "lab-a--crowd") -> Callable[[Path], object]:
    return lambda repository: shutil.copytree(packed, repository / "submissions" / name)


def test_a_good_submission_passes_and_its_scores_are_shown(checked: Callable, packed: Path) -> None:
    code, out, _ = checked(put(packed))
    assert code == 0
    assert "== submissions/lab-a--crowd" in out
    assert "average_precision" in out
    assert "accepted: lab-a--crowd" in out


def test_a_pull_request_without_a_submission_passes(checked: Callable) -> None:
    code, out, _ = checked(lambda repository: (repository / "README.md").write_text("b", encoding="utf-8"))
    assert (code, out) == (0, "this pull request adds no submission\n")


def change_another_file(repository: Path, packed: Path) -> None:
    put(packed)(repository)
    (repository / "README.md").write_text("b", encoding="utf-8")


def link_a_folder(repository: Path, packed: Path) -> None:
    put(packed)(repository)
    inside = repository / "submissions/lab-a--crowd" / TASK
    shutil.rmtree(inside)
    inside.symlink_to(packed / TASK)


def put_a_file_beside(repository: Path, packed: Path) -> None:
    (repository / "submissions").mkdir()
    (repository / "submissions" / "a $(touch x)\n`id`.parquet").write_bytes(b"")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (change_another_file, "1 files outside the submission are changed, such as README.md"),
        (put_a_file_beside, "is in no folder submissions/<team>--<method>/"),
        pytest.param(
            lambda repository, packed: put(packed, "lab-b--crowd")(repository),
            "it is of lab-a--crowd and not of lab-b--crowd",
            marks=pytest.mark.slow,
        ),
        pytest.param(link_a_folder, f"  {TASK}: no file of that name may be there", marks=pytest.mark.slow),
    ],
)
def test_a_pull_request_with_anything_else_fails(
    checked: Callable, packed: Path, change: Callable[[Path, Path], None], says: str
) -> None:
    code, _, said = checked(lambda repository: change(repository, packed))
    assert code == 1
    assert says in said
    assert change is not put_a_file_beside or len(said.splitlines()) == 1


@pytest.mark.slow
def test_a_damaged_submission_fails_beside_a_good_one(checked: Callable, packed: Path) -> None:
    def change(repository: Path) -> None:
        put(packed)(repository)
        put(packed, "lab-b--crowd")(repository)
        (repository / "submissions/lab-b--crowd" / TASK / "forward" / "s0.parquet").write_bytes(b"PAR1")

    code, out, said = checked(change)
    assert code == 1
    assert "accepted: lab-a--crowd" in out
    assert f"{TASK}/forward/s0.parquet: " in said


def test_where_git_cannot_say_what_changed_nothing_passes(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    done = subprocess.run([str(SCRIPT), "0" * 40, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "check-submission: git cannot say what the pull request changes against" in done.stderr


def test_the_workflow_can_only_read_and_runs_nothing_of_the_pull_request() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    triggers = workflow[True]  # YAML reads the key `on` as a truth value
    assert set(triggers) == {"pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    steps = workflow["jobs"]["check"]["steps"]
    runs = "\n".join(step.get("run", "") for step in steps)
    assert "base/.ci/install-locked" in runs
    assert "base/.ci/check-submission" in runs
    assert "submitted/" not in runs
    assert "${{" not in runs  # nothing of the pull request is pasted into a command
    assert all(
        step["with"]["persist-credentials"] is False for step in steps if "checkout" in step.get("uses", "")
    )
