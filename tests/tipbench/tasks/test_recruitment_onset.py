"""What recruitment_onset gives to learn from, what it scores against, and what it refuses of a user's own data."""

import polars as pl
from tipbench.loading import prepare
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


def test_methods_see_nothing_of_who_recruits_nor_how_long_a_conversation_gets(tiny: Release) -> None:
    fold = prepare("recruitment_onset", release=tiny).folds[0]
    shown = set(fold.tables["conversations"].collect_schema().names())
    assert shown == {"region", "conversation", "platform", "minute", "language"}
    assert "stage" not in fold.tables["messages"].collect_schema().names()
