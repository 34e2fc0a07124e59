"""``score``, ``compare``, ``list``, ``data`` and what all commands share."""

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tipbench.cli import main
from tipdata.release import Release


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runs stay from one test to the next."""
    return tmp_path_factory.mktemp("kept") / "runs"


@pytest.fixture
def runs(tipbench, own_configs: Path, tiny: Release, kept: Path) -> list[str]:
    """Copies of two runs of one split and one of another."""
    cells = (("length", "operation"), ("chance", "operation"), ("length", "random"))
    if not kept.exists():
        for method, split in cells:
            words = (f"baseline=advert_risk/{method}", f"split={split}", "seed=1", "replicates=20")
            assert tipbench("run", "--config-dir", str(own_configs), *words)[0] == 0
        shutil.copytree("runs", kept)
    else:
        shutil.copytree(kept, "runs")
    return [
        str(path)
        for method, split in cells
        for path in Path("runs").glob(f"0.5.0/tiny/advert_risk/{split}/{method}/*")
    ]


def test_predictions_of_a_run_score_as_the_run_did(tipbench, refused, runs: list[str]) -> None:
    stored = json.loads((Path(runs[0]) / "result.json").read_text(encoding="utf-8"))
    file = f"{runs[0]}/predictions.parquet"
    code, out, _ = tipbench("score", file, "task=advert_risk", "split=operation", "replicates=20", "--json")
    assert code == 0
    assert json.loads(out)["scores"]["average_precision"] == stored["scores"]["average_precision"]
    # Those of another split are refused with counts.
    assert "extra" in refused("score", file, "task=advert_risk", "split=forward")
    assert "add task=NAME" in refused("score", file, "release=tiny")


def test_a_comparison_is_against_the_first_run_and_says_what_is_not_significant(
    tipbench, runs: list[str]
) -> None:
    code, out, _ = tipbench("compare", runs[0], runs[1], "replicates=50")
    assert code == 0
    assert "reference" in out
    assert "significant" in out or "n.s." in out
    found = json.loads(tipbench("compare", runs[0], runs[1], "replicates=50", "--json")[1])
    assert (found["reference"], len(found["comparisons"])) == ("advert_risk/length", 1)
    assert tipbench("compare", runs[0], runs[0])[0] == 2, "a run is not compared with itself"


@pytest.mark.parametrize(
    ("key", "value", "says"), [("split", None, "one split"), ("evaluator", "0.0.9", "run it again")]
)
def test_runs_that_cannot_stand_in_one_table_are_refused(
    refused, runs: list[str], key: str, value: str | None, says: str
) -> None:
    if value is not None:
        path = Path(runs[1]) / "result.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        content["versions"][key] = value
        path.write_text(json.dumps(content), encoding="utf-8")
    assert says in refused("compare", runs[0], runs[2] if key == "split" else runs[1])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("what", ["tasks", "baselines", "splits", "releases", "experiments", "data"])
def test_a_list_says_what_everything_is_and_fits_eighty_columns_without_breaking_a_word(
    tipbench, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = tipbench("list", what, "--json")
    lines = json.loads(out)
    assert code == 0
    assert lines
    assert all(line["summary"] for line in lines)
    table = tipbench("list", what)[1]
    assert all(line["summary"] in table for line in lines)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["list", what]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue())
    assert max(map(len, text.splitlines())) <= 80
    words = {word for line in lines for word in f"{line['name']} {line['summary']}".split()}
    assert words <= set(text.split())


def test_a_run_of_code_that_has_changed_is_not_compared(
    tipbench, refused, place: Path, own_configs: Path
) -> None:
    words = ("-m", "baseline=advert_risk/length,advert_risk/prior", "replicates=5", "split=random")
    assert tipbench("run", "--config-dir", str(own_configs), *words)[0] == 0
    folders = sorted(str(path.parent) for path in Path("runs").rglob("result.json"))
    assert tipbench("compare", *folders, "replicates=5")[0] == 0
    method = next(Path(place).glob("own_methods.py"))
    method.write_text(method.read_text(encoding="utf-8") + "\n\nMORE = 1\n", encoding="utf-8")
    said = refused("compare", *folders, "replicates=5")
    assert "was made by code that has changed since: run it again" in said


@pytest.mark.parametrize(
    "target", ["own_methods.Length", pytest.param("__main__.Typed", marks=pytest.mark.slow)]
)
def test_the_console_script_compares_runs_of_classes_of_a_user(
    target: str, tipbench, place: Path, tiny: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    import own_methods  # type: ignore[import-not-found]

    monkeypatch.setattr(sys.modules["__main__"], "Typed", own_methods.Length, raising=False)
    words = ("task=advert_risk", "split=random", "replicates=5")
    assert tipbench("run", f"baseline.method._target_={target}", *words)[0] == 0
    assert tipbench("run", "baseline=advert_risk/prior", *words[1:])[0] == 0
    folders = sorted(str(path.parent) for path in Path("runs").rglob("result.json"))
    # Like the console script, and unlike `python -m`, -P does not put the current folder on the path.
    command = [sys.executable, "-P", "-m", "tipbench", "compare", "--json", "replicates=5"]
    found = subprocess.run([*command, *folders], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["comparisons"][0]["p"] is not None
    assert (f"the code of {target} cannot be checked" in found.stderr) is target.startswith("__main__.")


def test_a_full_output_is_one_sentence_and_a_closed_pipe_is_none(place: Path) -> None:
    command = [sys.executable, "-m", "tipbench", "list", "splits"]
    if Path("/dev/full").exists():
        with open("/dev/full", "w", encoding="utf-8") as full:
            found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert found.returncode == 2
        assert found.stderr.count("\n") == 1
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == ""
