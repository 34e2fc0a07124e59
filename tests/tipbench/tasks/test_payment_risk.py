"""payment_risk: who is a unit, what is true of it, and what a user's tables must fulfil."""

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

TASK = tasks()["payment_risk"]


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("payment_risk", release=tiny, split="operation")


def test_an_operations_ordinary_payments_are_negative_and_of_no_lawful_group(prepared: Prepared) -> None:
    ordinary = prepared.answers.frame.filter((pl.col("group") == "trafficking") & (pl.col("label") == 0))
    assert ordinary.height
    assert ordinary["typology"].null_count() == ordinary.height
    positives = prepared.answers.frame.filter(label=1)
    assert set(positives["group"]) == {"trafficking"}
    assert positives["typology"].null_count() == positives["form"].null_count() == 0


def test_whom_someone_exploits_is_told_of_positives_alone(prepared: Prepared) -> None:
    negatives = prepared.answers.frame.filter(label=0)
    for name in ("form", "sex", "language"):
        assert negatives[name].null_count() == negatives.height


def test_every_lawful_payment_is_of_one_group_that_the_task_reports(prepared: Prepared) -> None:
    lawful = prepared.answers.frame.filter(pl.col("group") != "trafficking")
    assert set(lawful["group"]) <= set(TASK.groups)
    assert lawful["migrant"].null_count() == 0
    assert 0.1 < lawful["migrant"].to_numpy().mean() < 0.5


def test_no_household_scheme_or_operation_is_on_both_sides_of_a_leak_free_split(tiny: Release) -> None:
    for split in ("forward", "operation"):
        fold = prepare("payment_risk", release=tiny, split=split).folds[0]
        clusters = tiny.scan("payments", truth=True).select("payment", "operation", "community").collect()
        parts = fold.parts.join(clusters, on="payment")
        for name in ("operation", "community"):
            crossing = parts.drop_nulls(name).group_by(name).agg(pl.col("part").n_unique())
            assert crossing["part"].max() == 1, (split, name)


def test_all_payments_and_wallets_are_shown_and_labels_of_test_are_not(
    prepared: Prepared, tiny: Release
) -> None:
    fold = prepared.folds[0]
    assert fold.tables["payments"].collect().height == tiny.scan("payments").collect().height
    assert fold.tables["wallets"].collect().height == tiny.scan("wallets").collect().height
    assert set(fold.supervision["part"]) == {"train", "valid"}


def test_payments_are_of_legal_access(tiny: Release) -> None:
    with pytest.raises(UsageError, match="set access=legal"):
        prepare(
            "payment_risk",
            release=tiny,
            split="operation",
            access="platform",
            needs=frozenset({"payments.amount"}),
        )


def test_recall_is_told_by_typology_and_harm_by_lawful_group(prepared: Prepared) -> None:
    scores = prepared.answers.frame.select("payment", score=pl.col("oracle_log_odds").cast(pl.Float64))
    found = evaluate(TASK, prepared.answers, scores, replicates=0)
    assert next(iter(found.scores)) == "average_precision"
    assert found.scores["f1"].value is not None
    assert (found.oracle["share"] or 0) == pytest.approx(1.0)
    assert set(TASK.groups) <= set(found.groups)
    told = {name.partition("=")[2] for name in found.groups if name.startswith("typology=")}
    positives = prepared.answers.frame.filter(part="test", label=1)
    assert told == set(positives["typology"])
    units = [found.groups[name]["units"] or 0 for name in TASK.groups if name != "migrant"]
    assert found.groups["lawful"]["units"] == sum(units)
