"""A participant's fold and predictions: the open release to learn from, the sealed units to predict, no secret."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tipbench.data.fold import ORDER
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.refusals import check_predictions
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipboard.rounds.folds import load, sealed_fold
from tipboard.rounds.host import read_answers
from tipboard.rounds.predicting import Ask, predict, write_predictions
from tipcore.errors import UsageError
from tipdata.release import Release

QUICK = {
    "advert_risk": {"_target_": "tipbaselines.advert_risk.prior.Prior"},
    "route_forecast": {"_target_": "tipbaselines.route_forecast.popular.Popular"},
    "recruitment_onset": {"_target_": "tipbaselines.recruitment_onset.never.Never"},
}


@pytest.mark.parametrize("name", sorted(tasks()))
def test_a_fold_learns_from_the_release_and_is_tested_on_the_round(
    host: Any, tiny: Release, name: str
) -> None:
    task = tasks()[name]
    made = sealed_fold(name, host.public, tiny)
    fold, opened = made.fold, prepare(name, release=tiny).folds[0]
    test = fold.units("test").collect()
    if task.forecast is None:
        assert test[task.unit].equals(made.units.to_series())
    if "region" in test.columns:
        assert (test["region"] >= 1_000_000).all()
    for part in ("train", "valid"):
        assert fold.units(part).collect().equals(opened.units(part).collect())
        assert fold.labels(part).collect().equals(opened.labels(part).collect())
    left_out = opened.parts.filter(part="test")[task.unit]
    assert not fold.parts[task.unit].is_in(left_out.implode()).any()
    assert fold.tables.keys() == opened.tables.keys()
    for table, frame in fold.tables.items():
        assert frame.collect_schema() == opened.tables[table].collect_schema()


@pytest.mark.parametrize("name", sorted(tasks()))
def test_blank_answers_have_the_keys_of_the_true_ones_and_no_truth(
    host: Any, tiny: Release, name: str
) -> None:
    blank, true = sealed_fold(name, host.public, tiny).blank, read_answers(host.secret, name)
    assert blank.kind == true.kind
    assert blank.frame[blank.unit].equals(true.frame[true.unit])
    for column in ("label", "onset", "cluster", "truth"):
        assert column not in blank.frame.columns or blank.frame[column].is_null().all()
    if true.gallery is not None and blank.gallery is not None:
        keys = [name for name in blank.gallery.columns if name not in ("cluster", "group")]
        assert blank.gallery.select(keys).sort(keys).equals(true.gallery.select(keys).sort(keys))
    assert blank.label_names == true.label_names


def test_a_streamed_fold_hands_over_the_prefixes(host: Any, tiny: Release) -> None:
    made = sealed_fold("recruitment_onset", host.public, tiny)
    assert made.stream is not None
    assert len(made.stream.test) == host.round.prefixes["recruitment_onset"]
    assert made.stream.test.units["conversation"].equals(made.units["conversation"])
    shown = made.fold.tables["messages"].filter(pl.col("region") >= 1_000_000).collect()
    assert shown.is_empty()
    assert ORDER in shown.columns


def test_access_hides_columns_and_private_rows_of_the_round_too(host: Any, tiny: Release) -> None:
    public = load("account_risk", host.public, tiny, access="public")
    assert "device_cluster" not in public.tables["accounts"].collect_schema()
    assert "message" not in public.tables["ties"].collect()["kind"].to_list()
    whole = (
        load("account_risk", host.public, tiny).tables["ties"].filter(pl.col("region") >= 1_000_000).collect()
    )
    assert "message" in whole["kind"].to_list()


@pytest.mark.parametrize("name", QUICK)
def test_predictions_are_of_the_rounds_units_and_fit_the_true_answers(
    host: Any, tiny: Release, tmp_path: Path, name: str
) -> None:
    made, _ = predict(Ask(name, QUICK[name]), host.public, tiny)
    path = tmp_path / "deep" / "s0.parquet"
    write_predictions(path, made)
    answers = read_answers(host.secret, name)
    assert check_predictions(answers, pl.read_parquet(path)).height > 0
    assert [p.name for p in path.parent.iterdir()] == ["s0.parquet"]


def test_predicting_reads_nothing_of_the_host(host: Any, tiny: Release, tmp_path: Path) -> None:
    alone = tmp_path / "round"
    shutil.copytree(host.public, alone)
    made, _ = predict(Ask("advert_risk", QUICK["advert_risk"]), alone, tiny)
    assert made.height == host.table("adverts").height


def test_an_oracle_and_a_task_that_the_round_lacks_are_refused(host: Any, copy: Any, tiny: Release) -> None:
    with pytest.raises(UsageError, match="hidden truth"):
        predict(Ask("advert_risk", {"_target_": "tipbaselines.advert_risk.oracle.Oracle"}), host.public, tiny)
    text = (copy.public / "round.json").read_text(encoding="utf-8").replace('"advert_risk",\n', "", 1)
    (copy.public / "round.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="has no advert_risk: choose one of account_risk"):
        load("advert_risk", copy.public, tiny)


def test_a_release_of_another_version_is_refused(copy: Any, tiny: Release) -> None:
    text = (
        (copy.public / "round.json").read_text(encoding="utf-8").replace('"data": "0.4.0"', '"data": "0.2.0"')
    )
    (copy.public / "round.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"release=0\.2\.0/SIZE"):
        load("advert_risk", copy.public, tiny)


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not a \.parquet file"):
        write_predictions(tmp_path / "s0.csv", pl.DataFrame({"advert": [1]}))


def test_lists_can_be_checked_without_the_secret_and_scored_with_it(host: Any, tiny: Release) -> None:
    sealed = sealed_fold("case_linkage", host.public, tiny)
    true = read_answers(host.secret, "case_linkage")
    gallery = true.gallery
    assert gallery is not None
    links = true.scored_rows().join(gallery, on=["region", "cluster"]).group_by("advert", "view").head(10)
    lists = links.select("view", "candidate", query="advert", score=pl.lit(1.0))
    check_predictions(sealed.blank, lists)
    scores = evaluate(tasks()["case_linkage"], true, lists, replicates=0).scores
    assert 0.9 < (scores["r_precision"].value or 0) <= 1


def test_a_story_of_a_round_is_refused(host: Any, tipbench) -> None:
    code, out, said = tipbench("data", "story", "12", f"release={host.public}")
    assert (code, out) == (2, "")
    assert "is a sealed round, whose truth nobody is shown" in said
