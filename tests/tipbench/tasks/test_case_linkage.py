"""What case_linkage asks: one seed per operation, rows of four tables, and nothing that a column gives away."""

import polars as pl
import pytest
from tipbench.data.fold import Prepared
from tipbench.data.relabelling import relabel
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.tasks import task_of
from tipdata.release import Release

TASK = task_of("case_linkage")
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def forward(tiny: Release) -> Prepared:
    return prepare("case_linkage", release=tiny, split="forward")


def truth(prepared: Prepared) -> pl.DataFrame:
    """All links of the seeds to predict, ten at most of a view."""
    gallery = prepared.answers.gallery
    assert gallery is not None
    found = prepared.answers.frame.join(gallery, on=["region", "cluster"]).with_columns(score=pl.lit(1.0))
    kept = found.filter((pl.col("candidate") != pl.col("given")) | (pl.col("view") != "accounts"))
    return kept.group_by("advert", "view").head(10).select("view", "candidate", "score", query="advert")


def test_there_is_one_seed_per_operation_and_part_and_lawful_ones_among_them(
    tiny: Release, forward: Prepared
) -> None:
    owners = tiny.scan("adverts", truth=True).select("advert", "operation").collect()
    rows = forward.folds[0].parts.join(owners, on="advert")
    assert not rows.select("operation", "part").is_duplicated().any()
    asked = forward.answers.scored_rows()
    assert {"trafficking", "business", "independent"} <= set(asked["group"])


def test_links_are_the_rows_of_the_operation_but_for_the_account_named(
    tiny: Release, forward: Prepared
) -> None:
    asked = forward.answers.frame.sort("links", descending=True).head(20)
    tables = {v: tiny.scan(v, truth=True).collect() for v in TASK.views}
    agencies = tiny.scan("agencies", truth=True).select("agency", agent="operation").collect()
    placed = tables["firms"].join(agencies, left_on="main_agency", right_on="agency", how="left")
    firm = placed.with_columns(operation=pl.coalesce("operation", "agent"))
    for seed in asked.iter_rows(named=True):
        of = [t.filter(operation=seed["cluster"]) for v, t in {**tables, "firms": firm}.items()]
        accounts = set(tables["accounts"].filter(operation=seed["cluster"])["account"])
        assert seed["links"] == sum(t.height for t in of) - (seed["given"] in accounts)


def test_the_truth_scores_one_and_rows_of_others_nothing(forward: Prepared) -> None:
    scores = evaluate(TASK, forward.answers, truth(forward), replicates=0).scores
    assert scores["r_precision"].value == 1
    assert scores["wrongful_links"].value == 0
    gallery = forward.answers.gallery
    assert gallery is not None
    nobodys = (
        gallery.filter(pl.col("cluster").is_null())
        .group_by("region", "view")
        .head(3)
        .drop("cluster", "group")
    )
    lists = forward.answers.frame.join(nobodys, on="region").select(
        "view", "candidate", query="advert", score=0.5
    )
    assert evaluate(TASK, forward.answers, lists, replicates=0).scores["r_precision"].value == 0


def test_labels_are_links_of_train_and_valid_seeds(forward: Prepared) -> None:
    fold = forward.folds[0]
    test = fold.parts.filter(part="test")["advert"]
    assert not fold.supervision["advert"].is_in(test.implode()).any()
    assert set(fold.supervision["view"]) <= set(TASK.views)
    train = fold.labels("train").collect()
    assert train.columns == ["advert", "view", "candidate", "label"]
    assert train.height == fold.supervision.filter(part="train").height > 0
    named = (
        fold.units("train")
        .select("advert", candidate="account")
        .collect()
        .with_columns(view=pl.lit("accounts"))
    )
    assert train.join(named, on=["advert", "view", "candidate"]).is_empty()


@pytest.mark.parametrize("access", ["public", "platform", "legal"])
def test_wallets_need_legal_access_and_accounts_platform(tiny: Release, access: str) -> None:
    fold = prepare("case_linkage", release=tiny, access=access).folds[0]
    assert ("wallets" in fold.tables) == (access == "legal")
    assert ("account" in fold.tables["adverts"].collect_schema()) == (access != "public")


def test_a_fenced_fold_asks_the_same_under_other_keys(forward: Prepared) -> None:
    fenced = relabel(forward, KEY)
    fold, other = forward.folds[0], fenced.folds[0]
    assert fold.supervision.height == other.supervision.height
    for view, key in TASK.views.items():
        old, new = (set(one.tables[view].select(key).collect()[key]) for one in (fold, other))
        assert not old & new
        learnt = set(other.supervision.filter(view=view)["candidate"])
        assert learnt <= new
    seeds = other.supervision.rename({"advert": "query"})
    back = fenced.back(seeds).rename({"query": "advert"}).select(fold.supervision.columns)
    assert back.sort("advert", "view", "candidate").equals(
        fold.supervision.sort("advert", "view", "candidate")
    )


def test_in_a_fenced_fold_a_booking_still_names_its_wallet(forward: Prepared) -> None:
    def booked(fold) -> int:
        stops, wallets = (
            fold.tables[name].select("wallet").drop_nulls().collect() for name in ("stops", "wallets")
        )
        return stops.filter(pl.col("wallet").is_in(wallets["wallet"].implode())).height

    assert booked(relabel(forward, KEY).folds[0]) == booked(forward.folds[0]) > 0
