"""Weekly clocks: time that passes faster in the hours, or on the days, in which more is done."""

import numpy as np

from tipdata.core.draw import Ints


class Clock:
    """Turns time into busy time and back: uniform draws of busy time have the week's rhythm.

    Args:
        weights: (levels, slots) whole weights of the slots of a week, such as 168 hours or seven days, none below zero;
            a level each for those who keep unlike hours.
        step: units of time in a slot: 60 where a slot is an hour and time is in minutes.
    """

    def __init__(self, weights: Ints, step: int = 1) -> None:
        self._weights, self._step = weights, step
        self._slots = weights.shape[1]
        until = np.cumsum(weights, axis=1) * step
        self.week = until[:, -1]
        """(levels,) busy time of a week."""
        self._before = until - weights * step
        self._apart = int(self.week.max()) + 1
        level = np.arange(len(weights))[:, None]
        self._all = (self._before + level * self._apart).ravel()

    def busy(self, level: int | Ints, time: Ints) -> Ints:
        """Return the busy time that has passed until a time; of a slot's weight in each unit of time."""
        slot, rest = _divided(time, self._step)
        week, slot = _divided(slot, self._slots)
        return week * self.week[level] + self._before[level, slot] + self._weights[level, slot] * rest

    def time(self, level: int | Ints, busy: Ints) -> Ints:
        """Return the unit of time in which so much busy time has passed."""
        week, rest = _divided(busy, self.week[level])
        level = np.asarray(level)
        slot = np.searchsorted(self._all, rest + level * self._apart, side="right") - 1 - level * self._slots
        into = (rest - self._before[level, slot]) // np.maximum(self._weights[level, slot], 1)
        return (week * self._slots + slot) * self._step + into


def _divided(number: Ints, by: int | Ints) -> tuple[Ints, Ints]:
    """Return what ``np.divmod`` does, which is far slower where all are divided by one number."""
    whole = number // by
    return whole, number - whole * by
