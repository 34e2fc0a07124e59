"""The posterior of a recruitment that has reached commitment, by the generator's own chain: never ranked.

A forward filter (Rabiner 1989) over profile, stage and part of the stage's dwelling time with the true parameters of
the region, the true habits and pace of the holder and the true length that the chain is scaled by. Who holds the
account, and so which course it is, is not used; a platform's mix of profiles is counted over all conversations. Needs
hidden truth. Cost: some ten seconds per 1,000 conversations.
"""

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipdata.core.draw import ONE
from tipdata.core.world import DAYS, MINUTES_A_DAY, World, newest_released, parse_release_name
from tipdata.stages import draw_tables
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import WEEK, ThreadModel, reply_rows

from tipbaselines.frames import score_frame, shares

HIDDEN = ("kind", "strategy", "form", "opens", "number", "holder", "length")


class Oracle:
    needs = frozenset(f"conversations.{name}" for name in ("region", "platform", "minute", *HIDDEN))
    needs |= {f"messages.{name}" for name in ("minute", "side", "act", "channel")}
    stochastic = False
    oracle = True

    def __init__(self, world: World | str | None = None) -> None:
        """``world``: whose conversations they are, or the name of its release; None for the released one."""
        if isinstance(world, str):
            version, size, number = parse_release_name(world)
            world = World.of(version, int(number or 0), size=size)
        self._world = World.of(newest_released()) if world is None else world

    def fit(self, fold: Fold, seed: int) -> None:
        """Only the mix of profiles on each platform is counted."""
        self._unit = fold.task.unit
        frame = fold.tables["conversations"].collect()
        named = frame.select(pl.coalesce("strategy", "kind")).to_series()
        course = named.replace_strict(acts.COURSES, range(len(acts.COURSES))).to_numpy()
        forms = acts.forms(self._world)
        form = frame["form"].replace_strict(forms, range(len(forms)), default=0).to_numpy()
        platform, profile = frame["platform"].to_numpy(), acts.profile(self._world, course, form)
        count = len(acts.course_of_profile(self._world))
        counts = {p: np.bincount(profile[platform == p], minlength=count) for p in set(platform)}
        self._mix = {p: shares(of_profile + 0.1) for p, of_profile in counts.items()}

    def begin(self, units: pl.DataFrame) -> None:
        groups = (group.sort(self._unit) for _, group in units.group_by("region"))
        self._filters = [ThreadFilter(self._world, group, self._unit, self._mix) for group in groups]

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        parts = [(one, rows.filter(pl.col(self._unit).is_in(one.ids.implode()))) for one in self._filters]
        return pl.concat(score_frame(here[self._unit], one.step(here)) for one, here in parts if here.height)


HOUR, MILLI = 60, 1000.0


class ThreadFilter:
    """The forward filter of one region's conversations, side by side.

    ``units``: sorted by unit, with the hidden columns. The state is (units, profiles, 2, stages, 2): whether
    commitment has been reached, the stage, and in which of its two parts the stage is.
    """

    def __init__(self, world: World, units: pl.DataFrame, unit: str, mix: dict[str, np.ndarray]) -> None:
        self.ids, self._unit = units[unit], unit
        region = world.region(int(units["region"][0]))
        model = ThreadModel.of(region)
        self._course = acts.course_of_profile(world)
        self._recruits = self._course < len(acts.STRATEGIES)
        self._minutes, self._days = region["messages.gap_minutes"], region["messages.gap_days"]
        self._channel_code = {name: code for code, name in enumerate(region["messages.channels"])}
        self._opens = units["opens"].to_numpy()
        opening = model.opens[self._course] / ONE
        prior = np.stack([mix[p] for p in units["platform"]])
        self._prior = prior * np.where(self._opens[:, None], opening, 1 - opening)
        holder, number = units["holder"].to_numpy(), units["number"].to_numpy()
        self._habits = np.exp(acts.draw_habits(region, holder, number) / MILLI)
        self._act = np.exp(model.act / MILLI)
        pace = acts.draw_pace(region, holder)
        classes = np.arange(model.gap.shape[-1])
        self._gap = shares(np.exp((model.gap[None] + pace[:, None, None, None] * classes) / MILLI))
        scale = acts.dwell_scale(model.dwell[None], units["length"].to_numpy()[:, None, None])
        self._stays = np.exp(-MILLI / scale)[:, self._course][:, :, None, :]
        self._hours = shares(model.hours.astype(float))[self._course]
        self._again = (model.again / ONE)[self._course]
        self._hop = model.hop / ONE
        self._first_channel = shares(model.first_channel.astype(float))[self._course]
        self._next_channel = shares(model.next_channel.astype(float))[self._course]
        self._state = np.zeros((len(units), len(self._course), 2, len(acts.STAGES), 2))
        self._minute = np.full(len(units), -1, dtype=np.int64)
        self._role = np.zeros(len(units), dtype=np.int64)
        self._channel = np.full(len(units), -1)
        self._onward = shares(model.onward.astype(float))
        self._place, self._reply = np.exp(model.place / MILLI), np.exp(model.reply / MILLI)
        self._weekdays = shares(model.weekdays.astype(float))[self._course]
        self._away = shares(model.away.astype(float))[self._course]
        past, _ = draw_tables(region, ("places",))
        places = past["places"]
        closed = {places.codes[p]: day for p, day in zip(places.platform, places.closed, strict=True)}
        ends = np.array([closed[code] for code in units["platform"]])
        self._ends = np.where(ends < DAYS, ends, DAYS * 2) * MINUTES_A_DAY
        self._number = np.zeros(len(units), dtype=np.int64)
        self._said = np.full(len(units), -1)

    def step(self, rows: pl.DataFrame) -> np.ndarray:
        """Return (rows,) posterior of a recruitment that has reached commitment, after each unit's next message."""
        at = np.searchsorted(self.ids.to_numpy(), rows[self._unit].to_numpy())
        begins = self._minute[at] < 0
        started = np.zeros((len(at), *self._state.shape[1:]))
        started[:, :, 0, acts.STAGES.index("contact"), 0] = self._prior[at]
        ahead = np.where(begins[:, None, None, None, None], started, self._move(self._state[at], at))
        state = ahead * self._likelihood(at, rows, begins)[:, :, None, :, None]
        state /= state.sum(axis=(1, 2, 3, 4), keepdims=True)
        self._state[at] = state
        return state[:, self._recruits, 1].sum(axis=(1, 2, 3))

    def _move(self, state: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return one message on: a stage lasts, goes over to its second part, or leads onward."""
        stays = self._stays[at]
        first, second = state[..., 0], state[..., 1]
        leaves = (first * (1 - stays) + second) * (1 - stays)
        enters = np.einsum("npbs,pst->npbt", leaves, self._onward, optimize=True)
        enters[:, :, 1, acts.COMMITMENT] += enters[:, :, 0, acts.COMMITMENT]
        enters[:, :, 0, acts.COMMITMENT] = 0
        return np.stack([first * stays + enters, (first * (1 - stays) + second) * stays], axis=-1)

    def _likelihood(self, at: np.ndarray, rows: pl.DataFrame, begins: np.ndarray) -> np.ndarray:
        """Return the likelihood of each row, (rows, profiles, stages)."""
        first = rows["side"].to_numpy() == "first"
        role = np.where(first == self._opens[at], acts.HOLDER, acts.OTHER)
        turns = ~begins & (role != self._role[at])
        minute = rows["minute"].to_numpy().astype(np.int64)
        late = (minute >= self._ends[at]) & (self._minute[at] < self._ends[at]), minute >= self._ends[at]
        # Probability of the speaker after the last one; who opens is in the prior.
        again = self._again[:, self._role[at]].T
        speaker = np.where((role == self._role[at])[:, None], again, 1 - again)
        self._role[at] = role
        likelihood = np.where(begins[:, None], 1.0, speaker)[:, :, None] * self._times(at, minute, begins)
        likelihood = likelihood * self._channels(at, rows["channel"], begins, *late)
        return likelihood * self._acts(at, rows["act"], role, turns)

    def _acts(self, at: np.ndarray, said: pl.Series, role: np.ndarray, turns: np.ndarray) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the act by stage, habit, place and as an answer."""
        place = self._place[np.minimum(self._number[at], len(self._place) - 1)]
        factor = self._habits[at] * place * self._reply[reply_rows(self._said[at], turns)]
        codes = range(len(acts.ACTS))
        act = said.replace_strict(acts.ACTS, codes, default=-1, return_dtype=pl.Int64).to_numpy()
        self._number[at] += 1
        self._said[at] = act
        likelihood = np.ones((len(at), *self._act.shape[:2]))
        for who in (acts.HOLDER, acts.OTHER):
            here = np.flatnonzero((role == who) & (act >= 0))
            total = np.einsum("na,psa->nps", factor[here], self._act[:, :, who], optimize=True)
            weight = self._act[:, :, who, act[here]].transpose(2, 0, 1)
            likelihood[here] = weight * factor[here, act[here]][:, None, None] / total
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

    def _channels(
        self, at: np.ndarray, channel: pl.Series, begins: np.ndarray, moves: np.ndarray, away: np.ndarray
    ) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the channel; 1 where it is unknown, and then not anew.
        ``moves``: the first message after the site closed; ``away``: any after."""
        code = channel.replace_strict(self._channel_code, default=-1, return_dtype=pl.Int64).to_numpy()
        next_one = np.where(away[:, None], self._away[:, code].T, self._next_channel[:, code].T)
        kept = (code == self._channel[at])[:, None, None]
        likelihood = kept * (1 - self._hop) + next_one[:, :, None] * self._hop
        likelihood = np.where(moves[:, None, None], next_one[:, :, None], likelihood)
        likelihood = np.where(begins[:, None, None], self._first_channel[:, code].T[:, :, None], likelihood)
        self._channel[at] = np.where(code >= 0, code, self._channel[at])
        return np.where((code < 0)[:, None, None], 1.0, likelihood)
