"""Trees that workers of a dask cluster grow are as good as those grown here, and who cannot have them is told why."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from lightgbm import Dataset
from sklearn.metrics import roc_auc_score
from tipbaselines.trees import BoostedTrees, best_round
from tipcore.errors import UsageError

SETTINGS: dict[str, Any] = {
    **{"rounds": 60, "patience": 10, "unwatched": 30, "learning_rate": 0.1},
    **{"leaves": 7, "leaf_size": 20, "l2": 1.0},
}
HAS_DASK = all(importlib.util.find_spec(name) is not None for name in ("distributed", "pandas"))


def rows(seed: int, count: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    """Features, the first two of which decide a label most of the time."""
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(count, 5)).astype(np.float32)
    odds = 2 * features[:, 0] * features[:, 1] - 1
    return features, (generator.random(count) < 1 / (1 + np.exp(-odds))).astype(np.int64)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    if not HAS_DASK:
        pytest.skip("dask is not installed")
    import distributed

    cluster_of: Any = distributed.LocalCluster
    with cluster_of(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_trees_of_two_workers_are_as_good_as_those_grown_here(scheduler: str) -> None:
    (features, label), (seen, truth), (asked, right) = rows(0), rows(1), rows(2)
    score = {}
    for where in ("", scheduler):
        trees = BoostedTrees(**SETTINGS, scheduler=where)
        data = Dataset(features, label, weight=np.ones(len(label)))
        grown = trees.grow(data, data.create_valid(seen, truth, weight=np.ones(len(truth))), 0)
        assert 0 < grown.best_iteration <= 60
        score[where] = roc_auc_score(right, np.asarray(grown.predict(asked)))
    assert score[""] > 0.75
    assert score[scheduler] == pytest.approx(score[""], abs=0.02)


def test_without_a_valid_part_the_unwatched_trees_are_grown(scheduler: str) -> None:
    grown = BoostedTrees(**SETTINGS, scheduler=scheduler).grow(Dataset(*rows(0)), None, 0)
    assert grown.num_trees() == 30


@pytest.mark.skipif(not HAS_DASK, reason="dask is not installed")
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbaselines.trees.SECONDS", 1)
    with pytest.raises(UsageError, match=r"scheduler=tcp://127\.0\.0\.1:9 is no dask scheduler that answers"):
        BoostedTrees(**SETTINGS, scheduler="tcp://127.0.0.1:9").grow(Dataset(*rows(0)), None, 0)


def test_without_dask_the_error_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tipbaselines.trees.importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install .*\[dask\]'"):
        BoostedTrees(**SETTINGS, scheduler="tcp://127.0.0.1:9").grow(Dataset(*rows(0)), None, 0)


def test_trees_grown_here_are_a_model_and_stop_where_valid_gains_nothing() -> None:
    (features, label), (seen, truth), (asked, right) = rows(0), rows(1), rows(2)
    trees = BoostedTrees(**SETTINGS)
    data = Dataset(features, label)
    watched = data.create_valid(seen, truth)
    model, grown = trees.fit(data, watched, 0), trees.grow(data, watched, 0)
    assert 0 < grown.best_iteration <= 60
    assert model(asked).tolist() == np.asarray(grown.predict(asked)).tolist()
    assert roc_auc_score(right, model(asked)) > 0.75
    assert BoostedTrees(**SETTINGS).grow(Dataset(features, label), None, 0).num_trees() == 30


@pytest.mark.parametrize(
    ("losses", "kept"),
    [([3, 2, 1, 1, 1, 0.5], 3), ([3, 2, 1, 1, 0.5, 2], 5), ([1, 2, 3, 4], 1), ([4, 3, 2, 1], 4)],
)
def test_rounds_are_kept_until_two_of_them_bring_no_gain(losses: list[float], kept: int) -> None:
    assert best_round(losses, patience=2) == kept
