"""A method that says so is asked for predictions by batches of regions; any other is asked once."""

from collections.abc import Callable, Iterable

import polars as pl
import pytest
from tipbench.data.fold import Fold, Prepared
from tipbench.loading import prepare
from tipbench.runs import folds
from tipbench.runs.folds import predict_by_regions, predict_fold
from tipdata.release import Release


class Asked:
    """Scores every advert by its length, and remembers which regions it was asked for."""

    batches = "regions"

    def __init__(self) -> None:
        self.regions: list[list[int]] = []

    def predict(self, fold: Fold) -> pl.DataFrame:
        units = fold.to_predict().collect()
        self.regions.append(units["region"].unique().sort().to_list())
        return units.select("advert", score=pl.col("body").str.len_chars().cast(pl.Float64))


class AskedOnce(Asked):
    batches = ""


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("advert_risk", release=tiny, labels="truth", split="random")


@pytest.mark.parametrize(("kind", "times"), [(Asked, 3), (AskedOnce, 1)])
def test_only_who_says_so_is_asked_by_batches_and_the_predictions_are_the_same(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch, kind: Callable[[], Asked], times: int
) -> None:
    whole = AskedOnce().predict(prepared.folds[0])
    monkeypatch.setattr(folds.predict_by_regions, "__defaults__", (3,))
    method = kind()
    assert predict_fold(method, prepared, 0, "asked").sort("advert").equals(whole.sort("advert"))
    assert len(method.regions) == times
    assert sorted(region for asked in method.regions for region in asked) == list(range(8))


def test_regions_without_a_unit_to_predict_are_passed_over(tiny: Release) -> None:
    fold = prepare("advert_risk", release=tiny, labels="truth", split="region").folds[0]
    asked = Asked()
    predict_by_regions(asked, fold, most=1)
    tested: Iterable[int] = fold.to_predict().collect()["region"].unique().sort()
    assert asked.regions == [[region] for region in tested]
