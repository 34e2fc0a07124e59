"""Overlapping lists as tables, log-linear models of them, Chao's bound, and estimates as predictions.

A table is the count of every pattern of membership but the unseen one. A log-linear model has an intercept, a main
effect a list and terms for some pairs of lists; its intercept is the logarithm of the unseen people expected (Bishop,
Fienberg and Holland 1975, chapter 6). Whether an estimate exists: Fienberg and Rinaldo (2012); Chan, Silverman and
Vincent (2021). Strata are added up: the smallest hold fifty people, three or four of them on two lists: too few
for a model each. Every column of ``case_lists`` is a list but for the unit, the count and the strata.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

from tipbaselines.frames import Untrained, to_predict

TABLES = 2048  # Tables fitted at once, which bounds the memory
ITERATIONS = 60
LONGEST = 4.0  # No coefficient moves by more in one step of Newton's method
CLOSE = 1e-10
"""A fit has converged where fitted and observed margins agree to this share of the table's people."""
SURE = 12.0
"""A converged fit whose coefficients are all this near to 0 is an estimate; others are left to a linear program."""
SOME = 1e-5  # People in a cell that a linear program takes for more than none
NORMAL = 1.959963984540054  # Standard errors on either side of the middle of a normal 95% interval
FEWEST_LISTS = 4
"""Lists whose pairs show how much dependence differs: the three pairs of three lists leave one degree of freedom."""
LARGEST = 60.0  # Logarithms of expected counts beyond this are cut


class LogLinearFits(NamedTuple):
    """One fitted model a table; arrays [tables], NaN where no estimate exists. ``log_unseen``: logarithm of the
    expected unseen people; ``error``: its standard error; ``deviance``: of the table."""

    log_unseen: np.ndarray
    error: np.ndarray
    deviance: np.ndarray


def patterns(lists: int) -> np.ndarray:
    """Return every pattern of membership but the unseen one, bool [2**lists - 1, lists]; row i is i + 1 in binary."""
    return ((np.arange(1, 2**lists)[:, None] >> np.arange(lists)) & 1).astype(bool)


def pairs(lists: int) -> list[tuple[int, int]]:
    """Return every pair of lists, in the order of the terms of a model."""
    return list(combinations(range(lists), 2))


def overlaps(counts: np.ndarray, lists: int) -> np.ndarray:
    """Return people who are on both lists of each pair, [tables, pairs]; ``counts`` [tables, patterns]."""
    return counts @ design(lists)[:, 1 + lists :]


def fit(counts: np.ndarray, lists: int, terms: np.ndarray) -> LogLinearFits:
    """Fit a model to each table by Newton's method. A list without a person is left out of its table.

    ``counts``: [tables, patterns] in the order of :func:`patterns`. ``terms``: bool [tables, pairs], pairs with a term
    in each model.
    """
    starts = range(0, max(len(counts), 1), TABLES)
    parts = [_fit(counts[s : s + TABLES].astype(np.float64), lists, terms[s : s + TABLES]) for s in starts]
    return LogLinearFits(*map(np.concatenate, zip(*parts, strict=True)))


def design(lists: int) -> np.ndarray:
    """Return model matrix [patterns, 1 + lists + pairs] of intercept, main effects and all pairs."""
    member = patterns(lists).astype(np.float64)
    both = [member[:, a] * member[:, b] for a, b in pairs(lists)]
    return np.column_stack([np.ones(len(member)), member, *both])


def dependence_reach(counts: np.ndarray, lists: int) -> float:
    """Return how far a 95% interval must reach, in nats, for dependence between lists; 0 for less than four lists.

    The overlaps of all tables show how much pairs of lists differ in dependence. They do not show how much pairs depend
    on average, since that looks like fewer or more people. So the average counts as one more draw from the distribution
    of pairs: the variance between pairs by DerSimonian and Laird (1986), the reach as in the prediction interval of
    Higgins, Thompson and Spiegelhalter (2009). ``counts`` as in :func:`fit`.
    """
    from scipy.stats import t

    on, shared = counts @ patterns(lists), overlaps(counts, lists)
    first, second = np.array(pairs(lists), dtype=int).reshape(-1, 2).T
    chance = on[:, first] * on[:, second]
    share = chance / np.maximum(chance.sum(axis=1, keepdims=True), 1)
    expected = (share * shared.sum(axis=1, keepdims=True)).sum(axis=0)
    shared, expected = shared.sum(axis=0)[expected > 0], expected[expected > 0]
    if len(expected) < len(pairs(FEWEST_LISTS)):
        return 0.0
    total = expected.sum()
    square = np.square(expected / total).sum()
    excess = np.square(shared - expected) @ (1 / expected) - (len(expected) - 1)
    variance = max(excess / (total * (1 - square)), 0.0)
    return float(t.isf(0.025, len(expected) - 2) * np.sqrt(variance * (1 + square)))


def _fit(counts: np.ndarray, lists: int, terms: np.ndarray) -> LogLinearFits:
    matrix = design(lists)
    empty = (counts @ matrix)[:, 1 : 1 + lists] == 0
    cells = ~(empty[:, None, :] & patterns(lists)[None]).any(axis=2)
    first, second = np.array(pairs(lists)).reshape(-1, 2).T
    terms = terms & ~empty[:, first] & ~empty[:, second]
    used = (~empty).sum(axis=1)
    # Of two lists there are three cells, and so no fourth parameter.
    enough = (used >= 3) | ((used == 2) & ~terms.any(axis=1))
    active = np.concatenate([np.ones((len(counts), 1), dtype=bool), ~empty, terms], axis=1)
    active[~enough] = False
    coefficients, information, converged = _newton(counts, matrix, active, cells)
    exists = enough & converged
    wild = ~converged | (np.abs(coefficients) > SURE).any(axis=1)
    for table in np.flatnonzero(enough & wild):
        cell, used = cells[table], active[table]
        exists[table] = converged[table] and estimate_exists(matrix[cell][:, used], counts[table, cell])
    mean = _expected_counts(coefficients, matrix, cells)
    ratio = np.where(counts > 0, counts / np.where(mean > 0, mean, 1.0), 1.0)
    deviance = 2 * (counts * np.log(ratio) - counts + mean).sum(axis=1)
    error = np.full(len(counts), np.nan)
    error[exists] = np.sqrt(np.linalg.inv(information[exists])[:, 0, 0])
    missing = np.where(exists, 0.0, np.nan)
    return LogLinearFits(coefficients[:, 0] + missing, error, deviance + missing)


def _expected_counts(coefficients: np.ndarray, matrix: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Expected counts [tables, patterns]; 0 in cells that a table does not have."""
    return np.where(cells, np.exp(np.clip(coefficients @ matrix.T, -LARGEST, LARGEST)), 0.0)


def _newton(
    counts: np.ndarray, matrix: np.ndarray, active: np.ndarray, cells: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients [tables, columns], 0 where not ``active``; their information [tables, columns, columns], the
    identity there; and whether each fit has converged."""
    columns = matrix.shape[1]
    outer = (matrix[:, :, None] * matrix[:, None, :]).reshape(len(matrix), -1)
    both = active[:, :, None] & active[:, None, :]
    idle = ~active[:, :, None] * np.eye(columns)

    def information(mean: np.ndarray) -> np.ndarray:
        return np.where(both, (mean @ outer).reshape(-1, columns, columns), 0.0) + idle

    def step(mean: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return np.linalg.solve(information(mean), np.where(active, slope, 0.0)[..., None])[..., 0]

    # Starts from the regression of the logarithms of counts on the model, weighed by the counts.
    near = np.where(cells, counts + 0.1, 1.0)
    coefficients = step(near * cells, (near * cells * np.log(near)) @ matrix)
    close = CLOSE * np.maximum(counts.sum(axis=1), 1.0)
    for _ in range(ITERATIONS):
        mean = _expected_counts(coefficients, matrix, cells)
        slope = np.where(active, (counts - mean) @ matrix, 0.0)
        if (np.abs(slope).max(axis=1) <= close).all():
            break
        coefficients = coefficients + np.clip(step(mean + 1e-12 * cells, slope), -LONGEST, LONGEST)
    mean = _expected_counts(coefficients, matrix, cells)
    converged = np.abs(np.where(active, (counts - mean) @ matrix, 0.0)).max(axis=1) <= close
    return coefficients, information(mean), converged


def estimate_exists(matrix: np.ndarray, counts: np.ndarray) -> bool:
    """Return whether the estimate of a log-linear model exists: whether some table with all cells above 0 has the
    margins of this one. The linear program of Fienberg and Rinaldo (2012).

    ``matrix``: [cells, columns]; ``counts``: [cells].
    """
    from scipy.optimize import linprog

    cells, columns = matrix.shape
    found = linprog(
        np.append(np.zeros(cells), -1.0),
        A_ub=np.hstack([-np.eye(cells), np.ones((cells, 1))]),
        b_ub=np.zeros(cells),
        A_eq=np.hstack([matrix.T, np.zeros((columns, 1))]),
        b_eq=matrix.T @ counts,
        bounds=[(0, None)] * (cells + 1),
    )
    return bool(found.success and -found.fun > SOME)


def lower_bound(counts: np.ndarray, lists: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the logarithm of the unseen and how far its 95% interval reaches on either side [units]. ``counts``:
    people [units, patterns]. NaN where no person is on one list only, or on two."""
    once, twice = _once_and_twice(counts, lists)
    ratio = once / twice
    unseen = once * ratio / 2
    variance = twice * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    return np.log(unseen), NORMAL * np.sqrt(np.log1p(variance / unseen**2))


def unequal_bound(counts: np.ndarray, lists: int) -> np.ndarray:
    """Return the unseen [units] by the bound that allows for lists of unequal size, as :func:`lower_bound` does."""
    once, twice = _once_and_twice(counts, lists)
    member = patterns(lists)
    alone = counts @ (member * (member.sum(axis=1) == 1)[:, None])
    return (once**2 - np.square(alone).sum(axis=1)) / (2 * twice)


def below_bound(estimates: np.ndarray, counts: np.ndarray, lists: int) -> list[str]:
    """Return a sentence about the estimates [units] that are below Chao's lower bound; none where none is."""
    observed = counts.sum(axis=1)
    plain = observed + np.exp(lower_bound(counts, lists)[0])
    unequal = observed + unequal_bound(counts, lists)
    below = estimates < plain
    if not below.any():
        return []
    why = (
        "it is likely too low, since people differ in how easily they are seen, or lists depend on each other"
    )
    if len(estimates) > 1:
        both, count = int((estimates < unequal).sum()), len(estimates)
        return [
            f"in {int(below.sum()):,} of {count:,} regions the estimate is below Chao's lower bound ({both:,} "
            f"also below the bound for lists of unequal size): {why}."
        ]
    said = f"the estimate of {estimates[0]:,.0f} is below Chao's lower bound of {plain[0]:,.0f}"
    other = f"below {unequal[0]:,.0f}, which allows for lists of unequal size"
    if estimates[0] < unequal[0]:
        return [f"{said}, and {other}: {why}. Do not report it alone."]
    return [f"{said}, but not {other}."]


def _once_and_twice(counts: np.ndarray, lists: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how many are on one list only, and how many on two; NaN in both where either is 0."""
    on = patterns(lists).sum(axis=1)
    once, twice = (counts[:, on == k].sum(axis=1) for k in (1, 2))
    exists = (once > 0) & (twice > 0)
    return np.where(exists, once, np.nan), np.where(exists, twice, np.nan)


NEEDS: frozenset[str] = frozenset({"case_lists.count"})
NO_LISTS = ("region", "form", "sex", "count")  # Columns of ``case_lists`` that are not list
MOST = 10  # Lists: the patterns are two to this power
SPARSE = 0.5  # A table is sparse where this share of its pairs of lists have no person in common
FEW = 8  # Below this many tables the overlaps say too little about how much lists depend on each other


@dataclass(frozen=True)
class CaseLists:
    """One table a unit. ``counts``: people [units, patterns] float64, patterns as in
    :func:`tipbaselines.prevalence.lists.patterns`; a unit without a row has none. ``lists``: their names."""

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


def read_case_lists(fold: Fold) -> CaseLists:
    """Return the tables of the units to predict, sorted. Raises UsageError for more lists than :data:`MOST`."""
    unit = fold.task.unit
    units = to_predict(fold)[unit]
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
    ends = {"estimate": log_unseen, "lower": lower, "upper": upper}
    people = {name: lists.observed + np.exp(np.minimum(values, LARGEST)) for name, values in ends.items()}
    found = pl.DataFrame({lists.units.name: lists.units, **people})
    return found.with_columns(pl.exclude(lists.units.name).fill_nan(None))


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


class ListMethod(Untrained, ABC):
    """Base of methods that estimate how many people are on none of the lists."""

    needs = NEEDS
    takes_many = frozenset({"case_lists"})
    textbook_interval = False
    """Whether the interval is left as it is, and not widened as in :func:`estimates_of`."""

    @abstractmethod
    def log_unseen(self, lists: CaseLists) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the logarithm of the unseen, and the ends of its interval [units]; NaN where there is none."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        lists = read_case_lists(fold)
        found = estimates_of(lists, *self.log_unseen(lists), widen=not self.textbook_interval)
        self.notes = warnings_of(lists, found)
        return found
