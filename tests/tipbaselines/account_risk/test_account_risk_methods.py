"""Methods on accounts and ties: features by hand, signal where it is planted, and refusals in one sentence."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hand_made import auroc, make_fold, predict
from sklearn.metrics import roc_auc_score
from tipbaselines.account_risk.accounts import neighbour_features, own_columns, read_graph, tie_columns
from tipbaselines.account_risk.collective_lightgbm import CollectiveLightGBM, tied_pairs
from tipbaselines.account_risk.degree import Degree
from tipbaselines.account_risk.isolation_forest import IsolationForest
from tipbaselines.account_risk.lightgbm import LightGBM
from tipbaselines.account_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.account_risk.neighbour_outlier import NeighbourOutlier
from tipbaselines.graphs import mean_matrix
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipcore.errors import NotMapped, UsageError

REAL = Path(__file__).parents[4] / "shared" / "real" / "graph"
ACCOUNTS = pl.DataFrame(
    {
        "account": [10, 20, 30, 40],
        "language": ["en", "es", "en", None],
        "device_cluster": [7, 7, 8, 9],
        "x": [1.0, 2, 4, 8],
    }
)
TIES = pl.DataFrame(
    {
        "source": [10, 10, 20, 30],
        "target": [20, 30, 10, 20],
        "kind": ["follow", "message", "follow", "message"],
        "day": [3, 5, 4, 9],
        "count": [1, 4, 1, 2],
    }
)


def fold(accounts: pl.DataFrame, ties: pl.DataFrame, label: Any = None, train: float = 0.0) -> Fold:
    return make_fold("account_risk", accounts, label, train=train, ties=ties)


def test_ties_are_counted_by_direction_and_whether_they_are_returned() -> None:
    found = tie_columns(read_graph(fold(ACCOUNTS, TIES)))
    assert found["accounts tied to"].to_list() == [2, 1, 1, 0]
    assert found["accounts tied by"].to_list() == [1, 2, 1, 0]
    assert found["unreturned"].to_list() == [1, 0, 1, 0]
    assert found["out sum of count"].to_list() == [5, 1, 2, 0]
    assert found["in mean count"][:3].to_list() == [1, 1.5, 4]
    assert found["out message share"][:3].to_list() == [0.5, 0, 1]
    assert found["out span"][0] == 2
    assert np.isnan(found["out span"][3])


def test_own_columns_count_who_shares_a_device_and_do_not_name_it() -> None:
    found = own_columns(read_graph(fold(ACCOUNTS, TIES)))
    assert found["device_cluster size"].to_list() == [2, 2, 1, 1]
    assert "device_cluster" not in found.columns
    assert found["language en"].to_list() == [1, 0, 1, 0]
    assert found["x"].to_list() == [1, 2, 4, 8]


def test_neighbourhoods_are_means_over_one_and_two_hops() -> None:
    graph = read_graph(fold(ACCOUNTS.select("account", "x"), TIES.select("source", "target")))
    x = ACCOUNTS["x"].to_numpy()[:, None].astype(np.float32)
    found = neighbour_features(graph, x)
    to, by, to_to = found[:, 0], found[:, 1], found[:, 2]
    assert to[:3].tolist() == [3, 1, 2]
    assert by[:3].tolist() == [2, 2.5, 1]
    assert to_to[:3].tolist() == [1.5, 3, 1]
    assert np.isnan(to[3])


def test_triangles_are_those_of_the_undirected_graph() -> None:
    graph = read_graph(fold(ACCOUNTS.select("account"), TIES.select("source", "target")))
    triangles, share, degree = neighbour_features(graph, np.zeros((4, 1)))[:, -3:].T
    assert triangles.tolist() == [1, 1, 1, 0]
    assert share[:3].tolist() == [1, 1, 1]
    assert degree.tolist() == [2, 2, 2, 0]


def test_rows_of_a_mean_add_to_one_or_to_nothing() -> None:
    total = mean_matrix(read_graph(fold(ACCOUNTS, TIES)).adjacency()).sum(axis=1)
    assert np.asarray(total).ravel().tolist() == [1, 1, 1, 0]


def planted(nodes: int = 900, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """Positives tie themselves to accounts of high ``x``, all others to any; nothing else tells them apart."""
    generator = np.random.default_rng(seed)
    label = (generator.random(nodes) < 0.3).astype(np.int8)
    x = generator.normal(size=nodes)
    high = np.argsort(x)[-nodes // 4 :]
    source = np.repeat(np.arange(nodes), 6)
    drawn = np.where(
        label[source] == 1, generator.choice(high, len(source)), generator.integers(0, nodes, len(source))
    )
    accounts = pl.DataFrame({"account": np.arange(nodes), "x": x})
    return accounts, pl.DataFrame({"source": source, "target": drawn}), label


def test_only_neighbour_features_find_what_only_neighbours_show() -> None:
    accounts, ties, label = planted()
    assert auroc(NeighbourLightGBM(), fold(accounts, ties, label, 0.6), label) > 0.9
    assert auroc(LightGBM(), fold(accounts, ties, label, 0.6), label) < 0.65


def test_graphsage_finds_what_only_neighbours_show() -> None:
    pytest.importorskip("torch")
    from tipbaselines.account_risk.graphsage import GraphSAGE

    accounts, ties, label = planted()
    assert auroc(GraphSAGE(hidden=16, unwatched=80), fold(accounts, ties, label, 0.6), label) > 0.9


def test_pairs_say_how_two_accounts_are_tied() -> None:
    pairs = tied_pairs(read_graph(fold(ACCOUNTS, TIES)))
    assert list(zip(pairs.one.tolist(), pairs.other.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    found = dict(zip(PAIR_FEATURES, pairs.features.T.tolist(), strict=True))
    assert found["ties"] == [2, 1, 1]
    assert found["both ways"] == [1, 0, 0]
    assert found["message ties"] == [0, 1, 1]
    assert found["sum of count"] == [2, 4, 2]
    assert found["span"] == [1, 0, 0]
    assert found["same device_cluster"] == [1, 0, 0]
    assert found["same language"] == [0, 1, 0]
    assert found["least ties"] == found["most ties"] == [2, 2, 2]
    assert found["shared"] == [1, 1, 1]
    assert found["shared, rarely tied"] == [0.5, 0.5, 0.5]
    assert found["shared both ways"] == [0, 0, 0]


PAIR_FEATURES = (
    "ties", "both ways", "follow ties", "message ties", "sum of count", "span", "same language", "same device_cluster",
    "least ties", "most ties", "shared", "shared, rarely tied", "shared both ways",
)  # fmt: skip


def test_ties_that_say_nothing_do_not_hide_those_that_tell() -> None:
    generator = np.random.default_rng(0)
    label = (np.arange(1500) % 2).astype(np.int8)
    source = np.repeat(np.arange(1500), 9)
    alike = generator.integers(0, 750, len(source)) * 2 + source % 2
    telling = np.tile(np.arange(9) < 2, 1500)
    target = np.where(telling, alike, generator.integers(0, 1500, len(source)))
    ties = pl.DataFrame({"source": source, "target": target, "kind": np.where(telling, "message", "follow")})
    accounts = pl.DataFrame({"account": np.arange(1500)})
    assert auroc(CollectiveLightGBM(), fold(accounts, ties, label, 0.5), label) > 0.95
    assert auroc(NeighbourLightGBM(), fold(accounts, ties, label, 0.5), label) < 0.65


def test_degree_ranks_one_way_senders_above_those_who_are_answered() -> None:
    score = Degree().predict(fold(ACCOUNTS, TIES)).sort("account")["score"].to_list()
    assert score[0] > score[2] > score[1] > score[3]


@pytest.mark.parametrize(
    "name", ["collective_lightgbm.CollectiveLightGBM", "lightgbm.LightGBM", "graphsage.GraphSAGE"]
)
def test_labels_of_one_class_give_their_prevalence_and_none_are_refused(name: str) -> None:
    if "graphsage" in name:
        pytest.importorskip("torch")
    module, _, kind = name.partition(".")
    made = getattr(importlib.import_module(f"tipbaselines.account_risk.{module}"), kind)()
    given = fold(ACCOUNTS, TIES, np.zeros(4), train=0.5)
    made.fit(given, 0)
    assert set(made.predict(given)["score"]) == {1 / 4}
    with pytest.raises(UsageError, match="learns from labels and this fold gives none"):
        made.fit(fold(ACCOUNTS, TIES), 0)


def test_boosted_trees_learn_from_numbers_and_categories_without_ties(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bad = np.arange(600) % 2
    kind = np.where(rng.random(600) < 0.3 + 0.4 * bad, "agency", "shop")
    table = pl.DataFrame({"id": np.arange(600), "bad": bad, "kind": kind, "size": bad + rng.normal(size=600)})
    table.write_csv(tmp_path / "table.csv")
    own = {
        "name": "table", "task": "account_risk", "path": str(tmp_path), "files": "table.csv", "format": "csv",
        "unit": "id", "label": "bad", "split": "kfold", "tables": {"accounts": {"kind": "kind", "*": "*"}},
    }  # fmt: skip
    prepared = prepare("account_risk", own=own, needs=LightGBM.needs)
    method = LightGBM()
    method.fit(prepared.folds[0], 0)
    score = method.predict(prepared.folds[0])
    assert roc_auc_score(bad[score["account"].to_numpy()], score["score"]) > 0.75
    with pytest.raises(NotMapped, match=r"the method needs ties\.source, ties\.target"):
        prepare("account_risk", own=own, needs=NeighbourLightGBM.needs)
    bare = prepare("account_risk", own=own | {"tables": {"accounts": {"account": "id"}}}).folds[0]
    with pytest.raises(
        UsageError, match="account_risk/lightgbm learns from features and these accounts have none"
    ):
        LightGBM().fit(bare, 0)


def test_a_tie_to_an_unknown_account_is_refused() -> None:
    strange = pl.concat([TIES, TIES.head(1).with_columns(target=pl.lit(99, dtype=pl.Int64))])
    with pytest.raises(UsageError, match="1 of 5 have a target that is none of the 4 accounts"):
        read_graph(fold(ACCOUNTS, strange))


def test_an_unusual_account_is_isolated_by_its_columns_or_by_its_ties() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(size=(300, 2))
    features[0] = 9
    accounts = pl.DataFrame({"account": np.arange(300), "a": features[:, 0], "b": features[:, 1]})
    ends = {"source": generator.integers(0, 300, 1500), "target": generator.integers(0, 300, 1500)}
    sender = {"source": np.full(90, 7), "target": np.arange(100, 190)}
    ties = pl.concat([pl.DataFrame(ends), pl.DataFrame(sender)])

    def highest(method: IsolationForest | NeighbourOutlier, accounts: pl.DataFrame, **tables: Any) -> object:
        score = predict(method, make_fold("account_risk", accounts, **tables))["score"]
        assert isinstance(method, NeighbourOutlier) or score.is_between(0, 1).all()
        return score.arg_max()

    bare = accounts.select("account")
    assert highest(IsolationForest(ties=False), accounts, ties=ties) == 0
    for method in (IsolationForest(), NeighbourOutlier()):
        assert highest(method, accounts) == 0
        assert highest(method, bare, ties=ties) == 7
        with pytest.raises(UsageError, match="these accounts have none"):
            highest(method, bare)


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared real data sets are not here")
@pytest.mark.parametrize(
    ("name", "method", "known"),
    [
        ("inj_cora", NeighbourOutlier(), 0.699),
        ("reddit", NeighbourOutlier(), 0.572),
        ("inj_cora", IsolationForest(), 0),
    ],
)
def test_outliers_of_known_sets_are_those_known(name: str, method: Any, known: float) -> None:
    """Local outlier factor with 20 neighbours on the features, as pygod's data is scored; and scikit-learn's own
    isolation forest with the same trees and seed."""
    from sklearn.ensemble import IsolationForest as Forest

    with np.load(REAL / f"{name}.npz") as file:
        features, label = file["x"], file["y"] > 0
    accounts = pl.DataFrame(features, schema=[f"x{i}" for i in range(features.shape[1])])
    accounts = accounts.with_columns(account=pl.int_range(len(label), dtype=pl.Int64))
    alone = make_fold("account_risk", accounts)
    found = roc_auc_score(label, predict(method, alone, seed=3)["score"])
    if not known:
        narrow = features.astype(np.float32)
        known = roc_auc_score(label, -Forest(random_state=3).fit(narrow).score_samples(narrow))
    assert found == pytest.approx(known, abs=1e-9 if isinstance(method, IsolationForest) else 0.0015)
