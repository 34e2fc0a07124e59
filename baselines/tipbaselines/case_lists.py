"""Overlapping lists of a release or of a user's own, as one table a unit, and estimates as the frame handed back.

Strata are added up: the smallest hold fifty people, of whom three or four are on two lists, too few for a model each.
Every column of ``case_lists`` is a list but for the unit, the count and the strata.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbaselines.chao import below_bound, lower_bound
from tipbaselines.loglinear import FEWEST_LISTS, LARGEST, dependence_reach, overlaps

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NEEDS: frozenset[str] = frozenset({"case_lists.count"})
NO_LISTS = ("region", "form", "sex", "count")
"""Columns of ``case_lists`` that are not list."""
MOST = 10
"""Lists: the patterns are two to this power."""
SPARSE = 0.5
"""A table is sparse where this share of its pairs of lists share nobody."""
FEW = 8
"""Below this many tables the overlaps say too little about how much lists depend on each other."""


@dataclass(frozen=True)
class CaseLists:
    """One table a unit. ``counts``: people [units, patterns] float64, patterns as in
    :func:`tipbaselines.loglinear.patterns`; a unit without a row has none. ``lists``: their names."""

    units: pl.Series
    lists: tuple[str, ...]
    counts: np.ndarray

    @property
    def observed(self) -> np.ndarray:
        """People on any list [units]."""
        return self.counts.sum(axis=1)

    @property
    def overlapping(self) -> np.ndarray:
        """Whether each pair of lists shares anybody, bool [units, pairs]."""
        return overlaps(self.counts, len(self.lists)) > 0


def read_case_lists(fold: "Fold", units: pl.Series | None = None) -> CaseLists:
    """Return the tables of these units, or of those to be predicted, sorted by unit.

    Raises UsageError for more lists than :data:`MOST`.
    """
    unit = fold.task.unit
    if units is None:
        units = fold.to_predict().select(unit).sort(unit).collect()[unit]
    frame = fold.tables["case_lists"]
    lists = tuple(name for name in frame.collect_schema().names() if name not in (unit, *NO_LISTS))
    if len(lists) > MOST:
        raise UsageError(
            f"case_lists has {len(lists)} lists, and these methods take {MOST} at most: leave some out, or join two."
        )
    pattern = pl.sum_horizontal(pl.col(name).cast(pl.Int64) * 2**i for i, name in enumerate(lists))
    rows = frame.select(unit, "count", pattern=pattern).filter(pl.col(unit).is_in(units.implode())).collect()
    counts = np.zeros((len(units), 2 ** len(lists) - 1))
    at = np.searchsorted(units.to_numpy(), rows[unit].to_numpy())
    np.add.at(counts, (at, rows["pattern"].to_numpy() - 1), rows["count"].cast(pl.Float64).to_numpy())
    return CaseLists(units, lists, counts)


def estimates_of(
    lists: CaseLists, log_unseen: np.ndarray, lower: np.ndarray, upper: np.ndarray, widen: bool = True
) -> pl.DataFrame:
    """Return ``[unit, estimate, lower, upper]``: the people observed and those unseen, whose logarithm and its 95%
    interval [units] are given; null where that is NaN.

    ``widen``: whether the upper end is at least where Chao's sampling error and dependence between lists put it, if
    there are :data:`FEW` tables to estimate it from. The lower end stays: differences in how easily people are seen
    make lists overlap more, so estimates are too low rather than too high (Chao 1987).
    """
    if widen and len(lists.units) >= FEW:
        sampling = lower_bound(lists.counts, len(lists.lists))[1]
        reach = np.hypot(sampling, dependence_reach(lists.counts, len(lists.lists)))
        upper = np.where(np.isnan(upper), upper, np.fmax(upper, log_unseen + reach))
    columns = {
        name: lists.observed + np.exp(np.minimum(values, LARGEST))
        for name, values in (("estimate", log_unseen), ("lower", lower), ("upper", upper))
    }
    return pl.DataFrame({lists.units.name: lists.units, **columns}).with_columns(
        pl.exclude(lists.units.name).fill_nan(None)
    )


def warnings_of(lists: CaseLists, predictions: pl.DataFrame) -> list[str]:
    """Return sentences for the reader: what limits the intervals, how many units have no estimate, how many tables are
    sparse, and which estimates are below Chao's lower bound."""
    notes = []
    if not predictions["upper"].count():
        if predictions["estimate"].count():
            notes.append(
                "no interval: this model ignores that some people are seen more easily than others, and its interval "
                "misses most truths (baseline.method.textbook_interval=true gives it)."
            )
    elif predictions.height < FEW or len(lists.lists) < FEWEST_LISTS:
        notes.append(
            "intervals are likely too narrow: they ignore dependence that all lists share, since estimating it takes "
            f"{FEW} regions and {FEWEST_LISTS} lists (here: {predictions.height} and {len(lists.lists)})."
        )
    if lacking := predictions["estimate"].null_count():
        notes.append(
            f"no estimate exists for {lacking:,} of {predictions.height:,} regions: their lists overlap too little."
        )
    sparse = int((lists.overlapping.mean(axis=1) <= 1 - SPARSE).sum()) if len(lists.lists) > 1 else 0
    if sparse:
        notes.append(
            f"in {sparse:,} of {predictions.height:,} regions at least half of the pairs of lists have no person in "
            "common: estimates there are weak."
        )
    estimates = predictions["estimate"].fill_null(float("nan")).to_numpy()
    return notes + below_bound(estimates, lists.counts, len(lists.lists))
