"""``tipbench run`` from the command line, on ``tiny`` with methods of a user's own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("tiny")
LENGTH = ("baseline=advert_risk/length", "replicates=20")


def test_show_runs_nothing_and_a_run_prints_one_table_and_leaves_one_folder(
    tipbench, own_configs: Path, place: Path
) -> None:
    code, out, _ = tipbench("run", "--show", "--config-dir", str(own_configs), *LENGTH)
    assert (code, "split: forward" in out) == (0, True)
    assert not (place / "runs").exists()
    code, out, err = tipbench("run", "--config-dir", str(own_configs), *LENGTH)
    assert code == 0
    assert "advert_risk   length   forward" in out
    assert len(list((place / "runs").rglob("result.json"))) == 1
    assert "run: runs/0.5.0/tiny/advert_risk/forward/length/" in err


def test_json_leaves_only_the_result_on_standard_output_and_quiet_only_the_table(
    tipbench, own_configs: Path
) -> None:
    words = ("run", *LENGTH, "--config-dir", str(own_configs), "split=operation")
    code, out, _ = tipbench(*words, "--json")
    result = json.loads(out)
    assert (code, result["split"], result["method"]) == (0, "operation", "advert_risk/length")
    code, out, err = tipbench(*words, "--quiet")
    assert (code, "length" in out, err) == (0, True, "")


def test_a_users_own_class_needs_no_config(tipbench, place: Path) -> None:
    method = ("baseline.method._target_=own_methods.Length", "baseline.method.sign=-1")
    code, out, _ = tipbench("run", "task=advert_risk", *method, "replicates=20")
    assert code == 0
    assert "Length" in out


def test_a_sweep_goes_on_past_a_failing_cell_and_exits_with_1(
    tipbench, own_configs: Path, place: Path
) -> None:
    lists = ("baseline=advert_risk/length,advert_risk/broken", "split=random,forward", "replicates=20")
    code, out, err = tipbench("run", "-m", "--config-dir", str(own_configs), *lists, "figure.path=f, (1).png")
    assert code == 1
    scores, _, by_form = out.partition("recall by form")
    assert (scores.count("length"), by_form.count("length")) == (2, 1)
    assert "failed: advert_risk/broken on 0.5.0/tiny, split random, seed 0: ArithmeticError" in err
    assert "2 of 4 cells failed" in err
    assert (place / "f, (1).png").exists()


def test_a_sweep_as_json_has_rows_results_and_failures(tipbench, own_configs: Path) -> None:
    lists = ("baseline=advert_risk/length,advert_risk/greedy", "replicates=20")
    code, out, _ = tipbench("run", "-m", "--json", "--config-dir", str(own_configs), *lists)
    found = json.loads(out)
    assert code == 1
    assert [len(found[key]) for key in ("rows", "results", "failures")] == [1, 1, 1]
    assert "access=platform" in found["failures"][0]["cause"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["release=tiny"], 2, "There is nothing to run"),
        (["baseline=advert_risk/lenth"], 2, 'Did you mean "advert_risk/length"'),
        (["baseline=advert_risk/greedy"], 2, "set access=platform"),
        (["baseline=advert_risk/length", "split=kfold"], 2, "choose one of forward"),
        (["baseline=advert_risk/length", "data=sms_spam"], 2, "data.path=PATH"),
        (["baseline=advert_risk/length", "figure.path=f.txt"], 2, "unsupported format"),
        (["baseline=advert_risk/length", "--jsn"], 2, 'Unknown option "--jsn". Did you mean "--json"?'),
        (["--config-dir", "nowhere", "baseline=advert_risk/length"], 2, "is not a folder"),
        (["baseline=advert_risk/broken"], 1, "ArithmeticError: it does not add up"),
    ],
)
def test_mistakes_have_a_sentence_and_a_code_and_write_nothing(
    tipbench, own_configs: Path, place: Path, words: list[str], code: int, says: str
) -> None:
    options = [] if "--config-dir" in words else ["--config-dir", str(own_configs)]
    found, out, err = tipbench("run", *options, *words)
    assert (found, out) == (code, "")
    assert says in err
    assert not list(place.rglob("result.json"))
    if code == 2:
        assert "Traceback" not in err


@pytest.mark.parametrize("words", [("run", "baseline=advert_risk/prior"), ("list", "baselines")])
def test_a_baseline_with_the_name_of_a_shipped_one_is_neither_listed_nor_run(
    refused, own_configs: Path, words: tuple[str, ...]
) -> None:
    path = own_configs / "baseline/advert_risk/length.yaml"
    path.rename(path.with_name("prior.yaml"))
    assert "rename yours" in refused(*words, "--config-dir", str(own_configs))


def test_a_figure_that_cannot_be_written_is_said_after_the_table(
    tipbench, own_configs: Path, place: Path
) -> None:
    (place / "file").touch()
    code, out, err = tipbench("run", "--config-dir", str(own_configs), *LENGTH, "figure.path=file/f.png")
    assert code == 2
    assert "length" in out
    assert "cannot be written" in err


START = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from tipbench.__main__ import run; "
    "print('python is up', flush=True); raise SystemExit(run())"
)
"""As in a terminal, also where what started the tests ignores interrupts, as a shell does in the background."""


@pytest.mark.parametrize(
    "seconds", [1.5, *(pytest.param(early, marks=pytest.mark.slow) for early in (0.05, 0.2, 0.6))]
)
def test_ctrl_c_is_one_line_and_130_and_leaves_nothing_half_written(
    own_configs: Path, place: Path, seconds: float
) -> None:
    slow = "import time\nclass Slow(Length):\n    def fit(self, fold, seed):\n        time.sleep(60)\n"
    (place / "own_methods.py").open("a").write(slow)
    words = ["task=advert_risk", "baseline.method._target_=own_methods.Slow"]
    command = [sys.executable, "-c", START, "run", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(command, **pipes, start_new_session=True)  # type: ignore[call-overload]
    assert running.stdout is not None
    assert running.stdout.readline() == "python is up\n"  # before that nothing of ours could answer
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=30)
    said = [line for line in err.splitlines() if line]
    assert (running.returncode, out) == (130, "")
    assert said[-1].startswith("tipbench: interrupted")
    assert "Traceback" not in err
    assert not list(place.rglob("result.json"))
    assert not list(place.rglob(".partial*"))
