"""Worlds in which all that is assumed is drawn anew ask the same questions, and every task can be answered there."""

import sys
from pathlib import Path

import polars as pl
import pytest
import yaml
from tipbench.config.methods import make
from tipbench.evaluation.evaluation import evaluate
from tipbench.loading import prepare
from tipbench.runs.folds import predict_fold
from tipbench.tasks import task_of, tasks
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import stages

sys.path.append(str(Path(__file__).parents[3] / "research" / "world"))
from drawn import Drawn  # pyright: ignore[reportMissingImports]

CONFIGS = Path(__file__).parents[3] / "configs" / "baseline"
CHEAPEST = (
    *(
        "account_risk/degree",
        "advert_authorship/random",
        "advert_linkage/exact_duplicates",
        "advert_reading/dictionary",
        "advert_risk/prior",
    ),
    *("assistance_triage/prior", "case_linkage/random", "flag_aggregation/majority"),
    *("intervention_effect/before_after", "payment_risk/rules", "prevalence/chao_lower"),
    *("recruitment_onset/never", "route_forecast/popular", "supplier_risk/sector_prior"),
)


@pytest.fixture(scope="module", params=[3, *(pytest.param(k, marks=pytest.mark.slow) for k in (4, 8))])
def drawn(request: pytest.FixtureRequest) -> Drawn:
    """Two regions of a world that assumes otherwise: draws of eight in which effects once ended after the data."""
    return Drawn.within(World.of("0.5.0", 1, request.param), 1, 2, tuple(s.name for s in stages()))


def test_every_task_has_a_cheapest_method() -> None:
    assert [name.partition("/")[0] for name in CHEAPEST] == sorted(tasks())


@pytest.mark.parametrize("name", CHEAPEST)
def test_every_task_can_be_answered(name: str, drawn: Drawn) -> None:
    task = task_of(name.partition("/")[0])
    split = "operation" if "operation" in task.splits else task.splits[0]
    prepared = prepare(task, release=drawn, split=split)
    method = make(yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))["method"])
    method.fit(prepared.folds[0], 0)
    found = evaluate(task, prepared.answers, predict_fold(method, prepared, 0, name), replicates=0)
    assert task.primary in found.scores


def test_nothing_happens_and_nothing_is_asked_after_the_data(drawn: Drawn) -> None:
    tables = drawn.tables
    for table in ("adverts", "messages", "contacts", "reviews", "payments"):
        assert tables[table]["minute"].max() < DAYS * MINUTES_A_DAY, table  # type: ignore[operator]
    for table, column in (
        ("effects", "last_day"),
        ("stops", "day"),
        ("supplies", "since_day"),
        ("market", "day"),
    ):
        assert tables[table][column].max() < DAYS, table  # type: ignore[operator]
    spans = tables["effects"].select(
        before=pl.col("first_day") - pl.col("day"), days=pl.col("last_day") - pl.col("first_day") + 1
    )
    assert set(spans.unique().rows()) == {(0, 28), (28, 154)}
