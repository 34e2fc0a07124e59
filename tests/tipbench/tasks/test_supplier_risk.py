"""supplier_risk: who is a unit, what is true of it, what may be learnt from, and what a user's tables must fulfil."""

from pathlib import Path

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.data.release_folds import allowed_splits
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import tasks
from tipcore.errors import UsageError
from tipdata.release import Release

TASK = tasks()["supplier_risk"]


@pytest.fixture(scope="module")
def prepared(small: Release) -> Prepared:
    return prepare("supplier_risk", release=small)


def test_agencies_are_disjoint_by_default_and_there_is_no_forward(prepared: Prepared, small: Release) -> None:
    assert prepared.split == "operation"
    assert "forward" not in TASK.splits
    units = TASK.units(small).collect()
    assert list(allowed_splits(TASK, small, units)) == ["operation", "random", "region", "jurisdiction"]


def test_firms_of_one_agency_are_in_one_part_whether_or_not_it_is_recorded(
    prepared: Prepared, small: Release
) -> None:
    agency = small.scan("firms", truth=True).select("firm", "main_agency", "agency").collect()
    parts = prepared.folds[0].parts.join(agency, on="firm")
    assert (
        parts.drop_nulls("main_agency").group_by("main_agency").agg(pl.col("part").n_unique())["part"].max()
        == 1
    )
    assert parts.filter(pl.col("main_agency").is_not_null() & pl.col("agency").is_null()).height
    operation = small.scan("firms", truth=True).select("firm", "operation").drop_nulls().collect()
    owned = prepared.folds[0].parts.join(operation, on="firm")
    assert owned.group_by("operation").agg(pl.col("part").n_unique())["part"].max() == 1


def test_answers_know_the_lawful_by_who_places_their_workers_and_marks(prepared: Prepared) -> None:
    frame = prepared.answers.frame
    assert set(frame.filter(label=1)["group"]) == {"exploiting"}
    lawful = frame.filter(label=0)
    assert set(lawful["group"]) == {"agency_supplied", "direct"}
    assert {frame[mark].dtype for mark in ("migrant", "small", "seasonal")} == {pl.Boolean()}
    assert lawful["form"].null_count() == lawful["sex"].null_count() == lawful.height
    known = frame.filter(label=1).drop_nulls("form")
    assert 0.4 < known.height / int(frame["label"].sum()) < 1.0
    assert known["sex"].null_count() == 0


def test_scores_are_told_at_an_audit_budget_and_harm_for_each_group(prepared: Prepared) -> None:
    scores = prepared.answers.frame.select("firm", score=pl.col("oracle_log_odds").cast(pl.Float64))
    found = evaluate(TASK, prepared.answers, scores, replicates=0)
    assert {"agency_supplied", "direct", "migrant", "small", "seasonal", "lawful"} <= set(found.groups)
    assert (found.scores["precision_at_audit_budget"].value or 0) > 0.3
    assert (found.scores["recall_at_audit_budget"].value or 0) > 0.2
    assert (found.oracle["share"] or 0) == pytest.approx(1.0)
    assert set(TASK.metrics) <= set(found.scores)


def test_truth_is_learnt_by_default_and_other_labels_miss_most_of_it(
    small: Release, prepared: Prepared
) -> None:
    assert TASK.labels == ("truth", "audited", "delayed")
    truth = prepared.folds[0].supervision
    for labels, most_missed in (("audited", 0.95), ("delayed", 0.95)):
        given = prepare("supplier_risk", release=small, labels=labels).folds[0].supervision
        both = truth.join(given, on="firm", suffix=" given")
        assert both.height == truth.height
        found = both.filter(label=1)["label given"].mean()
        assert 1 - most_missed < found < 0.5  # type: ignore[operator]
    # An audit also condemns firms where no exploitation is in force; an investigation settles the truth.
    audited = prepare("supplier_risk", release=small, labels="audited").folds[0].supervision
    delayed = prepare("supplier_risk", release=small, labels="delayed").folds[0].supervision
    lawful = truth.filter(label=0).select("firm")
    assert audited.join(lawful, on="firm")["label"].sum() > 0
    assert delayed.join(lawful, on="firm")["label"].sum() == 0


def test_public_access_shows_neither_audits_nor_who_places_the_workers(small: Release) -> None:
    tables = prepare("supplier_risk", release=small, access="public").folds[0].tables
    assert set(tables) == {"firms", "supplies", "agencies", "places"}
    assert not {"agency", "housing", "workers_language"} & set(tables["firms"].collect_schema())
    assert "payment_days" not in tables["supplies"].collect_schema()


def own(folder: Path, buyers: list[str]) -> dict:
    """A user's own suppliers: names for ids, an edge list, labels."""
    names = [f"F{i:02d}" for i in range(30)]
    pl.DataFrame(
        {"name": names, "branch": ["farm", "mill", "shop"] * 10, "bad": [int(i % 5 == 0) for i in range(30)]}
    ).write_csv(folder / "firms.csv")
    pl.DataFrame({"from": names[: len(buyers)], "to": buyers}).write_csv(folder / "edges.csv")
    return {
        "name": "mine",
        "task": "supplier_risk",
        "path": str(folder),
        "files": "firms.csv",
        "format": "csv",
        "unit": "name",
        "label": "bad",
        "tables": {"firms": {"sector": "branch"}, "supplies": {"supplier": '"from"', "buyer": '"to"'}},
        "sources": {"supplies": "edges.csv"},
        "split": "kfold",
        "folds": 3,
    }


def test_a_users_own_supply_chain_is_read_scored_and_refused_where_it_does_not_fit(tmp_path: Path) -> None:
    from tipbaselines.supplier_risk.neighbour_lightgbm import NeighbourLightGBM
    from tipbaselines.supplier_risk.personalised_pagerank import PersonalisedPageRank

    mine = prepare("supplier_risk", own=own(tmp_path, ["F20", "F21", "F22", "F23"]))
    for method in (NeighbourLightGBM(), PersonalisedPageRank()):
        made = []
        for fold in mine.folds:
            method.fit(fold, 0)
            made.append(method.predict(fold))
        scores = pl.concat(made)
        assert scores["firm"].n_unique() == 30
        assert evaluate(TASK, mine.answers, scores, replicates=0).scores["auroc"].value is not None
    with pytest.raises(UsageError, match="2 of 2 rows have a firm that supplies itself"):
        prepare("supplier_risk", own=own(tmp_path, ["F00", "F01"]))
    with pytest.raises(UsageError, match="names no known firm in 1 of 2 rows"):
        prepare("supplier_risk", own=own(tmp_path, ["F20", "G99"]))
