"""The metric families: one file each, found by folder. A new file with a ``FAMILY`` is a new family.

A family turns a :class:`tipbench.metrics.case.Case` into a :class:`Measured`: a function of cluster multiplicities.
On ones it gives the values, on the draws of a bootstrap the replicates, so value and interval can never be of
two definitions.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tipdata.core.errors import UsageError

from tipbench.metrics.bootstrap import Metrics, observed
from tipbench.metrics.case import Case

NO_TRUTH = "no truth"

LOWER_IS_BETTER = frozenset(
    {
        *("median_abs_log_error", "median_abs_error", "median_abs_share_error"),
        *("interval_score", "share_interval_score", "failures", "share_failures"),
        *("erde_5", "erde_50", "brier", "hamming_loss", "harm_gap", "protection_gap"),
    }
)
"""Metrics of which less is better; of all others more is."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A family's metrics on one case. ``metrics``: multiplicities [replicates, clusters] -> name ->
    [replicates].

    ``withheld`` says of a metric why it has no value, ``without_interval`` why it has a value only.
    """

    metrics: Callable[[NDArray[np.float64]], Metrics]
    withheld: dict[str, str] = field(default_factory=dict)
    without_interval: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, float | None]] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)


def together(parts: Iterable[Measured]) -> Measured:
    """Several families as one, so that they share the draws of a bootstrap."""
    parts = list(parts)
    groups: dict[str, dict[str, float | None]] = {}
    for part in parts:
        for name, values in part.groups.items():
            groups.setdefault(name, {}).update(values)
    return Measured(
        metrics=lambda drawn: {name: value for part in parts for name, value in part.metrics(drawn).items()},
        withheld={name: note for part in parts for name, note in part.withheld.items()},
        without_interval={name: note for part in parts for name, note in part.without_interval.items()},
        groups=groups,
        curves={name: curve for part in parts for name, curve in part.curves.items()},
    )


@dataclass(frozen=True)
class Family:
    """A family of metrics: the prediction kind that it scores, and how."""

    kind: str
    measure: Callable[[Case], Measured]


@cache
def families() -> dict[str, Family]:
    """Every family of this folder, by the name of its file."""
    modules = {
        info.name: importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
    }
    return {name: module.FAMILY for name, module in sorted(modules.items()) if hasattr(module, "FAMILY")}


def not_available(*names: str) -> Callable[[NDArray[np.float64]], Metrics]:
    """The metrics function of a family that cannot say anything: NaN for each name."""
    return lambda drawn: {name: np.full(len(drawn), np.nan) for name in names}


def primary_metrics(case: Case) -> Measured:
    """The family that has the task's primary metric; :class:`UsageError` where none of this kind has it."""
    for family in families().values():
        if family.kind == case.answers.kind:
            measured = family.measure(case)
            if case.task.primary in observed(measured.metrics, case.clusters.count):
                return measured
    raise UsageError(
        f"task: no metric of {case.answers.kind} is called {case.task.primary}; name one that is computed"
    )
