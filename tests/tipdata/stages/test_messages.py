"""Claims about conversations of coded acts: what is told of them, and what is not."""

import re

import numpy as np
import polars as pl
import pytest
from drawn import Tables  # pyright: ignore[reportMissingImports]
from tipdata.core.world import DAYS, MINUTES_A_DAY, World, parameters
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import ACTS, COURSES, STAGES, ActModel


@pytest.fixture(scope="module")
def rows(world: Tables) -> pl.DataFrame:
    """Messages with the hidden columns of their conversations."""
    known = ("conversation", "kind", "strategy", "form", "onset")
    return world["messages"].join(world["conversations"].select(known), on="conversation")


def test_messages_are_numbered_by_time(rows: pl.DataFrame) -> None:
    ordered = rows.sort("conversation", "sequence")
    expected = ordered.select(pl.int_range(1, pl.len() + 1).over("conversation"))
    assert (ordered["sequence"] == expected.to_series()).all()
    later = ordered.select(pl.col("minute").diff().over("conversation")).to_series().drop_nulls()
    assert later.min() == 1
    assert (ordered["minute"] < DAYS * MINUTES_A_DAY).all()


def test_conversations_begin_with_a_message(world: Tables) -> None:
    first = world["messages"].filter(pl.col("sequence") == 1)
    joined = world["conversations"].join(first, on="conversation", suffix="_first")
    assert joined.height == world["conversations"].height
    assert (joined["minute"] == joined["minute_first"]).all()
    assert (joined["side"] == "first").all()


def test_onset_is_the_first_commitment(rows: pl.DataFrame, world: Tables) -> None:
    commits = rows.filter((pl.col("stage") == "commitment") & (pl.col("kind") == "recruitment"))
    first = commits.group_by("conversation").agg(pl.col("sequence").min())
    onset = world["conversations"].select("conversation", "onset").drop_nulls()
    assert onset.sort("conversation").rows() == first.sort("conversation").rows()


def test_nobody_commits_unheard(rows: pl.DataFrame) -> None:
    until = rows.filter(pl.col("sequence") <= pl.col("onset"))
    assert (until.group_by("conversation").agg(pl.col("side").n_unique())["side"] == 2).all()


def test_most_recruitments_never_commit_and_lawful_conversations_do(rows: pl.DataFrame) -> None:
    reached = rows.group_by("conversation", "kind").agg((pl.col("stage") == "commitment").any())
    share = dict(reached.group_by("kind").agg(pl.col("stage").mean()).rows())
    assert 0.3 < share["recruitment"] < 0.5
    for lawful in ("lawful_recruitment", "brokerage", "dating", "support"):
        assert share[lawful] > 0.2, lawful


def test_a_tenth_or_so_of_all_conversations_is_positive(world: Tables) -> None:
    assert 0.08 < world["conversations"]["onset"].is_not_null().mean() < 0.15  # type: ignore[operator]


def test_accounts_hold_conversations(world: Tables) -> None:
    joined = world["conversations"].join(world["accounts"], on="account", suffix="_account")
    assert joined.height == world["conversations"].height
    for column in ("operation", "platform", "language"):
        assert joined[column].eq_missing(joined[f"{column}_account"]).all(), column


def test_only_traffickers_recruit(world: Tables) -> None:
    recruits = world["conversations"].filter(pl.col("kind") == "recruitment")
    joined = recruits.join(world["operations"], on="operation", suffix="_operation")
    assert joined.height == recruits.height
    assert (joined["kind_operation"] == "trafficking").all()
    assert (joined["form"] == joined["form_operation"]).all()
    assert (joined["strategy"] == joined["strategy_operation"]).all()
    assert not joined["posts"].all()


def test_acts_are_code_words_and_never_sentences(rows: pl.DataFrame) -> None:
    seen = set(rows["act"].drop_nulls().unique())
    assert seen == set(ACTS)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)?", act) for act in ACTS)
    assert 25 <= len(ACTS) <= 36


def test_every_act_occurs_in_every_kind_of_conversation(rows: pl.DataFrame) -> None:
    counted = rows.drop_nulls("act").group_by("kind").agg(pl.col("act").n_unique())
    assert counted["act"].min() == len(ACTS)


def test_hunting_lingers_in_rapport_and_takes_longer_than_fishing(rows: pl.DataFrame) -> None:
    recruits = rows.filter(pl.col("kind") == "recruitment")
    rapport = dict(recruits.group_by("strategy").agg((pl.col("stage") == "rapport").mean()).rows())
    assert rapport["hunting"] > 1.8 * rapport["fishing"]
    lasted = recruits.group_by("conversation", "strategy").agg(
        days=(pl.col("minute").max() - pl.col("minute").min()) / MINUTES_A_DAY
    )
    median = dict(lasted.group_by("strategy").agg(pl.col("days").median()).rows())
    assert median["hunting"] > 1.3 * median["fishing"]


def test_acts_and_channels_go_missing(rows: pl.DataFrame) -> None:
    assert 0.02 < rows["act"].is_null().mean() < 0.07  # type: ignore[operator]
    assert 0.04 < rows["channel"].is_null().mean() < 0.08  # type: ignore[operator]


def test_odds_ratios_are_weak_and_most_acts_are_null_in_any_course() -> None:
    for group in ("leanings", "forms"):
        for path, entry in parameters("0.4.0").items():
            if path.startswith(f"messages.{group}."):
                ratios = entry["value"].values()
                assert all(0.2 <= ratio <= 2.5 for ratio in ratios), path
                assert min(ratios) < 1 or group == "forms", path
                assert len(ratios) <= len(ACTS) // 2, path


def test_every_course_and_form_has_a_profile_of_its_own_and_leaves_its_trace() -> None:
    model = ActModel.of(World.of("0.4.0").region(0))
    world = World.of("0.4.0")
    assert (
        len(model.act) == len(acts.course_of_profile(world)) == 2 * len(acts.forms(world)) + len(COURSES) - 2
    )
    flat = model.act.reshape(len(model.act), -1)
    assert len(np.unique(flat, axis=0)) == len(flat)
    course, form = np.meshgrid(np.arange(2), np.arange(len(acts.forms(World.of("0.4.0")))), indexing="ij")
    numbers = acts.profile(World.of("0.4.0"), course.ravel(), form.ravel())
    assert numbers.tolist() == list(range(len(numbers)))
    assert (acts.course_of_profile(World.of("0.4.0"))[numbers] == course.ravel()).all()


def test_every_stage_that_a_course_can_reach_leads_onward() -> None:
    model = ActModel.of(World.of("0.4.0").region(0))
    for course, onward in zip(COURSES, model.onward, strict=True):
        reached = {0}
        while more := {int(s) for r in reached for s in np.flatnonzero(onward[r])} - reached:
            reached |= more
        stuck = [STAGES[s] for s in reached if onward[s, s] > 0]
        assert not stuck, f"{course}: {stuck}"


def test_a_stage_lasts_as_long_as_its_scale_says() -> None:
    stream = World.of("0.4.0").region(0).stream("test/dwell")
    length, permille = np.full(40_000, 40), np.full(40_000, 200)
    scale = acts.dwell_scale(permille, length)
    part = stream.quantile(np.arange(40_000), "exponential") * scale // 1_000_000_000
    stays = np.exp(-1000 / scale[0])
    for further in (1, 2, 5):
        assert (part >= further).mean() == pytest.approx(stays**further, abs=0.01)


def test_an_operation_keeps_its_habits_and_each_conversation_adds_its_own() -> None:
    region = World.of("0.4.0").region(0)
    leanings = acts.draw_habits(region, np.array([7, 7, 8]), np.array([1, 2, 1]))
    same, other = leanings[0] - leanings[1], leanings[0] - leanings[2]
    assert 0 < np.abs(same).mean() < np.abs(other).mean()
    assert len(np.unique(acts.draw_pace(region, np.array([7, 7, 7])))) == 1
