"""The posterior of a recruitment that has reached commitment, by the generator's own chain: never ranked.

A forward filter (Rabiner 1989) over profile, stage and part of the stage's dwelling time with the true parameters of
the region, the true habits and pace of the holder and the true length that the chain is scaled by. Who holds the
account, and so which course it is, is not used; a platform's mix of profiles is counted over all conversations. Needs
hidden truth. Cost: some ten seconds per 1,000 conversations.
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipdata.core.world import World, newest_released
from tipdata.stages.messages import acts

from tipbaselines.frames import score_frame
from tipbaselines.recruitment_onset.oracle_of_threads import ThreadFilter, probabilities

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

HIDDEN = ("kind", "strategy", "form", "opens", "number", "holder", "length")


class Oracle:
    needs: frozenset[str] = frozenset(
        {f"conversations.{name}" for name in ("region", "platform", "minute", *HIDDEN)}
        | {f"messages.{name}" for name in ("minute", "side", "act", "channel")}
    )
    stochastic = False
    oracle = True

    def __init__(self, world: World | None = None) -> None:
        """``world``: whose conversations they are; None for the released one."""
        self._world = World.of(newest_released()) if world is None else world

    def fit(self, fold: "Fold", seed: int) -> None:
        """Only the mix of profiles on each platform is counted."""
        self._unit = fold.task.unit
        frame = fold.tables["conversations"].collect()
        platform, profile = frame["platform"].to_numpy(), _profiles(self._world, frame)
        count = len(acts.course_of_profile(self._world))
        self._mix = {
            p: probabilities(np.bincount(profile[platform == p], minlength=count) + 0.1)
            for p in set(platform)
        }

    def begin(self, units: pl.DataFrame) -> None:
        self._filters = [
            ThreadFilter(self._world, group.sort(self._unit), self._unit, self._mix)
            for _, group in units.group_by("region")
        ]

    def step(self, rows: pl.DataFrame) -> pl.DataFrame:
        made = []
        for one in self._filters:
            here = rows.filter(pl.col(self._unit).is_in(one.ids.implode()))
            if here.height:
                made.append(score_frame(here[self._unit], one.step(here)))
        return pl.concat(made)


def _profiles(world: World, frame: pl.DataFrame) -> np.ndarray:
    """Return (conversations,) the true profile of each."""
    named = frame.select(pl.coalesce("strategy", "kind")).to_series()
    course = named.replace_strict(acts.COURSES, range(len(acts.COURSES))).to_numpy()
    forms = acts.forms(world)
    form = frame["form"].replace_strict(forms, range(len(forms)), default=0).to_numpy()
    return acts.profile(world, course, form)
