"""What every entry says of its metric: which way is better, and what of the ground truth it takes."""

from __future__ import annotations

import pytest
from tipbench.metrics.operating import PREVALENCES
from tipbench.metrics.registry import metric_of, metrics
from tipdata.core.errors import UsageError

ERRORS = {
    "brier",
    "brigaded_false_positive_rate",
    "erde_5",
    "erde_50",
    "failures",
    "false_positive_rate",
    "hamming_loss",
    "harm_gap",
    "interval_score",
    "intrusion_mrr",
    "median_abs_error",
    "median_abs_log_error",
    "median_abs_share_error",
    "median_delay",
    "protection_gap",
    "share_failures",
    "share_interval_score",
    "worst_brigade",
}
"""Errors, losses, harms and delays: what a better method has less of."""


def test_less_is_better_of_errors_losses_harms_and_delays_only() -> None:
    assert {name for name, metric in metrics().items() if metric.lower_is_better} == ERRORS


def test_the_two_gaps_stand_beside_every_primary_metric() -> None:
    assert {name for name, metric in metrics().items() if metric.beside} == {"harm_gap", "protection_gap"}


@pytest.mark.parametrize("name", PREVALENCES)
def test_a_precision_is_titled_with_the_prevalence_of_its_name_and_of_its_formula(name: str) -> None:
    percent = name.removeprefix("ppv_").removesuffix("pct")
    assert metric_of(name).title == f"precision at {percent}% prevalence"
    assert PREVALENCES[name] == pytest.approx(float(percent) / 100)


def test_a_metric_that_is_not_there_is_a_usage_error_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"there is no metric f2; there are .*auroc"):
        metric_of("f2")
