"""The series that an intervention may have changed, those of its controls, and effects from forecasts of a series.

Counts are summed over weeks that are aligned with the intervention; levels are taken as they come. Controls are the
regions without an intervention of the same kind until the last day that any of its effects looks at. A platform's
controls are the same platform elsewhere, or whole regions where fewer than :data:`FEWEST` of them have it.

A method forecasts the sum of a series over a window. The effect is the logarithm of observed over forecast, their
mean difference, or what a platform gained by what the closed one lost.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipcore.errors import UsageError

from tipbaselines.frames import Untrained

OF_EFFECTS = ("region", "outcome", "day", "first_day", "last_day", "scale")
NEEDS = frozenset({*(f"effects.{name}" for name in OF_EFFECTS), "market.region", "market.day"})
WEEK = 7
FEWEST = 5  # Regions that must have a platform before it is compared with itself elsewhere
SITE_OUTCOME = "adverts"  # The outcome whose shares are estimated

Effect = dict[str, Any]  # A row of effects by column


@dataclass(frozen=True)
class Course:
    """One series and its controls by period: a week of counts, or a step of levels.

    ``own``: [periods]. ``controls``: [controls, periods]. Neither has gaps. ``before``: periods before the
    intervention. ``counts``: whether changes are ratios rather than differences. ``regions``: of the controls.
    """

    own: np.ndarray
    controls: np.ndarray
    before: int
    counts: bool
    regions: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def window(self, effect: Effect) -> slice:
        """Return the periods of an effect's window."""
        length = WEEK if self.counts else 1
        days = (effect["first_day"], effect["last_day"] + 1)
        return slice(*(self.before + (day - effect["day"]) // length for day in days))

    def by_period(self, start: int, last: int) -> "Course | None":
        """Return a course by day as one by period, from day ``start`` to day ``last``. Controls that have gaps or
        nothing before the intervention are left out; None where the series itself does."""
        length = WEEK if self.counts else 1
        before = (self.before - start) // length
        if before < 1:
            return None
        periods = before + (last + 1 - self.before) // length
        days = slice(self.before - before * length, self.before + (periods - before) * length)
        own = self.own[days].reshape(periods, length).sum(axis=1)
        beside = self.controls[:, days].reshape(-1, periods, length).sum(axis=2)
        kept = ~np.isnan(beside).any(axis=1)
        if self.counts:
            kept &= beside[:, :before].any(axis=1)
        if np.isnan(own).any() or (self.counts and not own[:before].any()):
            return None
        return Course(own, beside[kept], before, self.counts, self.regions[kept])


@dataclass(frozen=True)
class Market:
    """The series of a fold.

    ``regions``: sorted. ``platforms``: sorted, null last. ``values``: outcome -> [regions, platforms, days], NaN where
    there is none. ``interventions``: ``[region, kind, day, platform, last_day]``, the last day of its effects'
    windows, null without an effect.
    """

    regions: np.ndarray
    platforms: list[str | None]
    first_day: int
    values: dict[str, np.ndarray]
    interventions: pl.DataFrame

    @classmethod
    def of(cls, fold: Fold) -> "Market":
        """Return every series and intervention that a fold shows. Rows without a region are left out. Raises UsageError
        for columns of a user's own panel that no method here would use."""
        series = fold.tables["market"].collect().drop_nulls("region")
        effects = fold.tables["effects"].collect()
        if not fold.independent_regions:
            _refuse_covariates(series.columns, effects)
        if "platform" not in series.columns:
            series = series.with_columns(platform=pl.lit(None, dtype=pl.String))
        platforms = series["platform"].unique().sort(nulls_last=True).to_list()
        number = {name: place for place, name in enumerate(platforms)}
        regions, region = np.unique(series["region"].to_numpy(), return_inverse=True)
        day = series["day"].cast(pl.Int64).to_numpy()
        first = int(day.min())
        at = (region, np.array([number[name] for name in series["platform"]]), day - first)
        values = {}
        for outcome in sorted({*effects["outcome"], SITE_OUTCOME} & set(series.columns)):
            values[outcome] = np.full((len(regions), len(platforms), int(day.max()) - first + 1), np.nan)
            values[outcome][at] = series[outcome].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return cls(regions, platforms, first, values, _interventions(fold, effects))

    @cached_property
    def _wholes(self) -> dict[str, np.ndarray]:
        """Sums over platforms by outcome [regions, days], NaN where none has a value."""
        every = self.values.items()
        return {name: np.where(np.isnan(v).all(axis=1), np.nan, np.nansum(v, axis=1)) for name, v in every}

    def course(self, effect: Effect, platform: str | None = None) -> Course | None:
        """Return the series of an effect's region, or of a platform there, with its controls; None without one."""
        counts = effect["scale"] != "level"
        outcome = effect["outcome"] if effect["scale"] != "share" else SITE_OUTCOME
        if outcome not in self.values or effect["region"] not in self.regions:
            return None
        ends = self.same_day(effect)["last_day"].max()  # until then any effect of the intervention looks
        last = ends if isinstance(ends, int) else effect["last_day"]
        # Controls are the other regions without an intervention of the kind until then.
        of_kind = self.interventions.filter(pl.col("day") <= last, kind=effect.get("kind", ""))
        own, touched = self._own(effect), [*of_kind["region"].to_list(), effect["region"]]
        free = np.flatnonzero(~np.isin(self.regions, touched))
        whole = self._wholes[outcome]
        series, controls = whole[own], whole[free]
        if platform is not None:
            of_site = self.values[outcome][:, self.platforms.index(platform)]
            series = of_site[own]
            there = _start(of_site[free]) <= _start(series)
            if there.sum() >= FEWEST:
                free, controls = free[there], of_site[free][there]
        start = int(_start(series)) if platform is not None else int(np.argmax(~np.isnan(series)))
        daily = Course(series, controls, effect["day"] - self.first_day, counts, self.regions[free])
        return daily.by_period(start, last - self.first_day)

    def observed_sum(self, effect: Effect) -> float:
        """Return the sum of an effect's outcome over its window, of its platform where it is about a share."""
        share = effect["scale"] == "share"
        values = self.values[SITE_OUTCOME if share else effect["outcome"]][self._own(effect)]
        sites = [self.platforms.index(effect["platform"])] if share else slice(None)
        days = slice(effect["first_day"] - self.first_day, effect["last_day"] + 1 - self.first_day)
        return float(np.nansum(values[sites, days]))

    def _own(self, effect: Effect) -> int:
        return int(np.searchsorted(self.regions, effect["region"]))

    def same_day(self, effect: Effect) -> pl.DataFrame:
        """Return the interventions of an effect's kind in its region on its day."""
        region, day, kind = effect["region"], effect["day"], effect.get("kind", "")
        return self.interventions.filter(region=region, day=day, kind=kind)


def _refuse_covariates(columns: list[str], effects: pl.DataFrame) -> None:
    """Refuse columns of a user's own market that no effect uses: to ignore them would mislead."""
    used = {"region", "platform", "day", *effects.filter(pl.col("scale") != "share")["outcome"]}
    if "share" in effects["scale"]:
        used.add(SITE_OUTCOME)
    if unused := [name for name in columns if name not in used]:
        raise UsageError(
            f"market has columns that are the outcome of no effect ({', '.join(unused[:12])}): no method of "
            "intervention_effect that comes with tipbench uses covariates; leave them out of data.tables.market."
        )


def _interventions(fold: Fold, effects: pl.DataFrame) -> pl.DataFrame:
    """Return the interventions of the table, or without one those that effects name."""
    key = ["region", "kind", "day"]
    if "kind" not in effects.columns:
        effects = effects.with_columns(kind=pl.lit(""))
    asked = effects.group_by(key).agg(pl.col("last_day").max())
    if "interventions" not in fold.tables:
        return asked.with_columns(platform=pl.lit(None, dtype=pl.String)).sort(key)
    listed = fold.tables["interventions"].select(*key, "platform").collect()
    return listed.join(asked, on=key, how="left").sort(key)


def _start(series: np.ndarray) -> np.ndarray:
    """Return the first position [...] with a value above 0, past the end where there is none."""
    above = series > 0
    return np.where(above.any(axis=-1), above.argmax(axis=-1), series.shape[-1])


CONFIDENCE = 0.95
FEWEST_PLACEBOS, MOST_PLACEBOS = 3, 64
"""Controls that are forecast: each has two others, and more than so many would change the spread by less than
a tenth. ``small`` has fewer; on ``full`` all of them would take ten times as long."""


class EffectForecast(NamedTuple):
    """The sum over a window that is expected without the intervention, and how wrong it may be.

    ``spread``: standard deviation of observed about expected, relative to the sum for counts; NaN where not known.
    ``degrees``: of freedom of that.
    """

    total: float
    spread: float
    degrees: float


class EffectEstimate(NamedTuple):
    """An effect with its 95% interval, which may be lacking."""

    estimate: float
    lower: float | None
    upper: float | None


class EffectMethod(Untrained, ABC):
    """Base of methods that forecast how a series would have gone on without the intervention."""

    needs = NEEDS
    takes_many = frozenset({"market"})

    @abstractmethod
    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        """Return the sum of a series that is expected over the periods of a window; None where there is no forecast."""

    def predict(self, fold: Fold) -> pl.DataFrame:
        """Return ``[unit, estimate, lower, upper]`` of every effect to predict, sorted by unit."""
        market = Market.of(fold)
        return prediction_frame(fold, lambda effect: self._estimate(market, effect))

    def _estimate(self, market: Market, effect: Effect) -> EffectEstimate | None:
        scale = effect["scale"]
        found = self._compare(market, effect, effect["platform"] if scale == "share" else None)
        if found is None:
            return None
        observed, forecast, periods = found
        if scale == "share":  # what the platform gained by what the closed one lost, by the delta method
            closed = market.same_day(effect)["platform"].drop_nulls()
            found = self._compare(market, effect, closed[0]) if len(closed) else None
            if found is None:
                return None
            left, other, _ = found
            lost = other.total - left
            if lost <= 0:
                return None
            share = (observed - forecast.total) / lost
            noise = np.hypot(forecast.spread * forecast.total, share * other.spread * other.total) / lost
            return interval(share, float(noise), min(forecast.degrees, other.degrees))
        if scale == "level":
            change = (observed - forecast.total) / periods
            return interval(change, forecast.spread / periods, forecast.degrees)
        if observed <= 0 or forecast.total <= 0:
            return None
        return interval(float(np.log(observed / forecast.total)), forecast.spread, forecast.degrees)

    def _compare(
        self, market: Market, effect: Effect, platform: str | None
    ) -> tuple[float, EffectForecast, int] | None:
        """Return the sum of a series over an effect's window, its forecast and the window's periods."""
        if (course := market.course(effect, platform)) is None:
            return None
        window = course.window(effect)
        forecast = self.forecast(course, window)
        if forecast is None:
            return None
        return float(course.own[window].sum()), forecast, window.stop - window.start


def prediction_frame(fold: Fold, estimate: Callable[[Effect], EffectEstimate | None]) -> pl.DataFrame:
    """Return predictions of a function of an effect's row; all three columns null where no estimate exists."""
    unit = fold.task.unit
    effects = fold.to_predict().sort(unit).collect()
    rows = [(row[unit], *(estimate(row) or (None, None, None))) for row in effects.iter_rows(named=True)]
    floats = dict.fromkeys(EffectEstimate._fields, pl.Float64)
    return pl.DataFrame(rows, schema={unit: effects.schema[unit], **floats}, orient="row")


def interval(estimate: float, spread: float, degrees: float) -> EffectEstimate:
    """Return 95% by Student's t; no interval where the spread is not known."""
    from scipy.stats import t

    if not np.isfinite(spread) or degrees < 1:
        return EffectEstimate(float(estimate), None, None)
    half = float(spread * t.ppf((1 + CONFIDENCE) / 2, degrees))
    return EffectEstimate(float(estimate), float(estimate - half), float(estimate + half))


def placebo_spread(course: Course, window: slice, total: Callable[[Course], float]) -> tuple[float, float]:
    """Return root mean square error of forecasts of the controls, in which nothing happened, and how many they are.

    On the logarithm for counts (placebos in space: Abadie, Diamond and Hainmueller 2010). NaN for fewer than
    :data:`FEWEST_PLACEBOS` controls; of more than :data:`MOST_PLACEBOS` so many are taken, evenly over the regions.
    """
    controls = len(course.controls)
    if controls < FEWEST_PLACEBOS:
        return np.nan, 0.0
    count = min(controls, MOST_PLACEBOS)
    wrong = np.zeros(count)
    for number, control in enumerate(np.linspace(0, controls - 1, count).round().astype(int)):
        others = np.delete(course.controls, control, axis=0)
        placebo = Course(course.controls[control], others, course.before, course.counts)
        seen, expected = float(placebo.own[window].sum()), total(placebo)
        wrong[number] = np.log(max(seen, 0.5) / max(expected, 0.5)) if course.counts else seen - expected
    return float(np.sqrt(np.mean(np.square(wrong)))), float(count)
