"""Log-linear models with up to so many dependent pairs of lists, averaged by how well they fit.

Weights are exp(-BIC / 2), the sample size being the people observed (Hoeting and others 1999; Hook and Regal 1997 for
lists). Where even the model with all candidates fits badly, deviances are divided by that model's deviance per degree
of freedom, the dispersion, and errors grow by its root, since people come in groups (Burnham and Anderson 2002). That
moves weight to models of few terms, so the notes give the dispersion and what plain BIC gives. The estimate is the
median of the mixture of the models' normal distributions of the logarithm of the unseen, the interval its 2.5 and 97.5%
points, so it shows how much models disagree; its upper end also allows for a dependence that all pairs of lists share
(:func:`.lists.dependence_reach`). Needs counts. Cost: some seconds for 64 tables of six lists.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from scipy.special import ndtr
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained
from tipbaselines.prevalence.lists import (
    NEEDS,
    CaseLists,
    LogLinearFits,
    estimates_of,
    fit,
    patterns,
    read_case_lists,
    warnings_of,
)

HALVINGS = 60  # Of the interval in which a point of a mixture is sought
FAR = 8.0  # Standard errors beyond which no point of a mixture is sought
MEANT = "deviance per degree of freedom of the model with all pairs of lists that overlap"
PLAIN = "Plain BIC (baseline.method.dispersion=false)"


@dataclass(eq=False)
class ModelAverage(Untrained):
    """``terms``: dependent pairs of lists in a model, at most; ``dispersion``: whether deviances are divided by it,
    plain BIC if not."""

    terms: int = 5
    dispersion: bool = True
    needs = NEEDS
    takes_many = frozenset({"case_lists"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        lists = read_case_lists(fold)
        models = [self._models(lists, table) for table in range(len(lists.units))]
        dispersion = np.array([_dispersion(lists, table) for table in range(len(lists.units))])
        plain = _average(lists, models, np.ones(len(models)))
        found = _average(lists, models, dispersion) if self.dispersion else plain
        self.notes = [self._note(dispersion, plain, found), *warnings_of(lists, found)]
        return found

    def _note(self, dispersion: np.ndarray, plain: pl.DataFrame, found: pl.DataFrame) -> str:
        """Return a sentence on the dispersion [units], and on plain BIC's estimates beside those found."""
        high = dispersion > 1
        if not high.any():
            return f"dispersion 1 ({MEANT}, or less): nothing is divided, and plain BIC is the same."
        several = f" at most, above 1 in {int(high.sum()):,} of {len(high):,} regions"
        start = f"dispersion {dispersion.max():.2f}{several if len(high) > 1 else ''} ({MEANT})"
        if not self.dispersion:
            return f"{start}: deviances are not divided by it, as asked (plain BIC)."
        return f"{start}: deviances are divided by it. {PLAIN} gives {_beside(plain, found)}."

    def _models(self, lists: CaseLists, table: int) -> tuple[LogLinearFits, np.ndarray]:
        """Return every model of one table, and BIC's penalty of each [models]."""
        candidates = np.flatnonzero(lists.overlapping[table])
        most = min(self.terms, len(candidates))
        models = [m for size in range(most + 1) for m in combinations(candidates, size)]
        terms = np.zeros((len(models), lists.overlapping.shape[1]), dtype=bool)
        for row, model in enumerate(models):
            terms[row, list(model)] = True
        counts = np.broadcast_to(lists.counts[table], (len(models), lists.counts.shape[1]))
        penalty = terms.sum(axis=1) * np.log(max(lists.observed[table], 1.0))
        return fit(counts, len(lists.lists), terms), penalty


def _average(
    lists: CaseLists, models: list[tuple[LogLinearFits, np.ndarray]], dispersion: np.ndarray
) -> pl.DataFrame:
    """Return estimates of the tables, each the average of its models under its dispersion [units]."""
    points = [
        mixture_points(fits._replace(error=fits.error * np.sqrt(share)), fits.deviance / share + penalty)
        for (fits, penalty), share in zip(models, dispersion, strict=True)
    ]
    return estimates_of(lists, *np.array(points).T)


def _beside(plain: pl.DataFrame, found: pl.DataFrame) -> str:
    """Say what plain BIC gives beside the estimates that were found."""
    if plain.height > 1:
        ratio = (plain["estimate"] / found["estimate"]).median()
        return f"{ratio:.2f} times these estimates in the median"
    estimate, lower, upper = (plain[name][0] for name in ("estimate", "lower", "upper"))
    return f"{estimate:,.0f} ({lower:,.0f} to {upper:,.0f})"


def _dispersion(lists: CaseLists, table: int) -> float:
    """Return the deviance of the model with all candidates over its degrees of freedom, 1 at least."""
    counts, terms = lists.counts[table : table + 1], lists.overlapping[table : table + 1]
    on = (counts @ patterns(len(lists.lists))).astype(bool).sum()
    free = 2**on - 2 - on - terms.sum()
    deviance = fit(counts, len(lists.lists), terms).deviance[0]
    return max(1.0, float(deviance / free)) if free > 0 and np.isfinite(deviance) else 1.0


def mixture_points(fits: LogLinearFits, criterion: np.ndarray) -> np.ndarray:
    """Return the .5, .025 and .975 points of a mixture of normal distributions weighed by exp(-criterion / 2). Fits
    that do not exist have no part in it; NaN where none does."""
    there = np.isfinite(fits.log_unseen)
    if not there.any():
        return np.full(3, np.nan)
    mean, error = fits.log_unseen[there], fits.error[there]
    weight = np.exp(-(criterion[there] - criterion[there].min()) / 2)
    wanted = np.array([0.5, 0.025, 0.975])
    low = np.full(3, (mean - FAR * error).min())
    high = np.full(3, (mean + FAR * error).max())
    for _ in range(HALVINGS):
        point = (low + high) / 2
        below = ndtr((point[:, None] - mean) / error) @ weight / weight.sum() < wanted
        low, high = np.where(below, point, low), np.where(below, high, point)
    return (low + high) / 2
