"""Two-way difference in differences: the region changes as the mean of its controls did, but for the effect.

On logarithms for counts, so that regions of all sizes count alike; all time before the intervention is the base. The
interval is Student's over the controls' own changes. Needs two controls or more. Cost: a second.
"""

import numpy as np

from tipbaselines.intervention_effect.effects import Course, EffectForecast, EffectMethod


class DifferenceInDifferences(EffectMethod):
    def forecast(self, course: Course, window: slice) -> EffectForecast | None:
        """Return the series' own mean before, moved by the mean change of the controls; None without a control."""
        count = len(course.controls)
        if not count:
            return None
        length = window.stop - window.start
        base = float(course.own[: course.before].mean())
        past = course.controls[:, : course.before].mean(axis=1)
        later = course.controls[:, window].mean(axis=1)
        change = np.log(np.maximum(later, 0.5 / length) / past) if course.counts else later - past
        mean = float(change.mean())
        spread = float(change.std(ddof=1) * np.sqrt(1 + 1 / count)) if count > 1 else np.nan
        if course.counts:
            return EffectForecast(base * length * float(np.exp(mean)), spread, count - 1.0)
        return EffectForecast((base + mean) * length, spread * length, count - 1.0)
