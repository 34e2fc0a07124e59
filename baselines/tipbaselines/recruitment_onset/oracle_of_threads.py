"""The forward filter of conversations that are threads, as they are from data 0.4.0 on.

Beside what :class:`RegionFilter` follows, an act depends on its place and on the other's last act, days follow the
course's week, and a conversation whose site has closed goes on elsewhere. All of these are seen, so that the filter
stays exact but for the mix of profiles. Whether it goes on at all depends on nothing, and tells nothing.
"""

import numpy as np
import polars as pl
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import draw_tables
from tipdata.stages.messages import acts
from tipdata.stages.messages.threads import WEEK, Threads, heard

from tipbaselines.recruitment_onset.oracle_of_stages import MILLI, RegionFilter, probabilities

HOUR = 60


class ThreadFilter(RegionFilter):
    """The forward filter of one region's conversations, side by side."""

    def __init__(self, world: World, units: pl.DataFrame, unit: str, mix: dict[str, np.ndarray]) -> None:
        super().__init__(world, units, unit, mix)
        region = world.region(int(units["region"][0]))
        model = Threads.of(region)
        self._onward = probabilities(model.onward.astype(float))
        self._place, self._reply = np.exp(model.place / MILLI), np.exp(model.reply / MILLI)
        self._weekdays = probabilities(model.weekdays.astype(float))[self._course]
        self._away = probabilities(model.away.astype(float))[self._course]
        past, _ = draw_tables(region, ("places",))
        places = past["places"]
        closed = {places.codes[p]: day for p, day in zip(places.platform, places.closed, strict=True)}
        ends = np.array([closed[code] for code in units["platform"]])
        self._ends = np.where(ends < DAYS, ends, DAYS * 2) * MINUTES_A_DAY
        self._number = np.zeros(len(units), dtype=np.int64)
        self._said = np.full(len(units), -1)

    def _seen(self, at: np.ndarray, rows: pl.DataFrame, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) likelihood of what the rows show."""
        first = rows["side"].to_numpy() == "first"
        role = np.where(first == self._opens[at], acts.HOLDER, acts.OTHER)
        turns = ~begins & (role != self._role[at])
        minute = rows["minute"].to_numpy().astype(np.int64)
        late = (minute >= self._ends[at]) & (self._minute[at] < self._ends[at]), minute >= self._ends[at]
        likelihood = self._speaker(at, role, begins) * self._times(at, minute, begins)
        likelihood = likelihood * self._thread_channels(at, rows["channel"], begins, *late)
        return likelihood * self._acts(at, rows["act"], role, turns)

    def _acts(self, at: np.ndarray, said: pl.Series, role: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the act by stage, habit, place and as an answer."""
        place = self._place[np.minimum(self._number[at], len(self._place) - 1)]
        factor = self._habits[at] * place * self._reply[heard(self._said[at], turns)]
        act = said.replace_strict(
            acts.ACTS, range(len(acts.ACTS)), default=-1, return_dtype=pl.Int64
        ).to_numpy()
        self._number[at] += 1
        self._said[at] = act
        likelihood = np.ones((len(at), *self._act.shape[:2]))
        for who in (acts.HOLDER, acts.OTHER):
            here = np.flatnonzero((role == who) & (act >= 0))
            total = np.einsum("na,psa->nps", factor[here], self._act[:, :, who], optimize=True)
            weight = (
                self._act[:, :, who, act[here]].transpose(2, 0, 1) * factor[here, act[here]][:, None, None]
            )
            likelihood[here] = weight / total
        return likelihood

    def _times(self, at: np.ndarray, minute: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the class of gap, and of day and hour where they were chosen.

        A message that came too early was put off to the end of the longest pause of a sitting: it may have been chosen
        for any minute before.
        """
        before, self._minute[at] = self._minute[at], minute
        gap, days = minute - before, minute // MINUTES_A_DAY - before // MINUTES_A_DAY
        sits = gap < self._minutes[-1]
        sitting = np.searchsorted(self._minutes[1:-1], gap, side="right")
        later = np.searchsorted(self._days[1:-1], days, side="right")
        waited = self._gap[at, :, :, np.where(sits, sitting, len(self._minutes) - 1 + later)][:, self._course]
        clock = minute % MINUTES_A_DAY
        hour = self._hours[:, clock // HOUR].T * 1.0
        passed = np.cumsum(self._hours, axis=1) - self._hours
        put_off = ~begins & (gap == self._minutes[-1])
        any_before = HOUR * passed[:, clock // HOUR].T + hour * (clock % HOUR + 1)[:, None]
        hour = np.where(put_off[:, None], any_before, hour)
        ahead = np.arange(1, self._days[-1])
        low, high = (np.array(bounds)[later] for bounds in (self._days[:-1], self._days[1:]))
        asked = (ahead >= low[:, None]) & (ahead < high[:, None])
        week = (before[:, None] // MINUTES_A_DAY + ahead) % WEEK
        whole = np.einsum("prd,rd->rp", self._weekdays[:, week], asked, optimize=True)
        day = self._weekdays[:, minute // MINUTES_A_DAY % WEEK].T
        chosen = np.where(begins[:, None], day * hour, np.where(sits[:, None], 1.0, hour * day / whole))
        return np.where(begins[:, None, None], 1.0, waited) * chosen[:, :, None]

    def _thread_channels(
        self, at: np.ndarray, channel: pl.Series, begins: np.ndarray, moves: np.ndarray, away: np.ndarray
    ) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the channel; 1 where it is unknown, and then not anew.

        ``moves``: the first message after the site closed; ``away``: any after.
        """
        code = channel.replace_strict(self._channel_code, default=-1, return_dtype=pl.Int64).to_numpy()
        next_one = np.where(away[:, None], self._away[:, code].T, self._next_channel[:, code].T)
        kept = (code == self._channel[at])[:, None, None]
        likelihood = kept * (1 - self._hop) + next_one[:, :, None] * self._hop
        likelihood = np.where(moves[:, None, None], next_one[:, :, None], likelihood)
        likelihood = np.where(begins[:, None, None], self._first_channel[:, code].T[:, :, None], likelihood)
        self._channel[at] = np.where(code >= 0, code, self._channel[at])
        return np.where((code < 0)[:, None, None], 1.0, likelihood)
