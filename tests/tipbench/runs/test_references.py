"""A run is shown beside the committed results of its data, task and split, and of no other."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from tipbench.config.compose import Composer, parse
from tipbench.config.options import config_folders
from tipbench.evaluation.meaning import score_version
from tipbench.runs.cell import Cell
from tipbench.runs.grid import expand
from tipbench.runs.references import references_of
from tipbench.runs.results import Result
from tipcore.errors import UsageError
from tipdata.core.world import newest_released

DATA = f"{newest_released()}/small"


def cells(*words: str) -> list[Cell]:
    return expand(Composer(config_folders(None), parse(words)), lambda task, settings: task.splits)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Committed results of two methods of advert_risk on ``small``, on two splits."""
    return committed(tmp_path, DATA)


def committed(tmp_path: Path, data: str) -> Path:
    for method, split in product(("lightgbm", "tfidf_logreg"), ("region", "forward")):
        kept = Result.model_validate(
            {
                "task": "advert_risk",
                "method": f"advert_risk/{method}",
                "data": data,
                "split": split,
                "seed": 0,
                "labels": "expert",
                "access": "public",
                "versions": {
                    "data": newest_released(),
                    "evaluator": score_version("advert_risk"),
                    "method": "1",
                },
                "config_hash": "0" * 64,
                "config": {},
                "primary": "average_precision",
                "scores": {"average_precision": {"value": 0.1}},
                "groups": {},
                "oracle": {},
                "cost": {"fit_s": 1.0, "predict_s": 0.5, "score_s": 0.5, "cpu_s": 1.5, "peak_mib": None},
                "environment": {},
                "predictions": {"file": "predictions.parquet", "digest": "sha256:0"},
                "warnings": [],
            }
        )
        place = tmp_path / "results" / data / "reference/advert_risk" / split / method
        place.mkdir(parents=True)
        (place / "s0.json").write_text(kept.to_json(), encoding="utf-8")
    return tmp_path / "results"


def test_references_are_those_of_the_cells_and_marked(results: Path) -> None:
    found = references_of(cells("baseline=advert_risk/prior", "release=small", "split=region"), str(results))
    assert {(one.data, one.task, one.split) for one in found} == {(DATA, "advert_risk", "region")}
    assert {one.method for one in found} == {
        "advert_risk/tfidf_logreg (reference)",
        "advert_risk/lightgbm (reference)",
    }


def test_without_a_folder_they_are_those_here_or_else_of_the_checkout(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = cells("baseline=advert_risk/prior", "release=small")
    monkeypatch.chdir(tmp_path)
    assert references_of(asked) == references_of(asked, str(results))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setattr("tipbench.runs.references.config_folder", lambda: tmp_path / "configs")
    assert references_of(asked) == references_of(asked, str(results))


def test_json_of_one_run_beside_references_has_all_rows_and_marks_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tipbench: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    results = committed(tmp_path, f"{newest_released()}/tiny")
    words = (
        "run",
        "baseline=advert_risk/prior",
        "release=tiny",
        "replicates=0",
        "--references",
        str(results),
    )
    _, out, _ = tipbench(*words, "--json")
    rows = {row["method"]: row["reference"] for row in json.loads(out)["rows"]}
    assert rows == {
        "advert_risk/prior": False,
        "advert_risk/lightgbm (reference)": True,
        "advert_risk/tfidf_logreg (reference)": True,
    }
    _, out, _ = tipbench(*words)
    assert out.startswith("sorted by the score on the test part; source: yours")


def test_what_is_not_there_is_said_before_anything_is_run(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tipbench: Callable[..., tuple[int, str, str]],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("run", "baseline=advert_risk/prior", "release=tiny", "--references")
    code, out, err = tipbench(*words, str(results))
    assert (code, out) == (2, "")
    assert f"has no committed results of advert_risk on {newest_released()}/tiny: it has {DATA}" in err
    code, out, err = tipbench(*words, "nowhere")
    assert (code, out) == (2, "")
    assert "nowhere is not a folder of committed results" in err
    assert not (tmp_path / "runs").exists()


def test_scores_of_another_meaning_are_refused(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbench.runs.references.score_version", lambda task: 3)
    with pytest.raises(UsageError, match="were scored by another version of its metrics"):
        references_of(cells("baseline=advert_risk/prior", "release=small"), str(results))
