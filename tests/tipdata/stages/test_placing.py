"""Exploitation in firms follows the life of the operation that places people there, in data 0.4.0."""

import numpy as np
import polars as pl
import pytest
from one_story import firms as spells
from tipdata.core.world import World
from tipdata.stages import draw_tables

WORLD = World.of("0.4.0", 3)
STAGES = ("places", "operations", "suppliers")


@pytest.fixture(scope="module")
def drawn() -> list[tuple[dict, dict[str, pl.DataFrame]]]:
    return [draw_tables(WORLD.region(index), STAGES) for index in range(24)]


@pytest.fixture(scope="module")
def tables(drawn: list[tuple[dict, dict[str, pl.DataFrame]]]) -> dict[str, pl.DataFrame]:
    return {
        name: pl.concat([made[name] for _, made in drawn], how="vertical_relaxed")
        for name in ("operations", "firms", "agencies")
    }


def test_a_spell_of_an_operation_lies_in_its_life_and_near_its_posting(
    tables: dict[str, pl.DataFrame],
) -> None:
    found = spells(tables)
    assert found["spells of operations a region"] > 10
    assert found["spells in the operation's life"] == 1
    assert found["of operations that post, begin within 14 days before to the last advert"] > 0.95


def test_exploitation_through_an_agency_is_the_agencys_and_another_operation_runs_one_firm(
    tables: dict[str, pl.DataFrame],
) -> None:
    agencies = tables["agencies"].select(main_agency="agency", its="operation", unlawful="trafficking")
    held = tables["firms"].filter("exploits").join(agencies, on="main_agency", how="left")
    through = held.filter(pl.col("unlawful").fill_null(False))
    assert (through["operation"] == through["its"]).all()
    alone = held.filter(~pl.col("unlawful").fill_null(False)).drop_nulls("operation")
    assert alone["operation"].is_unique().all()
    assert not alone["operation"].is_in(tables["agencies"]["operation"].implode()).any()
    assert 0.3 < alone.height / held.filter(~pl.col("unlawful").fill_null(False)).height < 0.6


def test_a_firms_own_spell_goes_by_no_operation(tables: dict[str, pl.DataFrame]) -> None:
    own = tables["firms"].filter(pl.col("exploits") & pl.col("operation").is_null())
    lengths = own.drop_nulls("to_day").select(pl.col("to_day") - pl.col("from_day")).to_series()
    assert (lengths > 2 * 365).to_numpy().mean() > 0.1


def test_lawful_agencies_place_people_by_the_same_rule(
    drawn: list[tuple[dict, dict[str, pl.DataFrame]]],
) -> None:
    inside = []
    for past, _ in drawn:
        o, s = past["operations"], past["suppliers"]
        placing = s.exploitation.placing
        lawful = (placing.operation >= 0) & ~placing.of_trafficking(o)
        owner = placing.operation[lawful]
        inside += (
            (placing.start[lawful] >= o.begins[owner]) & (placing.start[lawful] <= o.last_day[owner])
        ).tolist()
    assert len(inside) > 500
    assert np.mean(inside) > 0.95


def test_the_log_odds_of_exploitation_stay_exact(tables: dict[str, pl.DataFrame]) -> None:
    exploits = tables["firms"]["exploits"].to_numpy()
    posterior = 1 / (1 + np.exp(-tables["firms"]["log_odds"].to_numpy() / 1000))
    assert posterior.sum() == pytest.approx(exploits.sum(), rel=0.12)
    likely = posterior > 0.3
    assert abs(posterior[likely].mean() - exploits[likely].mean()) < 0.08
