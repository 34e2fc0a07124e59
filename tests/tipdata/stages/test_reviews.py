"""Claims about the queue and the reviewers' votes on it."""

from dataclasses import fields
from typing import Any

import numpy as np
import polars as pl
import pytest
from shared_regions import REGIONS, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import parameters
from tipdata.release import Release
from tipdata.stages.adverts.stage import Adverts
from tipdata.stages.adverts.statements import Statements
from tipdata.stages.reviews import STAGE


@pytest.fixture(scope="module")
def queue(world: Tables) -> pl.DataFrame:
    owners = world["adverts"].select("advert", "operation", "minute", "language")
    kinds = world["operations"].select("operation", "kind", "migrant")
    return world["queue"].join(owners, on="advert").join(kinds, on="operation")


@pytest.fixture(scope="module")
def reviews(world: Tables) -> pl.DataFrame:
    return world["reviews"]


def test_the_queue_is_as_large_and_as_harmful_as_it_should_be(small: Release) -> None:
    """By weight, which undoes that a size has more trafficking."""
    operation = small.scan("adverts", truth=True).select("advert", "operation")
    weight = small.scan("operations", truth=True).select("operation", weight=pl.col("weight") / 1e6)
    queue = small.scan("queue", truth=True).join(operation, on="advert").join(weight, on="operation")
    harmful = (pl.col("harmful") * pl.col("weight")).sum()
    by_region = queue.group_by("region").agg(size=pl.col("weight").sum(), harmful=harmful).collect()
    share = by_region["harmful"] / by_region["size"]
    assert by_region["size"].is_between(80, 151).all()
    assert 130 < by_region["size"].mean() <= 150  # type: ignore[operator]
    assert share.is_between(0.195, 0.4).all()
    assert 30 < by_region["harmful"].mean() < 60  # type: ignore[operator]


def test_harmful_means_of_a_trafficking_operation_and_gold_says_so(queue: pl.DataFrame) -> None:
    assert (queue["harmful"] == (queue["kind"] == "trafficking")).all()
    gold = queue.filter("gold")
    assert (
        gold["gold_label"]
        == pl.select(pl.when(gold["harmful"]).then(pl.lit("harmful")).otherwise(pl.lit("clear"))).to_series()
    ).all()
    assert queue.filter(~pl.col("gold"))["gold_label"].is_null().all()
    assert 0.04 < queue["gold"].mean() < 0.12  # type: ignore[operator]


def test_queued_adverts_have_three_to_nine_votes(queue: pl.DataFrame, reviews: pl.DataFrame) -> None:
    votes = reviews.group_by("advert").agg(votes=pl.len(), reviewers=pl.col("reviewer").n_unique())
    assert votes.height == queue.height
    assert votes["votes"].is_between(3, 9).all()
    assert (votes["votes"] == votes["reviewers"]).all()
    assert queue.join(votes, on="advert", how="anti").is_empty()


def test_votes_come_after_posting_and_queueing(queue: pl.DataFrame, reviews: pl.DataFrame) -> None:
    joined = reviews.drop("brigade").join(queue.select("advert", "day", posted="minute"), on="advert")
    assert (joined["minute"] >= joined["day"] * 1440).all()
    assert (joined["day"] * 1440 > joined["posted"] - 1440).all()
    assert (joined["minute"] < 730 * 1440).all()


def test_a_centre_of_reviewers_serves_eight_neighbouring_regions(reviews: pl.DataFrame) -> None:
    assert parameters("0.5.0")["reviews.regions_a_centre"]["value"] == 8
    first = set(reviews.filter(pl.col("region") < 8)["reviewer"])
    second = set(reviews.filter(pl.col("region") >= 8)["reviewer"])
    assert not first & second
    a, b = (set(reviews.filter(region=i)["reviewer"]) for i in (0, 7))
    assert len(a & b) > 0.8 * min(len(a), len(b))


def test_reviewers_cast_tens_of_votes_with_a_heavy_tail(reviews: pl.DataFrame) -> None:
    votes = reviews.group_by("reviewer").len()["len"].sort(descending=True)
    assert votes.median() > 50  # type: ignore[operator]
    assert votes[: len(votes) // 5].to_numpy().sum() > 0.4 * votes.to_numpy().sum()


def test_spammers_press_one_button(reviews: pl.DataFrame) -> None:
    spam = reviews.filter(reviewer_kind="spammer").group_by("reviewer", "vote").len()
    most = spam.group_by("reviewer").agg(
        pl.col("len").max() / pl.col("len").sum(), pl.col("len").sum().alias("n")
    )
    assert (most.filter(pl.col("n") > 40)["len"] > 0.85).all()


def test_prejudice_condemns_the_lawful(queue: pl.DataFrame, reviews: pl.DataFrame) -> None:
    """Of lawful adverts without a brigade."""
    lawful = queue.filter(pl.col("kind").is_in(["business", "independent"]) & pl.col("brigade").is_null())
    votes = reviews.drop("brigade").join(lawful.select("advert", "kind", "migrant"), on="advert")
    suspect = votes.filter(pl.col("migrant") | (pl.col("kind") == "independent"))
    rate = suspect.group_by("reviewer_kind").agg((pl.col("vote") == "harmful").mean())
    found = dict(rate.iter_rows())
    assert found["biased"] > found["careful"] + 0.1


def test_a_brigade_votes_as_one_within_hours(queue: pl.DataFrame, reviews: pl.DataFrame) -> None:
    hit = reviews.filter(pl.col("brigade").is_not_null()).join(
        queue.select("advert", "operation"), on="advert"
    )
    by_brigade = hit.group_by("brigade").agg(pl.col("operation").n_unique(), pl.col("vote").n_unique())
    assert by_brigade.height > REGIONS
    assert (by_brigade["operation"] == 1).all()
    assert (by_brigade["vote"] == 1).all()
    spread = hit.group_by("advert").agg(hours=(pl.col("minute").max() - pl.col("minute").min()) / 60)
    assert spread["hours"].quantile(0.95) < 12  # type: ignore[operator]


@pytest.mark.parametrize("column", ["log_odds", "operation_log_odds"])
def test_the_posteriors_are_calibrated_and_more_votes_know_more(column: str, queue: pl.DataFrame) -> None:
    """In bins of the posterior as many are harmful as it says, within the spread of whole operations."""
    p = 1 / (1 + np.exp(-queue[column].to_numpy() / 1000))
    y = queue["harmful"].to_numpy()
    weight = 1 / queue.select(pl.len().over("operation")).to_series().to_numpy()
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.0)):
        inside = (p >= low) & (p < high)
        share, said = (
            np.average(y[inside], weights=weight[inside]),
            np.average(p[inside], weights=weight[inside]),
        )
        spread = np.sqrt(said * (1 - said) / weight[inside].sum())
        assert abs(share - said) < 4 * spread + 0.03, (low, high, share, said)


def test_an_operations_votes_together_know_more_than_one_adverts(queue: pl.DataFrame) -> None:
    from sklearn.metrics import roc_auc_score

    one, pooled = (roc_auc_score(queue["harmful"], queue[c]) for c in ("log_odds", "operation_log_odds"))
    assert 0.9 < one < pooled < 1.0


def test_a_region_without_adverts_has_an_empty_queue(regions: list[Drawn]) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    state: dict[str, Any] = {field.name: nothing for field in fields(Adverts)}
    adverts = Adverts(**{**state, "statements": Statements(*[nothing] * len(fields(Statements)))})
    _, made = STAGE.generate(regions[0].region, {**regions[0].past, "adverts": adverts})
    assert len(made["queue"]["advert"]) == len(made["reviews"]["advert"]) == 0
