"""What a fold shows at each access, and which clusters are on both sides of a split, for every task."""

import polars as pl
import pytest
from tipbench.data.splits import SPLITS
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.units import PARTS
from tipdata.release import Release
from tipdata.stages import all_tables

TIERS = ("public", "platform", "legal")


def test_message_ties_are_shown_to_platform_access_only(tiny: Release) -> None:
    public = prepare("account_risk", release=tiny, split="forward", access="public").folds[0]
    ties = public.tables["ties"].collect()
    assert "count" not in ties.columns
    assert set(ties["kind"]) == {"follow", "comment", "link"}
    platform = prepare("account_risk", release=tiny, split="forward").folds[0].tables["ties"]
    assert "message" in set(platform.collect()["kind"])


@pytest.mark.parametrize(
    ("task", "context"),
    [("account_risk", ["accounts"]), ("supplier_risk", ["supplies", "audits", "complaints", "agencies"])],
)
def test_context_is_shown_whole_and_the_parts_alone_are_units(
    task: str, context: list[str], tiny: Release
) -> None:
    fold = prepare(task, release=tiny, split="region").folds[0]
    for table in context:
        shown, there = fold.tables[table], tiny.scan(table)
        assert shown.select(pl.len()).collect().item() == there.select(pl.len()).collect().item()
    unit = fold.task.unit
    for part in PARTS:
        units = set(fold.units(part).collect()[unit])
        assert units == set(fold.parts.filter(pl.col("part") == part)[unit])
        assert units < set(fold.tables[fold.task.table].collect()[unit])


CELLS = [(task, split) for task in tasks() for split in tasks()[task].splits]


@pytest.mark.parametrize(("task", "split"), CELLS)
def test_a_split_gives_a_fold_of_its_own_units_and_no_cluster_crosses(
    task: str, split: str, able: Release
) -> None:
    """Clusters are operations, the persons of contacts, or regions; a unit without a cluster is its own."""
    prepared = prepare(task, release=able, split=split)
    fold = prepared.folds[0]
    unit, table = fold.task.unit, fold.task.table
    belongs = set(fold.parts[unit])
    assert fold.parts[unit].is_unique().all()
    if table not in fold.task.context:
        assert set(fold.tables[table].select(unit).collect()[unit]) == belongs
    assert sum(fold.units(part).collect().height for part in PARTS) == len(belongs)
    asked = fold.to_predict().collect()[unit]
    assert asked.is_sorted()
    if fold.task.forecast is None:
        assert asked.to_list() == prepared.answers.frame[unit].to_list()
    else:
        handed = prepared.streams[0].test.rows
        assert set(handed[unit]) == set(asked)
        assert set(prepared.answers.frame[fold.task.forecast.query]) < set(handed[fold.task.forecast.query])
    for part in ("train", "valid"):
        labels = fold.labels(part).collect()
        assert set(labels[unit]) <= set(fold.units(part).collect()[unit])
        assert labels.height or prepared.labels == "none"
    if SPLITS[split].by_cluster:
        owners = tasks()[task].units(able).select(unit, "cluster").drop_nulls()
        parts = fold.parts.lazy().join(owners, on=unit).select("cluster", "part").unique().collect()
        assert parts.height >= able.regions * 3 // 4
        assert not parts["cluster"].is_duplicated().any()


@pytest.mark.parametrize(
    ("task", "table", "owner", "least"),
    [
        ("advert_risk", "adverts", "operation", 0.5),
        ("assistance_triage", "contacts", "person", 0.05),
        ("route_forecast", "circuits", "operation", 0.0),
    ],
)
def test_the_random_split_does_let_clusters_cross(
    task: str, table: str, owner: str, least: float, tiny: Release
) -> None:
    fold = prepare(task, release=tiny, split="random").folds[0]
    owners = tiny.scan(table, truth=True).select(fold.task.unit, owner).drop_nulls()
    parts = fold.parts.lazy().join(owners, on=fold.task.unit).select(owner, "part").unique().collect()
    assert parts[owner].is_duplicated().to_numpy().mean() > least


@pytest.mark.parametrize("split", [s for t, s in CELLS if t == "advert_risk" and s != "random"])
def test_crossing_near_duplicates_are_few_and_all_copied(split: str, able: Release) -> None:
    fold = prepare("advert_risk", release=able, split=split).folds[0]
    groups = able.scan("adverts", truth=True).select("advert", "near_duplicate_group", "copied")
    rows = fold.parts.lazy().join(groups, on="advert").collect()
    seen = rows.filter(pl.col("part") != "test")["near_duplicate_group"].unique()
    test = rows.filter(pl.col("part") == "test")
    crossing = test.filter(pl.col("near_duplicate_group").is_in(seen.implode()))
    assert crossing.height / test.height <= tasks()["advert_risk"].leak_limits["crossing_near_duplicates"]
    assert crossing["copied"].all()


@pytest.mark.parametrize("access", TIERS)
@pytest.mark.parametrize("task", list(tasks()))
def test_a_fold_holds_no_column_above_its_access_and_no_truth(task: str, access: str, tiny: Release) -> None:
    fold = prepare(task, release=tiny, access=access).folds[0]
    allowed = TIERS[: TIERS.index(access) + 1]
    for name, table in fold.tables.items():
        tiers = {c.name: c.tier for c in all_tables()[name].columns}
        assert {tiers[c] for c in table.collect_schema().names()} <= set(allowed), name


@pytest.mark.parametrize(
    "task", [name for name, task in tasks().items() if {"truth", "delayed"} <= set(task.labels)]
)
def test_delayed_labels_are_some_of_the_true_ones_that_are_known(task: str, tiny: Release) -> None:
    unit, given = tasks()[task].unit, {}
    for labels in ("truth", "delayed"):
        given[labels] = prepare(task, release=tiny, split="operation", labels=labels).folds[0].supervision
    if task == "assistance_triage":  # a contact that is not settled in time has no label
        kept = given["truth"].join(given["delayed"].select(unit), on=unit, how="semi", maintain_order="left")
        assert kept.equals(given["delayed"])
        assert 0 < kept.height < given["truth"].height
        return
    both = given["truth"].join(given["delayed"], on=[unit, "part"], suffix="_delayed")
    assert both.height == given["truth"].height == given["delayed"].height
    assert (both["label_delayed"] <= both["label"]).all()
    assert 0 < both["label_delayed"].sum() < both["label"].sum()
    if "onset" in both.columns:
        assert (
            both["onset_delayed"].to_list()
            == both.select(pl.when(label_delayed=1).then("onset"))["onset"].to_list()
        )
