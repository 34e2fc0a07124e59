"""Say in what numbers are counted, for headings and axes."""

from __future__ import annotations

import math

from tipbench.metrics.registry import metric_of
from tipbench.runs.figure import metric_title
from tipbench.task import Task

SHARE, LOG_RATIO = "0 to 1", "log ratio"

LOGARITHMS = ("median_abs_log_error", "median_abs_error")
"""Errors of logarithms: of counts, and of a release's effects, which are logarithms of with over without."""


def unit_of(task: Task, metric: str) -> str:
    """Return the unit of a metric's values; most are shares or indices from 0 to 1."""
    gaps = {"harm_gap": f"per {task.unit}", "protection_gap": "difference in recall"}
    other = LOG_RATIO if metric in LOGARITHMS else SHARE
    return gaps.get(metric) or metric_of(metric).unit or other


def unit_words(task: Task, metric: str) -> str:
    """Return the unit of a metric, and which way is better where that is down."""
    return unit_of(task, metric) + (", lower is better" if metric_of(metric).lower_is_better else "")


def axis_title(task: Task, metric: str) -> str:
    """Return what an axis of a metric says: its name, its unit, and which way is better where that is down."""
    return f"{metric_title(task.name, metric)} ({unit_words(task, metric)})"


def in_plain_words(metric: str, score: float | None) -> str:
    """Return what an error of logarithms means, empty of any other metric."""
    if score is None or metric not in LOGARITHMS:
        return ""
    return f"half of the estimates are wrong by a factor of {math.exp(score):.2f} or more"
