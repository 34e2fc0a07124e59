"""Claims about contacts of data 0.4.0: callers have a story, their facts follow from it, and the posterior knows."""

import numpy as np
import polars as pl
import pytest
from drawn import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import MINUTES_A_DAY
from tipdata.stages.helpline.cases import NEEDS

DAY = pl.col("minute") // MINUTES_A_DAY


@pytest.fixture(scope="module")
def callers(world: Tables) -> pl.DataFrame:
    """Contacts of those exploited, with their spell and the category of their operation."""
    spells = world["people"].select("person", "from_day", "to_day", "exit", "means_of_control")
    trade = world["operations"].select("operation", "category")
    return world["contacts"].join(spells, on="person").join(trade, on="operation")


def test_who_was_exploited_calls_after_getting_out_or_in_the_last_days_before(callers: pl.DataFrame) -> None:
    since = DAY - pl.col("to_day")
    first = callers.filter(pl.col("minute") == pl.col("minute").min().over("person"))
    out = first.filter((since >= 0).fill_null(False))
    assert out.height > 0.8 * first.height
    assert out.select((since <= 365).mean()).item() > 0.95
    assert (callers["from_day"] <= callers.select(DAY).to_series()).all()
    inside = first.join(out, on="contact", how="anti")
    soon = inside.filter(pl.col("to_day").is_not_null())
    assert soon.height > 5
    assert soon.select(((pl.col("to_day") - DAY) <= 21).mean()).item() > 0.9
    assert inside["danger"].mean() > out["danger"].mean() + 0.4  # type: ignore[operator]


def test_nobody_calls_who_was_handed_on_to_others(callers: pl.DataFrame) -> None:
    assert not (callers["exit"] == "moved_on").any()


def test_calls_of_a_person_cluster(world: Tables) -> None:
    ordered = world["contacts"].sort("person", "minute")
    apart = ordered.select(DAY.diff().over("person")).to_series().drop_nulls()
    assert (apart >= 1).mean() > 0.95  # type: ignore[operator]
    week = apart.filter(apart < 7)
    assert 0.3 < len(week) / len(apart) < 0.8
    assert (week <= 2).mean() > 0.6  # type: ignore[operator]


def test_fewer_call_at_the_weekend_and_more_in_summer(world: Tables) -> None:
    weekend = world["contacts"].select((DAY % 7).is_in([5, 6]).mean()).item()
    assert 0.14 < weekend < 0.26
    by_week = (
        world["contacts"]
        .group_by("region", week=DAY // 7)
        .len()
        .with_columns(month=pl.col("week") * 7 % 365 // 30)
    )
    summer = by_week.filter(pl.col("month").is_between(4, 8))["len"].mean()
    winter = by_week.filter(pl.col("month").is_in([0, 1, 10, 11]))["len"].mean()
    assert summer > 1.05 * winter  # type: ignore[operator]


def test_as_many_signals_become_cases_as_published(world: Tables) -> None:
    """Published: 18 of 100. The table held a third of all signals, and repeats were forgotten: 10 of 100 did."""
    weeks = world["contacts"].select("region", week=DAY.cast(pl.Int32) // 7).unique()
    market = world["market"].with_columns(week=pl.col("day") // 7)
    signals = market.join(weeks, on=["region", "week"], how="semi")["contacts"].sum()
    assert 0.4 < world["contacts"].height / signals < 0.7
    cases = world["contacts"].drop_nulls("operation")["person"].n_unique()
    assert 0.14 < cases / signals < 0.23


def test_whose_papers_are_withheld_never_holds_them(world: Tables) -> None:
    known = (
        world["contacts"]
        .drop_nulls("holds_papers")
        .group_by("documents_withheld")
        .agg(pl.col("holds_papers").mean())
    )
    holds = dict(known.iter_rows())
    assert holds[True] == 0
    assert holds[False] > 0.7


def test_what_was_withheld_is_what_the_people_table_says(callers: pl.DataFrame) -> None:
    used = callers["means_of_control"].list
    assert (callers["documents_withheld"] == used.contains("withholds_documents")).all()
    assert (
        callers["earnings_withheld"] == (used.contains("takes_earnings") | used.contains("debt_bondage"))
    ).all()


@pytest.mark.parametrize(
    ("category", "sector"),
    [
        ("agricultural", "agriculture"),
        ("construction", "construction"),
        ("companionship", "personal_services"),
    ],
)
def test_sector_is_mostly_the_operations(category: str, sector: str, callers: pl.DataFrame) -> None:
    here = callers.filter(pl.col("category") == category).drop_nulls("sector")
    assert here.height > 8
    assert (here["sector"] == sector).mean() > 0.6  # type: ignore[operator]


def test_domestic_servitude_is_a_kind_of_labour(callers: pl.DataFrame, world: Tables) -> None:
    form = callers.join(world["operations"].select("operation", "form"), on="operation")
    kinds = {f: set(part["kind"]) for (f,), part in form.group_by("form")}
    assert kinds["domestic_servitude"] == kinds["labour"] == {"labour"}
    assert kinds["sexual"] == {"services"}


@pytest.mark.parametrize("need", [*NEEDS, "urgent"])
def test_log_odds_are_calibrated(need: str, world: Tables) -> None:
    p = 1 / (1 + np.exp(-world["contacts"][f"log_odds_{need}"].to_numpy() / 1000))
    truth = (
        world["contacts"]["urgency"] == 2
        if need == "urgent"
        else world["contacts"]["needs"].list.contains(need)
    )
    truth = truth.to_numpy()
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 1.0)):
        inside = (p >= low) & (p < high)
        spread = np.sqrt((p[inside] * (1 - p[inside])).sum())
        assert abs(truth[inside].sum() - p[inside].sum()) < 5 * spread + 0.02 * inside.sum(), (low, high)
