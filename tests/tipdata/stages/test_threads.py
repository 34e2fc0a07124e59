"""Claims about conversations of data 0.4.0: they are threads that people could have, and length tells nothing."""

import numpy as np
import polars as pl
import pytest
from drawn import WORLD, Tables  # pyright: ignore[reportMissingImports]
from sklearn.metrics import roc_auc_score
from tipdata.core.world import DAYS, MINUTES_A_DAY
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import NOTHING, OWN, ThreadModel, reply_rows


@pytest.fixture(scope="module")
def rows(world: Tables) -> pl.DataFrame:
    known = world["conversations"].select(
        "conversation", "kind", "form", "onset", "platform", "opens", "operation"
    )
    return world["messages"].join(known, on="conversation").sort("conversation", "sequence")


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
    assert late.height > 0
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
    assert had_more.height > 10
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
    assert ((model.onward > 0) == (model.chain.onward[acts.course_of_profile(WORLD)] > 0)).all()
