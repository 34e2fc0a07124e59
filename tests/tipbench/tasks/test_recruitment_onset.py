"""What recruitment_onset gives to learn from, what it scores against, and what it refuses of a user's own data."""

import polars as pl
from tipbench.loading import prepare
from tipbench.tasks import tasks
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
