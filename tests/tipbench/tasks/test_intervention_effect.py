"""intervention_effect: what its units are, what is true of them, and what a user's tables must fulfil."""

import numpy as np
import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.release import Release

TASK = tasks()["intervention_effect"]


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("intervention_effect", release=tiny)


def test_every_effect_is_scored_and_none_is_taught_by_default(prepared: Prepared, tiny: Release) -> None:
    fold = prepared.folds[0]
    assert prepared.split == "all"
    assert prepared.answers.frame.height == tiny.scan("effects").collect().height
    assert not fold.labels("train").collect().height


def test_regions_without_any_intervention_are_shown_as_controls(prepared: Prepared, tiny: Release) -> None:
    tables = prepared.folds[0].tables
    shown = tables["market"].select("region").unique().collect()["region"]
    assert len(shown) == tiny.regions
    touched = tables["interventions"].filter(kind="closure").collect()["region"]
    assert 0 < touched.n_unique() < tiny.regions


def test_all_regions_stay_controls_where_some_are_held_out(small: Release) -> None:
    divided = prepare("intervention_effect", release=small, split="region", labels="truth")
    fold = divided.folds[0]
    assert fold.tables["market"].select(pl.col("region").n_unique()).collect().item() == small.regions
    taught = fold.labels("train").collect()
    truth = small.scan("effects", truth=True).select("effect", pl.col("truth") / 1000, "region").collect()
    joined = taught.join(truth, on="effect")
    assert taught.height
    assert (joined["label"] == joined["truth"]).all()
    tested = set(divided.answers.frame["cluster"])
    assert not tested & set(joined["region"])


def test_logarithms_and_shares_are_told_apart_and_regions_are_clusters(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    assert set(frame.filter(group="displaced_share")["quantity"]) == {"share"}
    assert set(frame.filter(pl.col("group") != "displaced_share")["quantity"]) == {"log_effect"}
    assert frame.filter(quantity="share")["truth"].abs().max() < 1  # type: ignore[operator]
    assert frame["cluster"].n_unique() <= 8


def test_the_oracle_misses_the_truth_by_the_noise_of_counts_alone(prepared: Prepared, tiny: Release) -> None:
    frame = prepared.answers.frame.filter(group="adverts")
    apart = (frame["oracle_estimate"] - frame["truth"]).to_numpy()
    assert 0 < np.abs(apart).max() < 0.2
    sums = tiny.scan("effects", truth=True).filter(outcome="adverts").collect()
    row = sums.row(0, named=True)
    seen = tiny.scan("market").filter(
        pl.col("region") == row["region"], pl.col("day").is_between(row["first_day"], row["last_day"])
    )
    counted = seen.select(pl.col("adverts").sum()).collect().item()
    told = prepared.answers.frame.filter(effect=row["effect"])["oracle_estimate"].item()
    assert told == pytest.approx(np.log(1000 * counted / row["expected_without"]))


def test_an_estimate_that_is_lacking_counts_as_a_failure(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    some = pl.when(pl.int_range(pl.len()) % 3 > 0).then("truth")
    made = frame.select("effect", estimate=some, lower=some - 0.1, upper=some + 0.1)
    found = evaluate(TASK, prepared.answers, made, replicates=0)
    assert 0.2 < (found.scores["failures"].value or 0) < 0.5
    assert found.scores["median_abs_error"].value == pytest.approx(0)
    assert found.oracle["oracle"] is not None
