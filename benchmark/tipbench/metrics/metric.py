"""Define what a metric is, and what a family of metrics computes of one method's predictions.

A family turns :class:`tipbench.metrics.inputs.MetricInputs` into :class:`MetricValues`: a function of cluster
multiplicities. On ones it gives the values, on the draws of a bootstrap the replicates, so value and interval can never
be of two definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tipbench.kinds.kind import PredictionKind
from tipbench.metrics.bootstrap import Metrics
from tipbench.metrics.by_form import ByForm
from tipbench.metrics.inputs import MetricInputs

NO_TRUTH = "no truth"


@dataclass(frozen=True)
class Metric:
    """One metric: all that evaluation, board, host bundles and docs need to know of it.

    ``name``: its key in results. ``title``: in words, as a figure's axis names it. ``lower_is_better``: whether less
    is better. ``unit``: what its values are counted in, "" for a share or an index. ``needs``: columns of the ground
    truth without which it says nothing, so that it is not reported at all. ``beside``: whether tables show it beside
    the primary metric. ``heading``: of a column of its values, where the title is too long; ``short``: its name where
    there is no room for it. ``says``: what it is, where the title does not say enough; :attr:`about` is the sentence.
    """

    name: str
    title: str
    lower_is_better: bool = False
    unit: str = ""
    needs: frozenset[str] = frozenset()
    beside: bool = False
    heading: str = ""
    short: str = ""
    says: str = ""

    @property
    def about(self) -> str:
        """What it says and which way is better, in a sentence."""
        said = self.says or self.title
        return f"{said[0].upper()}{said[1:]}; {'lower' if self.lower_is_better else 'higher'} is better."


@dataclass(frozen=True, kw_only=True)
class MetricValues:
    """A family's metrics on one method's inputs. ``metrics``: multiplicities [replicates, clusters] -> name ->
    [replicates].

    ``by_form``: recall of each form of exploitation, where the answers know forms.
    ``withheld`` says of a metric why it has no value, ``without_interval`` why it has a value only.
    """

    metrics: Callable[[NDArray[np.float64]], Metrics]
    withheld: dict[str, str] = field(default_factory=dict)
    without_interval: dict[str, str] = field(default_factory=dict)
    groups: dict[str, dict[str, float | None]] = field(default_factory=dict)
    curves: dict[str, Any] = field(default_factory=dict)
    by_form: ByForm | None = None

    def only(self, names: Collection[str]) -> MetricValues:
        """Return the same with these metrics alone; groups, curves and recall by form stay."""
        return MetricValues(
            metrics=lambda drawn: {n: value for n, value in self.metrics(drawn).items() if n in names},
            withheld={n: note for n, note in self.withheld.items() if n in names},
            without_interval={n: note for n, note in self.without_interval.items() if n in names},
            groups=self.groups,
            curves=self.curves,
            by_form=self.by_form,
        )


@dataclass(frozen=True)
class Family:
    """A family of metrics: the kind of prediction that it scores, what it computes, and how."""

    kind: PredictionKind
    metrics: tuple[Metric, ...]
    measure: Callable[[MetricInputs], MetricValues]


def together(parts: Iterable[MetricValues]) -> MetricValues:
    """Return several families as one, so that they share the draws of a bootstrap."""
    parts = list(parts)
    groups: dict[str, dict[str, float | None]] = {}
    for part in parts:
        for name, values in part.groups.items():
            groups.setdefault(name, {}).update(values)
    return MetricValues(
        metrics=lambda drawn: {name: value for part in parts for name, value in part.metrics(drawn).items()},
        withheld={name: note for part in parts for name, note in part.withheld.items()},
        without_interval={name: note for part in parts for name, note in part.without_interval.items()},
        groups=groups,
        curves={name: curve for part in parts for name, curve in part.curves.items()},
        by_form=next((part.by_form for part in parts if part.by_form is not None), None),
    )


def not_available(*names: str) -> Callable[[NDArray[np.float64]], Metrics]:
    """Return the metrics function of a family that cannot say anything: NaN for each name."""
    return lambda drawn: {name: np.full(len(drawn), np.nan) for name in names}
