"""Human time: bursts, weeks, tours without clockwork, closures, lives of accounts, hubs."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import rhythms  # pyright: ignore[reportMissingImports]
from shared_regions import REGIONS, WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from sklearn.metrics import roc_auc_score
from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import DAYS, MINUTES_A_DAY
from tipdata.stages import Past, places
from tipdata.stages.adverts.schedule import Busy, draw_bursts, follow_parents
from tipdata.stages.market import destinations, expect_with_closure, expect_without_closure
from tipdata.stages.trips.circuits import SLOTS, draw_tours, slot_days


@pytest.fixture(scope="module")
def tables(regions: list[Drawn], world: Tables) -> Tables:
    """All tables, and ``hours``: kind of each operation, and which hours it keeps."""
    return {**world, "hours": pl.concat(rhythms.hours_of(one.past["operations"]) for one in regions)}


@pytest.fixture(scope="module")
def past(regions: list[Drawn]) -> Past:
    return regions[0].past


@pytest.fixture(scope="module")
def stops(stops: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Also of which circuit they are."""
    return stops.join(tables["circuits"].select("circuit", "operation", "advertised"), on="circuit")


@pytest.fixture(scope="module")
def closures() -> list[tuple]:
    """Regions of which a site closes early enough to see half a year after, with adverts without and with it."""
    found = []
    for index in range(60):
        one = WORLD.region(index)
        there, _ = places.generate(one, {})
        if there.closed[there.dominant] <= DAYS - 210:
            without = expect_without_closure(one, there)
            found.append((one, there, without, expect_with_closure(one, there, without)))
    return found


def auroc(positive: np.ndarray, score: np.ndarray) -> float:
    """Return how well a score ranks, in whichever direction."""
    return float(max(value := roc_auc_score(positive, score), 1 - value))


# Posting.


@pytest.fixture(scope="module")
def posting() -> pl.DataFrame:
    """Bursts of operations of a size with more trafficking, of another world: few operations post often enough."""
    return rhythms.posting(
        rhythms.drawn("0.5.0", 1, 16, ("places", "operations", "accounts", "adverts"), "small")
    )


@pytest.mark.parametrize("how", ["rescaled", "thinned"])
def test_all_kinds_post_in_bursts(posting: pl.DataFrame, how: str) -> None:
    found = posting.drop_nulls(how)
    trafficking = found.filter(kind="trafficking")[how].to_numpy()
    lawful = found.filter(pl.col("kind") != "trafficking")[how].to_numpy()
    assert 0.15 <= np.median(lawful) <= 0.5
    assert 0.15 <= np.median(trafficking) <= 0.5
    is_one = np.repeat([1, 0], [len(trafficking), len(lawful)])
    assert auroc(is_one, np.concatenate([trafficking, lawful])) < 0.6


def test_burstiness_is_zero_by_chance_and_minus_one_of_a_clock() -> None:
    rng = np.random.default_rng(0)
    by_chance = [rhythms.burstiness(rng.uniform(0, 1000, 20)) for _ in range(500)]
    assert abs(np.mean(by_chance)) < 0.05
    assert rhythms.burstiness(np.arange(20)) == pytest.approx(-1)
    assert rhythms.burstiness(np.concatenate([np.full(19, 5), [900]])) == pytest.approx(1)


def test_every_operation_posts_as_often_as_its_habit_says_and_within_its_spell(past: Past) -> None:
    o = past["operations"]
    plan = draw_bursts(WORLD.region(0), o, draw_tours(WORLD.region(0), past["places"], o))
    count = np.bincount(plan.operation, minlength=len(o.id))
    levels = [level.split("-") for level in WORLD.region(0)["operations.traits.volume"]["levels"]]
    low, high = np.array(levels, dtype=np.int64).T[:, o.traits["volume"]]
    assert (count[~o.posts] == 0).all()
    assert ((low <= count) & (count <= high))[o.posts].all()
    assert (plan.day == plan.minute // MINUTES_A_DAY).all()
    assert (o.first_day[plan.operation] <= plan.day).all()
    assert (plan.day <= o.last_day[plan.operation]).all()
    assert len(np.unique(plan.row)) == len(plan.row)


def test_when_an_operation_posts_does_not_depend_on_the_others(past: Past) -> None:
    one, o = WORLD.region(0), past["operations"]
    half = replace(o, posts=o.posts & (np.arange(len(o.id)) % 2 == 0))
    whole = draw_bursts(one, o, draw_tours(one, past["places"], o))
    part = draw_bursts(one, half, draw_tours(one, past["places"], half))
    kept = half.posts[whole.operation]
    assert 0 < kept.sum() < len(kept)
    for name in ("row", "minute", "template"):
        assert (getattr(whole, name)[kept] == getattr(part, name)).all()


def test_adverts_follow_one_another_for_six_generations_at_most(past: Past) -> None:
    """Of a chain of ten, the eighth comes by itself, and those that follow it as well."""
    one, o = WORLD.region(0), past["operations"]
    busy = Busy.of(one, o, np.full(10, int(np.flatnonzero(o.posts)[0])))
    row, parent = np.arange(10), np.maximum(np.arange(10) - 1, 0)
    alone = np.full(10, int(busy.opens[0]))
    came = follow_parents(one, busy, row, parent, row > 0, alone)
    assert (np.diff(came[:7]) > 0).all()
    assert (came[7:] == alone[7:]).all()


def test_tables_have_weeks_and_adverts_have_nights(tables: Tables) -> None:
    shares = rhythms.profiles(tables)
    for name in ("adverts", "ties", "accounts", "trips", "stops"):
        week = shares[f"{name}, weekday"]
        counts = len(tables[name]) * week / 100
        expected = counts.mean()
        assert ((counts - expected) ** 2 / expected).sum() > 30, (
            name
        )  # far beyond 22.5, one in a thousand by chance
    hours = shares["adverts, three hours"]
    assert hours[1] < 5 < 15 < hours[3:7].min()


# Tours.


def test_gaps_do_not_tell_who_posts(tables: Tables) -> None:
    found = rhythms.dwell_statistics(tables["stops"], tables["circuits"])
    assert found["advertised"].sum() > 300
    assert rhythms.dwell_auroc(found) <= 0.55
    clockwork = found.group_by("advertised").agg((pl.col("of_least") == 1).mean()).sort("advertised")
    assert clockwork["of_least"].max() < 0.15  # type: ignore[operator]


def test_adverts_and_stops_tell_of_one_tour(tables: Tables, stops: pl.DataFrame) -> None:
    """But for departures, which adverts do not know of; and more is posted soon after an arrival than later."""
    posted = tables["adverts"].select("operation", posted_in="town", posted=pl.col("minute") // MINUTES_A_DAY)
    during = (
        stops.filter("advertised")
        .join(posted, on="operation")
        .filter(pl.col("posted").is_between("day", pl.col("until") - 1))
    )
    assert during.height > 1000
    agree = dict(during.group_by("departs").agg((pl.col("posted_in") == pl.col("town")).mean()).iter_rows())
    assert agree[False] > 0.9
    assert agree[True] < agree[False] - 0.1
    assert (during["posted_in"] == during["town"]).mean() > 0.75  # type: ignore[operator]
    long = during.filter(pl.col("until") - pl.col("day") >= 6)
    into = ((long["posted"] - long["day"]) / (long["until"] - long["day"])).to_numpy()
    assert (into < 1 / 3).mean() > 0.45


def test_the_true_distribution_of_the_next_town_is_calibrated(tables: Tables, stops: pl.DataFrame) -> None:
    ids = np.sort(tables["places"].select("region", "town").to_numpy(), axis=0)[:, 1].reshape(REGIONS, -1)
    for advertised in ([True], [False], [True, False]):
        goes_on = stops.drop_nulls("next").filter(pl.col("advertised").is_in(advertised))
        p = np.exp(np.array(goes_on["next_log"].to_list()) / 1000)
        right = ids[goes_on["region"].to_numpy()] == goes_on["next"].to_numpy()[:, None]
        # The share of a town that is next to impossible is rounded up to one in 65,536.
        assert np.abs(p.sum(axis=1) - 1).max() < 0.02
        for low, high in ((0.001, 0.02), (0.02, 0.1), (0.1, 0.4), (0.4, 0.8), (0.8, 1.01)):
            inside = (p >= low) & (p < high)
            spread = np.sqrt((p[inside] * (1 - p[inside])).sum())
            assert abs(right[inside].sum() - p[inside].sum()) < 4 * spread, (advertised, low, high)


def test_slots_of_a_tour_follow_each_other_and_do_not_last_alike(past: Past) -> None:
    touring = draw_tours(WORLD.region(0), past["places"], past["operations"])
    assert touring.begun.shape == (len(touring.circuits.number), SLOTS)
    assert (touring.begun == slot_days(WORLD.region(0), touring.circuits)).all()
    gaps = np.diff(touring.begun, axis=1)
    assert gaps.min() >= 1
    assert (gaps.std(axis=1) > 0.5).all()


# Closures.


def test_nothing_happens_at_a_site_that_is_not_open(tables: Tables) -> None:
    assert tables["platforms"]["closed"].is_not_null().sum() > 2
    assert set(rhythms.at_closed_sites(tables).values()) == {0}


def test_accounts_end_with_their_site(tables: Tables) -> None:
    sites = tables["platforms"].select("region", "platform", "closed").drop_nulls()
    ended = tables["accounts"].join(sites, on=["region", "platform"])
    assert ended.height > 100
    assert (ended["closed_day"] <= ended["closed"]).all()
    assert (ended["closed_day"] == ended["closed"]).mean() > 0.3  # type: ignore[operator]
    left = ended.filter(pl.col("closed_day") == pl.col("closed")).select("region", "operation", "closed")
    opened = tables["accounts"].join(left.drop_nulls().unique(), on=["region", "operation"])
    after = opened.filter(pl.col("created_day") > pl.col("closed"))
    assert after["operation"].n_unique() > 30
    assert (after["created_day"] - after["closed"]).median() < 30  # type: ignore[operator]


def test_a_closure_takes_82_percent_and_the_market_is_back_within_half_a_year(closures: list) -> None:
    """-82% within four weeks, 80-110% of the earlier volume within four to six months (wapo2018)."""
    falls, back = [], []
    for _, there, without, adverts in closures:
        day = int(there.closed[there.dominant])
        ratio = adverts.sum(axis=0) / without.sum(axis=0)
        falls.append(ratio[day + 21 : day + 28].mean() - 1)
        back.append([ratio[day + first : day + first + 30].mean() for first in (90, 120, 150)])
    assert -0.86 <= np.median(falls) <= -0.78
    assert min(falls) >= -0.92
    assert max(falls) <= -0.7
    for month in np.transpose(back):
        assert 0.8 <= np.median(month) <= 1.1
    assert np.min(np.transpose(back)[2]) > 0.75


def test_successors_take_5_to_8_percent_each_and_social_sites_and_messaging_more(closures: list) -> None:
    """5-8% each of the closed site's (childsafe2019): the mean over sites of its kinds, weeks 5 to 26."""
    taken: dict[str, list[float]] = {}
    for one, there, without, adverts in closures:
        day = int(there.closed[there.dominant])
        window = slice(day + 28, day + 182)
        for at in destinations(one, there):
            gain = (adverts[at, window] - without[at, window]).sum()
            share = gain / without[there.dominant, window].sum()
            taken.setdefault(there.kinds[there.platform_kind[at]], []).append(share)
    assert 0.05 <= np.mean(taken["classifieds"] + taken["adult"]) <= 0.08
    assert np.mean(taken["social"]) > 0.1
    assert np.mean(taken["messaging"]) > 0.1
    assert not {"jobs", "travel", "marriage"} & set(taken)


@pytest.mark.slow  # the market does so above; adverts after a closure are in test_world.py
def test_the_adverts_table_shrinks_and_comes_back_as_the_market_does() -> None:
    tables = rhythms.drawn("0.5.0", 1, 48, ("places", "operations", "accounts", "adverts", "market"))
    counts = rhythms.daily_counts(tables)["its services where an adult site closes"]
    week, _, _, *later = rhythms.since_closure(counts, tables["platforms"])
    assert 0.05 < week < 0.3
    assert 0.6 < np.mean(later[:3]) < 1.2  # worlds of 48 regions differ by .12


# Accounts and ties.


def test_accounts_and_ties_lie_in_the_life_of_their_operation(tables: Tables) -> None:
    shares = rhythms.account_days(tables)
    closed = shares.pop("accounts closed")
    assert 0.3 < closed < 0.7  # the others are husks, or live beyond the end of time
    assert set(shares.values()) == {1.0}


def test_no_tie_is_made_after_an_account_is_closed(tables: Tables) -> None:
    """Of accounts of nobody as well."""
    days = tables["accounts"].select("account", "created_day", shut=pl.col("closed_day").fill_null(DAYS))
    for end in ("source", "target"):
        ties = tables["ties"].select("day", account=end).join(days, on="account")
        assert ties.select(pl.col("day").is_between("created_day", pl.col("shut") - 1).all()).item()
    assert (tables["accounts"]["closed_day"] > tables["accounts"]["created_day"]).all()


def test_how_long_an_account_lives_hardly_tells_the_kind_of_those_who_post(tables: Tables) -> None:
    lives = tables["operations"].select("operation", "kind", "posts")
    owned = tables["accounts"].join(lives, on="operation").filter("posts")
    trafficking = (owned["kind"] == "trafficking").to_numpy()
    for days in (pl.col("closed_day").fill_null(DAYS), pl.col("closed_day").is_null().cast(pl.Int32)):
        assert auroc(trafficking, owned.select(days).to_series().to_numpy()) < 0.58


# Hubs, and the darknet.


def test_a_few_contacts_accounts_and_posters_are_hubs(tables: Tables) -> None:
    slopes = rhythms.hubs(tables)
    assert slopes["operations a contact"] < -0.5
    assert slopes["adverts a contact"] < -0.5
    assert slopes["adverts an operation"] < -0.5
    assert slopes["ties an account receives"] < -0.35


def test_offices_answer_for_every_kind(tables: Tables) -> None:
    used = tables["adverts"].select("operation", "contacts").explode("contacts").drop_nulls().unique()
    kinds = used.join(tables["operations"].select("operation", "kind"), on="operation")
    shared = kinds.group_by("contacts").agg(pl.col("operation").n_unique(), pl.col("kind").unique())
    hubs = shared.filter(pl.col("operation") >= 6)
    assert hubs.height >= REGIONS
    assert (hubs["kind"].list.len() >= 2).mean() > 0.9  # type: ignore[operator]
    assert set(hubs.explode("kind")["kind"]) == {"trafficking", "business", "independent", "spam"}


def test_all_kinds_post_on_darknets(tables: Tables) -> None:
    found = rhythms.darknet(tables).with_columns(
        family=pl.col("category").replace_strict({c: FAMILIES[f] for c, f in CATEGORIES.items()})
    )
    shares = found.group_by("family").agg((pl.col("share") * pl.col("n")).sum() / pl.col("n").sum())
    share = dict(shares.iter_rows())
    assert 0.015 < share["services"] < 0.045
    assert 0.015 < share["intermediary"] < 0.045
    assert share["jobs"] == 0
    sites = tables["platforms"].select("region", "platform", site="kind")
    kinds = tables["operations"].select("operation", "kind")
    posted = tables["adverts"].join(sites, on=["region", "platform"]).join(kinds, on="operation")
    assert set(posted.filter(site="darknet")["kind"]) == set(kinds["kind"])
