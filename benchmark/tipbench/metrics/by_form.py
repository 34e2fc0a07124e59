"""Recall of each form of exploitation, with its bootstrap interval.

Of the positives of one form, headline-weighted, the share that is found: at the 1% budget of
:mod:`tipbench.metrics.operating` for scores, by a timely alarm for alarms. Of links it is the share of a seed's links
that stand where they should: its R-precision. Each form that has a positive is told by its own name, however rare; one
of fewer than 20 positive clusters has no interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tipbench.metrics.bootstrap import (
    FEWEST_CLUSTERS,
    TOO_FEW,
    Clusters,
    ClusterSums,
    Metrics,
    observed,
    percentile_interval,
    ratio,
)

FORM = "form"
KEY = "form="
"""How the name of a form's recall begins among the metrics of a bootstrap."""


@dataclass(frozen=True)
class FormRecall:
    """Recall of a form's positives with its 95% interval; ``operations``: clusters with a positive; ``note`` says why
    there is no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    note: str | None = None
    operations: int = 0


class ByForm:
    """The found and all positives of each form, summed a cluster.

    ``form`` [rows]; ``positive`` [rows]: which count; ``weights`` [rows]; ``found`` [rows]: how much of each is found,
    a share or whether it is.
    """

    def __init__(
        self,
        clusters: Clusters,
        form: pl.Series,
        positive: NDArray[np.bool_],
        weights: NDArray[np.float64],
        found: NDArray,
    ) -> None:
        self._sums = ClusterSums(clusters)
        self._count = clusters.count
        self.operations: dict[str, int] = {}
        for name, rows in _forms(form, positive).items():
            self.operations[name] = clusters.among(rows)
            self._sums.add(f"{name}/all", weights, rows)
            self._sums.add(f"{name}/found", weights, rows, found)

    def metrics(self, drawn: NDArray[np.float64]) -> Metrics:
        """Return recall of each form, [replicates], under the multiplicities [replicates, clusters]."""
        if not self.operations:
            return {}
        total = self._sums.totals(drawn)
        return {
            f"{KEY}{form}": ratio(total(f"{form}/found"), total(f"{form}/all")) for form in self.operations
        }

    def recalls(self, draws: Mapping[str, NDArray[np.float64]]) -> dict[str, FormRecall]:
        """Return recall of each form, with the interval of its draws where it has enough clusters."""
        values = observed(self.metrics, self._count)
        made = {}
        for form, operations in self.operations.items():
            value, drawn = values[f"{KEY}{form}"], draws.get(f"{KEY}{form}")
            interval = (
                percentile_interval(drawn) if drawn is not None and operations >= FEWEST_CLUSTERS else None
            )
            made[form] = FormRecall(
                value, *(interval or (None, None)), None if interval else TOO_FEW, operations
            )
        return made


def _forms(form: pl.Series, positive: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Return the positive rows [rows] of each form, in the order of their names."""
    named = {
        str(one): (form == one).fill_null(False).to_numpy() & positive
        for one in form.drop_nulls().unique().sort()
    }
    return {name: rows for name, rows in named.items() if rows.any()}
