"""What the scoring program refuses beside malformed predictions: links, other evaluators, images without libraries."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipcodabench import hosted
from tipcore.errors import UsageError


@pytest.fixture
def place(unpacked: Path, chance: dict[str, pl.DataFrame], tmp_path: Path) -> Path:
    """``input/`` with one task handed in."""
    given = tmp_path / "input"
    (given / "res" / "prevalence" / "sealed").mkdir(parents=True)
    chance["prevalence"].write_parquet(given / "res" / "prevalence" / "sealed" / "s0.parquet")
    shutil.copytree(unpacked / "reference_data", given / "ref")
    return given


def test_a_link_is_refused_wherever_it_leads(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = place / "ref" / "answers" / "flag_aggregation.parquet"
    link = place / "res" / "flag_aggregation" / "sealed" / "s0.parquet"
    link.parent.mkdir(parents=True)
    link.symlink_to(answers)
    assert hosted.run(place, tmp_path / "output") == 1
    assert "it is a symbolic link" in capsys.readouterr().err
    assert not (tmp_path / "output").exists()


def test_another_evaluator_scores_nothing(place: Path, tmp_path: Path) -> None:
    path = place / "ref" / "round.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    described["components"]["evaluator"] = "0.3.0+" + "0" * 64
    path.write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(UsageError, match="not the evaluator of the round"):
        hosted.score(place / "ref", place / "res", tmp_path / "output")


def test_a_mistake_of_the_program_shows_neither_traceback_nor_data(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: Any) -> Any:
        raise KeyError("label of unit 5 is 1")

    monkeypatch.setattr(hosted, "row", broken)
    assert hosted.run(place, tmp_path / "output") == 1
    said = capsys.readouterr()
    assert said.err == "refused: the scoring program failed (KeyError): tell the organisers.\n"
    assert said.out == ""


def test_huge_estimates_are_refused_or_scored_finitely(
    place: Path, chance: dict[str, pl.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("prevalence", "intervention_effect"):
        path = place / "res" / name / "sealed" / "s0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        huge = chance[name].with_columns(estimate=1e14, lower=1e14, upper=1e14)
        huge.write_parquet(path)
    assert hosted.run(place, tmp_path / "output") == 1
    assert "intervention_effect: its median_abs_error is 1e+10 or more" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["in", "out"], ["in", "out", "--install"], ["in"]])
def test_an_image_that_lacks_libraries_is_told_so_in_one_sentence(
    unpacked: Path, tmp_path: Path, words: list[str]
) -> None:
    shutil.copytree(unpacked / "scoring_program", tmp_path / "program")
    command = [
        sys.executable,
        "-I",
        "-S",
        str(tmp_path / "program" / "score.py"),
        *words,
    ]  # -S: no site-packages
    offline = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=offline, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    said = "the image lacks numpy, polars" if len(words) > 1 else "the command is score.py INPUT OUTPUT"
    assert done.stderr.startswith(f"refused: {said}")
    assert not (tmp_path / "out").exists()
