"""From 0.5.0 on money follows the life of operations: habits, sums, withheld wages and payments for adverts."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from shared_regions import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import World, parameters
from tipdata.stages import Past, as_of, draw_stages
from tipdata.stages.operations.habits import draw_levels
from tipdata.stages.payments.schemes import MECHANISMS
from tipdata.stages.payments.stage import STAGE
from tipdata.stages.payments.takings import fact_columns, is_taken, scale_sums

VERSION = "0.5.0"
NEEDED = (*STAGE.after, "accounts", "messages", "payments")
REGION = World.of(VERSION, 2).region(2)


@pytest.fixture(scope="module")
def past() -> Past:
    return Past()


@pytest.fixture(scope="module")
def lives(past: Past) -> Tables:
    made = {}
    for stage, tables in draw_stages(REGION, past, NEEDED):
        for table in stage.tables:
            schema = as_of(VERSION, table).schema
            made[table.name] = tables[table.name].select(list(schema)).cast(pl.Schema(schema))
    return made


def test_a_led_habit_keeps_its_shares_and_rises_with_what_leads_it() -> None:
    ids = np.arange(20_000)
    group, leading = ids % 2, REGION.stream("test/leads").bits(ids)
    listed = {
        "kept": {"ours": [10, 30, 60], "theirs": [60, 30, 10]},
        "told": {"ours": [1, 1], "theirs": [1, 3]},
    }
    led = {"kept": (lambda own: np.where(ids < 14_000, leading, own), np.array([1, 0, 2]))}
    streams = "test/jitter", "test/habit"
    drawn = [draw_levels(REGION, ids, group, ("ours", "theirs"), listed, streams, one) for one in ({}, led)]
    shares = [np.bincount(levels["kept"] + 3 * group) / 10_000 for levels, _ in drawn]
    assert np.abs(shares[0] - shares[1]).max() < 0.02
    assert (drawn[0][0]["told"] == drawn[1][0]["told"]).all()
    place, word = np.array([1, 0, 2])[drawn[1][0]["kept"]], leading.astype(float)
    assert np.corrcoef(place[group == 0], word[group == 0])[0, 1] > 0.4


def test_each_fact_leads_one_habit_of_a_mechanism_and_orders_all_its_levels() -> None:
    known = parameters(VERSION)
    for mechanism in MECHANISMS:
        couples = known[f"payments.couples.{mechanism}"]["value"]
        assert len({fact for fact, *_ in couples.values()}) == len(couples)
        for habit, (fact, *rising) in couples.items():
            assert sorted(rising) == sorted(known[f"payments.{mechanism}.habits.{habit}"]["value"]["levels"])
            assert (fact_columns(fact) >= 0).any()


def test_who_is_paid_by_transfer_pays_through_banks(lives: Tables) -> None:
    own = lives["payments"].filter(pl.col("log_odds") > -29_000).drop_nulls("operation")
    share = own.group_by("operation").agg(bank=(pl.col("channel") == "bank").mean())
    joined = lives["operations"].join(share, on="operation")
    holds = pl.col("life").list.contains("payment=transfer")
    by_bank, others = (joined.filter(one)["bank"].to_numpy().mean() for one in (holds, ~holds))
    assert by_bank > others + 0.1


def test_what_is_taken_follows_the_price_of_the_category(past: Past) -> None:
    o = past["operations"]
    scale = scale_sums(REGION, o, "relay", np.arange(len(o.id)))
    assert (scale_sums(REGION, o, "relay", np.array([-1, -1])) == 1000).all()
    assert (scale_sums(REGION, o, "round", np.arange(3)) == 1000).all()
    by_category = [scale[o.category == category] for category in np.unique(o.category[o.family == 1])]
    assert len({np.median(one) for one in by_category}) > 2
    assert all(one.max() < 3 * one.min() for one in by_category)


@dataclass
class Two:
    """Two people of operation 1, from day 10 to 19 and from day 15 on."""

    owner = np.array([1, 1])
    exploited = np.array([True, True])
    start, end = np.array([10, 15]), np.array([19, 800])


def test_wages_are_withheld_from_as_many_as_are_exploited_there_on_the_day(past: Past, lives: Tables) -> None:
    o = past["operations"]
    ours = int(np.flatnonzero(o.kind == 0)[0])
    people = Two()
    people.owner = np.array([ours, ours])
    owner, day = np.full(8, ours), np.array([9, 10, 10, 15, 15, 19, 20, 20])
    taken = is_taken(o, people, owner, day, np.array([0, 0, 1, 1, 2, 1, 1, 0]))  # type: ignore[arg-type]
    assert taken.tolist() == [False, True, False, True, False, True, False, True]
    assert is_taken(o, people, np.array([-1]), np.array([9]), np.array([5])).all()  # type: ignore[arg-type]
    members = lives["wallets"].filter(role="member").select(payer="wallet")
    wages = lives["payments"].filter(typology="wages_out").join(members, on="payer")
    month = (
        wages.with_columns(month=pl.col("minute") // 43_200).group_by("payer").agg(pl.col("month").n_unique())
    )
    assert (month["month"].to_numpy() > 1).mean() > 0.5


def test_the_account_is_one_that_posts_within_days_and_is_known_for_a_part(lives: Tables) -> None:
    payments = lives["payments"].with_columns(day=pl.col("minute") // 1440)
    known = payments.drop_nulls("account")
    owned = known.join(lives["accounts"].select("account", of="operation"), on="account")
    assert (owned["operation"] == owned["of"]).all()
    posted = lives["adverts"].select("account", posted=pl.col("minute") // 1440)
    near = (
        known.join(posted, on="account")
        .group_by("payment")
        .agg((pl.col("posted") - pl.col("day")).abs().min())
    )
    assert near.height == known.height > 50
    assert near["posted"].to_numpy().max() <= 1
    providers = payments.filter(pl.col("account").is_not_null(), purpose="advert")["payee"].unique()
    of_owners = payments.filter(pl.col("payee").is_in(providers.implode())).drop_nulls("operation")
    assert 0.5 < of_owners["account"].is_not_null().to_numpy().mean() < 0.7
    assert set(known["purpose"].drop_nulls()) == {"advert"}


def test_who_posts_and_is_in_the_sample_pays_for_adverts(lives: Tables) -> None:
    inside = lives["wallets"]["operation"].drop_nulls().unique()
    many = lives["adverts"].group_by("operation").len().filter(pl.col("len") >= 8)["operation"]
    known = lives["payments"].drop_nulls("account")["operation"].unique()
    posting = inside.filter(inside.is_in(many.implode()))
    assert posting.is_in(known.implode()).to_numpy().mean() > 0.9
