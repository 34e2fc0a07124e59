"""Claims about people: each has one story, inside the operation's life, which it follows; and nobody is a child."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from shared_regions import REGIONS, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.kinds import FAMILIES
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region, World, parameters
from tipdata.stages import Past, draw_tables
from tipdata.stages.operations.sizes import draw_sizes
from tipdata.stages.people import (
    SELLERS,
    draw_control,
    draw_crew,
    find_needed,
    generate,
    rank_false_claims,
)
from tipdata.text.facts import fact_number, number_of

NEEDED = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people")
FORMS = World.of("0.5.0", 2, size="forms")
"""A fifth of posting operations is trafficking, every form as frequent."""
HOUSEHOLDS = ("domestic_servitude", "marriage")
LABOUR = ("labour", "domestic_servitude", "forced_criminality")

LIFE = ("begins", "ends", "first_day", "last_day", "posts", "category", "form", "organisation")


@pytest.fixture(scope="module")
def exploited(world: Tables) -> pl.DataFrame:
    """Those exploited, with the life of their operation."""
    lives = world["operations"].select("operation", *LIFE)
    return world["people"].filter(pl.col("role") == "exploited").join(lives, on="operation")


def test_most_commitments_gain_a_person(world: Tables, exploited: pl.DataFrame) -> None:
    commits = world["conversations"].filter(pl.col("onset").is_not_null())
    assert commits["outcome"].is_in(["joined", "lost"]).all()
    assert world["conversations"].filter(pl.col("onset").is_null())["outcome"].is_null().all()
    joined = commits.filter(pl.col("outcome") == "joined")
    assert 0.75 <= joined.height / commits.height < 1
    came = exploited.drop_nulls("conversation")
    assert sorted(came["conversation"]) == sorted(joined["conversation"])


def test_people_join_near_the_commitment(world: Tables, exploited: pl.DataFrame) -> None:
    commits = (
        world["conversations"]
        .drop_nulls("onset")
        .join(
            world["messages"].rename({"minute": "committed"}),
            left_on=("conversation", "onset"),
            right_on=("conversation", "sequence"),
        )
    )
    both = exploited.join(commits, on="conversation", suffix="_said")
    assert both.height > 50 * REGIONS
    later = both["from_day"] - both["committed"] // MINUTES_A_DAY
    assert later.is_between(-7, 45).all()
    assert later.n_unique() > 30
    assert (both["operation"] == both["operation_said"]).all()
    assert (both["form"] == both["form_said"]).all()
    assert (both["door"] == "conversation").all()


def test_spells_lie_in_the_life(regions: list[Drawn]) -> None:
    for past in (one.past for one in regions):
        o, p = past["operations"], past["people"]
        here = p.exploited
        start, end, owner = p.start[here], p.end[here], p.owner[here]
        assert (start >= o.begins[owner]).all()
        assert (end <= o.ends[owner]).all()
        assert (start < end).all()
        assert ((start < DAYS) & (end >= 0)).all()


def test_durations_of_those_who_get_out_keep_the_published_shares(regions: list[Drawn]) -> None:
    """Services make records of these; of all who are there in the two years more are there for long."""
    for forms, short, long in (
        (("labour", "domestic_servitude"), 0.38, 0.33),
        (("sexual", "sex_tourism"), 0.59, 0.26),
    ):
        days = np.concatenate(
            [
                (p.end - p.start)[p.exploited & (p.end < DAYS) & np.isin(o.forms, forms)[o.form[p.owner]]]
                for o, p in ((past["operations"], past["people"]) for past in (one.past for one in regions))
            ]
        )
        # A few large operations hold most people of twelve regions.
        assert (days < 365).mean() == pytest.approx(short, abs=0.15)
        assert (days > 730).mean() == pytest.approx(long, abs=0.15)


def test_organ_removal_lasts_weeks(regions: list[Drawn]) -> None:
    for past in (one.past for one in regions):
        o, p = past["operations"], past["people"]
        here = p.exploited & (o.form[p.owner] == o.forms.index("organs"))
        assert ((p.end - p.start)[here] <= 70).all()


def test_networks_and_armed_groups_sell(world: Tables, exploited: pl.DataFrame) -> None:
    sellers = world["operations"].select("operation", *LIFE, "kind")
    sold = exploited.filter(pl.col("door") == "sold")
    assert sold.height > 50
    assert exploited.filter(pl.col("door") != "sold")["from_operation"].is_null().all()
    both = sold.join(sellers, left_on="from_operation", right_on="operation", suffix="_seller")
    assert both.height == sold.height
    assert both["organisation_seller"].is_in(SELLERS).all()
    assert (both["kind"] == "trafficking").all()
    assert both["from_day"].is_between(both["begins_seller"], both["ends_seller"]).all()
    assert (both["operation"] != both["from_operation"]).all()


def test_who_is_handed_on_was_with_a_network_or_an_armed_group(exploited: pl.DataFrame) -> None:
    moved = exploited.filter(pl.col("exit") == "moved_on")
    assert moved.height > 10
    assert moved["organisation"].is_in(SELLERS).all()


def test_forms_like_forced_labour_share_its_recruiters_and_means_of_control(exploited: pl.DataFrame) -> None:
    like = parameters("0.5.0")["people.labour_like"]["value"]
    other = pl.col("recruiter_relation") == "other"
    debt = pl.col("means_of_control").list.contains("debt_bondage")
    shares = exploited.group_by(alike=pl.col("form").is_in(like)).agg(other.mean(), debt=debt.mean())
    found = {alike: (relation, debts) for alike, relation, debts in shares.iter_rows()}
    assert found[True][0] > 0.7 > 0.55 > found[False][0]
    assert found[True][1] > 0.4 > 0.33 > found[False][1]
    organs = exploited.filter(pl.col("form") == "organs")
    assert not organs["means_of_control"].list.contains("excessive_hours").any()


def test_debt_or_taken_earnings_bind_as_many_in_forced_labour_as_published(exploited: pl.DataFrame) -> None:
    """The source counts either of both; each drawn by itself they bound .79."""
    means = pl.col("means_of_control").list
    debt, earnings = means.contains("debt_bondage"), means.contains("takes_earnings")
    labour = exploited.filter(pl.col("form").is_in(["labour", "domestic_servitude"]))
    shares = labour.select(either=(debt | earnings).mean(), debt=debt.mean(), earnings=earnings.mean())
    assert shares.row(0) == pytest.approx((0.60, 0.50, 0.58), abs=0.08)


def test_people_live_in_the_town_of_the_operation(regions: list[Drawn]) -> None:
    past, made = regions[0].past, regions[0].tables
    o = past["operations"]
    town = dict(zip(o.id.tolist(), past["places"].town[o.town].tolist(), strict=True))
    assert made["people"]["town"].to_list() == [town[one] for one in made["people"]["operation"]]


def test_one_person_has_no_staff(world: Tables) -> None:
    lives = world["operations"].select("operation", *LIFE)
    staff = world["people"].filter(pl.col("role") != "exploited").join(lives, on="operation")
    by = staff.group_by("operation", "organisation").agg(
        pl.len(), leads=(pl.col("role") == "controller").any()
    )
    assert by["leads"].all()
    assert (by.filter(organisation="individual")["len"] == 1).all()
    assert by.filter(organisation="group")["len"].mean() > 3  # type: ignore[operator]
    assert staff.filter(~pl.col("posts") & (pl.col("role") == "writer")).is_empty()
    # Somebody is there from the beginning to the end.
    first = staff.group_by("operation").agg(
        from_day=pl.col("from_day").min(), to_day=pl.col("to_day").fill_null(DAYS).max()
    )
    whole = first.join(lives, on="operation")
    assert (whole["from_day"] == whole["begins"]).all()
    assert (whole["to_day"] >= whole["ends"].clip(None, DAYS)).all()


def test_the_more_are_behind_an_operation_the_more_it_exploits(exploited: pl.DataFrame) -> None:
    counted = exploited.filter(~pl.col("posts")).group_by("operation", "organisation").len()
    mean = dict(counted.group_by("organisation").agg(pl.col("len").mean()).iter_rows())
    assert mean["network"] > mean["group"] > 2 * mean["individual"]


def test_operations_prepare_first(exploited: pl.DataFrame) -> None:
    known = exploited.filter((pl.col("door") == "acquaintance") & (pl.col("begins") > 0)).drop_nulls("to_day")
    early = pl.col("from_day") < pl.col("begins") + 10
    tight = pl.col("to_day") == pl.col("ends")
    assert known.filter(early & ~tight).is_empty()
    assert known.filter(early).height < 0.2 * known.height


def test_a_marriage_lasts_months_where_the_life_has_room(exploited: pl.DataFrame) -> None:
    known = exploited.filter((pl.col("form") == "marriage") & (pl.col("ends") - pl.col("from_day") > 120))
    stays = (known["to_day"] - known["from_day"]).drop_nulls()
    assert len(stays) > 20
    assert stays.min() >= 120  # type: ignore[operator]


@pytest.fixture(scope="module")
def many_forms() -> list[Drawn]:
    regions = [FORMS.region(index) for index in range(3)]
    return [Drawn(region, *draw_tables(region, NEEDED)) for region in regions]


@pytest.fixture(scope="module")
def held(many_forms: list[Drawn]) -> pl.DataFrame:
    """Those exploited in these regions, with their operation."""
    made = []
    for one in many_forms:
        lives = one.tables["operations"].select("operation", "form", "posts", "organisation", "category")
        people = one.tables["people"].drop("region").filter(role="exploited")
        made.append(people.join(lives, on="operation").with_columns(region=pl.lit(one.region.index)))
    return pl.concat(made, how="vertical_relaxed")


def test_households_hold_few_and_compounds_many(held: pl.DataFrame) -> None:
    sizes = held.group_by("operation", "form", "posts", "organisation").len("people")
    assert sizes.filter(pl.col("form").is_in([*HOUSEHOLDS, "organs"]))["people"].max() <= 4  # type: ignore[operator]
    several = sizes.filter(pl.col("organisation") != "individual")
    compounds = several.filter(form="forced_criminality")
    assert compounds.filter("posts")["people"].is_between(10, 60).all()
    assert compounds.filter(~pl.col("posts"))["people"].is_between(24, 240).all()
    posting = dict(several.filter("posts").group_by("form").agg(pl.col("people").median()).iter_rows())
    assert posting["forced_criminality"] > posting["labour"] > posting["sexual"] > posting["marriage"]
    assert sizes.filter(organisation="individual")["people"].max() <= 14  # type: ignore[operator]


def test_regions_have_as_many_people_as_their_parameter_says(
    many_forms: list[Drawn], held: pl.DataFrame
) -> None:
    hidden = held.filter(~pl.col("posts")).group_by("region").len().sort("region")["len"]
    expected = [one.region["people.hidden"] for one in many_forms]
    assert hidden.to_list() == pytest.approx(expected, rel=0.05)


def test_more_heads_mean_more_people(many_forms: list[Drawn]) -> None:
    size, many = [], []
    for one in many_forms:
        o = one.past["operations"]
        rows = (o.kind == 0) & o.posts & (o.form == o.forms.index("labour"))
        size.append(draw_sizes(one.region, o)[rows])
        many.append(o.life.state.level[rows, number_of("heads")] >= 2)
    size, many = np.concatenate(size), np.concatenate(many)
    assert np.median(size[many]) > 1.5 * np.median(size[~many])


def test_most_of_those_whom_posting_operations_exploit_came_by_a_door_that_has_a_row(
    held: pl.DataFrame,
) -> None:
    doors = ("conversation", "job_advert", "agency")
    assert held.filter("posts")["door"].is_in(doors).mean() > 0.4  # type: ignore[operator]
    for door, column in zip(doors, ("conversation", "advert", "agency"), strict=True):
        assert (held[column].is_not_null() == (held["door"] == door)).all()
    # Whoever recruited them: relation and door are two columns.
    friends = held.filter(door="job_advert", recruiter_relation="friend")
    assert friends.height > 5


def test_an_advert_by_which_somebody_came_is_the_operations_own_and_older(
    many_forms: list[Drawn], held: pl.DataFrame
) -> None:
    adverts = pl.concat([one.tables["adverts"].select("advert", "operation", "minute") for one in many_forms])
    came = held.filter(door="job_advert").join(adverts, on="advert", suffix="_of_advert")
    assert came.height == held.filter(door="job_advert").height > 50
    assert (came["operation"] == came["operation_of_advert"]).all()
    assert (came["minute"] // MINUTES_A_DAY < came["from_day"]).all()
    assert (came["from_day"] - came["minute"] // MINUTES_A_DAY).max() <= 30  # type: ignore[operator]
    assert not came["category"].is_in(["companionship", "massage"]).any()


def test_an_agency_by_which_somebody_came_is_a_trafficking_operations(
    many_forms: list[Drawn], held: pl.DataFrame
) -> None:
    agencies = pl.concat(
        [one.tables["agencies"].select("agency", "operation", "trafficking") for one in many_forms]
    )
    came = held.filter(door="agency").join(agencies, on="agency", suffix="_of_agency")
    assert came.height == held.filter(door="agency").height > 20
    assert came["trafficking"].all()
    own = held.filter(pl.col("operation").is_in(agencies["operation"].implode())).filter(door="agency")
    own = own.join(agencies, on="agency", suffix="_of_agency")
    assert (own["operation"] == own["operation_of_agency"]).all()


def test_nobody_comes_by_an_agency_where_none_traffics(many_forms: list[Drawn]) -> None:
    one = many_forms[0]
    suppliers = one.past["suppliers"]
    lawful = replace(suppliers.agencies, trafficking=np.zeros_like(suppliers.agencies.trafficking))
    past = {**one.past, "suppliers": replace(suppliers, agencies=lawful)}
    _, tables = generate(one.region, past)
    doors = pl.Series(tables["people"]["door"])
    assert "agency" not in doors.to_list()
    assert doors.drop_nulls().len() == one.past["people"].exploited.sum()


def test_relation_to_the_recruiter_keeps_its_shares_whatever_the_door(
    many_forms: list[Drawn], held: pl.DataFrame
) -> None:
    labour = held.filter(pl.col("form").is_in(LABOUR))
    assert (labour["recruiter_relation"] == "other").mean() == pytest.approx(0.81, abs=0.02)
    listed = many_forms[0].region["people.relation.marriage"]
    married = held.filter(form="marriage")["recruiter_relation"]
    assert (married == "family").mean() == pytest.approx(listed["family"] / 100, abs=0.12)


@pytest.fixture(scope="module")
def controlled(many_forms: list[Drawn]) -> list[tuple[Past, np.ndarray]]:
    """States of regions, and how often each means of control is used on an operation's people, (operations, means)."""
    made = []
    for past in (one.past for one in many_forms):
        p, count = past["people"], len(past["operations"].id)
        total = np.bincount(p.owner[p.exploited], minlength=count)
        used = [
            np.bincount(p.owner[p.exploited], p.control[p.exploited, k], count) for k in range(len(p.means))
        ]
        made.append((past, np.stack(used, axis=1) / np.maximum(total, 1)[:, None]))
    return made


def test_means_of_control_keep_their_published_shares(
    many_forms: list[Drawn], controlled: list[tuple[Past, np.ndarray]]
) -> None:
    listed = many_forms[0].region["people.control.labour"]
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
        here = (o.kind == 0) & (o.family == FAMILIES.index(family))
        share = used[:, past["people"].means.index(means)]
        high = o.life.state.words[fact_number(family, fact)] >> np.uint64(63) == 1
        worst.append(share[here & high])
        rest.append(share[here & ~high])
    assert np.concatenate(worst).mean() > np.concatenate(rest).mean() + 0.2


def test_who_claims_more_that_is_false_promises_more_that_is_false(
    many_forms: list[Drawn], controlled: list[tuple[Past, np.ndarray]]
) -> None:
    high, low = [], []
    for one, (past, used) in zip(many_forms, controlled, strict=True):
        o = past["operations"]
        rank = rank_false_claims(one.region, o) >> np.uint64(63) == 1
        share = used[:, past["people"].means.index("false_promises")]
        high.append(share[(o.kind == 0) & rank])
        low.append(share[(o.kind == 0) & ~rank])
    assert 0.4 < len(np.concatenate(high)) / len(np.concatenate(high + low)) < 0.6
    assert np.concatenate(high).mean() > np.concatenate(low).mean() + 0.3


def test_a_means_by_an_unknown_fact_is_refused(many_forms: list[Drawn]) -> None:
    one = many_forms[0]
    o = one.past["operations"]
    needed = find_needed(one.region, o, one.past["suppliers"].exploitation)
    crew = draw_crew(one.region, o, one.past["messages"], needed, 100)
    drawn = {"people.control_by": {family: {"threats": "weather"} for family in FAMILIES}}
    region = Region(one.region.world, one.region.index, drawn)
    with pytest.raises(ValueError, match="services has no threats by weather"):
        draw_control(region, o, crew, crew.within)
