"""Claims that tie people to what their operation does: sales, ages, firms, adverts, parties; and where ships sail."""

import polars as pl
import pytest
from shared_regions import REGIONS, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import DAYS, MINUTES_A_DAY, parameters

SERVICES = ("companionship", "massage")


@pytest.fixture(scope="module")
def lives(world: Tables) -> pl.DataFrame:
    """Trafficking operations, with the jurisdiction of their home."""
    town = world["people"].select("operation", "town").unique("operation")
    home = town.join(world["places"].select("town", home="jurisdiction"), on="town").drop("town")
    known = world["operations"].filter(kind="trafficking").drop("region", "category", "language", "migrant")
    return known.join(world["operations"].select("operation", offers="category"), on="operation").join(
        home, on="operation"
    )


@pytest.fixture(scope="module")
def exploited(world: Tables, lives: pl.DataFrame) -> pl.DataFrame:
    people = world["people"].filter(role="exploited").with_columns(left=pl.col("to_day").fill_null(9999))
    return people.join(lives, on="operation")


def there(rows: pl.DataFrame, exploited: pl.DataFrame, low: str, high: str) -> pl.DataFrame:
    """Return rows with ``people``: how many are exploited by the operation at some time between two days."""
    stays = exploited.select("operation", "from_day", "left")
    inside = (pl.col("from_day") <= pl.col(high)) & (pl.col("left") >= pl.col(low))
    return (
        rows.with_row_index("row")
        .join(stays, on="operation", how="left")
        .group_by("row", *rows.columns)
        .agg(people=inside.fill_null(False).sum())
    )


def test_a_sale_takes_a_person_of_the_seller_to_the_buyer_on_one_day(exploited: pl.DataFrame) -> None:
    sold = exploited.filter(door="sold")
    assert sold.height > 20 * REGIONS
    assert sold["from_person"].is_unique().all()
    assert exploited.filter(pl.col("door") != "sold")["from_person"].is_null().all()
    both = sold.join(exploited, left_on="from_person", right_on="person", suffix="_before")
    assert both.height == sold.height
    assert (both["from_operation"] == both["operation_before"]).all()
    assert (both["to_day_before"] == both["from_day"]).all()
    assert (both["exit_before"] == "moved_on").all()
    assert (both["sex"] == both["sex_before"]).all()
    # Nobody grows younger.
    assert (both["age_band"] >= both["age_band_before"]).all()
    into = parameters("0.5.0")["people.sold_into"]["value"]
    pairs = both.select(before="form_before", after="form").unique().rows()
    assert all(after in into[before] for before, after in pairs)
    assert (both["form"] == both["form_before"]).mean() > 0.7  # type: ignore[operator]


def test_buyers_pay_sellers(world: Tables, exploited: pl.DataFrame) -> None:
    held = world["wallets"].filter(role="controller").select("wallet", "operation")
    held = held.join(world["operations"].select("operation", "kind"), on="operation")
    paid = world["payments"].select("payer", "payee", "typology", day=pl.col("minute") // MINUTES_A_DAY)
    paid = paid.join(held.select(payer="wallet", buyer="operation", buys="kind"), on="payer")
    paid = paid.join(held.select(payee="wallet", seller="operation", sells="kind"), on="payee")
    between = paid.filter(pl.col("buyer") != pl.col("seller"))
    unlawful = between.filter(buys="trafficking")
    assert unlawful["typology"].is_not_null().all()
    sold = exploited.filter(door="sold").select("from_operation", "operation", "from_day")
    inside = world["wallets"]["operation"].drop_nulls().unique()
    both = pl.col("operation").is_in(inside.implode()) & pl.col("from_operation").is_in(inside.implode())
    quarter = (pl.col("from_day") // parameters("0.5.0")["payments.between.settle_days"]["value"]).alias("q")
    due = sold.filter(both).group_by("from_operation", "operation", quarter).agg(pl.col("from_day").max())
    due = due.select("from_operation", "operation", "from_day")
    assert sorted(due.rows()) == sorted(unlawful.select("seller", "buyer", "day").rows())
    assert unlawful.height > 0
    assert between.filter(pl.col("buys") != "trafficking").height > 3 * unlawful.height


def test_age_is_that_of_the_first_day_and_who_exploits_is_older(world: Tables) -> None:
    people = world["people"].with_columns(young=pl.col("age_band") == "18-20")
    share = dict(people.group_by(pl.col("role") == "exploited").agg(pl.col("young").mean()).iter_rows())
    assert 0.12 < share[True] < 0.2
    assert share[False] < 0.07


def test_somebody_is_there_when_services_are_posted(
    world: Tables, lives: pl.DataFrame, exploited: pl.DataFrame
) -> None:
    adverts = world["adverts"].select("advert", "operation", day=pl.col("minute") // MINUTES_A_DAY)
    ours = adverts.join(lives.filter(pl.col("offers").is_in(SERVICES)).select("operation"), on="operation")
    found = there(ours, exploited, "day", "day")
    assert found.height > 30 * REGIONS
    assert (found["people"] == 0).mean() < 0.01  # type: ignore[operator]


def test_parties_are_no_larger_than_those_there(
    world: Tables, lives: pl.DataFrame, exploited: pl.DataFrame
) -> None:
    circuits = world["circuits"].select("circuit", "operation", "party", "first_day", "last_day")
    found = there(
        circuits.join(lives.select("operation"), on="operation"), exploited, "first_day", "last_day"
    )
    assert found.height > 15 * REGIONS
    assert (found["people"] >= (found["party"] - 1).clip(1)).all()


def test_firms_fit_their_operation(world: Tables, lives: pl.DataFrame, exploited: pl.DataFrame) -> None:
    firms = world["firms"].filter("exploits").drop("region").rename({"from_day": "since"})
    held = firms.join(lives, on="operation")
    assert held.height > 8 * REGIONS
    at_home = held.filter(~pl.col("cross_border"))
    assert (at_home["jurisdiction"] == at_home["home"]).all()
    sectors = parameters("0.5.0")["suppliers.agencies.forms"]["value"]
    assert all(sector in sectors[form] for form, sector in held.select("form", "sector").unique().iter_rows())
    spells = held.select("firm", "operation", "since", until=pl.col("to_day").fill_null(DAYS))
    assert (there(spells, exploited, "since", "until")["people"] > 0).all()


def test_most_agencies_are_no_older_than_their_operation_whoever_it_is(world: Tables) -> None:
    lives = world["operations"].select("operation", "begins")
    agencies = world["agencies"].join(lives, on="operation").filter(pl.col("begins") > -365)
    assert agencies.height > 10 * REGIONS
    assert 0.2 < (agencies["age_years"] > 0).mean() < 0.55  # type: ignore[operator]


def test_ships_sail_from_one_port_to_another(world: Tables) -> None:
    ports = world["places"].filter("port")["town"].implode()
    ships = world["trips"].filter(mode="ship")
    assert ships.height > 20 * REGIONS
    assert (ships["origin"].is_in(ports) & ships["town"].is_in(ports)).all()
    assert ships["operation"].null_count() > 0
