"""What holds for every baseline with a config: it is what its config says, and hands back what its task asks for."""

import importlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from polars.testing import assert_frame_equal
from tipbench.config.extras import missing_extra
from tipbench.data.fold import Fold
from tipbench.data.prepared import Prepared
from tipbench.method import Method, StreamMethod, is_oracle
from tipbench.public import prepare
from tipbench.runs.streamed.predictions import streamed_predictions
from tipbench.task import tasks
from tipdata.core.release import Release

CONFIGS = Path(__file__).parents[2] / "configs" / "baseline"
EVERY = sorted(str(path.relative_to(CONFIGS).with_suffix("")) for path in CONFIGS.rglob("*.yaml"))
NAMES = [
    n
    for n in EVERY
    if missing_extra(yaml.safe_load((CONFIGS / f"{n}.yaml").read_text(encoding="utf-8"))) is None
]
"""Those whose extra, if they need one, is installed."""
TASKS = sorted({name.partition("/")[0] for name in EVERY})
OWN_DATA = frozenset({"advert_linkage/tfidf_pairs"})
"""Baselines of a user's labelled pairs, which releases do not have: their tests are elsewhere."""
ON_RELEASES = [name for name in NAMES if name not in OWN_DATA]
REGIONS = 2
_prepared: dict[tuple[str, bool], Prepared] = {}


@dataclass(frozen=True)
class Few:
    """The first regions of a release."""

    release: Release
    name: str = "few"
    regions: int = REGIONS

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        return self.release.scan(table, truth).filter(pl.col("region") < self.regions)


def config(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))


def method_of(name: str) -> Any:
    parameters = dict(config(name)["method"])
    module, _, kind = parameters.pop("_target_").rpartition(".")
    return getattr(importlib.import_module(module), kind)(**parameters)


@pytest.fixture(scope="module", autouse=True)
def folds(tiny: Release) -> None:
    """A fold a task of two regions, with and without hidden truth."""
    for task in TASKS:
        for oracle in (False, True):
            split = "operation" if "operation" in tasks()[task].splits else tasks()[task].splits[0]
            _prepared[task, oracle] = prepare(task, release=Few(tiny), split=split, oracle=oracle)


def run(name: str, prepared: Prepared, seed: int = 0) -> pl.DataFrame:
    method, fold = method_of(name), prepared.folds[0]
    method.fit(fold, seed)
    if fold.task.stream:
        return streamed_predictions(method, fold, prepared.streams[0], name)
    return method.predict(fold)


def prepared_for(name: str) -> Prepared:
    return _prepared[name.partition("/")[0], is_oracle(method_of(name))]


def fold_of(name: str) -> Fold:
    return prepared_for(name).folds[0]


@cache
def predictions(name: str, seed: int = 0) -> pl.DataFrame:
    return run(name, prepared_for(name), seed)


@pytest.mark.parametrize("name", EVERY)
def test_a_config_is_named_as_its_file_and_its_module(name: str) -> None:
    given = config(name)
    assert given["name"] == name
    assert given["summary"]
    assert "reference" in given
    assert given["method"]["_target_"].rpartition(".")[0] == "tipbaselines." + name.replace("/", ".")


@pytest.mark.parametrize("name", NAMES)
def test_a_baseline_keeps_the_contract_of_methods(name: str) -> None:
    method = method_of(name)
    assert isinstance(method, Method | StreamMethod)
    assert isinstance(method.needs, frozenset)
    assert all(need.count(".") == 1 for need in method.needs)
    assert isinstance(method.stochastic, bool)


@pytest.mark.parametrize("name", ON_RELEASES)
def test_what_a_baseline_needs_is_what_its_task_shows(name: str) -> None:
    tables = fold_of(name).tables
    for table, _, column in (need.partition(".") for need in method_of(name).needs):
        assert column in tables[table].collect_schema().names()


@pytest.mark.parametrize("name", ON_RELEASES)
def test_every_unit_is_predicted_once_and_no_other(name: str) -> None:
    fold, made = fold_of(name), predictions(name)
    units = fold.to_predict().collect()[fold.task.unit].sort()
    if fold.task.forecast is not None:
        rows = prepared_for(name).streams[0].test.rows[fold.task.forecast.query]
        assert made["query"].unique().sort().to_list() == rows.sort().to_list()
        assert made.group_by("query").len()["len"].max() == 10
    elif fold.task.kind == "candidates":
        assert made["query"].unique().sort().to_list() == units.to_list()
        assert set(made["candidate"]) <= set(units)
        assert made.group_by("query").len()["len"].max() == min(10, len(units) - 1)
    else:
        assert made[fold.task.unit].sort().to_list() == units.to_list()


@pytest.mark.parametrize(
    "name", [n for n in ON_RELEASES if n.startswith(("advert_risk/", "flag_aggregation/"))]
)
def test_scores_are_finite_and_between_nought_and_one(name: str) -> None:
    scores = predictions(name)["score"]
    assert scores.dtype == pl.Float64
    assert scores.is_finite().all()
    assert scores.is_between(0, 1).all()


@pytest.mark.parametrize("name", ON_RELEASES)
def test_a_second_run_gives_the_same_predictions(name: str) -> None:
    assert_frame_equal(run(name, prepared_for(name)), predictions(name), check_exact=True)


@pytest.mark.parametrize("name", ON_RELEASES)
def test_the_order_of_rows_does_not_matter(name: str) -> None:
    fold = fold_of(name)
    tables = {
        table: frame.collect().sample(fraction=1, shuffle=True, seed=3).lazy()
        for table, frame in fold.tables.items()
    }
    parts, labels = (f.sample(fraction=1, shuffle=True, seed=4) for f in (fold.parts, fold.supervision))
    mixed = replace(fold, tables=tables, parts=parts, supervision=labels)
    shuffled = run(name, replace(prepared_for(name), folds=[mixed]))
    key = [c for c in shuffled.columns if c in (fold.task.unit, "query", "candidate")]
    assert_frame_equal(shuffled.sort(key), predictions(name).sort(key), abs_tol=1e-9)


@pytest.mark.parametrize("name", [n for n in ON_RELEASES if not method_of(n).stochastic])
def test_a_baseline_that_is_not_stochastic_gives_every_seed_one_answer(name: str) -> None:
    assert_frame_equal(run(name, prepared_for(name), seed=1), predictions(name), check_exact=True)
