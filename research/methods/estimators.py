"""Do published estimators that are not shipped beat those that are? python research/methods/estimators.py TASK

Prints the metrics of prevalence or intervention_effect for each method, shipped ones first. With ``scpi-pkg`` installed
(GPL-3.0), also those of its intervals; it takes a second for each effect.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import lsq_linear
from tipbaselines.frames import Untrained
from tipbaselines.intervention_effect.effects import Course, EffectForecast, EffectMethod, placebo_spread
from tipbaselines.intervention_effect.synthetic_control import index_series
from tipbaselines.prevalence.lists import NEEDS, estimates_of, patterns, read_case_lists
from tipbench.config.compose import composer_of
from tipbench.config.methods import instantiate
from tipbench.data.fold import Fold
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared


class LatentClasses(Untrained):
    """LCMCR of Manrique-Vallier (2016): people belong to classes, within which lists are independent.

    Shares of classes are broken from a stick; its concentration has a gamma prior of shape and rate .25, as in the
    paper. ``classes``: at most; ``sweeps``: of the Gibbs sampler, the first half of which is dropped.
    """

    needs = NEEDS
    stochastic = True

    def __init__(self, classes: int = 10, sweeps: int = 10_000) -> None:
        self.classes, self.sweeps = classes, sweeps

    def fit(self, fold: Fold, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def predict(self, fold: Fold) -> pl.DataFrame:
        lists = read_case_lists(fold)
        draws = np.log(np.stack(list(self._draw(lists.counts, len(lists.lists)))))
        low, middle, high = np.quantile(draws, (0.025, 0.5, 0.975), axis=0)
        return estimates_of(lists, middle, low, high)

    def _draw(self, counts: np.ndarray, lists: int) -> Iterator[np.ndarray]:
        """Yield the unseen people [tables] of each sweep, at least one half. ``counts``: [tables, patterns]."""
        rng, tables = self.rng, len(counts)
        member = patterns(lists).astype(float)
        cells, seen = counts.astype(np.int64), counts.sum(axis=1)
        share = np.full((tables, self.classes), 1 / self.classes)
        chance = rng.beta(1, 1, (tables, self.classes, lists))
        concentration = np.ones(tables)
        for sweep in range(self.sweeps):
            on, off = np.log(chance), np.log1p(-chance)
            log_weight = (
                np.log(share)[:, None] + member @ on.swapaxes(1, 2) + (1 - member) @ off.swapaxes(1, 2)
            )
            weight = np.exp(log_weight - log_weight.max(axis=2, keepdims=True))
            of_seen = rng.multinomial(cells, weight / weight.sum(axis=2, keepdims=True))
            nobody = share * np.exp(off.sum(axis=2))
            missed = np.clip(nobody.sum(axis=1), 1e-12, 1 - 1e-12)
            unseen = rng.negative_binomial(seen, 1 - missed)
            of_unseen = rng.multinomial(unseen, nobody / nobody.sum(axis=1, keepdims=True))
            listed = np.einsum("tpk,pl->tkl", of_seen, member)
            people = of_seen.sum(axis=1) + of_unseen
            chance = rng.beta(1 + listed, 1 + people[:, :, None] - listed).clip(1e-12, 1 - 1e-12)
            later = people[:, ::-1].cumsum(axis=1)[:, ::-1] - people
            broken = rng.beta(1 + people, concentration[:, None] + later).clip(1e-12, 1 - 1e-12)
            broken[:, -1] = 1.0
            left = np.cumprod(1 - broken[:, :-1], axis=1)
            share = np.maximum(broken * np.column_stack([np.ones(tables), left]), 1e-300)
            rate = 0.25 - np.log(np.maximum(share[:, -1], 1e-300))
            concentration = rng.gamma(0.25 + self.classes - 1, 1 / rate)
            if sweep >= self.sweeps // 2:
                yield np.maximum(unseen, 0.5)


class SyntheticDifference(EffectMethod):
    """Synthetic difference-in-differences (Arkhangelsky et al. 2021), by its own placebos in space.

    Weights of controls are free of level and drawn towards equal ones by a ridge; weights of periods before the
    intervention make the controls' mean before that of the window.
    """

    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        if len(course.controls) < 2 or course.before < 2:
            return None
        spread, count = placebo_spread(course, window, lambda one: self.total(one, window))
        return EffectForecast(self.total(course, window), spread, count)

    @staticmethod
    def total(course: Course, window: slice) -> float:
        """Return the sum over the window that is expected without the intervention."""
        own, controls = index_series(course.own, course), index_series(course.controls, course)
        before, length = slice(0, course.before), window.stop - window.start
        noise = np.diff(controls[:, before], axis=1).std(ddof=1)
        controls_weights = _weights(controls[:, before].T, own[before], length**0.25 * noise)
        periods_weights = _weights(controls[:, before], controls[:, window].mean(axis=1), 1e-6 * noise)
        gap = periods_weights @ (own[before] - controls_weights @ controls[:, before])
        expected = float(controls_weights @ controls[:, window].mean(axis=1) + gap) * length
        return expected * float(course.own.sum() / own.sum())


def _weights(columns: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    """Return weights of 0 or more that sum to one and minimise the mean squared distance, up to a constant, of
    ``columns`` [rows, weights] to ``target`` [rows], plus ``ridge`` squared times the squared weights."""
    columns, target = columns - columns.mean(axis=0), target - target.mean()
    rows, count = columns.shape
    heavy = 1e4 * max(np.abs(columns).max(), 1e-12) * np.sqrt(rows)
    left = np.vstack([columns, ridge * np.sqrt(rows) * np.eye(count), np.full((1, count), heavy)])
    right = np.concatenate([target, np.zeros(count), [heavy]])
    found = lsq_linear(left, right, bounds=(0, np.inf), method="bvls").x
    return found / found.sum()


class PredictionIntervals(EffectMethod):
    """Synthetic control with the prediction intervals of ``scpi-pkg`` (Cattaneo, Feng and Titiunik 2021)."""

    def _estimate(self, market: Any, effect: Any) -> Any:
        if effect["scale"] == "share":
            return None  # a ratio of two forecasts, which the package has no interval for
        return super()._estimate(market, effect)

    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        import pandas as pd
        from scpi_pkg.scdata import scdata
        from scpi_pkg.scpi import scpi

        own, controls = index_series(course.own, course), index_series(course.controls, course)
        series = np.vstack([own, controls])
        means = [series[:, window].mean(axis=1)]  # the mean over the window stands for one period after
        panel = np.column_stack([series[:, : course.before], *means])
        units, periods = np.indices(panel.shape)
        frame = pd.DataFrame({"unit": units.ravel(), "time": periods.ravel(), "y": panel.ravel()})
        data = scdata(
            frame, "unit", "time", "y", period_pre=np.arange(course.before), period_post=np.array([course.before]),
            unit_tr=0, unit_co=np.arange(1, len(panel)), constant=False, cointegrated_data=False,
        )  # fmt: skip
        np.random.seed(0)  # noqa: NPY002  # the package draws from the global stream
        found = scpi(
            data, w_constr={"name": "simplex"}, u_order=1, e_order=0, e_method="gaussian", sims=200, cores=1,
            verbose=False,
        )  # fmt: skip
        point = float(np.asarray(found.Y_post_fit).ravel()[0])
        low, high = np.asarray(found.CI_all_gaussian, dtype=float)[0, :2]
        scale = (window.stop - window.start) * float(course.own.sum() / own.sum())
        spread = (high - low) / 2 / 1.96 / (abs(point) if course.counts else 1 / scale)
        return EffectForecast(point * scale, float(spread), 1e6)


OTHERS: dict[str, dict[str, type[Untrained]]] = {
    "prevalence": {"latent classes (LCMCR)": LatentClasses},
    "intervention_effect": {
        "synthetic difference-in-differences": SyntheticDifference,
        **({"scpi": PredictionIntervals} if find_spec("scpi_pkg") else {}),
    },
}


def main() -> None:
    """Print a row for each method and release."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("task", choices=OTHERS)
    parser.add_argument("--releases", nargs="+", default=["small.w11", "small.w12", "small.w13"])
    options = parser.parse_args()
    composer = composer_of(None, [])
    shipped = {
        name: instantiate(composer.settings(f"{options.task}/{name}").baseline.method)
        for name in sorted(one.stem for one in Path("configs/baseline", options.task).glob("*.yaml"))
        if name not in ("oracle", "bayes_loglinear")  # hidden truth; an extra
    }
    for release in options.releases:
        prepared = prepare(options.task, release=release)
        for name, method in {**shipped, **{k: v() for k, v in OTHERS[options.task].items()}}.items():
            method.fit(prepared.folds[0], 0)
            found = evaluate_prepared(
                prepared.task, prepared, method.predict(prepared.folds[0]), replicates=0
            )
            scores = {k: one.value for k, one in found.scores.items() if one.value is not None}
            print(f"{release:10} {name:36}", *(f"{k} {v:.3f}" for k, v in scores.items()), flush=True)


if __name__ == "__main__":
    main()
