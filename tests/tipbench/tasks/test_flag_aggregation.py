"""Claims about the task flag_aggregation: its units, labels, answers, and what it refuses of a user's own data."""

import polars as pl
import pytest
from tipbench.data.custom.checks import check_votes
from tipbench.data.fold import Prepared
from tipbench.loading import load, prepare
from tipbench.task import accept_all
from tipbench.tasks import task_of, tasks
from tipcore.errors import UsageError
from tipdata.release import Release


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("flag_aggregation", release=tiny, split="operation")


def test_the_default_is_forward_with_gold_labels_at_platform_access(tiny: Release) -> None:
    made = prepare("flag_aggregation", release=tiny)
    assert (made.split, made.labels, made.access) == ("forward", "gold", "platform")


def test_units_are_the_queued_adverts_and_every_vote_on_them_is_shown(
    prepared: Prepared, tiny: Release
) -> None:
    fold = prepared.folds[0]
    queued = tiny.scan("queue").select("advert").collect()["advert"]
    assert set(fold.parts["advert"]) <= set(queued)
    votes = tiny.scan("reviews").join(fold.parts.lazy().select("advert"), on="advert", how="semi").collect()
    assert fold.tables["reviews"].collect().height == votes.height
    assert set(fold.tables["adverts"].select("advert").collect()["advert"]) == set(fold.parts["advert"])


def test_gold_labels_are_those_of_gold_adverts_and_true(prepared: Prepared, tiny: Release) -> None:
    fold = prepared.folds[0]
    gold = fold.labels("train").join(tiny.scan("queue", truth=True), on="advert").collect()
    assert gold.height > 0
    assert gold["gold"].all()
    assert (gold["label"] == gold["harmful"].cast(pl.Int8)).all()
    everywhere = fold.units("train").filter("gold").collect().height
    assert gold.height == everywhere


@pytest.mark.parametrize("labels", ["truth", "delayed"])
def test_truth_labels_all_and_delayed_only_what_was_investigated(labels: str, tiny: Release) -> None:
    fold = load("flag_aggregation", release=tiny, split="operation", labels=labels)  # type: ignore[arg-type]
    given = fold.labels("train").join(tiny.scan("queue", truth=True), on="advert").collect()
    assert given.height == fold.units("train").collect().height
    positive = given.filter(label=1)
    assert positive["harmful"].all()
    assert (positive.height == given["harmful"].sum()) == (labels == "truth")


def test_answers_know_the_brigade_the_groups_and_both_posteriors_and_weigh_every_advert_one(
    prepared: Prepared,
) -> None:
    frame = prepared.answers.frame
    assert (frame["weight"] == 1.0).all()
    for name in ("group", "migrant", "brigade", "oracle_log_odds", "unit_log_odds"):
        assert name in frame.columns
    assert not frame["oracle_log_odds"].null_count()
    assert ((frame["group"] == "trafficking") == (frame["label"] == 1)).all()
    assert frame["brigade"].is_not_null().any()


def test_a_task_accepts_any_table_unless_it_says_otherwise() -> None:
    assert tasks()["advert_risk"].check is accept_all
    assert accept_all({"adverts": pl.DataFrame({"advert": [1]})}) is None
    assert task_of("flag_aggregation").check is check_votes


GOOD = pl.DataFrame({"advert": [1, 1, 2], "reviewer": ["a", "b", "a"], "vote": ["1", "Harmful", "unsure"]})
QUEUE = pl.DataFrame({"advert": [1, 2]})


def test_good_votes_are_accepted_with_and_without_a_queue() -> None:
    check_votes({"reviews": GOOD, "queue": QUEUE})
    check_votes({"reviews": GOOD})
    check_votes({"reviews": GOOD.with_columns(vote=pl.Series([1, 0, 1]))})
    check_votes({"queue": QUEUE})


@pytest.mark.parametrize(
    ("reviews", "queue", "says"),
    [
        (GOOD.with_columns(vote=pl.Series(["1", "maybe", "0"])), QUEUE, r"1 of 3 votes .*first: maybe"),
        (GOOD.with_columns(vote=pl.Series([0, 1, 3])), QUEUE, r"1 of 3 votes .*first: 3"),
        (
            GOOD.with_columns(vote=pl.Series(["1", None, "0"])),
            QUEUE,
            r"1 of 3 rows are of 1 of 2 reviewers that cast no vote \(first: row 2",
        ),
        (
            GOOD.with_columns(vote=pl.Series([None, "1", "0"])),
            QUEUE,
            r"1 of 3 rows have no vote \(first: row 1",
        ),
        (GOOD, pl.DataFrame({"advert": [1, 2, 9]}), r"queue: 1 of 3 rows have no votes .*first: row 3"),
    ],
)
def test_votes_that_cannot_be_aggregated_are_refused_in_one_sentence(
    reviews: pl.DataFrame, queue: pl.DataFrame, says: str
) -> None:
    with pytest.raises(UsageError, match=says) as error:
        check_votes({"reviews": reviews, "queue": queue})
    assert "\n" not in str(error.value)
