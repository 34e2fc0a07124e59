"""Find metrics and their families: every :class:`Family` that a module of this folder defines."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module

from tipcore.errors import UsageError

import tipbench.metrics
from tipbench.kinds.answers import Answers
from tipbench.kinds.kind import PredictionKind
from tipbench.metrics.metric import Family, Metric, MetricInputs, MetricValues, combine


@cache
def families() -> dict[str, Family]:
    """Return every family by name, in alphabetical order. Raises ValueError where two have one name."""
    found: dict[str, Family] = {}
    for info in pkgutil.iter_modules(tipbench.metrics.__path__):
        module = import_module(f"{tipbench.metrics.__name__}.{info.name}")
        for family in vars(module).values():
            if isinstance(family, Family) and found.setdefault(family.name, family) is not family:
                raise ValueError(f"two families of metrics are called {family.name}: rename one")
    return dict(sorted(found.items()))


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


def reportable_metrics(names: Sequence[str], answers: Answers) -> frozenset[str]:
    """Return those of these metrics that this ground truth allows: all that they need is there."""
    columns = set(answers.frame.columns)
    return frozenset(name for name in names if metric_of(name).needs <= columns)


def families_of(kind: PredictionKind, names: Sequence[str] | frozenset[str]) -> list[Family]:
    """Return the families of a kind that compute any of these metrics."""
    of_kind = (family for family in families().values() if family.kind is kind)
    return [family for family in of_kind if any(metric.name in names for metric in family.metrics)]


def measure_all(inputs: MetricInputs) -> MetricValues:
    """Return the metrics of one set of inputs that its task lists, of all families of its kind together."""
    names = reportable_metrics(inputs.task.metrics, inputs.answers)
    return combine(family.measure(inputs) for family in families_of(inputs.answers.kind, names)).only(names)


def measure_primary(inputs: MetricInputs) -> MetricValues:
    """Return the family that has the primary metric. Raises UsageError where none of this kind has it."""
    found = families_of(inputs.answers.kind, [inputs.primary])
    if not found:
        raise UsageError(
            f"task: no metric of {inputs.answers.kind.name} is called {inputs.primary}; name one that is computed"
        )
    return found[0].measure(inputs)
