"""The supply chain: its shape, what causes exploitation and what does not, and what comes to light of it."""

import numpy as np
import polars as pl
import pytest
from one_story import firms as spells
from shared_regions import WORLD, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import DAYS, Region, parameters
from tipdata.release import Release


@pytest.fixture(scope="module")
def firms(small: Release) -> pl.DataFrame:
    agencies = small.scan("agencies", truth=True).select(main_agency="agency", by_trafficking="trafficking")
    return small.scan("firms", truth=True).join(agencies, on="main_agency", how="left").collect()


@pytest.fixture(scope="module")
def audits(small: Release, firms: pl.DataFrame) -> pl.DataFrame:
    frame = small.scan("audits", truth=True).collect().join(firms.drop("region"), on="firm")
    during = (pl.col("day") >= pl.col("from_day")) & (pl.col("day") <= pl.col("to_day").fill_null(DAYS))
    return frame.with_columns(during=(pl.col("exploits") & during).fill_null(False))


def share(frame: pl.DataFrame, column: str) -> float:
    value = frame[column].mean()
    assert isinstance(value, float)
    return value


def test_rows_of_suppliers_per_region(small: Release) -> None:
    for table, low, high in (("firms", 285, 315), ("supplies", 600, 1100), ("audits", 280, 560)):
        counted = small.scan(table).group_by("region").len().collect()["len"]
        assert counted.len() == small.regions
        assert counted.is_between(low, high).all(), table


def test_exploitation_is_in_force_at_five_to_eight_percent_of_firms(
    firms: pl.DataFrame, world: Tables
) -> None:
    assert 0.05 < share(world["firms"], "exploits") < 0.08  # a size has more trafficking
    assert firms.filter("exploits").select(pl.col("to_day").fill_null(DAYS).min()).item() >= 0
    assert firms.filter("exploits")["from_day"].is_between(-5 * 365, DAYS).all()
    assert firms.filter(~pl.col("exploits")).select("from_day", "to_day", "operation").null_count().row(
        0
    ) == ((firms.height - int(firms["exploits"].sum()),) * 3)


def test_supplies_go_to_earlier_tiers(small: Release, firms: pl.DataFrame) -> None:
    supplies = small.scan("supplies").collect()
    assert not supplies.select("supplier", "buyer").is_duplicated().any()
    ends = firms.select("firm", "tier", "region", "age_years")
    joined = supplies.join(ends, left_on="supplier", right_on="firm", suffix=" of the supplier")
    joined = joined.join(ends, left_on="buyer", right_on="firm", suffix=" of the buyer")
    assert joined.height == supplies.height
    assert (joined["tier"] > joined["tier of the buyer"]).all()
    assert (joined["region"] == joined["region of the buyer"]).all()
    younger = joined.select(pl.min_horizontal("age_years", "age_years of the buyer")).to_series()
    assert (joined["since_day"] >= -365 * younger).all()
    assert supplies.group_by("supplier").agg(pl.col("share").sum())["share"].max() <= 1010  # type: ignore[operator]


def test_trafficking_agencies_exploit(firms: pl.DataFrame) -> None:
    served = firms.drop_nulls("main_agency")
    assert served.group_by("main_agency").len()["len"].mean() > 4  # type: ignore[operator]
    rates = {kind: share(rows, "exploits") for (kind,), rows in firms.group_by("by_trafficking")}
    assert rates[True] > 5 * rates[False]
    assert 0.2 < rates[True] < 0.5
    assert abs(rates[False] - rates[None]) < 0.02


def test_season_with_tied_housing_and_hard_buyers_go_with_exploitation(firms: pl.DataFrame) -> None:
    both = pl.col("seasonal") & pl.col("tied_housing")
    assert share(firms.filter(both), "exploits") > 1.6 * share(firms.filter(~both), "exploits")
    hard = pl.col("pressure") > 500
    assert share(firms.filter(hard), "exploits") > 1.5 * share(firms.filter(~hard), "exploits")


def test_migrant_firms_meet_stricter_audits(firms: pl.DataFrame, audits: pl.DataFrame) -> None:
    small_firms = firms.filter(pl.col("size").is_in(["micro", "small"]))
    migrant, others = (small_firms.filter(pl.col("migrant_run") == run) for run in (True, False))
    assert abs(share(migrant, "exploits") - share(others, "exploits")) < 0.015

    def audits_a_firm(rows: pl.DataFrame) -> float:
        return audits.join(rows, on="firm", how="semi").height / rows.height

    assert audits_a_firm(migrant) > 1.25 * audits_a_firm(others)
    lawful = audits.filter(~pl.col("exploits"))
    graded = [share(lawful.join(rows, on="firm", how="semi"), "grade") for rows in (migrant, others)]
    assert graded[0] > graded[1] + 0.15


def test_audits_find_a_third_of_it_and_fewer_when_announced(audits: pl.DataFrame) -> None:
    during = audits.filter("during")
    assert 0.25 < share(during, "found") < 0.42
    announced, sudden = (during.filter(pl.col("announced") == told) for told in (True, False))
    assert share(announced, "found") < share(sudden, "found") - 0.1
    assert not audits.filter(~pl.col("during"))["found"].any()


def test_findings_and_topics_do_not_decide(small: Release, firms: pl.DataFrame, audits: pl.DataFrame) -> None:
    findings = audits.explode("findings").drop_nulls("findings").group_by("findings")
    assert findings.agg(pl.col("exploits").mean())["exploits"].max() < 0.4  # type: ignore[operator]
    topics = small.scan("complaints").collect().join(firms, on="firm").group_by("topic")
    assert topics.agg(pl.col("exploits").mean())["exploits"].max() < 0.4  # type: ignore[operator]
    worst = audits.filter(pl.col("grade") == 3)
    assert (~worst["exploits"]).mean() > 0.5  # type: ignore[operator]


def test_a_good_part_of_exploitation_leaves_no_trace(small: Release, firms: pl.DataFrame) -> None:
    seen = pl.concat([small.scan(t).select("firm") for t in ("audits", "complaints")]).unique().collect()
    silent = firms.filter("exploits").join(seen, on="firm", how="anti")
    assert 0.15 < silent.height / int(firms["exploits"].sum()) < 0.4


def test_a_hotline_hears_less_of_workers_with_another_language(small: Release, firms: pl.DataFrame) -> None:
    main = firms.group_by("region", "workers_language").len().sort("len", descending=True)
    main = main.group_by("region", maintain_order=True).first().select("region", majority="workers_language")
    made = small.scan("complaints").group_by("firm").len().collect()
    counted = firms.join(made, on="firm", how="left").join(main, on="region")
    counted = counted.with_columns(
        pl.col("len").fill_null(0), elsewhere=pl.col("workers_language") != pl.col("majority")
    )
    rates = {key: share(rows, "len") for (key,), rows in counted.group_by("elsewhere")}
    assert rates[True] < 0.75 * rates[False]


def test_records_leave_gaps_that_say_nothing(firms: pl.DataFrame) -> None:
    unknown = firms["housing"].is_null()
    assert 0.2 < unknown.mean() < 0.5  # type: ignore[operator]
    assert abs(share(firms.filter(unknown), "exploits") - share(firms.filter(~unknown), "exploits")) < 0.01
    recorded = firms.filter(pl.col("agency").is_not_null())
    assert (recorded["agency"] == recorded["main_agency"]).all()
    supplied = firms.drop_nulls("main_agency")
    assert 0.1 < supplied["agency"].is_null().mean() < 0.4  # type: ignore[operator]


def test_log_odds_are_calibrated(firms: pl.DataFrame) -> None:
    """Among firms with a posterior in a band, about so many exploit: within 3.5 standard deviations."""
    posterior = 1 / (1 + np.exp(-firms["log_odds"].to_numpy() / 1000))
    truth = firms["exploits"].to_numpy()
    for low, high in ((0.0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0)):
        inside = (posterior >= low) & (posterior < high)
        spread = np.sqrt((posterior[inside] * (1 - posterior[inside])).sum())
        assert abs(truth[inside].sum() - posterior[inside].sum()) < 3.5 * spread, (low, high)
    assert posterior.sum() == pytest.approx(truth.sum(), rel=0.12)
    likely = posterior > 0.3
    assert abs(posterior[likely].mean() - truth[likely].mean()) < 0.08


def test_parameters_in_nats_become_integers_exactly() -> None:
    region = Region(WORLD, 0, {"nats": [-0.35, 0.0, 2.5], "one": 0.5})
    assert region.milli("nats").tolist() == [-350, 0, 2500]
    assert region.milli("one") == 500
    assert all(abs(x) <= 4 for x in parameters("0.5.0")["suppliers.exploitation.supply"]["value"].values())


def test_a_spell_of_an_operation_lies_in_its_life_and_near_its_posting(world: Tables) -> None:
    found = spells(world)
    assert found["spells of operations a region"] > 10
    assert found["spells in the operation's life"] == 1
    assert found["of operations that post, begin within 14 days before to the last advert"] > 0.95


def test_agencies_own_exploitation(world: Tables) -> None:
    agencies = world["agencies"].select(main_agency="agency", its="operation", unlawful="trafficking")
    held = world["firms"].filter("exploits").join(agencies, on="main_agency", how="left")
    through = held.filter(pl.col("unlawful").fill_null(False))
    assert (through["operation"] == through["its"]).all()
    alone = held.filter(~pl.col("unlawful").fill_null(False)).drop_nulls("operation")
    assert alone["operation"].is_unique().all()
    assert not alone["operation"].is_in(world["agencies"]["operation"].implode()).any()
    forms = held.drop_nulls("operation").join(
        world["operations"].select("operation", "kind", "form"), on="operation"
    )
    assert set(forms["kind"]) == {"trafficking"}
    assert set(forms["form"]) == set(parameters("0.5.0")["suppliers.agencies.forms"]["value"])
    assert 0.3 < alone.height / held.filter(~pl.col("unlawful").fill_null(False)).height < 0.6


def test_a_firms_own_spell_goes_by_no_operation(firms: pl.DataFrame) -> None:
    own = firms.filter(pl.col("exploits") & pl.col("operation").is_null())
    lengths = own.drop_nulls("to_day").select(pl.col("to_day") - pl.col("from_day")).to_series()
    assert (lengths > 2 * 365).to_numpy().mean() > 0.1


def test_lawful_agencies_place_people_by_the_same_rule(regions: list[Drawn]) -> None:
    inside = []
    for past in (one.past for one in regions):
        o, s = past["operations"], past["suppliers"]
        placing = s.exploitation.placing
        lawful = (placing.operation >= 0) & (o.kind[placing.operation] != TRAFFICKING)
        owner = placing.operation[lawful]
        inside += (
            (placing.start[lawful] >= o.begins[owner]) & (placing.start[lawful] <= o.last_day[owner])
        ).tolist()
    assert len(inside) > 250
    assert np.mean(inside) > 0.95
