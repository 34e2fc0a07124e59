"""Claims about conversations of coded acts: what is told of them, and what is not."""

import re

import numpy as np
import polars as pl
import pytest
from shared_regions import WORLD, Tables  # pyright: ignore[reportMissingImports]
from sklearn.metrics import roc_auc_score
from tipdata.core.world import DAYS, MINUTES_A_DAY, World, parameters
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import ACTS, COURSES, NOTHING, OWN, STAGES, ThreadModel, reply_rows


@pytest.fixture(scope="module")
def rows(world: Tables) -> pl.DataFrame:
    """Messages with columns of their conversations."""
    known = ("conversation", "kind", "strategy", "form", "onset", "platform", "opens", "operation")
    rows = world["messages"].join(world["conversations"].select(known), on="conversation")
    return rows.sort("conversation", "sequence")


def test_messages_are_numbered_by_time(rows: pl.DataFrame) -> None:
    expected = rows.select(pl.int_range(1, pl.len() + 1).over("conversation"))
    assert (rows["sequence"] == expected.to_series()).all()
    later = rows.select(pl.col("minute").diff().over("conversation")).to_series().drop_nulls()
    assert later.min() == 1
    assert (rows["minute"] < DAYS * MINUTES_A_DAY).all()


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


def test_length_tells_no_kind_apart(world: Tables) -> None:
    """Within four standard errors."""
    every = world["conversations"]["length"]
    for kind, rows in world["conversations"].group_by("kind"):
        error = float(every.std()) / np.sqrt(rows.height)  # type: ignore[arg-type]
        assert abs(rows["length"].mean() - every.mean()) < 4 * error, kind  # type: ignore[operator]


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
        for path, entry in parameters("0.5.0").items():
            if path.startswith(f"messages.{group}."):
                ratios = entry["value"].values()
                assert all(0.2 <= ratio <= 2.5 for ratio in ratios), path
                assert min(ratios) < 1 or group == "forms", path
                assert len(ratios) <= len(ACTS) // 2, path


def test_every_course_and_form_has_a_profile_of_its_own_and_leaves_its_trace() -> None:
    world = World.of("0.5.0")
    model, courses, forms = ThreadModel.of(world.region(0)), acts.course_of_profile(world), acts.forms(world)
    assert len(model.act) == len(courses) == 2 * len(forms) + len(COURSES) - 2
    flat = model.act.reshape(len(model.act), -1)
    assert len(np.unique(flat, axis=0)) == len(flat)
    course, form = np.meshgrid(np.arange(2), np.arange(len(forms)), indexing="ij")
    numbers = acts.profile(world, course.ravel(), form.ravel())
    assert numbers.tolist() == list(range(len(numbers)))
    assert (courses[numbers] == course.ravel()).all()


def test_every_stage_that_a_course_can_reach_leads_onward() -> None:
    model = ThreadModel.of(World.of("0.5.0").region(0))
    for course, onward in zip(acts.course_of_profile(World.of("0.5.0")), model.onward, strict=True):
        reached = {0}
        while more := {int(s) for r in reached for s in np.flatnonzero(onward[r])} - reached:
            reached |= more
        stuck = [STAGES[s] for s in reached if onward[s, s] > 0]
        assert not stuck, f"{COURSES[course]}: {stuck}"


def test_a_stage_lasts_as_long_as_its_scale_says() -> None:
    stream = World.of("0.5.0").region(0).stream("test/dwell")
    length, permille = np.full(40_000, 40), np.full(40_000, 200)
    scale = acts.dwell_scale(permille, length)
    part = stream.quantile(np.arange(40_000), "exponential") * scale // 1_000_000_000
    stays = np.exp(-1000 / scale[0])
    for further in (1, 2, 5):
        assert (part >= further).mean() == pytest.approx(stays**further, abs=0.01)


def test_an_operation_keeps_its_habits_and_each_conversation_adds_its_own() -> None:
    region = World.of("0.5.0").region(0)
    leanings = acts.draw_habits(region, np.array([7, 7, 8]), np.array([1, 2, 1]))
    same, other = leanings[0] - leanings[1], leanings[0] - leanings[2]
    assert 0 < np.abs(same).mean() < np.abs(other).mean()
    assert len(np.unique(acts.draw_pace(region, np.array([7, 7, 7])))) == 1


def test_most_conversations_are_short_and_a_few_go_on_and_on(rows: pl.DataFrame) -> None:
    length = rows.group_by("conversation").len()["len"]
    assert 8 <= length.median() <= 15  # type: ignore[operator]
    assert length.quantile(0.1) <= 4  # type: ignore[operator]
    assert length.quantile(0.99) > 5 * length.median()  # type: ignore[operator]


def test_length_alone_tells_no_recruitment(rows: pl.DataFrame) -> None:
    one = rows.group_by("conversation").agg(pl.len(), pl.col("kind", "onset").first())
    length = one["len"].to_numpy()
    assert abs(roc_auc_score((one["kind"] == "recruitment").to_numpy(), length) - 0.5) < 0.05
    assert roc_auc_score(one["onset"].is_not_null().to_numpy(), length) < 0.65


def test_greetings_come_first(rows: pl.DataFrame) -> None:
    greets = rows.filter(pl.col("act") == "greet")
    assert (greets["sequence"] > 3).mean() < 0.03  # type: ignore[operator]
    first = rows.filter(pl.col("sequence") == 1)["act"].drop_nulls()
    assert first.is_in(["greet", "introduce"]).mean() > 0.65  # type: ignore[operator]


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        ("ask_situation", ["share_personal"]),
        ("propose_channel", ["agree", "refuse"]),
        ("offer_job", ["ask_details", "agree", "refuse"]),
        ("ask_documents", ["agree", "refuse", "ask_details"]),
    ],
)
def test_who_is_asked_answers(asked: str, answers: list[str], rows: pl.DataFrame) -> None:
    before, turned = pl.col("act").shift().over("conversation"), pl.col("side").shift().over("conversation")
    replies = rows.with_columns(before=before, turns=turned != pl.col("side"))
    replies = replies.filter("turns").drop_nulls(["act", "before"])
    hit = replies["act"].is_in(answers)
    by_chance = float(hit.mean())  # type: ignore[arg-type]
    assert hit.filter(replies["before"] == asked).mean() > 2 * by_chance  # type: ignore[operator]


def test_people_do_not_say_the_same_twice_in_a_row(rows: pl.DataFrame) -> None:
    before = rows.select(pl.col("act", "side").shift().over("conversation"))
    own = (before["side"] == rows["side"]) & rows["act"].is_in(["refuse", "thank", "agree", "ask_details"])
    again = (before["act"] == rows["act"]).filter(own)
    assert again.mean() < 0.1  # type: ignore[operator]


def test_threats_and_restrictions_come_after_commitment_and_from_recruiters(rows: pl.DataFrame) -> None:
    hard = pl.col("act").is_in(["threaten", "restrict"])
    rate = dict(rows.group_by("kind").agg(hard.mean()).iter_rows())
    for lawful in ("friendship", "dating", "sale", "lawful_recruitment"):
        assert 0 < rate[lawful] < rate["recruitment"] / 2.5, lawful
    used = rows.filter(hard & (pl.col("kind") == "recruitment"))
    after = (used["sequence"] >= used["onset"]).fill_null(False)
    assert after.mean() > 0.85  # type: ignore[operator]


def test_the_week_has_a_rhythm_of_its_own_in_each_course(rows: pl.DataFrame) -> None:
    weekend = (pl.col("minute") // MINUTES_A_DAY % 7).is_in([5, 6])
    share = dict(rows.group_by("kind").agg(weekend.mean()).iter_rows())
    assert share["lawful_recruitment"] < 0.24 < 0.27 < share["dating"]


def test_messages_on_sites_while_open(world: Tables, rows: pl.DataFrame) -> None:
    sites = world["platforms"].select("region", "platform", "opened", "closed")
    joined = rows.join(sites, on=("region", "platform")).with_columns(day=pl.col("minute") // MINUTES_A_DAY)
    assert (joined["day"] >= joined["opened"]).all()
    late = joined.filter(pl.col("day") >= pl.col("closed"))
    assert late["channel"].drop_nulls().is_in(["call", "other_platform"]).all()
    lengths = world["conversations"].select("conversation", "length")
    there = joined.join(lengths, on="conversation").filter(pl.col("closed").is_not_null())
    ahead = there.group_by("conversation").agg(
        pl.col("length").first(),
        before=(pl.col("day") < pl.col("closed")).sum(),
        goes_on=(pl.col("day") >= pl.col("closed")).any(),
        last=(pl.col("closed") - pl.col("day")).min(),
    )
    had_more = ahead.filter((pl.col("before") < pl.col("length")) & (pl.col("last") < 14))
    assert had_more.height > 3
    assert had_more["goes_on"].mean() < 0.6  # type: ignore[operator]


def test_accounts_that_talk_are_open(rows: pl.DataFrame, world: Tables) -> None:
    accounts = world["accounts"].select("account", "created_day", "closed_day")
    of = world["conversations"].select("conversation", "account").join(accounts, on="account")
    day = pl.col("minute") // MINUTES_A_DAY
    joined = rows.select("conversation", "sequence", "channel", day=day).join(of, on="conversation")
    first = joined.filter(pl.col("sequence") == 1)
    assert (first["day"] >= first["created_day"]).all()
    assert (first["day"] < first["closed_day"].fill_null(DAYS)).all()
    late = joined.filter(pl.col("day") >= pl.col("closed_day"))
    assert late.height > 10
    assert set(late["channel"].drop_nulls()) <= {"call", "other_platform"}


def test_messages_lie_in_the_operations_life(world: Tables, rows: pl.DataFrame) -> None:
    lives = world["operations"].select("operation", "begins", "ends")
    owned = rows.join(lives, on="operation")
    assert (owned["minute"] // MINUTES_A_DAY).is_between(owned["begins"], owned["ends"]).all()


def test_recruiters_are_busiest_at_first(world: Tables) -> None:
    lives = world["operations"].select("operation", "first_day", "last_day", "begins", "posts")
    started = world["conversations"].join(lives, on="operation").filter("posts")
    day = pl.col("minute") // MINUTES_A_DAY
    for kinds in (["recruitment"], ["lawful_recruitment", "brokerage"]):
        here = started.filter(pl.col("kind").is_in(kinds))
        assert here.select((day <= pl.col("last_day")).all()).item()
        assert here.select((day < pl.col("first_day")).mean()).item() > 0.3
        near = here.select(((day - pl.col("first_day")).abs() <= 21).mean()).item()
        assert near > 0.5


def test_recruitments_for_different_forms_say_different_things(rows: pl.DataFrame) -> None:
    ours = rows.filter(pl.col("kind") == "recruitment").drop_nulls("act")
    share = {
        form: dict(frame["act"].value_counts(normalize=True).iter_rows())
        for (form,), frame in ours.group_by("form")
    }
    assert share["labour"]["ask_work"] > 1.5 * share["sexual"]["ask_work"]
    assert share["sexual"]["compliment"] > 2 * share["labour"]["compliment"]
    assert share["domestic_servitude"]["ask_family"] > 1.5 * share["labour"]["ask_family"]
    assert share["forced_criminality"]["send_link"] > 1.5 * share["domestic_servitude"]["send_link"]


def test_an_act_is_answered_by_the_other_and_not_repeated_by_oneself() -> None:
    act, turns = np.array([3, 3, -1, -1]), np.array([True, False, True, False])
    assert reply_rows(act, turns).tolist() == [3, OWN + 3, NOTHING, NOTHING]
    model = ThreadModel.of(WORLD.region(0))
    assert not model.reply[NOTHING].any()
    refuse, small_talk = acts.ACTS.index("refuse"), acts.ACTS.index("small_talk")
    assert model.reply[OWN + refuse, refuse] < -1000
    assert not model.reply[OWN + small_talk].any()


def test_each_form_leads_more_often_to_some_stages() -> None:
    model = ThreadModel.of(WORLD.region(0))
    forms, rapport = acts.forms(WORLD), acts.STAGES.index("rapport")
    need = acts.STAGES.index("need")
    onward = model.onward / np.maximum(model.onward.sum(axis=2, keepdims=True), 1)
    assert onward[forms.index("marriage"), need, rapport] > 2 * onward[forms.index("labour"), need, rapport]
    for profile, course in enumerate(acts.course_of_profile(WORLD)):
        for stage, listed in WORLD.region(0)[f"messages.onward.{COURSES[course]}"].items():
            led_to = {STAGES[s] for s in np.flatnonzero(model.onward[profile, STAGES.index(stage)])}
            assert led_to == {s for s, weight in listed.items() if weight}
