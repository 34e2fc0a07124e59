"""From how a series would have gone on to the effect of an intervention: what the methods of effects share.

A method forecasts the sum of a series over a window. The effect is the logarithm of observed over forecast, their
mean difference, or what a platform gained by what the closed one lost.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from tipbaselines.market_series import Course, Effect, Market

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

CONFIDENCE = 0.95
FEWEST_PLACEBOS, MOST_PLACEBOS = 3, 64
"""Controls that are forecast: so many that each has two others, and no more than tell the spread to a tenth. ``small``
has fewer; on ``full`` all of them would cost ten times as long and say the same."""


class Forecast(NamedTuple):
    """The sum over a window that is expected without the intervention, and how wrong it may be.

    ``spread``: standard deviation of observed about expected, relative to the sum for counts; NaN where not known.
    ``degrees``: of freedom of that.
    """

    total: float
    spread: float
    degrees: float


class Estimate(NamedTuple):
    """An effect with its 95% interval, which may be lacking."""

    estimate: float
    lower: float | None
    upper: float | None


Forecaster = Callable[[Course, slice], Forecast | None]
"""A course and the periods of a window -> how it would have gone on; None where nothing can be said."""


def estimates(fold: "Fold", forecaster: Forecaster) -> pl.DataFrame:
    """Return predictions ``[unit, estimate, lower, upper]`` for every effect that is asked for, sorted by unit."""
    market = Market.of(fold)
    return prediction_frame(fold, lambda effect: _estimate(market, effect, forecaster))


def prediction_frame(fold: "Fold", estimate: Callable[[Effect], Estimate | None]) -> pl.DataFrame:
    """Return predictions of a function of an effect's row; all three columns null where no estimate exists."""
    unit = fold.task.unit
    effects = fold.to_predict().sort(unit).collect()
    rows = [(row[unit], *(estimate(row) or (None, None, None))) for row in effects.iter_rows(named=True)]
    floats = dict.fromkeys(Estimate._fields, pl.Float64)
    return pl.DataFrame(rows, schema={unit: effects.schema[unit], **floats}, orient="row")


def interval(estimate: float, spread: float, degrees: float) -> Estimate:
    """Return 95% by Student's t; no interval where the spread is not known."""
    from scipy.stats import t

    if not np.isfinite(spread) or degrees < 1:
        return Estimate(float(estimate), None, None)
    half = float(spread * t.ppf((1 + CONFIDENCE) / 2, degrees))
    return Estimate(float(estimate), float(estimate - half), float(estimate + half))


def placebo_spread(course: Course, window: slice, total: Callable[[Course], float]) -> tuple[float, float]:
    """Return root mean square error of forecasts of the controls, in which nothing happened, and the number of them.

    On the logarithm for counts. Placebos in space: Abadie, Diamond and Hainmueller (2010). NaN for fewer than
    :data:`FEWEST_PLACEBOS` controls; of more than :data:`MOST_PLACEBOS` so many are taken, evenly over the regions.
    """
    controls = len(course.controls)
    if controls < FEWEST_PLACEBOS:
        return np.nan, 0.0
    count = min(controls, MOST_PLACEBOS)
    wrong = np.zeros(count)
    for number, control in enumerate(np.linspace(0, controls - 1, count).round().astype(int)):
        placebo = course.placebo(int(control))
        seen, told = float(placebo.own[window].sum()), total(placebo)
        wrong[number] = np.log(max(seen, 0.5) / max(told, 0.5)) if course.counts else seen - told
    return float(np.sqrt(np.mean(np.square(wrong)))), float(count)


def _estimate(market: Market, effect: Effect, forecaster: Forecaster) -> Estimate | None:
    share = effect["scale"] == "share"
    course = market.course(effect, effect["platform"] if share else None)
    if course is None:
        return None
    window = course.window(effect)
    forecast, observed = forecaster(course, window), float(course.own[window].sum())
    if forecast is None:
        return None
    if share:
        return _share(market, effect, forecaster, forecast, observed)
    if effect["scale"] == "level":
        periods = window.stop - window.start
        return interval((observed - forecast.total) / periods, forecast.spread / periods, forecast.degrees)
    if observed <= 0 or forecast.total <= 0:
        return None
    return interval(float(np.log(observed / forecast.total)), forecast.spread, forecast.degrees)


def _share(
    market: Market, effect: Effect, forecaster: Forecaster, gained: Forecast, observed: float
) -> Estimate | None:
    """Return what the platform gained by what the closed one lost; its interval by the delta method."""
    closed = market.closed(effect)
    course = market.course(effect, closed) if closed is not None else None
    if course is None:
        return None
    window = course.window(effect)
    forecast = forecaster(course, window)
    lost = forecast.total - float(course.own[window].sum()) if forecast is not None else 0.0
    if forecast is None or lost <= 0:
        return None
    share = (observed - gained.total) / lost
    noise = np.hypot(gained.spread * gained.total, share * forecast.spread * forecast.total) / lost
    return interval(share, float(noise), min(gained.degrees, forecast.degrees))
