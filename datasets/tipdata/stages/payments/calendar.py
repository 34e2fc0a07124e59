"""When people and offices pay: hours, weekdays, the start of the month, and the year's busy weeks."""

import numpy as np

from tipdata.core.draw import Ids, Ints
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region

YEAR = 365
HOUR = 60


class Calendar:
    """Days and hours of a region; the season is the world's."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self.month = region["payments.month_days"]
        day = np.arange(DAYS)
        busy = region.world.stream("payments/season").below(
            day % YEAR // self.month, region["payments.season"]
        )
        weight = (1000 + busy) * np.array(region["payments.week"])[day % 7]
        weight = weight * np.where(
            day % self.month < region["payments.early_days"], region["payments.early"], 100
        )
        self._total = np.concatenate([[0], np.cumsum(weight // 1000)])
        self._hours = np.array(region["payments.hours"])

    def day(self, column: str, ids: Ids, start: Ints, end: Ints) -> Ints:
        """Return a day of [start, end] for each id, all within the days of the world, busy days more often."""
        low, high = self._total[start], self._total[end + 1]
        at = low + self._region.stream(column).below(ids, np.maximum(high - low, 1))
        return np.searchsorted(self._total, at, side="right") - 1

    def minute(self, column: str, ids: Ids, day: Ints) -> Ints:
        """Return a minute of each day, by the hours at which payments are made."""
        hour = self._region.stream(f"{column}_hour").choose(ids, self._hours)
        return day * MINUTES_A_DAY + hour * HOUR + self._region.stream(f"{column}_minute").below(ids, HOUR)
