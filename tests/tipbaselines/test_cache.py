"""Results are kept for fit, predictions and all seeds, and for no other tables, texts or arrays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from tipbaselines.account_risk.lightgbm import LightGBM
from tipbaselines.account_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.advert_authorship.metric_learning import MetricLearning
from tipbaselines.advert_risk.joined_tables import JoinedTables
from tipbaselines.advert_risk.linked_pooling import LinkedPooling
from tipbaselines.cache import forget, remember
from tipbaselines.case_linkage import pair_scores
from tipbaselines.case_linkage.pair_scores import PairScores
from tipbaselines.payment_risk.isolation_forest import IsolationForest
from tipbench import load
from tipbench.data.fold import Fold


@pytest.fixture(scope="module")
def fold(tiny: object) -> Fold:
    return load("account_risk", tiny)  # type: ignore[arg-type]


def test_it_is_made_again_for_other_tables_and_for_another_key_alone(fold: Fold) -> None:
    made = []

    @remember()
    def of(fold: Fold, key: str) -> int:
        made.append(key)
        return len(made)

    assert [of(fold, "a"), of(fold.with_valid_as_test(), "a"), of(fold, "a")] == [1, 1, 1]
    assert of(fold, "b") == 2
    assert of(replace(fold, tables=dict(fold.tables)), "b") == 3


def test_features_are_made_once_for_all_seeds(fold: Fold, monkeypatch: pytest.MonkeyPatch) -> None:
    features, calls = LightGBM.features, []

    def counted(self: LightGBM, graph: object) -> object:
        calls.append(1)
        return features(self, graph)  # type: ignore[arg-type]

    monkeypatch.setattr(LightGBM, "features", counted)
    for seed in (0, 1):
        method = LightGBM(rounds=2, unwatched=2)
        method.fit(fold, seed)
        method.predict(fold.with_valid_as_test())
        method.predict(fold)
    assert len(calls) == 1
    LightGBM(rounds=3, unwatched=2).fit(fold, 0)
    assert len(calls) == 2


def test_the_last_few_results_are_kept(fold: Fold) -> None:
    made = []

    @remember(2)
    def of(fold: Fold, key: str) -> str:
        made.append(key)
        return key

    assert [of(fold, key) for key in "abacab"] == list("abacab")
    assert made == ["a", "b", "c", "b"]


@pytest.mark.slow
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


def test_texts_and_arrays_count_by_their_content_and_order() -> None:
    made: list[object] = []

    @remember(99)
    def of(*arguments: object) -> int:
        made.append(arguments)
        return len(made)

    different = [
        (["a", "b"], 1),
        (["b", "a"], 1),
        (["ab"], 1),
        (["a", "b"], 2),
        (["a", "b", ""], 1),
        (np.arange(2),),
        (np.arange(2.0),),
        (np.zeros((0, 2)),),
        (pl.Series([1, 0]),),
    ]
    assert [of(*arguments) for arguments in different] == list(range(1, 10))
    assert [of(["a", "b"], 1), of(np.arange(2)), of(pl.Series([1, 0]))] == [1, 6, 9]


METHODS: dict[str, tuple[str, Callable[[], Any]]] = {
    "trees on accounts": ("account_risk", lambda: NeighbourLightGBM(rounds=5, unwatched=5)),
    "isolated payments": ("payment_risk", lambda: IsolationForest(trees=5)),
    "trees on joined tables": ("advert_risk", lambda: JoinedTables(components=4, rounds=5)),
    "a text model over links": ("advert_risk", LinkedPooling),
    "pairs of adverts": ("advert_authorship", lambda: MetricLearning(trees=5)),
    "pairs of seeds and rows": ("case_linkage", lambda: PairScores(rounds=5)),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if n > 1 else []) for n, name in enumerate(METHODS)]
)
def test_kept_results_change_no_prediction_of_another_seed_and_other_labels(name: str, tiny: object) -> None:
    task, make = METHODS[name]
    fold = load(task, tiny)  # type: ignore[arg-type]
    others = [pl.col(c).shuffle(seed=3).over("part") for c in fold.supervision.columns if c == "label"]
    changed = replace(fold, supervision=fold.supervision.with_columns(others))

    def predicted(fold: Fold, seed: int) -> list[pl.DataFrame]:
        method = make()
        method.fit(fold, seed)
        return [method.predict(fold), method.predict(fold.with_valid_as_test())]

    forget()
    alone = predicted(changed, 1)
    forget()
    assert not all(a.equals(b) for a, b in zip(predicted(fold, 0), alone, strict=True))
    assert all(a.equals(b) for a, b in zip(predicted(changed, 1), alone, strict=True))
