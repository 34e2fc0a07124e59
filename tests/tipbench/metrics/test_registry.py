"""What every entry says of its metric: which way is better, and what of the ground truth it takes."""

from __future__ import annotations

import pytest
from tipbench.metrics.ranking import PREVALENCES
from tipbench.metrics.registry import metric_of, metrics
from tipcore.errors import UsageError

ERROR = (
    "error",
    "loss",
    "score of intervals",
    "gap",
    "delay",
    "failures",
    "brier",
    "without an estimate",
    "brigade",
)
"""Words of titles that say an error, a loss, a harm or a delay: what a better method has less of."""
GAINS = (
    "auroc",
    "average_precision",
    "b_cubed_f1",
    "r_precision",
    "f_latency",
    "accuracy",
    "mrr",
    "coverage",
    "f1",
)


def test_less_is_better_of_what_a_title_calls_an_error_and_more_of_what_leads_a_table() -> None:
    named = {m.name for m in metrics().values() if any(word in m.title.lower() for word in ERROR)}
    lower = {m.name for m in metrics().values() if m.lower_is_better}
    assert len(named) > 8
    assert named <= lower
    assert not lower & set(GAINS)


def test_the_two_gaps_stand_beside_every_primary_metric() -> None:
    assert {"harm_gap", "protection_gap"} <= {name for name, metric in metrics().items() if metric.beside}


@pytest.mark.parametrize("name", PREVALENCES)
def test_a_precision_is_titled_with_the_prevalence_of_its_name_and_of_its_formula(name: str) -> None:
    percent = name.removeprefix("ppv_").removesuffix("pct")
    assert metric_of(name).title == f"precision at {percent}% prevalence"
    assert PREVALENCES[name] == pytest.approx(float(percent) / 100)


def test_a_metric_that_is_not_there_is_a_usage_error_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"there is no metric f2; there are .*auroc"):
        metric_of("f2")
