"""account_risk: who is a unit, what is true of it, and what a user's tables must fulfil."""

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipdata.release import Release

TASK = tasks()["account_risk"]


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("account_risk", release=tiny, split="operation")


def test_truth_is_the_default_and_an_account_of_nobody_is_negative_and_its_own_cluster(
    prepared: Prepared,
) -> None:
    assert TASK.labels[0] == "truth"
    resident = prepared.answers.frame.filter(pl.col("group") == "resident")
    assert resident.height
    assert resident["label"].sum() == 0
    assert (resident["cluster"] == resident["account"]).all()
    assert (resident["role"] == "other").all()


def test_roles_of_positives_are_known_and_so_is_who_they_exploit(prepared: Prepared) -> None:
    positives = prepared.answers.frame.filter(label=1)
    assert set(positives["role"]) == {"recruits", "advertises"}
    assert positives["form"].null_count() == positives["language"].null_count() == 0
    negatives = prepared.answers.frame.filter(label=0)
    assert negatives["form"].null_count() == negatives["sex"].null_count() == negatives.height


def test_forward_divides_by_the_day_of_creation(tiny: Release) -> None:
    fold = prepare("account_risk", release=tiny, split="forward").folds[0]
    train, test = (fold.units(part).collect()["created_day"] for part in ("train", "test"))
    assert (train.max() or 0) < (test.min() or 0)  # type: ignore[operator]


def test_weak_labels_are_of_accounts_that_post(tiny: Release) -> None:
    found = prepare("account_risk", release=tiny, split="operation", labels="weak").folds[0].supervision
    posted = set(tiny.scan("adverts").select("account").collect()["account"])
    assert 0 < found["label"].sum() < found.height
    assert set(found["account"]) <= posted


@pytest.mark.parametrize(
    ("task", "lawful"),
    [("account_risk", ("independent", "business", "resident")), ("advert_risk", ("independent", "business"))],
)
def test_lawful_groups_partition_the_lawful_units(task: str, lawful: tuple[str, ...], tiny: Release) -> None:
    prepared = prepare(task, release=tiny, split="operation")
    odds = pl.col("oracle_log_odds").cast(pl.Float64)
    scores = prepared.answers.frame.select(prepared.answers.unit, score=odds)
    found = evaluate(tasks()[task], prepared.answers, scores, replicates=0)
    assert {*lawful, "migrant", "lawful", "spam"} <= set(found.groups)
    assert found.groups["lawful"]["units"] == sum(found.groups[name]["units"] or 0 for name in lawful)
    assert (found.oracle["share"] or 0) == pytest.approx(1.0)
