"""prevalence: what is a unit, what is true of it, and what a user's lists must fulfil."""

import json
from pathlib import Path

import polars as pl
import pytest
from tipbench import cli
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipbench.tasks.prevalence import OVERLAPPING, SPARSE
from tipdata.release import Release

TASK = tasks()["prevalence"]


def test_by_default_every_region_is_tested_and_no_truth_is_given(tiny: Release) -> None:
    prepared = prepare("prevalence", release=tiny)
    assert prepared.split == "all"
    assert prepared.answers.frame["region"].to_list() == list(range(tiny.regions))
    assert prepared.folds[0].supervision.is_empty()
    assert set(prepared.answers.frame["quantity"]) == {"count"}


def test_the_truth_is_everyone_and_is_shown_to_no_method(tiny: Release) -> None:
    prepared = prepare("prevalence", release=tiny)
    hidden = tiny.scan("populations", truth=True).sort("region").collect()["hidden"]
    assert prepared.answers.frame["truth"].to_list() == hidden.to_list()
    assert (prepared.answers.frame["truth"] > 2 * tiny.scan("populations").collect()["observed"]).all()
    for name, table in prepared.folds[0].tables.items():
        assert table.collect_schema().names() == list(TASK.tables[name])


def test_regions_that_are_tested_teach_nothing(small: Release) -> None:
    prepared = prepare("prevalence", release=small, split="region", labels="truth")
    [fold] = prepared.folds
    tested = set(prepared.answers.frame["region"])
    taught = set(fold.supervision["region"])
    assert len(tested) >= 20
    assert len(taught) >= 30
    assert not tested & taught
    known = fold.labels("train").collect()
    assert known["label"].dtype == pl.Float64
    assert known["label"].min() > 500  # type: ignore[operator]


def test_the_reference_is_near_the_truth_and_regions_are_of_both_groups(small: Release) -> None:
    prepared = prepare("prevalence", release=small)
    frame = prepared.answers.frame
    assert set(frame["group"]) == {SPARSE, OVERLAPPING}
    reference = frame.select(
        "region", estimate="oracle_estimate", lower="oracle_estimate", upper="oracle_estimate"
    )
    found = evaluate(TASK, prepared.answers, reference, replicates=0)
    assert found.oracle["oracle"] == pytest.approx(found.scores["median_abs_log_error"].value)
    assert found.oracle["oracle"] < 0.06  # type: ignore[operator]


def run_lists(folder: Path, lists: str, *words: str) -> int:
    (folder / "mine.csv").write_text(lists, encoding="utf-8")
    own = ("data=uk_lists_6", f"data.path={folder / 'mine.csv'}", f"runs.path={folder / 'runs'}")
    return cli.main(["run", "baseline=prevalence/independence", *own, *words, "--json", "--quiet"])


def test_lists_of_ones_own_give_an_estimate_and_no_score(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two lists: 30 times 20 over 4 are unseen (Lincoln and Petersen)."""
    lists, interval = "A,B,count\n1,0,30\n0,1,20\n1,1,4\n", "baseline.method.textbook_interval=true"
    assert run_lists(tmp_path, lists, interval) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert scores["estimate"]["value"] == pytest.approx(54 + 30 * 20 / 4)
    assert scores["estimate"]["low"] < 204 < scores["estimate"]["high"]
    assert scores["median_abs_log_error"]["value"] is None


def test_lists_that_never_meet_are_a_result_and_a_negative_count_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_lists(tmp_path, "A,B,C,count\n1,0,0,30\n0,1,0,20\n0,0,1,4\n") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["scores"]["estimate"]["value"] is None
    assert any("no estimate" in sentence for sentence in result["warnings"])
    assert run_lists(tmp_path, "A,B,count\n1,0,30\n0,1,-20\n1,1,4\n") == 2
    assert "negative" in capsys.readouterr().err
