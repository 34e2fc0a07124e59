"""Harm by group against counts made by hand: row loops over the frame, as the definitions read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbench import kinds
from tipbench.kinds.answers import Answers
from tipbench.metrics.bootstrap import observed
from tipbench.metrics.finds import FAR_OVER
from tipbench.metrics.harm import measure, merged_groups
from tipbench.metrics.inputs import inputs_of
from tipbench.metrics.operating import NO_VALID_PART

TASK: Any = SimpleNamespace(
    kind=kinds.SCORES,
    unit="advert",
    primary="average_precision",
    prevalence=0.05,
    groups=("independent", "business", "migrant", "spam"),
)
KINDS = ["trafficking", "business", "independent", "spam"]


def world(seed: int = 0, operations: int = 240, with_valid: bool = True) -> tuple[pl.DataFrame, pl.Series]:
    """A frame of test and valid adverts and their scores; migrant adverts score higher."""
    generator = np.random.default_rng(seed)
    kind = generator.choice(KINDS, operations, p=[0.4, 0.25, 0.25, 0.1])
    migrant = generator.random(operations) < 0.4
    form = generator.choice(["labour", "sexual", "marriage"], operations, p=[0.4, 0.3, 0.3])
    operation = np.repeat(np.arange(operations), generator.integers(1, 8, operations))
    trafficking = kind[operation] == "trafficking"
    parts = np.where(generator.random(operation.size) < 0.3, "valid", "test") if with_valid else "test"
    frame = pl.DataFrame(
        {
            "advert": np.arange(operation.size),
            "part": parts,
            "label": trafficking.astype(np.int8),
            "cluster": operation,
            "weight": 1.0 / generator.integers(1, 5, operation.size),
            "group": kind[operation],
            "migrant": migrant[operation],
            "form": form[operation],
            "sex": np.where(migrant, "female", "male")[operation],
            "language": np.where(migrant, "ru", "en")[operation],
        }
    ).with_columns(pl.when(pl.col("label") == 1).then(name).alias(name) for name in ("form", "sex"))
    scores = generator.normal(size=operation.size) + 1.0 * trafficking + 1.5 * migrant[operation]
    return frame, pl.Series("score", np.round(scores, 2))


def measured(frame: pl.DataFrame, scores: pl.Series):
    inputs = inputs_of(TASK, Answers(kinds.SCORES, "advert", frame), frame.select("advert", scores))
    found = measure(inputs)
    return found, observed(found.metrics, inputs.clusters.count)


def flagged_rows(frame: pl.DataFrame, scores: pl.Series, budget: float = 0.01) -> list[dict]:
    """The test rows with ``flagged``, at the lowest valid score at which the budget holds."""
    rows = frame.with_columns(scores).to_dicts()
    valid = [row for row in rows if row["part"] == "valid"]
    total = sum(row["weight"] for row in valid)
    fits = [
        row["score"]
        for row in valid
        if sum(other["weight"] for other in valid if other["score"] >= row["score"]) <= budget * total
    ]
    threshold = min(fits)
    return [{**row, "flagged": row["score"] >= threshold} for row in rows if row["part"] == "test"]


def test_false_accusations_are_counted_by_advert_and_by_operation() -> None:
    frame, scores = world(operations=600)
    found, values = measured(frame, scores)
    rows = flagged_rows(frame, scores)
    lawful = [row for row in rows if row["group"] in ("business", "independent")]
    members = {
        "business": [row for row in rows if row["group"] == "business"],
        "independent": [row for row in rows if row["group"] == "independent"],
        "migrant": [row for row in lawful if row["migrant"]],
        "lawful": lawful,
        "spam": [row for row in rows if row["group"] == "spam"],
    }
    rates = {}
    for group, group_rows in members.items():
        rates[group] = sum(row["weight"] for row in group_rows if row["flagged"]) / sum(
            row["weight"] for row in group_rows
        )
        operations = {row["cluster"] for row in group_rows}
        accused = {row["cluster"] for row in group_rows if row["flagged"]}
        entry = found.groups[group]
        assert entry["false_accusations_per_unit"] == pytest.approx(rates[group], abs=1e-12)
        assert entry["false_accusations_per_operation"] == pytest.approx(
            len(accused) / len(operations), abs=1e-12
        )
        assert (entry["units"], entry["operations"]) == (len(group_rows), len(operations))
    worst = max(rates[group] for group in ("business", "independent", "migrant"))
    assert values["harm_gap"] == pytest.approx(worst - rates["lawful"], abs=1e-12)
    assert values["harm_gap"] > 0


def six_lawful_units() -> tuple[pl.DataFrame, pl.Series]:
    """Valid fixes 0.9 as the threshold of the budget (one unit in a hundred) and 0.5 as that of half the positives.

    In the test part lie six lawful units, one whose migrant mark is null; one unit of no known group; one positive.
    """
    valid = pl.DataFrame(
        {
            "score": [0.9, 0.5, 0.3] + 97 * [0.1],
            "part": "valid",
            "label": [1, 1, 1] + 97 * [0],
            "cluster": range(100, 200),
            "weight": 1.0,
            "group": "independent",
            "migrant": False,
        }
    )
    rows = [
        (0.9, 0, 1, 0.5, "business", True),
        (0.2, 0, 1, 0.5, "business", True),
        (0.4, 0, 2, 1.0, "business", False),
        (0.89, 0, 3, 1.0, "independent", False),
        (0.5, 0, 4, 1.0, "independent", None),
        (0.1, 0, 5, 2.0, "independent", True),
        (0.99, 0, 6, 1.0, None, True),
        (0.95, 1, 7, 1.0, "trafficking", True),
    ]
    schema = ["score", "label", "cluster", "weight", "group", "migrant"]
    test = pl.DataFrame(rows, schema, orient="row").with_columns(part=pl.lit("test"))
    frame = pl.concat([valid, test.select(valid.columns)]).with_row_index("advert")
    return frame.drop("score"), frame["score"]


def test_a_unit_at_the_threshold_is_accused_and_one_of_no_known_group_is_in_none() -> None:
    """By hand. At 0.9 only a business advert of weight 1/2 is accused: 1/4 of business, 1/12 of all lawful. At 0.5
    two independents of weight 1 are, too."""
    found, values = measured(*six_lawful_units())
    names = ["units", "operations"] + [
        f"false_accusations_per_{per}{point}"
        for point in ("", "_at_recall_50")
        for per in ("unit", "operation")
    ]
    shown = {group: [entry[name] for name in names] for group, entry in found.groups.items()}
    assert shown == {
        "business": [3, 2, 1 / 4, 1 / 2, 1 / 4, 1 / 2],
        "independent": [3, 3, 0, 0, 2 / 4, 2 / 3],
        "migrant": [3, 2, pytest.approx(1 / 6), 1 / 2, pytest.approx(1 / 6), 1 / 2],
        "lawful": [6, 5, pytest.approx(1 / 12), 1 / 5, pytest.approx(5 / 12), 3 / 5],
        "spam": [0, 0, None, None, None, None],
    }
    assert values["harm_gap"] == pytest.approx(1 / 4 - 1 / 12, abs=1e-12)
    assert found.withheld == {"harm_gap": FAR_OVER}, "one of so few units is more than three times the budget"


def test_a_test_part_without_lawful_units_has_no_harm_gap_and_says_why() -> None:
    frame, scores = six_lawful_units()
    nobody = pl.when(pl.col("part") == "valid").then("group").alias("group")
    found, _ = measured(frame.with_columns(nobody), scores)
    assert found.withheld == {"harm_gap": "no lawful unit in the test part"}


def test_spam_is_part_of_no_lawful_total_or_gap() -> None:
    frame, scores = world()
    spam = frame["group"] == "spam"
    test = frame["part"] == "test"
    accused = pl.select(pl.when(spam & test).then(99.0).otherwise(scores).alias("score")).to_series()
    before, gap_before = measured(frame, scores)
    after, gap_after = measured(frame, accused)
    assert after.groups["spam"]["false_accusations_per_unit"] == 1.0
    assert after.groups["lawful"] == before.groups["lawful"]
    assert gap_after["harm_gap"] == gap_before["harm_gap"]


def test_the_protection_gap_is_the_widest_difference_of_recall_within_an_attribute() -> None:
    frame, scores = world(operations=600)
    found, values = measured(frame, scores)
    rows = [row for row in flagged_rows(frame, scores) if row["label"] == 1]
    gaps = []
    for attribute in ("form", "sex", "language"):
        recalls = []
        for value in sorted({row[attribute] for row in rows}):
            group = [row for row in rows if row[attribute] == value]
            assert len({row["cluster"] for row in group}) >= 20
            recall = sum(row["weight"] for row in group if row["flagged"]) / sum(
                row["weight"] for row in group
            )
            assert found.groups[f"{attribute}={value}"]["recall"] == pytest.approx(recall, abs=1e-12)
            recalls.append(recall)
        gaps.append(max(recalls) - min(recalls))
        assert found.groups[attribute]["protection_gap"] == pytest.approx(gaps[-1], abs=1e-12)
    assert values["protection_gap"] == pytest.approx(max(gaps), abs=1e-12)


def test_groups_under_twenty_positive_clusters_are_merged_into_other() -> None:
    attribute = pl.Series(["a"] * 30 + ["b"] * 12 + ["c"] * 11 + [None] * 5)
    groups = merged_groups(attribute, np.ones(58, dtype=bool), np.arange(58))
    assert {name: int(rows.sum()) for name, rows in groups.items()} == {"a": 30, "other": 23}


def test_a_group_of_exactly_twenty_positive_clusters_stands_alone_and_makes_a_gap() -> None:
    """Twenty clusters of each form: every one of the one form is found, and none of the other."""
    attribute = pl.Series(20 * ["labour"] + 20 * ["sexual"])
    groups = merged_groups(attribute, np.ones(40, dtype=bool), np.arange(40))
    assert {name: int(rows.sum()) for name, rows in groups.items()} == {"labour": 20, "sexual": 20}
    frame, scores = six_lawful_units()
    positives = pl.DataFrame(
        {"advert": range(1000, 1040), "part": "test", "label": 1, "cluster": range(1000, 1040), "weight": 1.0}
    ).with_columns(form=attribute)
    exploited = pl.concat([frame.drop("group", "migrant"), positives], how="diagonal_relaxed")
    found, values = measured(exploited, pl.concat([scores, pl.Series(20 * [0.95] + 20 * [0.2])]))
    assert found.groups["form=labour"] == {"recall": 1.0, "positive_clusters": 20}
    assert found.groups["form=sexual"] == {"recall": 0.0, "positive_clusters": 20}
    assert values["protection_gap"] == 1.0


def test_rows_of_one_cluster_do_not_make_a_group_large() -> None:
    groups = merged_groups(pl.Series(["a"] * 30), np.ones(30, dtype=bool), np.arange(30) % 19)
    assert set(groups) == {"other"}


def test_too_few_positive_clusters_leave_no_protection_gap() -> None:
    frame, scores = world(operations=30)
    found, _ = measured(frame, scores)
    assert found.withheld["protection_gap"] == "too few clusters"
    assert "recall" in found.groups["form=other"]


def test_a_small_rest_is_reported_and_decides_no_gap() -> None:
    frame, scores = world(operations=240)
    rare = (pl.col("cluster") % 8 == 0) & (pl.col("label") == 1)
    one_large = frame.select(
        "advert",
        "part",
        "label",
        "cluster",
        "weight",
        form=pl.when(rare).then(pl.lit("rare")).otherwise(pl.lit("usual")),
    )
    found, _ = measured(one_large, scores)
    assert (
        0
        < (found.groups["form=other"]["positive_clusters"] or 0)
        < 20
        <= (found.groups["form=usual"]["positive_clusters"] or 0)
    )
    assert found.withheld["protection_gap"] == "too few clusters"
    assert "form" not in found.groups


def test_a_positive_unit_is_accused_rightly_whatever_its_group() -> None:
    frame, scores = world()
    mislabelled = frame.with_columns(
        group=pl.when(pl.col("label") == 1).then(pl.lit("business")).otherwise("group")
    )
    before, gap_before = measured(frame, scores)
    after, gap_after = measured(mislabelled, scores)
    assert after.groups["business"] == before.groups["business"]
    assert gap_after == gap_before


def test_harm_is_null_without_a_valid_part_and_absent_without_groups() -> None:
    frame, scores = world(with_valid=False)
    found, _ = measured(frame, scores)
    assert found.withheld == {"harm_gap": NO_VALID_PART, "protection_gap": NO_VALID_PART}
    bare, values = measured(frame.select("advert", "part", "label", "cluster", "weight"), scores)
    assert not bare.withheld
    assert not values


def test_marks_overlap_the_kinds_that_share_out_the_lawful_and_a_task_without_spam_has_none() -> None:
    """Firms of two kinds, some small: the worst group of the gap may be a mark, and lawful is the sum of the kinds."""
    task: Any = SimpleNamespace(**{**vars(TASK), "groups": ("business", "independent", "small")})
    frame, _ = world(operations=600)
    frame = frame.filter(pl.col("group") != "spam").with_columns(small=pl.col("cluster") % 3 == 0)
    scores = pl.Series(
        "score", np.where(frame["small"], 1.0, 0.0) + np.arange(frame.height) / frame.height / 2
    )
    inputs = inputs_of(task, Answers(kinds.SCORES, "advert", frame), frame.select("advert", scores))
    found = measure(inputs)
    assert set(found.groups) >= {"business", "independent", "small", "lawful"}
    assert "spam" not in found.groups
    units = {
        name: found.groups[name]["units"] or 0 for name in ("business", "independent", "lawful", "small")
    }
    assert units["lawful"] == units["business"] + units["independent"]
    assert 0 < units["small"] < units["lawful"]
    rate = {name: found.groups[name]["false_accusations_per_unit"] or 0.0 for name in ("small", "lawful")}
    assert observed(found.metrics, inputs.clusters.count)["harm_gap"] == pytest.approx(
        rate["small"] - rate["lawful"]
    )
