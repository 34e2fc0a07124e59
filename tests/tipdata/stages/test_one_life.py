"""What several tables say of one person, one site or one operation is of one life."""

import polars as pl
import pytest
import rhythms  # pyright: ignore[reportMissingImports]
from shared_regions import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages.messages.acts import STAGES
from tipdata.stages.messages.stage import AFTERWARDS
from tipdata.stages.payments.stage import NEVER

DAY = pl.col("minute") // MINUTES_A_DAY
SAME_DEVICE = (pl.col("device_cluster") == pl.col("device_cluster other")).mean()


@pytest.fixture(scope="module")
def pairs(world: Tables) -> pl.DataFrame:
    """Two accounts of one operation, each pair both ways."""
    owned = world["accounts"].drop_nulls("operation").select("operation", "account", "device_cluster")
    owned = owned.join(
        world["operations"].select("operation", "kind", "organisation"), on="operation", how="left"
    )
    return owned.join(owned, on="operation", suffix=" other").filter(
        pl.col("account") != pl.col("account other")
    )


@pytest.fixture(scope="module")
def joined(world: Tables) -> pl.DataFrame:
    """Messages of conversations by which somebody came, with when the person came and left."""
    spells = world["people"].drop_nulls("conversation").select("conversation", "from_day", "to_day")
    return world["messages"].with_columns(day=DAY).join(spells, on="conversation")


def test_a_device_joins_accounts_of_one_person_more_than_those_of_a_group(pairs: pl.DataFrame) -> None:
    share = dict(pairs.group_by("organisation").agg(SAME_DEVICE).iter_rows())
    assert 0.05 < share["network"] < share["group"] < share["individual"] < 0.5


def test_a_device_tells_nothing_of_the_kind(world: Tables) -> None:
    kinds = world["operations"].select("operation", "kind")
    sized = world["accounts"].with_columns(size=pl.len().over("device_cluster"))
    sized = sized.join(kinds, on="operation", how="left")
    positive = (sized["kind"] == "trafficking").fill_null(False).to_numpy()
    rank = sized["size"].rank("average").to_numpy()
    above = (rank[positive].sum() - positive.sum() * (positive.sum() + 1) / 2) / positive.sum()
    assert above / (~positive).sum() == pytest.approx(0.5, abs=0.05)
    assert sized["size"].max() < 20  # type: ignore[operator]


def test_lawful_accounts_share_devices_as_well(world: Tables, pairs: pl.DataFrame) -> None:
    by_kind = dict(pairs.group_by("kind").agg(SAME_DEVICE).iter_rows())
    assert by_kind["independent"] > by_kind["trafficking"] > 0.1
    nobodys = world["accounts"].with_columns(size=pl.len().over("device_cluster"))
    nobodys = nobodys.filter(pl.col("operation").is_null())
    assert 0.1 < (nobodys["size"] > 1).mean() < 0.4  # type: ignore[operator]


def test_who_joins_has_committed_before_and_is_there_when_written_to_afterwards(joined: pl.DataFrame) -> None:
    commitment = joined.filter(stage="commitment").group_by("conversation").agg(pl.col("day").min())
    came = joined.unique("conversation").drop("day").join(commitment, on="conversation")
    assert came.height == joined["conversation"].n_unique()
    assert (came["from_day"] >= came["day"]).all()
    assert not (joined["to_day"] < joined["day"]).any()


def test_little_is_written_to_who_has_joined_and_only_of_control_and_logistics(joined: pl.DataFrame) -> None:
    after = joined.filter(pl.col("day") > pl.col("from_day"))
    assert 0 < after.height < 0.1 * joined.height
    assert set(after["stage"]) == {STAGES[stage] for stage in AFTERWARDS}
    assert (after["day"] - after["from_day"]).max() <= 7  # type: ignore[operator]


@pytest.mark.parametrize("table", ["flags", "queue", "reviews"])
def test_nothing_happens_to_an_advert_once_its_site_has_closed(table: str, world: Tables) -> None:
    sites = world["platforms"].select("region", "platform", "closed")
    adverts = world["adverts"].select("region", "advert", "platform", posted=DAY)
    rows = world[table].with_columns(day=DAY if table == "reviews" else "day")
    known = rows.join(adverts.join(sites, on=["region", "platform"]), on=["region", "advert"])
    assert known.height == rows.height
    assert known["closed"].is_not_null().any()
    assert not (known["day"] >= known["closed"]).any()
    assert (known["day"] >= known["posted"]).all()


def test_what_happens_on_a_site_joins_accounts_of_that_site(world: Tables) -> None:
    site = world["accounts"].select("account", "platform")
    ends = world["ties"].join(site, left_on="source", right_on="account")
    ends = ends.join(site, left_on="target", right_on="account", suffix=" of target")
    across = ends["platform"] != ends["platform of target"]
    assert (across == (ends["kind"] == "link")).all()
    assert set(ends.filter(~across)["kind"]) == {"follow", "comment", "message"}


def test_nobody_is_owed_more_weeks_than_they_stayed(callers: pl.DataFrame) -> None:
    known = callers.filter(pl.col("weeks_owed") > 0)
    stayed = known.select(pl.min_horizontal(DAY, "to_day") - pl.col("from_day")).to_series()
    assert known.height > 120
    assert (known["weeks_owed"] * 7 <= stayed).all()


def test_whose_movement_is_restricted_can_seldom_leave(callers: pl.DataFrame) -> None:
    inside = callers.filter(phase="inside").drop_nulls("free_to_leave")
    held = inside["means_of_control"].list.contains("restricts_movement")
    free = inside["free_to_leave"]
    assert free.filter(held).mean() + 0.15 < free.filter(~held).mean()  # type: ignore[operator]


def test_who_is_threatened_is_in_more_danger(callers: pl.DataFrame) -> None:
    threatened = callers["means_of_control"].list.contains("threats")
    danger = callers["danger"]
    assert danger.filter(threatened).mean() > danger.filter(~threatened).mean() + 0.1  # type: ignore[operator]


def test_nobody_travels_for_an_operation_before_it_begins_or_after_it_ends(world: Tables) -> None:
    stops, circuits = world["stops"], world["circuits"].drop_nulls("operation")
    assert stops.join(circuits, on="circuit").height > 1000
    assert rhythms.in_life(stops, circuits, world["operations"]) == 1


def test_an_operations_schemes_pay_while_it_lives(world: Tables) -> None:
    lives = world["operations"].select("operation", "begins", "ends")
    of_schemes = world["payments"].filter(pl.col("log_odds") > NEVER).join(lives, on="operation")
    assert of_schemes.height > 1000
    assert of_schemes.select(DAY.is_between("begins", "ends").all()).item()
