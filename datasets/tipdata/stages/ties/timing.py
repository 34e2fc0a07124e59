"""On which days of the week ties are made, from data 0.4.0 on."""

import numpy as np

from tipdata.core.clock import Clock
from tipdata.core.draw import Ints
from tipdata.core.world import Region


def days_in(region: Region, stream: str, ids: Ints, first: Ints, last: Ints, k: int | Ints = 0) -> Ints:
    """Return a day of each span, both ends included, by the week's weights; where a span is empty, its first."""
    clock = Clock(np.array([region["ties.weekday_weights"]]))
    opens, closes = clock.busy(0, first), clock.busy(0, np.maximum(last, first) + 1)
    return clock.time(0, opens + region.stream(stream).below(ids, closes - opens, k))
