"""What recruitment_onset gives to learn from, what it scores against, and what it refuses of a user's own data."""

import polars as pl
import pytest
from tipbench.data.custom.checks import check_conversations
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release


def test_positives_have_an_onset_within_their_messages_and_negatives_have_none(tiny: Release) -> None:
    prepared = prepare("recruitment_onset", release=tiny)
    frame = prepared.answers.frame
    assert (frame["onset"].is_not_null() == (frame["label"] == 1)).all()
    length = prepared.streams[0].test.rows.group_by("conversation").len()
    positive = frame.filter(pl.col("label") == 1).join(length, on="conversation")
    assert positive["onset"].min() >= 1  # type: ignore[operator]
    assert (positive["onset"] <= positive["len"]).all()


def test_recruitments_that_never_commit_are_negatives_of_the_group_trafficking(tiny: Release) -> None:
    frame = prepare("recruitment_onset", release=tiny).answers.frame
    assert set(frame["group"]) == {"trafficking", "business", "independent", "private", "spam"}
    assert set(frame.filter(pl.col("label") == 1)["group"]) == {"trafficking"}
    in_vain = frame.filter((pl.col("group") == "trafficking") & (pl.col("label") == 0))
    assert in_vain.height > frame["label"].sum()


def test_a_conversation_of_private_people_is_its_own_cluster(tiny: Release) -> None:
    frame = prepare("recruitment_onset", release=tiny).answers.frame
    private = frame.filter(pl.col("group") == "private")
    assert private.height
    assert (private["cluster"] == private["conversation"]).all()


def test_delayed_labels_are_a_part_of_the_true_ones(tiny: Release) -> None:
    given = {
        labels: prepare("recruitment_onset", release=tiny, labels=labels, split="operation")
        .folds[0]
        .supervision
        for labels in ("truth", "delayed")
    }
    joined = given["truth"].join(given["delayed"], on="conversation", suffix="_delayed")
    assert joined.height == given["truth"].height == given["delayed"].height
    known = joined.filter(pl.col("label_delayed") == 1)
    assert 0 < known.height < joined["label"].sum()
    assert (known["onset"] == known["onset_delayed"]).all()
    assert joined.filter(pl.col("label_delayed") == 0)["onset_delayed"].is_null().all()


def test_methods_see_nothing_of_who_recruits_nor_how_long_a_conversation_gets(tiny: Release) -> None:
    fold = prepare("recruitment_onset", release=tiny).folds[0]
    shown = set(fold.tables["conversations"].collect_schema().names())
    assert shown == {"region", "conversation", "platform", "minute", "language"}
    assert "stage" not in fold.tables["messages"].collect_schema().names()


def test_every_split_that_the_task_names_can_be_had(tiny: Release) -> None:
    for split in tasks()["recruitment_onset"].splits:
        frame = prepare("recruitment_onset", release=tiny, split=split).answers.frame
        assert 0 < frame["label"].sum() < frame.height, split


def own(**changes: list) -> dict[str, pl.DataFrame]:
    """Two conversations as a user may map them, with some columns of their messages changed."""
    messages = {
        "conversation": [1, 1, 1, 2],
        "sequence": [1, 2, 3, 1],
        "minute": [10, 12, 12, 40],
        "side": ["first", "second", "first", "first"],
        "act": ["greet", "greet", None, "offer_job"],
        **changes,
    }
    return {"conversations": pl.DataFrame({"conversation": [1, 2]}), "messages": pl.DataFrame(messages)}


@pytest.mark.parametrize(
    "fine",
    [own(), own(sequence=[1, 3, 9, 4]), {"conversations": pl.DataFrame({"conversation": [1]})}, {}],
    ids=["whole", "gaps in the numbers", "no messages mapped", "nothing mapped"],
)
def test_conversations_in_order_are_accepted(fine: dict[str, pl.DataFrame]) -> None:
    check_conversations(fine)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"minute": [10, 12, 11, 40]}, "1 of 4 rows are earlier than the one before them (first: row 3)"),
        ({"sequence": [1, 2, 2, 1]}, "2 of 4 rows share their sequence with another"),
        ({"sequence": [1, None, 3, 1]}, "1 of 4 rows have no conversation or no sequence"),
        ({"act": ["greet", "hello", "hi", None]}, "2 of 4 rows name no known act (hello, hi)"),
        ({"side": ["first", "me", "first", "first"]}, "1 of 4 rows name no known side (me)"),
        (
            {"conversation": [1, 1, 1, 7]},
            "conversations: 1 of 2 rows have nothing in messages (first: row 2)",
        ),
    ],
)
def test_a_fault_is_told_in_one_sentence_with_where_it_is(changes: dict[str, list], said: str) -> None:
    with pytest.raises(UsageError) as error:
        check_conversations(own(**changes))
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0


def test_messages_of_a_conversation_that_is_not_there_are_refused() -> None:
    tables = own()
    tables["conversations"] = tables["conversations"].filter(pl.col("conversation") == 1)
    with pytest.raises(UsageError, match="does not have"):
        check_conversations(tables)


def test_messages_without_a_number_column_are_refused() -> None:
    tables = own()
    tables["messages"] = tables["messages"].drop("sequence")
    with pytest.raises(UsageError, match="no column sequence"):
        check_conversations(tables)
