"""Claims about the task flag_aggregation: its units, labels, answers, and what it refuses of a user's own data."""

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.loading import prepare
from tipdata.release import Release


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("flag_aggregation", release=tiny, split="operation")


def test_the_default_is_forward_with_gold_labels_at_platform_access(tiny: Release) -> None:
    made = prepare("flag_aggregation", release=tiny)
    assert (made.split, made.labels, made.access) == ("forward", "gold", "platform")


def test_units_are_the_queued_adverts_and_every_vote_on_them_is_shown(
    prepared: Prepared, tiny: Release
) -> None:
    fold = prepared.folds[0]
    queued = tiny.scan("queue").select("advert").collect()["advert"]
    assert set(fold.parts["advert"]) <= set(queued)
    votes = tiny.scan("reviews").join(fold.parts.lazy().select("advert"), on="advert", how="semi").collect()
    assert fold.tables["reviews"].collect().height == votes.height
    assert set(fold.tables["adverts"].select("advert").collect()["advert"]) == set(fold.parts["advert"])


def test_gold_labels_are_those_of_gold_adverts_and_true(prepared: Prepared, tiny: Release) -> None:
    fold = prepared.folds[0]
    gold = fold.labels("train").join(tiny.scan("queue", truth=True), on="advert").collect()
    assert gold.height > 0
    assert gold["gold"].all()
    assert (gold["label"] == gold["harmful"].cast(pl.Int8)).all()
    everywhere = fold.units("train").filter("gold").collect().height
    assert gold.height == everywhere


def test_answers_know_the_brigade_the_groups_and_both_posteriors_and_weigh_an_advert_as_its_operation(
    prepared: Prepared, tiny: Release
) -> None:
    frame = prepared.answers.frame
    own = tiny.scan("operations", truth=True).select(cluster="operation", own=pl.col("weight") / 1_000_000)
    known = frame.join(own.collect(), on="cluster")
    assert known.height == frame.height
    assert (known["weight"] == known["own"]).all()
    assert known["weight"].n_unique() > 1
    for name in ("group", "migrant", "brigade", "oracle_log_odds", "unit_log_odds"):
        assert name in frame.columns
    assert not frame["oracle_log_odds"].null_count()
    assert ((frame["group"] == "trafficking") == (frame["label"] == 1)).all()
    assert frame["brigade"].is_not_null().any()
