"""The window against as long a time before: what is often reported, and wrong by trend, season and shocks.

The interval takes weeks for independent draws about two means, as a t-test does. Needs no control. Cost: a second.
"""

import numpy as np

from tipbaselines.intervention_effect.effects import Course, EffectForecast, EffectMethod


class BeforeAfter(EffectMethod):
    def forecast(self, course: Course, window: slice) -> EffectForecast:
        """As many periods as the window has, or all there are, right before the intervention; their mean goes on."""
        length = window.stop - window.start
        past, seen = course.own[max(course.before - length, 0) : course.before], course.own[window]
        mean = float(past.mean())
        spread = np.sqrt(sum(variance(part, course.counts) / len(part) for part in (past, seen)))
        spread = spread if course.counts else spread * length
        return EffectForecast(mean * length, float(spread), len(past) + len(seen) - 2.0)


def variance(values: np.ndarray, relative: bool) -> float:
    """Return sample variance, by the squared mean for counts; NaN for fewer than two values."""
    if len(values) < 2:
        return np.nan
    found = float(values.var(ddof=1))
    return found / max(float(values.mean()), 0.5) ** 2 if relative else found
