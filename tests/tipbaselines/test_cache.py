"""What is made of the tables of a fold is made once, for fit, predictions and all seeds, and for no other tables."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from tipbaselines.account_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.advert_authorship.metric_learning import MetricLearning
from tipbaselines.advert_risk.joined_tables import JoinedTables
from tipbaselines.advert_risk.linked_pooling import LinkedPooling
from tipbaselines.cache import Cache, OfTables, texts_digest
from tipbaselines.case_linkage import pair_scores
from tipbaselines.case_linkage.pair_scores import PairScores
from tipbaselines.payment_risk.isolation_forest import IsolationForest
from tipbench import load
from tipbench.data.fold import Fold


@pytest.fixture(scope="module")
def fold(tiny: object) -> Fold:
    return load("account_risk", tiny)  # type: ignore[arg-type]


def test_it_is_made_again_for_other_tables_and_for_another_key_alone(fold: Fold) -> None:
    kept, made = OfTables(), []

    def of(fold: Fold, key: str) -> int:
        return kept.get(fold, key, lambda: made.append(key) or len(made))

    assert [of(fold, "a"), of(fold.with_valid_as_test(), "a"), of(fold, "a")] == [1, 1, 1]
    assert of(fold, "b") == 2
    assert of(replace(fold, tables=dict(fold.tables)), "b") == 3


def test_features_are_made_once_for_all_seeds(fold: Fold, monkeypatch: pytest.MonkeyPatch) -> None:
    features, calls = NeighbourLightGBM.features, []

    def counted(self: NeighbourLightGBM, graph: object) -> object:
        calls.append(1)
        return features(self, graph)  # type: ignore[arg-type]

    monkeypatch.setattr(NeighbourLightGBM, "features", counted)
    for seed in (0, 1):
        method = NeighbourLightGBM(rounds=2, unwatched=2)
        method.fit(fold, seed)
        method.predict(fold.with_valid_as_test())
        method.predict(fold)
    assert len(calls) == 1
    NeighbourLightGBM(hops=1, rounds=2, unwatched=2).fit(fold, 0)
    assert len(calls) == 2


def test_the_last_few_things_are_kept(fold: Fold) -> None:
    kept, made = OfTables(size=2), []
    for key in "abacab":
        assert kept.get(fold, key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]


def test_the_evidence_of_cases_is_made_once_for_all_seeds(
    tiny: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence, calls = pair_scores.evidence, []
    monkeypatch.setattr(pair_scores, "evidence", lambda region: calls.append(1) or evidence(region))
    fold, made = load("case_linkage", tiny), []  # type: ignore[arg-type]
    for seed in (0, 1):
        method = PairScores(rounds=2)
        method.fit(fold, seed)
        method.predict(fold)
        method.predict(fold.with_valid_as_test())
        made.append(len(calls))
    assert made[0] == made[1] > 0


def test_a_digest_tells_texts_orders_and_parameters_apart() -> None:
    made = {
        texts_digest(["a", "b"], 1),
        texts_digest(["b", "a"], 1),
        texts_digest(["ab"], 1),
        texts_digest(["a", "b"], 2),
        texts_digest(["a", "b", ""], 1),
    }
    assert len(made) == 5


def test_the_cache_makes_a_value_once_and_keeps_the_last_few() -> None:
    cache, made = Cache(size=2), []
    for key in ("a", "a", "b", "c", "a"):
        cache.get(key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "a"]


METHODS: dict[str, tuple[str, Callable[[], Any]]] = {
    "trees on joined tables": ("advert_risk", lambda: JoinedTables(components=4, rounds=5)),
    "a text model over links": ("advert_risk", LinkedPooling),
    "pairs of adverts": ("advert_authorship", lambda: MetricLearning(trees=5)),
    "pairs of seeds and rows": ("case_linkage", lambda: PairScores(rounds=5)),
    "trees on accounts": ("account_risk", lambda: NeighbourLightGBM(rounds=5, unwatched=5)),
    "isolated payments": ("payment_risk", lambda: IsolationForest(trees=5)),
}


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin as a new process does: nothing is kept."""
    for name, module in list(sys.modules.items()):
        if name.startswith("tipbaselines."):
            for what, kept in list(vars(module).items()):
                if isinstance(kept, Cache | OfTables):
                    monkeypatch.setattr(module, what, type(kept)(kept._size))


@pytest.mark.parametrize("name", METHODS)
def test_what_is_kept_changes_no_prediction_of_another_seed_and_other_labels(
    name: str, tiny: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, make = METHODS[name]
    fold = load(task, tiny)  # type: ignore[arg-type]
    others = [pl.col(c).shuffle(seed=3).over("part") for c in fold.supervision.columns if c == "label"]
    changed = replace(fold, supervision=fold.supervision.with_columns(others))

    def predicted(fold: Fold, seed: int) -> list[pl.DataFrame]:
        method = make()
        method.fit(fold, seed)
        return [method.predict(fold), method.predict(fold.with_valid_as_test())]

    forget(monkeypatch)
    alone = predicted(changed, 1)
    forget(monkeypatch)
    assert not all(a.equals(b) for a, b in zip(predicted(fold, 0), alone, strict=True))
    assert all(a.equals(b) for a, b in zip(predicted(changed, 1), alone, strict=True))
