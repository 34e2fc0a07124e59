"""Every authorship baseline hands back what the task asks for, and does better than chance."""

from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from tipbaselines.advert_authorship.metric_learning import MetricLearning
from tipbaselines.advert_authorship.random import Random
from tipbaselines.advert_authorship.style_features import StyleFeatures
from tipbaselines.advert_authorship.tfidf_cosine import TfidfCosine
from tipbench.data.fold import Fold, Prepared
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.method import Method
from tipdata.release import Release

METHODS = {
    "random": Random,
    "tfidf_cosine": TfidfCosine,
    "style_features": StyleFeatures,
    "metric_learning": MetricLearning,
}
_prepared: dict[str, Prepared] = {}


@pytest.fixture(scope="module")
def prepared(tiny: Release) -> Prepared:
    return prepare("advert_authorship", release=tiny, split="forward")


@cache
def _of(name: str, seed: int = 0) -> pl.DataFrame:
    """Predictions of a method, made once."""
    return _run(METHODS[name](), _prepared["fold"].folds[0], seed)


def _run(method: Any, fold: Fold, seed: int = 0) -> pl.DataFrame:
    method.fit(fold, seed)
    return method.predict(fold)


@pytest.fixture(autouse=True)
def _share(prepared: Prepared) -> None:
    _prepared["fold"] = prepared


def _r_precision(prepared: Prepared, predictions: pl.DataFrame) -> float:
    task = prepared.task
    value = evaluate(task, prepared.answers, predictions, replicates=0).scores["r_precision"].value
    assert value is not None
    return value


def _subset(fold: Fold, rows: int) -> Fold:
    """The fold with the first ``rows`` units of its test part and no labels."""
    test = fold.parts.filter(pl.col("part") == "test").sort("advert").head(rows)
    return replace(fold, parts=test, supervision=fold.supervision.clear())


@pytest.mark.parametrize("name", METHODS)
def test_every_advert_has_ten_candidates_and_is_not_its_own(prepared: Prepared, name: str) -> None:
    found = _of(name)
    gallery = prepared.answers.frame["advert"]
    assert found.columns == ["query", "candidate", "score"]
    assert found["score"].dtype == pl.Float64
    assert found["score"].is_finite().all()
    assert not (found["query"] == found["candidate"]).any()
    assert found.select("query", "candidate").is_unique().all()
    assert found.group_by("query").len()["len"].unique().to_list() == [10]
    assert set(found["query"]) == set(gallery) >= set(found["candidate"])


@pytest.mark.parametrize("name", METHODS)
def test_a_second_run_gives_the_same_predictions(prepared: Prepared, name: str) -> None:
    assert_frame_equal(_of(name), _run(METHODS[name](), prepared.folds[0]))


@pytest.mark.parametrize("name", [name for name in METHODS if name != "random"])
def test_the_order_of_the_rows_does_not_matter(prepared: Prepared, name: str) -> None:
    fold = prepared.folds[0]
    tables = {**fold.tables, "adverts": fold.tables["adverts"].reverse()}
    assert_frame_equal(_of(name), _run(METHODS[name](), replace(fold, tables=tables)))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_small_gallery_without_labels_is_served(prepared: Prepared, name: str, rows: int) -> None:
    found = _run(METHODS[name](), _subset(prepared.folds[0], rows))
    assert found.height == rows * (rows - 1)


@pytest.mark.parametrize("name", METHODS)
def test_empty_texts_are_served(prepared: Prepared, name: str) -> None:
    fold = _subset(prepared.folds[0], 12)
    blank = fold.tables["adverts"].with_columns(
        pl.lit("").alias("title"), pl.lit(None, pl.String).alias("body")
    )
    found = _run(METHODS[name](), replace(fold, tables={**fold.tables, "adverts": blank}))
    assert found.height == 120
    assert found["score"].is_finite().all()


def test_only_random_depends_on_the_seed() -> None:
    assert [name for name, method in METHODS.items() if method.stochastic] == ["random"]
    assert not _of("random").equals(_of("random", seed=1))


def test_text_beats_style_beats_chance_and_learning_beats_text(prepared: Prepared) -> None:
    chance, style, text, learnt = (
        _r_precision(prepared, _of(name))
        for name in ("random", "style_features", "tfidf_cosine", "metric_learning")
    )
    assert chance < 0.05
    assert chance + 0.03 < style < text < learnt


@pytest.mark.parametrize("name", METHODS)
def test_needs_are_columns_that_the_task_shows(prepared: Prepared, name: str) -> None:
    method = METHODS[name]()
    shown = prepared.folds[0].task.tables
    assert isinstance(method, Method)
    assert all(column in shown[table] for table, column in (need.split(".") for need in method.needs))


@pytest.mark.parametrize("name", METHODS)
def test_a_config_names_its_method_and_gives_its_defaults(pytestconfig: pytest.Config, name: str) -> None:
    path = pytestconfig.rootpath / "configs" / "baseline" / "advert_authorship" / f"{name}.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    target = config["method"].pop("_target_")
    method = METHODS[name]
    assert config["name"] == f"advert_authorship/{name}"
    assert target == f"{method.__module__}.{method.__qualname__}"
    assert vars(method(**config["method"])) == vars(method())
