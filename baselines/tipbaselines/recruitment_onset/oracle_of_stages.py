"""The forward filter of conversations by the generator's own chain, of data before 0.4.0 and below what came then."""

import numpy as np
import polars as pl
from tipdata.core.draw import ONE
from tipdata.core.world import MINUTES_A_DAY, World
from tipdata.stages.messages import acts

MILLI = 1000.0


class RegionFilter:
    """The forward filter of one region's conversations, side by side.

    ``units``: sorted by unit, with the hidden columns. The state is (units, profiles, 2, stages, 2): whether
    commitment has been reached, the stage, and in which of its two parts the stage is.
    """

    def __init__(self, world: World, units: pl.DataFrame, unit: str, mix: dict[str, np.ndarray]) -> None:
        self.ids, self._unit = units[unit], unit
        region = world.region(int(units["region"][0]))
        model = acts.Acts.of(region)
        self._course = acts.course_of_profile(world)
        self._recruits = self._course < len(acts.STRATEGIES)
        self._model = model
        self._minutes, self._days = region["messages.gap_minutes"], region["messages.gap_days"]
        self._channel_code = {name: code for code, name in enumerate(region["messages.channels"])}
        self._opens = units["opens"].to_numpy()
        opening = model.opens[self._course] / ONE
        prior = np.stack([mix[p] for p in units["platform"]])
        self._prior = prior * np.where(self._opens[:, None], opening, 1 - opening)
        holder, number = units["holder"].to_numpy(), units["number"].to_numpy()
        self._habits = np.exp(acts.habits(region, holder, number) / MILLI)
        self._act = np.exp(model.act / MILLI)
        self._act_total = np.einsum("na,psra->npsr", self._habits, self._act, optimize=True)
        pace = acts.pace(region, holder)
        classes = np.arange(model.gap.shape[-1])
        gap = np.exp((model.gap[None] + pace[:, None, None, None] * classes) / MILLI)
        self._gap = probabilities(gap)
        scale = acts.dwell_scale(model.dwell[None], units["length"].to_numpy()[:, None, None])
        self._stays = np.exp(-MILLI / scale)[:, self._course][:, :, None, :]
        self._onward = probabilities(model.onward.astype(float))[self._course]
        self._hours = probabilities(model.hours.astype(float))[self._course]
        self._again = (model.again / ONE)[self._course]
        self._hop = model.hop / ONE
        self._first_channel = probabilities(model.first_channel.astype(float))[self._course]
        self._next_channel = probabilities(model.next_channel.astype(float))[self._course]
        shape = (len(units), len(self._course), 2, len(acts.STAGES), 2)
        self._state = np.zeros(shape)
        self._minute = np.full(len(units), -1, dtype=np.int64)
        self._role = np.zeros(len(units), dtype=np.int64)
        self._channel = np.full(len(units), -1)

    def step(self, rows: pl.DataFrame) -> np.ndarray:
        """Return (rows,) posterior of a recruitment that has reached commitment, after the next message of each
        unit."""
        at = np.searchsorted(self.ids.to_numpy(), rows[self._unit].to_numpy())
        begins = self._minute[at] < 0
        ahead = np.where(
            begins[:, None, None, None, None], self._started(at), self._moved(self._state[at], at)
        )
        state = ahead * self._seen(at, rows, begins)[:, :, None, :, None]
        state /= state.sum(axis=(1, 2, 3, 4), keepdims=True)
        self._state[at] = state
        return state[:, self._recruits, 1].sum(axis=(1, 2, 3))

    def _started(self, at: np.ndarray) -> np.ndarray:
        state = np.zeros((len(at), *self._state.shape[1:]))
        state[:, :, 0, acts.STAGES.index("contact"), 0] = self._prior[at]
        return state

    def _moved(self, state: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return one message on: a stage lasts, goes over to its second part, or leads onward."""
        stays = self._stays[at]
        first, second = state[..., 0], state[..., 1]
        leaves = (first * (1 - stays) + second) * (1 - stays)
        enters = np.einsum("npbs,pst->npbt", leaves, self._onward, optimize=True)
        enters[:, :, 1, acts.COMMITMENT] += enters[:, :, 0, acts.COMMITMENT]
        enters[:, :, 0, acts.COMMITMENT] = 0
        return np.stack([first * stays + enters, (first * (1 - stays) + second) * stays], axis=-1)

    def _seen(self, at: np.ndarray, rows: pl.DataFrame, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) likelihood of what the rows show."""
        first = rows["side"].to_numpy() == "first"
        role = np.where(first == self._opens[at], acts.HOLDER, acts.OTHER)
        likelihood = self._speaker(at, role, begins) * self._times(at, rows["minute"].to_numpy(), begins)
        likelihood = likelihood * self._channels(at, rows["channel"], begins)
        known = rows["act"].is_not_null().to_numpy()
        act = rows["act"].replace_strict(acts.ACTS, range(len(acts.ACTS)), default=0).to_numpy()
        weight = self._act[:, :, role, act].transpose(2, 0, 1) * self._habits[at, act][:, None, None]
        total = self._act_total[at, :, :, role]
        return likelihood * np.where(known[:, None, None], weight / total, 1.0)

    def _speaker(self, at: np.ndarray, role: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, 1) probability of who speaks after who spoke last; who opens is in the prior."""
        again = self._again[:, self._role[at]].T
        likelihood = np.where((role == self._role[at])[:, None], again, 1 - again)
        self._role[at] = role
        return np.where(begins[:, None], 1.0, likelihood)[:, :, None]

    def _times(self, at: np.ndarray, minute: np.ndarray, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the class of gap, and of the hour where it was chosen anew."""
        minute = minute.astype(np.int64)
        gap = minute - self._minute[at]
        days = minute // MINUTES_A_DAY - self._minute[at] // MINUTES_A_DAY
        self._minute[at] = minute
        sitting = np.searchsorted(self._minutes[1:-1], gap, side="right")
        later = len(self._minutes) - 1 + np.searchsorted(self._days[1:-1], days, side="right")
        sits = gap < self._minutes[-1]
        waited = self._gap[at, :, :, np.where(sits, sitting, later)][:, self._course]
        hour = self._hours[:, minute % MINUTES_A_DAY // 60].T[:, :, None]
        waited = np.where(begins[:, None, None], 1.0, waited)
        return waited * np.where((begins | ~sits)[:, None, None], hour, 1.0)

    def _channels(self, at: np.ndarray, channel: pl.Series, begins: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the channel after the last one known; 1 where it is
        unknown."""
        code = channel.replace_strict(self._channel_code, default=-1, return_dtype=pl.Int64).to_numpy()
        last = self._channel[at]
        anew = self._next_channel[:, code].T[:, :, None] * self._hop
        kept = (code == last)[:, None, None] * (1 - self._hop) + anew
        likelihood = np.where(begins[:, None, None], self._first_channel[:, code].T[:, :, None], kept)
        self._channel[at] = np.where(code >= 0, code, last)
        return np.where(((code < 0) | (~begins & (last < 0)))[:, None, None], 1.0, likelihood)


def probabilities(weights: np.ndarray) -> np.ndarray:
    """Return weights that sum to one over the last axis."""
    return weights / weights.sum(axis=-1, keepdims=True)
