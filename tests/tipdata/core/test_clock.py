"""Busy time: there and back, and uniform draws of it that have the week's rhythm."""

import numpy as np
import pytest
from tipdata.core.clock import Clock
from tipdata.core.draw import Stream

WEIGHTS = np.array([[1, 5, 0, 2, 2, 9, 1], [3, 3, 3, 3, 3, 3, 3]])
IDS = np.arange(40_000)


@pytest.mark.parametrize("step", [1, 60])
def test_time_becomes_busy_time_and_comes_back(step: int) -> None:
    clock = Clock(WEIGHTS, step)
    time = Stream(0, "time").below(IDS, 7 * step * 50) - 7 * step * 10
    level = IDS % 2
    idle = WEIGHTS[level, time // step % 7] == 0
    assert (clock.time(level, clock.busy(level, time)) == time)[~idle].all()
    assert (np.diff(clock.busy(0, np.arange(-20, 20))) >= 0).all()


def test_a_week_has_its_weights_and_no_time_passes_where_there_is_none() -> None:
    clock = Clock(WEIGHTS)
    opens, closes = (clock.busy(0, np.array(7 * week)) for week in (3, 53))
    day = clock.time(0, opens + Stream(0, "busy").below(IDS, closes - opens))
    shares = np.bincount(day % 7, minlength=7) / len(day)
    assert shares == pytest.approx(WEIGHTS[0] / WEIGHTS[0].sum(), abs=0.01)
    assert shares[2] == 0
    assert day.min() == 21
    assert day.max() == 53 * 7 - 1
