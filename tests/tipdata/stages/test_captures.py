"""Captures of hidden people: what is published agrees with the truth, and lists depend on each other as they should."""

import re
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import Region, parameters
from tipdata.release import Release
from tipdata.stages import Past, draw_stages
from tipdata.stages.captures import ANY, LISTS, STAGE

ALIKE: Any = {"check_column_order": False, "check_dtypes": False}


def _made(regions: list[tuple[Region, Past]]) -> Tables:
    made = [dict(draw_stages(region, dict(past), ["captures"]))[STAGE] for region, past in regions]
    return {name: pl.concat([one[name] for one in made]) for name in ("case_lists", "populations")}


def _changed(regions: list[Drawn], monkeypatch: pytest.MonkeyPatch, prefix: str) -> dict[str, Any]:
    """The tables of a world in which every parameter under a prefix is nought."""
    for path in parameters("0.5.0"):
        if path.startswith(f"{prefix}."):
            monkeypatch.setitem(parameters("0.5.0"), path, {"value": 0})
    return _made([(Region(WORLD, one.region.index), one.past) for one in regions])


def _both(rows: pl.DataFrame, first: str, second: str) -> int:
    return int(rows.filter(pl.col(first) & pl.col(second))["count"].sum())


def test_the_truth_is_everyone_exploited_and_the_counts_are_of_those_observed(world: Tables) -> None:
    people = world["people"].filter(pl.col("role") == "exploited")
    # Who is sold has two rows, and is one of those exploited.
    people = people.filter(~pl.col("person").is_in(people["from_person"].drop_nulls().implode()))
    exploited = people.group_by("region").len().sort("region")["len"]
    populations = world["populations"].sort("region")
    counted = world["case_lists"].group_by("region").agg(pl.col("count").sum()).sort("region")
    assert populations["hidden"].to_list() == exploited.to_list()
    assert populations["observed"].to_list() == counted["count"].to_list()
    assert populations["hidden"].is_between(500, 6200).all()


@pytest.fixture(scope="module")
def published(small: Release) -> Tables:
    """Lists and populations of a release, which has more regions."""
    return {name: small.scan(name, truth=True).collect() for name in ("case_lists", "populations")}


def test_no_stratum_is_under_fifty_and_nobody_is_in_two(published: Tables) -> None:
    rows = published["case_lists"]
    strata = rows.group_by("region", "form", "sex").agg(pl.col("count").sum())
    assert (strata["count"] >= 50).all()
    assert strata.group_by("region").len()["len"].n_unique() > 3
    for column, within in (("form", ["region"]), ("sex", ["region", "form"])):
        whole = (pl.col(column) == ANY).any()
        mixed = strata.group_by(within).agg(whole & (pl.col(column) != ANY).any())
        assert not mixed[column].any()


def test_patterns_are_listed_once_with_somebody_on_a_list(published: Tables) -> None:
    rows = published["case_lists"]
    assert not rows.drop("count").is_duplicated().any()
    assert (rows["count"] > 0).all()
    assert rows.select(pl.any_horizontal(LISTS)).to_series().all()


def test_few_are_seen_and_fewer_by_two_lists(published: Tables) -> None:
    """Published lists: 5 to 9% on two or more (the United Kingdom 8%, the Netherlands 5%)."""
    populations = published["populations"]
    seen = (populations["observed"] / populations["hidden"]).to_numpy()
    twice = (
        published["case_lists"]
        .group_by("region")
        .agg(share=pl.col("count").filter(pl.sum_horizontal(LISTS) >= 2).sum() / pl.col("count").sum())[
            "share"
        ]
    )
    assert 0.1 < np.median(seen) < 0.2
    assert seen.min() > 0.04
    assert seen.max() < 0.4
    assert 0.05 < float(np.median(twice.to_numpy())) < 0.095


def test_many_pairs_of_lists_share_nobody_and_more_so_in_small_regions(published: Tables) -> None:
    rows = published["case_lists"]
    pairs = [(a, b) for i, a in enumerate(LISTS) for b in LISTS[i + 1 :]]
    shared = rows.group_by("region").agg((pl.col(a) & pl.col(b)).any().alias(f"{a} {b}") for a, b in pairs)
    apart = shared.select("region", apart=1 - pl.mean_horizontal(pl.exclude("region").cast(pl.Float64)))
    known = (
        published["populations"]
        .with_columns(pl.col("region").cast(pl.Int32))
        .join(apart.cast({"region": pl.Int32}), on="region")
    )
    few = known.sort("observed")["apart"].to_numpy()
    assert 0.2 < np.median(few) < 0.6
    assert few[: len(few) // 4].mean() > few[-len(few) // 4 :].mean() + 0.1


def test_the_reference_is_unbiased_and_its_variance_honest(published: Tables) -> None:
    """Horvitz and Thompson (1952): the sum of inverse chances is the number of people but for chance."""
    known = published["populations"]
    apart = (known["inverse_chance"] / 1000 - known["hidden"]).to_numpy()
    error = np.sqrt((known["inverse_chance_variance"] / 1000).to_numpy())
    assert abs(np.mean(apart / error)) < 3 / np.sqrt(known.height)
    assert 0.7 < np.std(apart / error) < 1.3


REFERRED = [("labour_inspectorate", "shelter"), ("hotline", "shelter"), ("platform", "police")]
AVOIDED = [("border", "hotline"), ("platform", "police")]


@pytest.mark.parametrize(("law", "more", "pairs"), [("referral", 1, REFERRED), ("avoidance", -1, AVOIDED)])
def test_referral_shows_nobody_new_and_avoidance_hides_nobody(
    regions: list[Drawn], world: Tables, monkeypatch: pytest.MonkeyPatch, law: str, more: int, pairs: list
) -> None:
    without = _changed(regions, monkeypatch, f"captures.{law}")
    assert_frame_equal(without["populations"], world["populations"], **ALIKE)
    for pair in pairs:
        assert more * _both(world["case_lists"], *pair) > more * _both(without["case_lists"], *pair)


def test_visible_people_are_on_more_lists(
    regions: list[Drawn], world: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People on two lists that neither refer to nor avoid each other, over those expected by chance in each region."""
    without = _changed(regions, monkeypatch, "captures.visibility")
    tied = [path for path in parameters("0.5.0") if re.match(r"captures\.(referral|avoidance)\.", path)]
    free = [(a, b) for a, b in combinations(LISTS, 2) if not any(a in path and b in path for path in tied)]

    def met(made: Tables) -> float:
        found = expected = 0.0
        hidden = dict(made["populations"].select("region", "hidden").iter_rows())
        for (region,), rows in made["case_lists"].group_by("region"):
            on = {name: int(rows.filter(name)["count"].sum()) for name in LISTS}
            found += sum(_both(rows, a, b) for a, b in free)
            expected += sum(on[a] * on[b] for a, b in free) / hidden[region]
        return found / expected

    assert len(free) > 5
    assert met(world) > 1.05 * met(without)
