"""The series that an intervention may have changed, and those of its controls, cut from a fold's market.

Counts are summed over weeks that are aligned with the intervention; levels are taken as they come. Controls are the
regions without an intervention of the same kind until the last day that any of its effects looks at. A platform's
controls are the same platform elsewhere, or whole regions where fewer than :data:`FEWEST` of them have it.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
from tipcore.errors import UsageError

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NEEDS = frozenset(
    {
        *(f"effects.{name}" for name in ("region", "outcome", "day", "first_day", "last_day", "scale")),
        *("market.region", "market.day"),
    }
)
WEEK = 7
FEWEST = 5
"""Regions that must have a platform before it is compared with itself elsewhere."""
SITE_OUTCOME = "adverts"
"""What shares are shares of."""

Effect = dict[str, Any]
"""A row of effects by column."""


@dataclass(frozen=True)
class Course:
    """One series and its controls by period: a week of counts, or a step of levels.

    ``own``: [periods]. ``controls``: [controls, periods]. Neither has gaps. ``before``: periods before the
    intervention. ``counts``: whether changes are ratios rather than differences. ``regions``: those of the controls
    [controls].
    """

    own: np.ndarray
    controls: np.ndarray
    before: int
    counts: bool
    regions: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def window(self, effect: Effect) -> slice:
        """Return the periods of an effect's window."""
        length = WEEK if self.counts else 1
        first, last = (
            self.before + (day - effect["day"]) // length
            for day in (effect["first_day"], effect["last_day"] + 1)
        )
        return slice(first, last)

    def placebo(self, control: int) -> "Course":
        """Return a control in place of the series itself, beside the other controls."""
        others = np.delete(self.controls, control, axis=0)
        return Course(self.controls[control], others, self.before, self.counts)


@dataclass(frozen=True)
class Market:
    """The series of a fold.

    ``regions``: sorted. ``platforms``: sorted, null last. ``values``: outcome -> [regions, platforms, days], NaN where
    there is none. ``interventions``: ``[region, kind, day, platform, last_day]``, the last day that an effect of
    theirs looks at, null where no effect is asked for.
    """

    regions: np.ndarray
    platforms: list[str | None]
    first_day: int
    values: dict[str, np.ndarray]
    interventions: pl.DataFrame

    @classmethod
    def of(cls, fold: "Fold") -> "Market":
        """Return every series and intervention that a fold shows. Rows without a region are nobody's, and left out.

        Raises UsageError for columns of a user's own panel that no method here would use.
        """
        series = fold.tables["market"].collect().drop_nulls("region")
        effects = fold.tables["effects"].collect()
        if not fold.apart:
            _refuse_covariates(series.columns, effects)
        if "platform" not in series.columns:
            series = series.with_columns(pl.lit(None, dtype=pl.String).alias("platform"))
        platforms = series["platform"].unique().sort(nulls_last=True).to_list()
        number = {name: place for place, name in enumerate(platforms)}
        regions = np.unique(series["region"].to_numpy())
        day = series["day"].cast(pl.Int64).to_numpy()
        first = int(day.min())
        at = (
            np.searchsorted(regions, series["region"].to_numpy()),
            np.array([number[name] for name in series["platform"]]),
            day - first,
        )
        values = {}
        for outcome in sorted({*effects["outcome"], SITE_OUTCOME} & set(series.columns)):
            values[outcome] = np.full((len(regions), len(platforms), int(day.max()) - first + 1), np.nan)
            values[outcome][at] = series[outcome].cast(pl.Float64).fill_null(np.nan).to_numpy()
        return cls(regions, platforms, first, values, _interventions(fold, effects))

    @cached_property
    def _wholes(self) -> dict[str, np.ndarray]:
        """The series of whole regions by outcome [regions, days], made once for all effects."""
        return {outcome: _whole(values) for outcome, values in self.values.items()}

    def course(self, effect: Effect, platform: str | None = None) -> Course | None:
        """Return the series of an effect's region, or of a platform there, with its controls; None where there is
        none."""
        counts = effect["scale"] != "level"
        outcome = effect["outcome"] if effect["scale"] != "share" else SITE_OUTCOME
        if outcome not in self.values or effect["region"] not in self.regions:
            return None
        last = self._last_day(effect)
        own, free = self._own(effect), self._free(effect, last)
        whole = self._wholes[outcome]
        series, controls = whole[own], whole[free]
        if platform is not None:
            of_site = self.values[outcome][:, self.platforms.index(platform)]
            series = of_site[own]
            there = _start(of_site[free]) <= _start(series)
            if there.sum() >= FEWEST:
                free, controls = free[there], of_site[free][there]
        start = int(_start(series)) if platform is not None else int(np.argmax(~np.isnan(series)))
        beside = _Controls(controls, self.regions[free])
        return _course(series, beside, effect["day"] - self.first_day, start, last - self.first_day, counts)

    def observed(self, effect: Effect) -> float:
        """Return the sum of an effect's outcome over its window, of its platform where it is about a share."""
        share = effect["scale"] == "share"
        values = self.values[SITE_OUTCOME if share else effect["outcome"]][self._own(effect)]
        sites = [self.platforms.index(effect["platform"])] if share else slice(None)
        days = slice(effect["first_day"] - self.first_day, effect["last_day"] + 1 - self.first_day)
        return float(np.nansum(values[sites, days]))

    def closed(self, effect: Effect) -> str | None:
        """Return the platform that closed in an effect's region on its day."""
        there = self._same_day(effect)["platform"].drop_nulls()
        return there[0] if len(there) else None

    def _own(self, effect: Effect) -> int:
        return int(np.searchsorted(self.regions, effect["region"]))

    def _same_day(self, effect: Effect) -> pl.DataFrame:
        return self.interventions.filter(
            region=effect["region"], day=effect["day"], kind=effect.get("kind", "")
        )

    def _last_day(self, effect: Effect) -> int:
        """Return the last day that any effect of the same intervention looks at."""
        last = self._same_day(effect)["last_day"].max()
        return last if isinstance(last, int) else effect["last_day"]

    def _free(self, effect: Effect, last: int) -> np.ndarray:
        """Return positions of the other regions without an intervention of the effect's kind until this day."""
        of_kind = self.interventions.filter(pl.col("day") <= last, kind=effect.get("kind", ""))
        touched = [*of_kind["region"].to_list(), effect["region"]]
        return np.flatnonzero(~np.isin(self.regions, touched))


def _refuse_covariates(columns: list[str], effects: pl.DataFrame) -> None:
    """Refuse columns of a user's own market that are the outcome of no effect: to ignore them would mislead."""
    used = {"region", "platform", "day", *effects.filter(pl.col("scale") != "share")["outcome"]}
    if "share" in effects["scale"]:
        used.add(SITE_OUTCOME)
    if unused := [name for name in columns if name not in used]:
        raise UsageError(
            f"market has columns that are the outcome of no effect ({', '.join(unused[:12])}): no method of "
            "intervention_effect that comes with tipbench uses covariates; leave them out of data.tables.market."
        )


def _interventions(fold: "Fold", effects: pl.DataFrame) -> pl.DataFrame:
    """Return those of the table where there is one, else those that effects are of."""
    if "kind" not in effects.columns:
        effects = effects.with_columns(pl.lit("").alias("kind"))
    asked = effects.group_by("region", "kind", "day").agg(pl.col("last_day").max())
    if "interventions" in fold.tables:
        told = fold.tables["interventions"].select("region", "kind", "day", "platform").collect()
        asked = told.join(asked, on=["region", "kind", "day"], how="left")
    else:
        asked = asked.with_columns(pl.lit(None, dtype=pl.String).alias("platform"))
    return asked.sort("region", "kind", "day")


def _whole(values: np.ndarray) -> np.ndarray:
    """Return [regions, days]: sums over platforms, NaN where none has a value."""
    return np.where(np.isnan(values).all(axis=1), np.nan, np.nansum(values, axis=1))


def _start(series: np.ndarray) -> np.ndarray:
    """Return the first position [...] with a value above 0, past the end where there is none."""
    above = series > 0
    return np.where(above.any(axis=-1), above.argmax(axis=-1), series.shape[-1])


class _Controls(NamedTuple):
    """Series of the controls by day [controls, days], and their regions [controls]."""

    series: np.ndarray
    regions: np.ndarray


def _course(
    series: np.ndarray, controls: _Controls, day: int, start: int, last: int, counts: bool
) -> Course | None:
    """Return series and controls by period, without controls that have gaps or nothing before the intervention."""
    length = WEEK if counts else 1
    before = (day - start) // length
    if before < 1:
        return None
    periods = before + (last + 1 - day) // length
    days = slice(day - before * length, day - before * length + periods * length)
    own = series[days].reshape(periods, length).sum(axis=1)
    beside = controls.series[:, days].reshape(-1, periods, length).sum(axis=2)
    kept = ~np.isnan(beside).any(axis=1)
    if counts:
        kept &= beside[:, :before].any(axis=1)
    if np.isnan(own).any() or (counts and not own[:before].any()):
        return None
    return Course(own, beside[kept], before, counts, controls.regions[kept])
