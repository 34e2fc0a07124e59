"""The posterior of a recruitment that has reached commitment, by the generator's own chain: never ranked.

A forward filter (Rabiner 1989) over profile, stage and part of the stage's dwelling time with the true parameters of
the region, the true habits and pace of the holder and the true length that the chain is scaled by. Who holds the
account, and so which course it is, is not used; a platform's mix of profiles is counted over all conversations. Needs
hidden truth. Cost: about a second per 1,000 conversations.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import polars as pl
from tipbench.data.fold import Fold
from tipdata.core.draw import ONE
from tipdata.core.world import DAYS, MINUTES_A_DAY, Region, World, newest_released, parse_release_name
from tipdata.stages import draw_tables
from tipdata.stages.messages import acts
from tipdata.stages.messages.acts import WEEK, ThreadModel

from tipbaselines.frames import score_frame, shares
from tipbaselines.recruitment_onset.conversations import enum_codes

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
        if units.height:
            self._filter = ThreadFilter(self._world, units, self._unit, self._mix)

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        return score_frame(rows[self._unit], self._filter.step(rows))


HOUR, MILLI = 60, 1000.0
SIDE, ACT = pl.Enum(["first", "second"]), pl.Enum(acts.ACTS)
Parts = list[tuple[int, slice]]
"""Positions of regions, and their rows of a step."""


class ThreadFilter:
    """The forward filter of conversations, those of a region side by side.

    ``units``: with the hidden columns. The state is (units, profiles, 2, stages, 2): whether commitment has been
    reached, the stage, and in which of its two parts the stage is. Units, and the rows of a step, are kept by region;
    tables begin with the region, and then with what is seen.
    """

    def __init__(self, world: World, units: pl.DataFrame, unit: str, mix: dict[str, np.ndarray]) -> None:
        units, self._unit = units.sort("region", unit), unit
        self._place_of_id = units[unit].arg_sort().to_numpy()
        self._ids = units[unit].to_numpy()[self._place_of_id]
        listed, begins, of = np.unique(units["region"].to_numpy(), return_index=True, return_inverse=True)
        self._region, self._edges = of, np.append(begins, units.height)
        regions = [world.region(int(number)) for number in listed]
        models = [ThreadModel.of(region) for region in regions]
        course = acts.course_of_profile(world)

        def table(name: str) -> np.ndarray:
            return np.stack([getattr(model, name) for model in models])

        def seen_table(name: str) -> np.ndarray:
            return shares(table(name).astype(float))[:, course].swapaxes(1, 2).copy()

        def draw(by: Callable[..., np.ndarray], *columns: str) -> np.ndarray:
            values = [units[name].to_numpy() for name in columns]
            parts = zip(regions, pairwise(self._edges), strict=True)
            return np.concatenate([by(region, *(v[a:b] for v in values)) for region, (a, b) in parts])

        self._course, self._recruits = course, course < len(acts.STRATEGIES)
        # No region has classes of gaps or channels of its own.
        self._minutes, self._days = regions[0]["messages.gap_minutes"], regions[0]["messages.gap_days"]
        self._channel_type = pl.Enum(regions[0]["messages.channels"])
        self._opens = units["opens"].to_numpy()
        opening = (table("opens") / ONE)[of][:, course]
        prior = np.stack([mix[p] for p in units["platform"]])
        self._prior = prior * np.where(self._opens[:, None], opening, 1 - opening)
        self._habits = np.exp(draw(acts.draw_habits, "holder", "number") / MILLI)
        act = np.exp(table("act") / MILLI).transpose(0, 3, 1, 2, 4)  # regions, roles, profiles, stages, acts
        self._acts_of_role = act.reshape(*act.shape[:2], -1, act.shape[-1])
        self._act = act.transpose(0, 1, 4, 2, 3).copy()
        pace = draw(acts.draw_pace, "holder")[:, None, None, None]
        self._gap = shares(np.exp((table("gap")[of] + pace * np.arange(models[0].gap.shape[-1])) / MILLI))
        scale = acts.dwell_scale(table("dwell")[of], units["length"].to_numpy()[:, None, None])
        self._stays = np.exp(-MILLI / scale)[:, course][:, :, None, :]
        self._hours, self._weekdays = seen_table("hours"), seen_table("weekdays")
        self._passed = np.cumsum(self._hours, axis=1) - self._hours
        self._later = np.stack([self._later_days(weekdays) for weekdays in self._weekdays])
        self._again = (table("again") / ONE)[:, course].swapaxes(1, 2)
        self._hop = table("hop") / ONE
        self._first_channel, self._next_channel = seen_table("first_channel"), seen_table("next_channel")
        self._away = seen_table("away")
        self._state = np.zeros((units.height, len(course), 2, len(acts.STAGES), 2))
        self._minute = np.full(units.height, -1, dtype=np.int64)
        self._role = np.zeros(units.height, dtype=np.int64)
        self._channel = np.full(units.height, -1)
        self._onward = shares(table("onward").astype(float))
        self._place, self._reply = np.exp(table("place") / MILLI), np.exp(table("reply") / MILLI)
        ends = draw(_closing_days, "platform")
        self._ends = np.where(ends < DAYS, ends, DAYS * 2) * MINUTES_A_DAY
        self._number = np.zeros(units.height, dtype=np.int64)
        self._said = np.full(units.height, -1)

    def _later_days(self, weekdays: np.ndarray) -> np.ndarray:
        """Return (7, classes, profiles) weight of the days of a class of gap, by the weekday of the message before."""
        ahead = np.arange(1, self._days[-1])
        bounds = np.array(self._days)[:, None]
        asked = np.tile((ahead >= bounds[:-1]) & (ahead < bounds[1:]), (WEEK, 1))
        week = np.repeat((np.arange(WEEK)[:, None] + ahead) % WEEK, len(self._days) - 1, axis=0)
        whole = np.einsum("prd,rd->rp", weekdays.T[:, week], asked, optimize=True)
        return whole.reshape(WEEK, len(self._days) - 1, -1)

    def step(self, rows: pl.DataFrame) -> np.ndarray:
        """Return (rows,) posterior of a recruitment that has reached commitment, after each unit's next message."""
        at = self._place_of_id[np.searchsorted(self._ids, rows[self._unit].to_numpy())]
        order = np.argsort(at)
        at, rows = at[order], rows[order]
        edges = np.searchsorted(at, self._edges)
        parts = [(r, slice(a, b)) for r, (a, b) in enumerate(pairwise(edges)) if a < b]
        begins = self._minute[at] < 0
        likelihood = self._likelihood(at, rows, begins, parts)
        posterior = np.empty(len(at))
        for region, here in parts:
            state, new = self._move(at[here], region), begins[here]
            state[new] = 0
            state[new, :, 0, acts.STAGES.index("contact"), 0] = self._prior[at[here][new]]
            state *= likelihood[here, :, None, :, None]
            state /= state.sum(axis=(1, 2, 3, 4), keepdims=True)
            self._state[at[here]] = state
            posterior[order[here]] = state[:, self._recruits, 1].sum(axis=(1, 2, 3))
        return posterior

    def _move(self, at: np.ndarray, region: int) -> np.ndarray:
        """Return states of a region one message on: a stage lasts, goes over to its second part, or leads onward."""
        stays, state = self._stays[at], self._state[at]
        first, second = state[..., 0], state[..., 1]
        leaves = ((first * (1 - stays) + second) * (1 - stays)).transpose(1, 3, 0, 2)
        enters = self._onward[region].swapaxes(1, 2) @ leaves.reshape(*leaves.shape[:2], -1)
        enters = enters.reshape(leaves.shape).transpose(2, 0, 3, 1)
        enters[:, :, 1, acts.COMMITMENT] += enters[:, :, 0, acts.COMMITMENT]
        enters[:, :, 0, acts.COMMITMENT] = 0
        return np.stack([first * stays + enters, (first * (1 - stays) + second) * stays], axis=-1)

    def _likelihood(self, at: np.ndarray, rows: pl.DataFrame, begins: np.ndarray, parts: Parts) -> np.ndarray:
        """Return the likelihood of each row, (rows, profiles, stages)."""
        first = enum_codes(rows["side"], SIDE) == 0
        role = np.where(first == self._opens[at], acts.HOLDER, acts.OTHER)
        turns = ~begins & (role != self._role[at])
        minute = rows["minute"].to_numpy().astype(np.int64)
        late = (minute >= self._ends[at]) & (self._minute[at] < self._ends[at]), minute >= self._ends[at]
        # Probability of the speaker after the last one; who opens is in the prior.
        again = self._again[self._region[at], self._role[at]]
        speaker = np.where((role == self._role[at])[:, None], again, 1 - again)
        self._role[at] = role
        likelihood = np.where(begins[:, None], 1.0, speaker)[:, :, None] * self._times(at, minute, begins)
        likelihood = likelihood * self._channels(at, rows["channel"], begins, *late)
        return likelihood * self._acts(at, rows["act"], role, turns, parts)

    def _acts(
        self, at: np.ndarray, said: pl.Series, role: np.ndarray, turns: np.ndarray, parts: Parts
    ) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the act by stage, habit, place and as an answer."""
        region, act = self._region[at], enum_codes(said, ACT)
        place = self._place[region, np.minimum(self._number[at], self._place.shape[1] - 1)]
        factor = self._habits[at] * place * self._reply[region, acts.reply_rows(self._said[at], turns)]
        self._number[at] += 1
        self._said[at] = act
        profiles_and_stages = self._act.shape[3:]
        likelihood = np.ones((len(at), *profiles_and_stages))
        for number, part in parts:
            for who in (acts.HOLDER, acts.OTHER):
                here = part.start + np.flatnonzero((role[part] == who) & (act[part] >= 0))
                total = (self._acts_of_role[number, who] @ factor[here].T).T
                weight = self._act[number, who, act[here]] * factor[here, act[here]][:, None, None]
                likelihood[here] = weight / total.reshape(-1, *profiles_and_stages)
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
        clock, region = minute % MINUTES_A_DAY, self._region[at]
        hour = self._hours[region, clock // HOUR]
        put_off = ~begins & (gap == self._minutes[-1])
        any_before = HOUR * self._passed[region, clock // HOUR] + hour * (clock % HOUR + 1)[:, None]
        hour = np.where(put_off[:, None], any_before, hour)
        whole = self._later[region, before // MINUTES_A_DAY % WEEK, later]
        day = self._weekdays[region, minute // MINUTES_A_DAY % WEEK]
        chosen = np.where(begins[:, None], day * hour, np.where(sits[:, None], 1.0, hour * day / whole))
        return np.where(begins[:, None, None], 1.0, waited) * chosen[:, :, None]

    def _channels(
        self, at: np.ndarray, channel: pl.Series, begins: np.ndarray, moves: np.ndarray, away: np.ndarray
    ) -> np.ndarray:
        """Return (rows, profiles, stages) probability of the channel; 1 where it is unknown, and then not anew.
        ``moves``: the first message after the site closed; ``away``: any after."""
        region, code = self._region[at], enum_codes(channel, self._channel_type)
        next_one = np.where(away[:, None], self._away[region, code], self._next_channel[region, code])
        kept, hop = (code == self._channel[at])[:, None, None], self._hop[region][:, None, :]
        likelihood = kept * (1 - hop) + next_one[:, :, None] * hop
        likelihood = np.where(moves[:, None, None], next_one[:, :, None], likelihood)
        likelihood = np.where(
            begins[:, None, None], self._first_channel[region, code][:, :, None], likelihood
        )
        self._channel[at] = np.where(code >= 0, code, self._channel[at])
        return np.where((code < 0)[:, None, None], 1.0, likelihood)


def _closing_days(region: Region, platform: np.ndarray) -> np.ndarray:
    """Return (conversations,) day on which the site of each closes."""
    past, _ = draw_tables(region, ("places",))
    places = past["places"]
    closed = {places.codes[p]: day for p, day in zip(places.platform, places.closed, strict=True)}
    return np.array([closed[code] for code in platform])
