"""On which days ties are made, from data 0.4.0 on: while both accounts live, and more on some days of the week."""

import numpy as np

from tipdata.core.clock import Clock
from tipdata.core.draw import Ints
from tipdata.core.world import DAYS, Region
from tipdata.stages.account_habits.spans import Spans


def days_in(region: Region, stream: str, ids: Ints, first: Ints, last: Ints, k: int | Ints = 0) -> Ints:
    """Return a day of each span, both ends included, by the week's weights; where a span is empty, its first."""
    clock = Clock(np.array([region["ties.weekday_weights"]]))
    opens, closes = clock.busy(0, first), clock.busy(0, np.maximum(last, first) + 1)
    return clock.time(0, opens + region.stream(stream).below(ids, closes - opens, k))


def day_of_both(region: Region, spans: Spans, number: Ints, source: Ints, target: Ints, day: Ints) -> Ints:
    """Return the day of each tie: its own where both accounts live then, else another such day; past the end of time
    where there is none."""
    first = np.maximum(spans.sends_from[source], spans.start[target])
    last = np.minimum(spans.sends_until[source], spans.end[target])
    other = days_in(region, "ties/other_day", number, first, last)
    return np.where(first > last, DAYS, np.where((day >= first) & (day <= last), day, other))
