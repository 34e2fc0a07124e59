"""Claims about people of data 0.5.0: sizes, doors and means of control follow the life of the operation."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_regions import Drawn  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import FAMILIES
from tipdata.core.world import MINUTES_A_DAY, Region, World
from tipdata.stages import Past, draw_stages
from tipdata.stages.operations.sizes import draw_sizes
from tipdata.stages.people import (
    Crew,
    draw_control,
    draw_crew,
    draw_role,
    find_needed,
    generate,
    rank_false_claims,
)
from tipdata.text.facts import facts_of

NEEDED = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people")
FORMS = World.of("0.5.0", 2, size="forms")
"""A fifth of posting operations is trafficking, every form as frequent."""
HOUSEHOLDS = ("domestic_servitude", "marriage")
LABOUR = ("labour", "domestic_servitude", "forced_criminality")


@pytest.fixture(scope="module")
def regions() -> list[Drawn]:
    drawn = []
    for index in range(3):
        past, tables = Past(), {}
        for _, made in draw_stages(FORMS.region(index), past, NEEDED):
            tables.update(made)
        drawn.append(Drawn(FORMS.region(index), past, tables))
    return drawn


@pytest.fixture(scope="module")
def exploited(regions: list[Drawn]) -> pl.DataFrame:
    """Those exploited, with their operation."""
    made = []
    for one in regions:
        lives = one.tables["operations"].select("operation", "form", "posts", "organisation", "category")
        people = one.tables["people"].drop("region").filter(role="exploited")
        made.append(people.join(lives, on="operation").with_columns(region=pl.lit(one.region.index)))
    return pl.concat(made, how="vertical_relaxed")


def test_households_hold_few_and_compounds_many(exploited: pl.DataFrame) -> None:
    sizes = exploited.group_by("operation", "form", "posts", "organisation").len("people")
    assert sizes.filter(pl.col("form").is_in([*HOUSEHOLDS, "organs"]))["people"].max() <= 4  # type: ignore[operator]
    several = sizes.filter(pl.col("organisation") != "individual")
    compounds = several.filter(form="forced_criminality")
    assert compounds.filter("posts")["people"].is_between(10, 60).all()
    assert compounds.filter(~pl.col("posts"))["people"].is_between(24, 240).all()
    posting = dict(several.filter("posts").group_by("form").agg(pl.col("people").median()).iter_rows())
    assert posting["forced_criminality"] > posting["labour"] > posting["sexual"] > posting["marriage"]
    assert sizes.filter(organisation="individual")["people"].max() <= 14  # type: ignore[operator]


def test_regions_have_as_many_people_as_their_parameter_says(
    regions: list[Drawn], exploited: pl.DataFrame
) -> None:
    hidden = exploited.filter(~pl.col("posts")).group_by("region").len().sort("region")["len"]
    expected = [one.region["people.hidden"] for one in regions]
    assert hidden.to_list() == pytest.approx(expected, rel=0.05)


def test_more_heads_mean_more_people(regions: list[Drawn]) -> None:
    size, many = [], []
    for one in regions:
        o = one.past["operations"]
        heads = [fact.name for fact in facts_of("jobs")].index("heads")
        rows = (o.kind == 0) & o.posts & (o.form == o.forms.index("labour"))
        size.append(draw_sizes(one.region, o, o.facts)[rows])
        many.append(o.facts.state.level[rows, heads] >= 2)
    size, many = np.concatenate(size), np.concatenate(many)
    assert np.median(size[many]) > 1.5 * np.median(size[~many])


def test_most_of_those_whom_posting_operations_exploit_came_by_a_door_that_has_a_row(
    exploited: pl.DataFrame,
) -> None:
    doors = ("conversation", "job_advert", "agency")
    assert exploited.filter("posts")["door"].is_in(doors).mean() > 0.4  # type: ignore[operator]
    for door, column in zip(doors, ("conversation", "advert", "agency"), strict=True):
        assert (exploited[column].is_not_null() == (exploited["door"] == door)).all()
    # Whoever recruited them: relation and door are two columns.
    friends = exploited.filter(door="job_advert", recruiter_relation="friend")
    assert friends.height > 5


def test_an_advert_by_which_somebody_came_is_the_operations_own_and_older(
    regions: list[Drawn], exploited: pl.DataFrame
) -> None:
    adverts = pl.concat([one.tables["adverts"].select("advert", "operation", "minute") for one in regions])
    came = exploited.filter(door="job_advert").join(adverts, on="advert", suffix="_of_advert")
    assert came.height == exploited.filter(door="job_advert").height > 50
    assert (came["operation"] == came["operation_of_advert"]).all()
    assert (came["minute"] // MINUTES_A_DAY < came["from_day"]).all()
    assert (came["from_day"] - came["minute"] // MINUTES_A_DAY).max() <= 30  # type: ignore[operator]
    assert not came["category"].is_in(["companionship", "massage"]).any()


def test_an_agency_by_which_somebody_came_is_a_trafficking_operations(
    regions: list[Drawn], exploited: pl.DataFrame
) -> None:
    agencies = pl.concat(
        [one.tables["agencies"].select("agency", "operation", "trafficking") for one in regions]
    )
    came = exploited.filter(door="agency").join(agencies, on="agency", suffix="_of_agency")
    assert came.height == exploited.filter(door="agency").height > 20
    assert came["trafficking"].all()
    own = exploited.filter(pl.col("operation").is_in(agencies["operation"].implode())).filter(door="agency")
    own = own.join(agencies, on="agency", suffix="_of_agency")
    assert (own["operation"] == own["operation_of_agency"]).all()


def test_nobody_comes_by_an_agency_where_none_traffics(regions: list[Drawn]) -> None:
    one = regions[0]
    suppliers = one.past["suppliers"]
    lawful = replace(suppliers.agencies, trafficking=np.zeros_like(suppliers.agencies.trafficking))
    past = {**one.past, "suppliers": replace(suppliers, agencies=lawful)}
    _, tables = generate(one.region, past)
    doors = pl.Series(tables["people"]["door"])
    assert "agency" not in doors.to_list()
    assert doors.drop_nulls().len() == one.past["people"].exploited.sum()


def test_relation_to_the_recruiter_keeps_its_shares_whatever_the_door(
    regions: list[Drawn], exploited: pl.DataFrame
) -> None:
    labour = exploited.filter(pl.col("form").is_in(LABOUR))
    assert (labour["recruiter_relation"] == "other").mean() == pytest.approx(0.81, abs=0.02)
    listed = regions[0].region["people.relation.marriage"]
    married = exploited.filter(form="marriage")["recruiter_relation"]
    assert (married == "family").mean() == pytest.approx(listed["family"] / 100, abs=0.12)


@pytest.fixture(scope="module")
def controlled(regions: list[Drawn]) -> list[tuple[Past, np.ndarray]]:
    """States of regions, and how often each means of control is used on an operation's people, (operations, means)."""
    made = []
    for past in (one.past for one in regions):
        p, count = past["people"], len(past["operations"].id)
        total = np.bincount(p.owner[p.exploited], minlength=count)
        used = [
            np.bincount(p.owner[p.exploited], p.control[p.exploited, k], count) for k in range(len(p.means))
        ]
        made.append((past, np.stack(used, axis=1) / np.maximum(total, 1)[:, None]))
    return made


def test_means_of_control_keep_their_published_shares(
    regions: list[Drawn], controlled: list[tuple[Past, np.ndarray]]
) -> None:
    listed = regions[0].region["people.control.labour"]
    shares = np.concatenate(
        [
            used[(o.kind == 0) & np.isin(o.form, [o.forms.index(form) for form in LABOUR])]
            for o, used in ((past["operations"], used) for past, used in controlled)
        ]
    )
    assert shares.mean(axis=0) == pytest.approx(list(listed.values()), abs=0.1)


@pytest.mark.parametrize(
    ("family", "fact", "means"),
    [
        ("jobs", "papers", "withholds_documents"),
        ("jobs", "rest", "excessive_hours"),
        ("services", "answerer", "restricts_movement"),
        ("services", "payment", "takes_earnings"),
    ],
)
def test_a_means_of_control_follows_its_fact(
    family: str, fact: str, means: str, controlled: list[tuple[Past, np.ndarray]]
) -> None:
    worst, rest = [], []
    for past, used in controlled:
        o = past["operations"]
        number = [one.name for one in facts_of(family)].index(fact)
        here = (o.kind == 0) & (o.family == FAMILIES.index(family))
        share = used[:, past["people"].means.index(means)]
        high = o.facts.state.words[number] >> np.uint64(63) == 1
        worst.append(share[here & high])
        rest.append(share[here & ~high])
    assert np.concatenate(worst).mean() > np.concatenate(rest).mean() + 0.2


def test_where_somebody_writes_for_others_the_second_of_the_staff_mostly_writes(regions: list[Drawn]) -> None:
    writes, agent = [], []
    for one in regions:
        o = one.past["operations"]
        owner = np.flatnonzero(o.posts)
        rows = np.zeros_like(owner)
        second = Crew(owner, rows + 1, rows > 0, rows, rows, rows > 0, rows, rows)
        writes.append(draw_role(one.region, o, second, owner) == "writer")
        voice = [fact.name for fact in facts_of("services")].index("voice")
        agent.append(o.facts.state.words[voice, owner] >> np.uint64(62) == 3)
    writes, agent = np.concatenate(writes), np.concatenate(agent)
    assert writes.mean() == pytest.approx(0.3, abs=0.05)
    assert writes[agent].mean() > 0.8 > 0.3 > writes[~agent].mean()


def test_who_claims_more_that_is_false_promises_more_that_is_false(
    regions: list[Drawn], controlled: list[tuple[Past, np.ndarray]]
) -> None:
    high, low = [], []
    for one, (past, used) in zip(regions, controlled, strict=True):
        o = past["operations"]
        rank = rank_false_claims(one.region, o, o.facts) >> np.uint64(63) == 1
        share = used[:, past["people"].means.index("false_promises")]
        high.append(share[(o.kind == 0) & rank])
        low.append(share[(o.kind == 0) & ~rank])
    assert 0.4 < len(np.concatenate(high)) / len(np.concatenate(high + low)) < 0.6
    assert np.concatenate(high).mean() > np.concatenate(low).mean() + 0.3


def test_a_means_by_an_unknown_fact_is_refused(regions: list[Drawn]) -> None:
    one = regions[0]
    o = one.past["operations"]
    needed = find_needed(one.region, o, one.past["suppliers"].exploitation)
    crew = draw_crew(one.region, o, one.past["messages"], needed, 100)
    drawn = {"people.control_by": {family: {"threats": "weather"} for family in FAMILIES}}
    region = Region(one.region.world, one.region.index, drawn)
    with pytest.raises(ValueError, match="services has no threats by weather"):
        draw_control(region, o, o.facts, crew, crew.within)
