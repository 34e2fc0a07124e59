"""Claims about investigations of data 0.4.0: they end an operation or make it pause, whoever it is."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from tipdata.core.kinds import TRAFFICKING
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import Past, draw_tables
from tipdata.stages.accounts.stage import site_weights, sites_of
from tipdata.stages.adverts.stage import STAGE as ADVERTS
from tipdata.stages.operations.disturbing import NEVER, disturb
from tipdata.stages.operations.lives import draw_investigated

WORLD = World.of("0.4.0", 2)
REGIONS = 4
NEEDED = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people")


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Past, dict[str, pl.DataFrame]]]:
    return [draw_tables(WORLD.region(index), NEEDED) for index in range(REGIONS)]


def test_an_investigation_in_its_life_stops_an_operation_or_makes_it_pause_and_a_later_one_does_nothing() -> (
    None
):
    local = np.arange(4000)
    first, last, ends = local % 700, local % 700 + 30, local % 700 + 100
    day = first + local % 200
    left = disturb(WORLD.region(0), local, day, first, last, ends)
    inside = (day <= ends) & (day < DAYS)
    pauses = left.quiet < NEVER
    assert (left.stopped | pauses).tolist() == inside.tolist()
    assert not (left.stopped & pauses).any()
    assert 0.66 < left.stopped[inside].mean() < 0.74
    assert (left.ends[left.stopped] >= np.minimum(day, ends)[left.stopped]).all()
    assert np.median((left.ends - day)[left.stopped]) < 14
    assert (left.last <= left.ends).all()
    assert (left.last >= first + 3).all()
    untouched = ~left.stopped
    assert (left.ends[untouched] == ends[untouched]).all()
    assert (left.last[untouched] == last[untouched]).all()
    assert (left.quiet[pauses] == day[pauses]).all()
    assert (left.again[pauses] > day[pauses]).all()


def test_a_lawful_group_that_is_investigated_fares_as_others_do(drawn: list[tuple[Past, dict]]) -> None:
    """The rule sees no kind: what befalls an operation stays, whatever it is said to be."""
    for index, (past, _) in enumerate(drawn):
        o, region = past["operations"], WORLD.region(index)
        local = np.arange(len(o.id))
        day = draw_investigated(region, local, np.full(len(local), TRAFFICKING), o.first_day)
        every = disturb(region, local, day, o.first_day, o.last_day, o.ends)
        happened = o.disturbed.stopped & (o.kind == TRAFFICKING)
        assert every.stopped[happened].all()
        assert every.stopped[o.kind != TRAFFICKING].sum() > 2


def test_nothing_is_posted_after_a_stop(drawn: list[tuple[Past, dict]]) -> None:
    for past, tables in drawn:
        o = past["operations"]
        posted = tables["adverts"].join(pl.DataFrame({"operation": o.id, "ends": o.ends}), on="operation")
        assert posted.filter(pl.col("minute") // MINUTES_A_DAY > pl.col("ends")).is_empty()


def test_a_pause_takes_the_adverts_of_its_days_and_no_others(drawn: list[tuple[Past, dict]]) -> None:
    """Everybody is made to pause for ten days."""
    past, tables = drawn[0]
    o = past["operations"]
    quiet = o.first_day + 5
    paused = replace(o, disturbed=replace(o.disturbed, quiet=quiet, again=quiet + 10))
    _, made = ADVERTS.generate(WORLD.region(0), Past({**past, "operations": paused}))
    days = pl.DataFrame({"operation": o.id, "quiet": quiet})
    known = tables["adverts"].join(days, on="operation")
    inside = (pl.col("minute") // MINUTES_A_DAY).is_between("quiet", pl.col("quiet") + 9)
    # Who does pause by itself is silent on other days as well.
    itself = pl.DataFrame({"operation": o.id[o.disturbed.quiet < NEVER]}, schema={"operation": pl.Int64})
    left = known.filter(~inside).join(itself, on="operation", how="anti")["advert"]
    assert sorted(made["adverts"].join(itself, on="operation", how="anti")["advert"]) == sorted(left)
    assert known.filter(inside).height > 100


def test_the_authorities_find_those_who_are_there_when_it_is_stopped(drawn: list[tuple[Past, dict]]) -> None:
    found = []
    for past, tables in drawn:
        o = past["operations"]
        stopped = pl.DataFrame({"operation": o.id[o.disturbed.stopped], "ends": o.ends[o.disturbed.stopped]})
        people = tables["people"].filter(role="exploited").join(stopped, on="operation").drop_nulls("to_day")
        assert (people["to_day"] <= people["ends"]).all()
        found.append(people.select(last=pl.col("to_day") == pl.col("ends"), by="exit"))
    every = pl.concat(found)
    assert (every.filter("last")["by"] == "authorities").all()
    assert every["last"].mean() > 0.2  # type: ignore[operator]


def test_armed_groups_offer_on_the_darknet_and_in_channels_where_their_family_has_them(
    drawn: list[tuple[Past, dict]],
) -> None:
    past, _ = drawn[0]
    o, places, region = past["operations"], past["places"], WORLD.region(0)
    usual = site_weights(region, places)[o.family]
    armed = replace(
        o, organisation=np.full(len(o.id), list(region["operations.organisation"]).index("armed_group"))
    )
    moved = sites_of(region, places, armed)
    hidden = np.isin(np.array(places.kinds)[places.platform_kind], ["darknet", "messaging"])
    some = usual[:, hidden].max(axis=1) > 1
    assert some.any()
    assert (moved[:, hidden].sum(axis=1) > 2 * usual[:, hidden].sum(axis=1))[some].all()
    assert ((usual <= 1) == (moved <= 1))[:, hidden].all()
