"""On which days ties are made: while both accounts live, and more on some days of the week."""

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


def days_sent(
    region: Region, spans: Spans, account: Ints, number: Ints, source: Ints, hurried: np.ndarray
) -> Ints:
    """Return days of ties: while their account sends any, those that are hurried in bursts.

    Args:
        account: local numbers of all accounts.
        number, source: of the ties.
        hurried: which come in bursts.
    """
    first, last = spans.sends_from, spans.sends_until
    steady = days_in(region, "ties/day", number, first[source], last[source])
    burst = region.stream("ties/burst").below(number, region["ties.bursts"])
    peak = days_in(region, "ties/peak", account[source], first[source], last[source], burst)
    later = region["ties.burst_days"] * region.stream("ties/in_burst").quantile(number, "exponential")
    day = np.where(hurried, np.minimum(peak + later // 2_000_000, last[source]), steady)
    return np.where(last[source] < first[source], DAYS, day)


def day_of_both(region: Region, spans: Spans, number: Ints, source: Ints, target: Ints, day: Ints) -> Ints:
    """Return the day of each tie: its own where both accounts live then, else another such day; past the end of time
    where there is none."""
    first = np.maximum(spans.sends_from[source], spans.start[target])
    last = np.minimum(spans.sends_until[source], spans.end[target])
    other = days_in(region, "ties/other_day", number, first, last)
    return np.where(first > last, DAYS, np.where((day >= first) & (day <= last), day, other))
