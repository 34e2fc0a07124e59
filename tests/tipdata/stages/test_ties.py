"""Ties between accounts: the shape of a social network, habits shared by lawful groups, and draws that stand alone."""

import numpy as np
import polars as pl
import pytest
from shared_regions import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.draw import Stream
from tipdata.core.world import DAYS, parameters
from tipdata.stages.account_habits import GROUPS
from tipdata.stages.ties import Groups, friends_of_friends


@pytest.fixture(scope="module")
def ties(world: Tables) -> pl.DataFrame:
    observed = world["ties"]
    accounts = world["accounts"].select("account", "language", "platform", "created_day", "operation")
    for end in ("source", "target"):
        named = accounts.rename({c: f"{end} {c}" if c != "account" else end for c in accounts.columns})
        observed = observed.join(named, on=end, how="left", maintain_order="left")
    return observed


@pytest.fixture(scope="module")
def habits(world: Tables) -> pl.DataFrame:
    operations = world["operations"].select("operation", "posts")
    owners = world["accounts"].select("account", "operation")
    frame = world["account_habits"].join(owners, on="account")
    return frame.join(operations, on="operation", how="left")


def test_a_region_has_about_fifteen_thousand_ties_among_its_own_accounts(ties: pl.DataFrame) -> None:
    assert ties.group_by("region").len()["len"].is_between(10_000, 20_000).all()
    assert not ties.select(pl.col("source platform", "target platform").is_null().any()).to_numpy().any()
    assert ties.select((pl.col("source") == pl.col("target")).any()).item() is False
    assert not ties.select("source", "target").is_duplicated().any()
    assert ties["day"].is_between(0, DAYS - 1).all()


def test_a_few_accounts_receive_many_ties_and_most_receive_few(ties: pl.DataFrame) -> None:
    received = ties.group_by("target").len()["len"].sort(descending=True)
    assert received[: len(received) // 100].mean() > 4 * received.mean()  # type: ignore[operator]
    assert (received.median() or 0) < received.mean()  # type: ignore[operator]


def test_accounts_of_a_language_tie_themselves_to_each_other(ties: pl.DataFrame) -> None:
    """Among ties across platforms or within one, more than a random pairing of the same ends would give."""
    same = (ties["source language"] == ties["target language"]).cast(pl.Float64).mean()
    by_chance = []
    for region in range(8):
        rows = ties.filter(pl.col("region") == region)
        dealt = rows["target language"][Stream(0, "deal").shuffle(np.arange(rows.height)).tolist()]
        by_chance.append(float((rows["source language"] == dealt).to_numpy().mean()))
    assert isinstance(same, float)
    assert same > np.mean(by_chance) + 0.1


def test_friends_of_friends_become_friends_more_often_than_strangers_do(ties: pl.DataFrame) -> None:
    """Transitivity of the graph against the same graph with its targets dealt out again within the region."""
    region = ties.filter(pl.col("region") == 0)
    ids = np.unique(region.select("source", "target").to_numpy())
    source, target = (np.searchsorted(ids, region[end].to_numpy()) for end in ("source", "target"))
    dealt = target[Stream(0, "deal").shuffle(np.arange(len(target)))]

    def transitivity(target: np.ndarray) -> float:
        matrix = np.zeros((len(ids), len(ids)))
        matrix[source, target] = 1
        matrix = np.maximum(matrix, matrix.T)
        np.fill_diagonal(matrix, 0)
        degree = matrix.sum(axis=1)
        return float(((matrix @ matrix) * matrix).sum() / (degree * (degree - 1)).sum())

    assert transitivity(target) > 1.5 * transitivity(dealt)


def test_an_answer_comes_after_what_it_answers_and_in_kind(ties: pl.DataFrame) -> None:
    answers = ties.filter(pl.col("reason") == "answer").select("source", "target", "day", "kind")
    asked = ties.filter(pl.col("reason") != "answer").select(
        pl.col("target").alias("source"), pl.col("source").alias("target"), asked="day", asked_kind="kind"
    )
    pairs = answers.join(asked, on=["source", "target"])
    assert pairs.height == answers.height
    assert (pairs["day"] >= pairs["asked"]).all()
    assert (pairs["kind"] == pairs["asked_kind"]).all()


def test_a_follow_counts_one_and_messages_more(ties: pl.DataFrame) -> None:
    assert (ties.filter(pl.col("kind") == "follow")["count"] == 1).all()
    assert (ties.filter(pl.col("kind") == "message")["count"].mean() or 0) > 2  # type: ignore[operator]


def test_every_level_of_every_habit_is_found_in_lawful_groups(habits: pl.DataFrame) -> None:
    names = [path.rpartition(".")[2] for path in parameters("0.5.0") if path.startswith("ties.habits.")]
    lawful = habits.filter(pl.col("group").is_in(["business", "independent"]))
    for name in names:
        levels = set(habits.filter(pl.col("group") == "trafficking")[name])
        assert levels <= set(lawful[name]), name
        counts = lawful[name].value_counts(normalize=True)
        assert counts["proportion"].min() > 0.04, name  # type: ignore[operator]


def test_habits_belong_to_the_operation_and_not_to_the_account(habits: pl.DataFrame) -> None:
    owned = habits.drop_nulls("operation")
    for name in ("approach", "aim", "core", "channel"):
        assert owned.group_by("operation").agg(pl.col(name).n_unique())[name].max() == 1


def test_operations_that_never_post_take_part(ties: pl.DataFrame, habits: pl.DataFrame) -> None:
    silent = habits.filter(~pl.col("posts"))["account"]
    sent = ties.filter(pl.col("source").is_in(silent.implode()))
    assert sent.height / len(silent) > 0.7 * ties.height / habits.height


def test_all_groups_approach_strangers(ties: pl.DataFrame, habits: pl.DataFrame) -> None:
    grouped = ties.join(habits.select(source="account", group="group"), on="source")
    share = dict(
        grouped.filter(pl.col("reason") != "answer")
        .group_by("group")
        .agg((pl.col("reason") == "approach").mean().alias("share"))
        .iter_rows()
    )
    assert set(share) == set(GROUPS)
    assert share["resident"] < share["business"] < share["trafficking"] < 3 * share["business"]
    assert share["spam"] > share["business"]


def test_log_odds_rank_and_are_calibrated_to_within_the_region(habits: pl.DataFrame) -> None:
    """Mean posterior near the share of trafficking accounts: the reference knows the parameters it is drawn from."""
    positive = (habits["group"] == "trafficking").to_numpy()
    posterior = 1 / (1 + np.exp(-habits["log_odds"].to_numpy() / 1000))
    assert abs(posterior.mean() - positive.mean()) < 0.03
    top = posterior > 0.5
    assert abs(posterior[top].mean() - positive[top].mean()) < 0.12


def test_a_pool_draws_in_proportion_to_weight_within_the_group() -> None:
    pool = Groups(np.array([1, 0, 1, 2])).weigh(np.array([1, 5, 3, 0]))
    ids = np.arange(20_000)
    drawn = pool.draw(Stream(0, "pool"), ids, np.ones(len(ids), dtype=np.int64))
    assert set(drawn.tolist()) == {0, 2}
    assert (drawn == 2).mean() == pytest.approx(0.75, abs=0.02)
    nothing = pool.draw(Stream(0, "pool"), ids[:5], np.array([2, 2, 3, -1, 2]))
    assert (nothing == -1).all()


def test_a_draw_does_not_depend_on_the_others() -> None:
    pool, stream = Groups(np.zeros(50, dtype=np.int64)).weigh(np.arange(50)), Stream(0, "alone")
    ids, group = np.arange(1000), np.zeros(1000, dtype=np.int64)
    whole = pool.draw(stream, ids, group)
    assert (pool.draw(stream, ids[700:], group[700:]) == whole[700:]).all()


def test_a_friend_of_a_friend_is_two_ties_away() -> None:
    source, target = np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])
    found = friends_of_friends(Stream(0, "two"), np.arange(4), np.array([0, 1, 3, 4]), source, target)
    assert found.tolist() == [3, -1, -1, -1]
