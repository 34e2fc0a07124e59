"""Claims about people of data 0.5.0: each has one story, inside the operation's life, and nobody is a child."""

import numpy as np
import polars as pl
import pytest
from shared_regions import REGIONS, Drawn, Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import DAYS, MINUTES_A_DAY, parameters
from tipdata.stages.people import SELLERS

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
    assert 0.85 <= joined.height / commits.height < 1
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
    assert (both["way"] == "conversation").all()


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
    like = parameters("0.5.0")["people.labour_like"]["value"]
    short, long = {True: 0.38, False: 0.59}, {True: 0.33, False: 0.26}
    for alike in (True, False):
        days = np.concatenate(
            [
                (p.end - p.start)[
                    p.exploited & (p.end < DAYS) & (np.isin(o.forms, like)[o.form[p.owner]] == alike)
                ]
                for o, p in ((past["operations"], past["people"]) for past in (one.past for one in regions))
            ]
        )
        assert (days < 365).mean() == pytest.approx(short[alike], abs=0.06)
        assert (days > 730).mean() == pytest.approx(long[alike], abs=0.06)


def test_organ_removal_lasts_weeks(regions: list[Drawn]) -> None:
    for past in (one.past for one in regions):
        o, p = past["operations"], past["people"]
        here = p.exploited & (o.form[p.owner] == o.forms.index("organs"))
        assert ((p.end - p.start)[here] <= 70).all()


def test_who_answers_an_advert_does_so_while_work_is_advertised(exploited: pl.DataFrame) -> None:
    came = exploited.filter(pl.col("way") == "job_advert")
    assert came.height > 10
    assert came["posts"].all()
    assert not came["category"].is_in(["companionship", "massage"]).any()
    assert came["from_day"].is_between(came["first_day"], came["last_day"]).all()


def test_networks_and_armed_groups_sell(world: Tables, exploited: pl.DataFrame) -> None:
    sellers = world["operations"].select("operation", *LIFE, "kind")
    sold = exploited.filter(pl.col("way") == "sold")
    assert sold.height > 50
    assert exploited.filter(pl.col("way") != "sold")["from_operation"].is_null().all()
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
    assert shares.row(0) == pytest.approx((0.60, 0.50, 0.58), abs=0.03)


def test_people_live_in_the_town_of_the_operation(regions: list[Drawn]) -> None:
    past, made = regions[0].past, regions[0].tables
    o = past["operations"]
    town = dict(zip(o.id.tolist(), past["places"].town[o.town].tolist(), strict=True))
    assert made["people"]["town"].to_list() == [town[one] for one in made["people"]["operation"]]


def test_there_are_as_many_people_as_before(exploited: pl.DataFrame, world: Tables) -> None:
    of = world["operations"].select("operation", "region")
    by_region = exploited.join(of, on="operation").group_by("region").len()["len"]
    assert by_region.is_between(500, 6300).all()
    posting = exploited.filter("posts").group_by("operation").len()["len"]
    assert 3 < posting.mean() < 8  # type: ignore[operator]


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
    known = exploited.filter((pl.col("way") == "acquaintance") & (pl.col("begins") > 0)).drop_nulls("to_day")
    early = pl.col("from_day") < pl.col("begins") + 10
    tight = pl.col("to_day") == pl.col("ends")
    assert known.filter(early & ~tight).is_empty()
    assert known.filter(early).height < 0.2 * known.height


def test_a_marriage_lasts_months_where_the_life_has_room(exploited: pl.DataFrame) -> None:
    known = exploited.filter((pl.col("form") == "marriage") & (pl.col("ends") - pl.col("from_day") > 120))
    stays = (known["to_day"] - known["from_day"]).drop_nulls()
    assert len(stays) > 20
    assert stays.min() >= 120  # type: ignore[operator]
