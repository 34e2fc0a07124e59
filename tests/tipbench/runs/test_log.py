"""The log says when cells begin, end and fail, as they do, also from workers and from Python."""

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.runs.log import LOGGER, logging_to
from tipcore.errors import UsageError


def test_a_run_is_logged_with_times_also_where_workers_run_it(
    tipbench: Callable, place: Path, own_configs: Path
) -> None:
    words = ("--config-dir", str(own_configs), "-m", "baseline=advert_risk/length,advert_risk/prior")
    code, _, _ = tipbench(
        "run", *words, "replicates=0", "figure.path=null", "engine.workers=2", "--log-file", "l.txt"
    )
    lines = Path("l.txt").read_text(encoding="utf-8").splitlines()
    assert code == 0
    begun = [
        line for line in lines if re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ INFO begins: ", line)
    ]
    ended = [line for line in lines if re.search(r"INFO ended after \d+\.\d s: .*, in runs", line)]
    assert (len(begun), len(ended), len(lines)) == (2, 2, 4)
    _, _, said = tipbench("run", *words, "replicates=0", "figure.path=null", "--log-file", "l.txt")
    assert "to run" not in said
    (added,) = Path("l.txt").read_text(encoding="utf-8").splitlines()[4:]
    assert added.endswith("INFO 2 of 2 cells are finished, 0 to run")
    assert tipbench("run", *words, "replicates=0", "figure.path=null", "--log-file", "nowhere/l.txt")[0] == 2


def write_failing(module: str, message: str) -> tuple[str, str]:
    """Write a module with a method whose ``fit`` raises a RuntimeError; return the words that run it."""
    Path(f"{module}.py").write_text(
        "class Failing:\n    needs = frozenset()\n    stochastic = False\n"
        f"    def fit(self, fold, seed):\n        raise RuntimeError({message!r})\n"
        "    def predict(self, fold):\n        pass\n",
        encoding="utf-8",
    )
    return "task=advert_risk", f"baseline.method._target_={module}.Failing"


def test_a_failure_is_logged_with_its_traceback_and_shown_without_control_characters(
    tipbench: Callable, place: Path
) -> None:
    code, _, shown = tipbench("run", *write_failing("broken", "no such \x1b[2J"), "--log-file", "l.txt")
    assert (code, shown.count("failed after"), "\x1b" in shown) == (1, 0, False), "the log alone says so"
    assert "RuntimeError: no such \\x1b[2J" in shown.splitlines()
    said = Path("l.txt").read_text(encoding="utf-8")
    assert "ERROR failed after" in said
    assert "RuntimeError: no such " in said.splitlines()[-1]


def test_a_log_that_cannot_be_written_is_refused_before_anything_is_run(
    refused: Callable, place: Path
) -> None:
    said = refused("run", "baseline=prevalence/chao_lower", "--log-file", "nowhere/l.txt", "--quiet")
    why = "No such file or directory; give another."
    assert said == f"tipbench: --log-file nowhere/l.txt cannot be written: {why}\n"
    assert not list(Path("runs").rglob("result.json"))


def test_the_logger_is_as_it_was_after_a_run(tmp_path: Path) -> None:
    before = (LOGGER.level, list(LOGGER.handlers))
    with logging_to(str(tmp_path / "a")), logging_to(str(tmp_path / "a")):
        LOGGER.info("once")
    assert (LOGGER.level, list(LOGGER.handlers)) == before
    assert len((tmp_path / "a").read_text(encoding="utf-8").splitlines()) == 1
    with pytest.raises(UsageError, match="cannot be written"), logging_to(str(tmp_path)):
        pass
    assert isinstance(LOGGER, logging.Logger)
