"""What is made of the tables of a fold is made once, for fit, predictions and all seeds, and for no other tables."""

from dataclasses import replace

import pytest
from tipbaselines.account_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.kept import OfTables
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
