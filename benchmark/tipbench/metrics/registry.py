"""Find metrics and their families: one module per family in this folder, which defines ``FAMILY``."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from tipcore.errors import UsageError

import tipbench.metrics
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.metrics.inputs import MetricInputs
from tipbench.metrics.metric import Family, Metric, MetricValues, together


@cache
def families() -> dict[str, Family]:
    """Return every family by the name of its module, in alphabetical order."""
    package = tipbench.metrics
    modules = {
        info.name: import_module(f"{package.__name__}.{info.name}")
        for info in pkgutil.iter_modules(package.__path__)
    }
    return {name: module.FAMILY for name, module in sorted(modules.items()) if hasattr(module, "FAMILY")}


@cache
def metrics() -> dict[str, Metric]:
    """Return every metric by name. Raises ValueError where two entries have one name."""
    found: dict[str, Metric] = {}
    for family in families().values():
        for metric in family.metrics:
            if found.setdefault(metric.name, metric) is not metric:
                raise ValueError(f"two metrics are called {metric.name}: declare it once and import it")
    return found


def metric_of(name: str) -> Metric:
    """Return the metric of this name. Raises UsageError where there is none."""
    if name not in metrics():
        raise UsageError(f"there is no metric {name}; there are {', '.join(metrics())}.")
    return metrics()[name]


def reported(names: Sequence[str], answers: Answers) -> frozenset[str]:
    """Return those of these metrics that this ground truth allows: all that they need is there."""
    columns = set(answers.frame.columns)
    return frozenset(name for name in names if metric_of(name).needs <= columns)


def families_of(kind: PredictionKind, names: Sequence[str] | frozenset[str]) -> list[Family]:
    """Return the families of a kind that compute any of these metrics."""
    return [
        family
        for family in families().values()
        if family.kind is kind and any(metric.name in names for metric in family.metrics)
    ]


def measured(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs that its task lists, of all families of its kind together."""
    names = reported(inputs.task.metrics, inputs.answers)
    return together(family.measure(inputs) for family in families_of(inputs.answers.kind, names)).only(names)


def primary_measured(inputs: MetricInputs) -> MetricValues:
    """Return the family that has the primary metric. Raises UsageError where none of this kind has it."""
    found = families_of(inputs.answers.kind, [inputs.primary])
    if not found:
        raise UsageError(
            f"task: no metric of {inputs.answers.kind.name} is called {inputs.primary}; name one that is computed"
        )
    return found[0].measure(inputs)
