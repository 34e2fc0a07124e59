"""The market at full volume: what a closure and a campaign change, and effects that are exactly that."""

import numpy as np
import polars as pl
import pytest
from shared_regions import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import DAYS, Region, World
from tipdata.stages import places
from tipdata.stages.market import (
    destinations,
    draw_campaigns,
    draw_deviations,
    draw_swings,
    expect_with_closure,
    expect_without_closure,
    fade,
    lift_intensity,
    usual_contacts,
    world_factors,
)
from tipdata.stages.places import Places

REGIONS = range(40)


def region(index: int) -> Region:
    return World.of("0.5.0").region(index)


@pytest.fixture(scope="module")
def closures() -> list[tuple[Region, Places, np.ndarray, np.ndarray]]:
    """Regions in which a site closes, with their expected adverts without and with it."""
    found = []
    for index in REGIONS:
        one = region(index)
        there, _ = places.generate(one, {})
        if there.closed[there.dominant] < DAYS:
            without = expect_without_closure(one, there)
            found.append((one, there, without, expect_with_closure(one, there, without)))
    return found


@pytest.fixture(scope="module")
def market(world: Tables) -> pl.DataFrame:
    return world["market"]


@pytest.fixture(scope="module")
def effects(world: Tables) -> pl.DataFrame:
    return world["effects"]


def test_every_platform_has_every_day_and_contacts_that_name_none_have_a_row(market: pl.DataFrame) -> None:
    days = market.group_by("region", "platform").agg(pl.col("day").n_unique(), rows=pl.len())
    assert (days["day"] == DAYS).all()
    assert (days["rows"] == DAYS).all()
    assert (days.group_by("region").len()["len"] == 9).all()
    unnamed = market.filter(pl.col("platform").is_null())
    assert unnamed["adverts"].null_count() == unnamed["flags"].null_count() == unnamed.height
    assert unnamed["contacts"].null_count() == 0


def test_platforms_have_adverts_while_open(market: pl.DataFrame, world: Tables) -> None:
    sites = world["platforms"]
    joined = market.join(sites, on=["region", "platform"])
    shut = (pl.col("day") < pl.col("opened")) | (pl.col("day") >= pl.col("closed")).fill_null(False)
    assert joined.filter(shut)["adverts"].sum() == 0
    assert (
        joined.filter(~shut).group_by("region", "platform").agg(pl.col("adverts").mean())["adverts"].min() > 0
    )  # type: ignore[operator]


def test_the_adverts_table_is_a_sample_of_one_to_two_percent(market: pl.DataFrame, world: Tables) -> None:
    sampled = world["adverts"].group_by("region").len()
    full = market.group_by("region").agg(pl.col("adverts").sum())
    share = sampled.join(full, on="region").select(pl.col("len") / pl.col("adverts"))["len"]
    assert share.is_between(0.007, 0.035).all()
    assert 0.01 <= (share.median() or 0) <= 0.022  # type: ignore[operator]


def test_nothing_differs_before_the_closure_nor_where_nothing_closes(closures: list) -> None:
    for _, there, without, adverts in closures:
        day = int(there.closed[there.dominant])
        assert (adverts[:, :day] == without[:, :day]).all()
        assert not adverts[there.dominant, day:].any()
    drawn = ((one, places.generate(one, {})[0]) for one in map(region, REGIONS))
    one, there = next(pair for pair in drawn if pair[1].closed[pair[1].dominant] >= DAYS)
    without = expect_without_closure(one, there)
    assert (expect_with_closure(one, there, without) == without).all()
    assert not len(destinations(one, there))


def test_a_campaign_lifts_contacts_from_its_first_day_and_fades() -> None:
    found = [c for i in REGIONS for c in [draw_campaigns(region(i))] if len(c.day)]
    assert len(found) > 10
    for campaigns in found:
        for day, reach, lift in zip(campaigns.day, campaigns.reach, campaigns.lift, strict=True):
            assert not lift[:day].any()
            assert lift.max() <= reach
            assert lift[day + 7] > lift[day]
            assert lift[day + 120] < lift[day + 8]
            assert day + 182 <= DAYS


def test_contacts_that_name_a_site_go_with_its_adverts(closures: list) -> None:
    one, there, without, adverts = closures[0]
    day = int(there.closed[there.dominant])
    with_it, without_it = usual_contacts(one, adverts, without), usual_contacts(one, without, without)
    assert not with_it[there.dominant, day:].any()
    assert (with_it[-1] == without_it[-1]).all()
    fall = with_it[:, day : day + 28].sum() / without_it[:, day : day + 28].sum()
    assert 0.75 < fall < 0.97


def test_effects_are_the_differences_of_the_expected_sums(effects: pl.DataFrame) -> None:
    logs = effects.filter(scale="log")
    exact = np.log(logs["expected_with"].to_numpy() / logs["expected_without"].to_numpy())
    assert logs["truth"].to_numpy() == pytest.approx(1000 * exact, abs=1.0)
    shares = effects.filter(scale="share").with_columns(
        gain=pl.col("expected_with") - pl.col("expected_without")
    )
    assert shares["truth"].to_numpy() == pytest.approx(
        (1000 * shares["gain"] / shares["displaced"]).to_numpy(), abs=1.0
    )
    closing = effects.filter(outcome="adverts")
    assert closing.filter(pl.col("first_day") == pl.col("day"))["truth"].max() < -700  # type: ignore[operator]
    assert closing["truth"].max() < 0  # type: ignore[operator]
    assert effects.filter(outcome="contacts")["truth"].min() > 0  # type: ignore[operator]


def test_counts_lie_about_what_is_expected(effects: pl.DataFrame, market: pl.DataFrame) -> None:
    total = market.group_by("region", "day").agg(pl.col("adverts").sum())
    logs = effects.filter(outcome="adverts").join(total, on="region")
    seen = (
        logs.filter(pl.col("day_right").is_between("first_day", "last_day"))
        .group_by("effect")
        .agg(pl.col("adverts").sum(), pl.col("expected_with").first() / 1000)
    )
    assert (seen["adverts"] / seen["expected_with"]).is_between(0.8, 1.25).all()
    assert seen.select((pl.col("adverts") - pl.col("expected_with")).abs().min()).item() > 0


def test_an_effect_belongs_to_an_intervention_of_its_region(effects: pl.DataFrame, world: Tables) -> None:
    told = world["interventions"]
    joined = effects.join(told, on=["region", "intervention", "kind", "day"], how="semi")
    assert joined.height == effects.height
    closing = world["platforms"].drop_nulls("closed").select("region", "platform", day="closed")
    assert (
        told.filter(kind="closure")
        .select("region", "platform", "day")
        .sort("region")
        .equals(closing.sort("region"))
    )
    windows = effects.select(pl.col("first_day") - pl.col("day"), pl.col("last_day") - pl.col("day")).unique()
    assert sorted(windows.rows()) == [(0, 27), (28, 181)]


def test_world_factors_are_shared_and_own_deviations_are_not() -> None:
    one, other = region(0), region(1)
    assert (world_factors(one, "adverts") == world_factors(other, "adverts")).all()
    assert (
        draw_swings(one, "market/site", np.arange(3), 30)
        == draw_swings(other, "market/site", np.arange(3), 30)
    ).all()
    assert (
        draw_deviations(one, "market/adverts/local", 1, 30)
        != draw_deviations(other, "market/adverts/local", 1, 30)
    ).any()


def test_what_fades_falls_by_e_in_its_days() -> None:
    assert fade(np.array([0, 30, 60]), 30) / 65536 == pytest.approx(np.exp([0.0, -1.0, -2.0]), abs=1e-4)


def test_a_lift_multiplies_an_intensity() -> None:
    assert lift_intensity(np.array([[1000, 2000]]), np.array([0, 693])).tolist() == [[1000, 3999]]


def test_before_and_after_is_biased_and_controls_differ_in_what_moves_them() -> None:
    """Without any intervention the second half of a year differs from the first, by region in unlike measure."""
    changes = []
    for index in range(20):
        one = region(index)
        there, _ = places.generate(one, {})
        total = expect_without_closure(one, there).sum(axis=0)
        changes.append(np.log(total[364:546].mean() / total[182:364].mean()))
    assert np.std(changes) > 0.04
