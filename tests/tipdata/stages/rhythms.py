"""Measures of time in the tables of a world; the test beside this file holds them, ``research/world/rhythm.py``
prints them.

*Burstiness* is Kim and Jo's (2016) for finite sequences: with r the standard deviation over the mean of the n times
between adverts of an operation, (sqrt(n+1) r - sqrt(n-1)) / ((sqrt(n+1) - 2) r + sqrt(n-1)): -1 for a clock, 0 for
chance, 1 for one burst. Operations with ten adverts or more. Weekday and hour are taken out in two ways. *Rescaled*: a
minute counts as much as all operations of those hours post in its weekday and hour (Jo et al. 2012). *Thinned*: each
advert stays with a chance inverse to that, and what lies in the third of the hours in which least is posted is left out
together with those hours; operations of which ten adverts are left.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier
from tipdata.core.draw import Stream
from tipdata.core.kinds import CATEGORIES, KINDS
from tipdata.core.world import DAYS, MINUTES_A_DAY, World
from tipdata.stages import draw_tables
from tipdata.stages.operations.stage import Operations

FEWEST = 10
WEEK = 7 * 24
QUIET = 8
"""Hours of the day that thinning leaves out."""
MONTH = 30


def drawn(
    version: str, world: int, regions: int, needed: tuple[str, ...], size: str = ""
) -> dict[str, pl.DataFrame]:
    """Return tables of the first regions, and ``hours``: kind of each operation, and which hours it keeps."""
    parts: dict[str, list[pl.DataFrame]] = {}
    for index in range(regions):
        past, made = draw_tables(World.of(version, world, size=size).region(index), needed)
        made["hours"] = hours_of(past["operations"])
        for name, frame in made.items():
            parts.setdefault(name, []).append(frame)
    return {name: pl.concat(frames) for name, frames in parts.items()}


def hours_of(o: Operations) -> pl.DataFrame:
    """Return kind of each operation, and which hours it keeps."""
    return pl.DataFrame({"operation": o.id, "kind": np.array(KINDS)[o.kind], "hours": o.traits["hours"]})


def burstiness(times: np.ndarray) -> float:
    """Return Kim and Jo's burstiness of a sequence of times; nan where it has none."""
    gaps = np.diff(np.sort(times.astype(float)))
    n = len(gaps)
    if n < 2 or gaps.mean() == 0:
        return math.nan
    r = gaps.std() / gaps.mean()
    return float(((n + 1) ** 0.5 * r - (n - 1) ** 0.5) / (((n + 1) ** 0.5 - 2) * r + (n - 1) ** 0.5))


def weights_of(minute: np.ndarray) -> np.ndarray:
    """Return (7, 24) weight of each hour of a week, weekday and hour apart, with mean 1."""
    day = np.bincount(minute // MINUTES_A_DAY % 7, minlength=7)
    hour = np.bincount(minute // 60 % 24, minlength=24)
    return np.outer(day / day.mean(), hour / hour.mean())


def rescaled(minute: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return times measured by the weights of the hours of a week."""
    flat = weights.ravel()
    before = np.concatenate([[0], np.cumsum(flat)])
    hour = minute // 60 % WEEK
    return minute // (WEEK * 60) * before[-1] + before[hour] + flat[hour] * (minute % 60) / 60


def thinned(minute: np.ndarray, weights: np.ndarray, seed: int) -> np.ndarray:
    """Return times that are left where every busy hour is thinned to the least of them, without the quiet hours."""
    hour, day = minute // 60 % 24, minute // MINUTES_A_DAY % 7
    busy = np.sort(np.argsort(weights.sum(axis=0))[QUIET:])
    least = weights[:, busy].min()
    drawn = Stream(seed, "thinned").uniform(np.arange(len(minute)))
    kept = np.isin(hour, busy) & (drawn * weights[day, hour] < least)
    at = np.searchsorted(busy, hour)
    return ((minute // MINUTES_A_DAY * len(busy) + at) * 60 + minute % 60)[kept]


def posting(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return burstiness of each operation with enough adverts, rescaled and thinned, by kind."""
    hours = tables["hours"]
    posted = tables["adverts"].select("operation", "minute").join(hours, on="operation")
    weights = {level: weights_of(group["minute"].to_numpy()) for (level,), group in posted.group_by("hours")}
    rows = []
    for (operation, kind, level), group in posted.group_by("operation", "kind", "hours"):
        minute = group["minute"].to_numpy()
        left = thinned(minute, weights[level], int(operation))
        rows.append(
            {
                "kind": kind,
                "rescaled": burstiness(rescaled(minute, weights[level])) if len(minute) >= FEWEST else None,
                "thinned": burstiness(left) if len(left) >= FEWEST else None,
            }
        )
    return pl.DataFrame(rows).with_columns(pl.col("rescaled", "thinned").fill_nan(None))


def dwell_statistics(stops: pl.DataFrame, circuits: pl.DataFrame) -> pl.DataFrame:
    """Return statistics of the days between stops of each circuit with four or more."""
    gap = pl.col("day").diff().over("circuit")
    gaps = stops.sort("circuit", "sequence").with_columns(gap=gap).drop_nulls("gap")
    least = pl.col("gap").min().over("circuit")
    common = pl.col("gap").mode().min().over("circuit")
    return (
        gaps.with_columns(least=least, common=common)
        .group_by("circuit", maintain_order=True)
        .agg(
            stops=pl.len(),
            days=pl.col("gap").sum(),
            mean=pl.col("gap").mean(),
            sd=pl.col("gap").std(),
            low=pl.col("gap").min(),
            high=pl.col("gap").max(),
            **{f"q{q}": pl.col("gap").quantile(q / 100) for q in (25, 50, 75)},
            kinds=pl.col("gap").n_unique(),
            common=pl.col("common").first(),
            of_least=(pl.col("gap") % pl.col("least") == 0).mean(),
            of_common=(pl.col("gap") % pl.col("common") == 0).mean(),
            **{f"of_{k}": (pl.col("gap") % k == 0).mean() for k in (2, 3, 5, 7)},
        )
        .filter(pl.col("stops") >= 3)
        .join(circuits.select("circuit", "region", "advertised"), on="circuit")
    )


def dwell_auroc(statistics: pl.DataFrame) -> float:
    """Return how well a tree tells advertised circuits from others by these statistics, in regions it has not seen."""
    names = [c for c in statistics.columns if c not in ("circuit", "region", "advertised")]
    x, y = statistics.select(names).fill_null(0).to_numpy(), statistics["advertised"].to_numpy()
    tree = DecisionTreeClassifier(max_depth=6, min_samples_leaf=15, random_state=0)
    folds = GroupKFold(min(5, statistics["region"].n_unique()))
    score = cross_val_predict(
        tree, x, y, groups=statistics["region"].to_numpy(), cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(y, np.asarray(score)[:, 1]))


def in_life(stops: pl.DataFrame, circuits: pl.DataFrame, operations: pl.DataFrame) -> float:
    """Return the share of operations' circuits all of whose stops lie in the life of their operation."""
    spell = stops.group_by("circuit").agg(first=pl.col("day").min(), last=pl.col("day").max())
    owned = circuits.drop_nulls("operation").select("circuit", "operation").join(spell, on="circuit")
    lives = owned.join(operations.select("operation", "begins", "ends"), on="operation")
    return _mean(lives.select((pl.col("first") >= pl.col("begins")) & (pl.col("last") <= pl.col("ends"))))


def daily_counts(tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return rows by region and day: of the market, of all adverts, and of what an adult site led where one closes."""
    platforms = tables["platforms"]
    market = tables["market"].drop_nulls("platform").group_by("region", "day")
    day = pl.col("minute") // MINUTES_A_DAY
    adverts = tables["adverts"].select("region", "category", day=day)
    led = platforms.filter(kind="adult").drop_nulls("closed").select("region")
    services = pl.col("category").is_in([name for name, family in CATEGORIES.items() if family == 0])
    both = {
        "all adverts of the table": adverts,
        "its services where an adult site closes": adverts.filter(services).join(led, on="region"),
    }
    counted = {name: frame.group_by("region", "day").agg(count=pl.len()) for name, frame in both.items()}
    return {"market": market.agg(count=pl.col("adverts").sum()), **counted}


def since_closure(daily: pl.DataFrame, platforms: pl.DataFrame) -> list[float]:
    """Return volume in the fourth week and in months 2 to 7 after closures, over that of the eight weeks before.

    Of all regions in which a site closes soon enough. ``daily``: region, day, count.
    """
    closing = platforms.filter(pl.col("closed") + 7 * MONTH <= DAYS).select("region", "closed")
    after = daily.join(closing, on="region").with_columns(since=pl.col("day") - pl.col("closed"))

    def a_day(low: int, high: int) -> float:
        return float(after.filter(pl.col("since").is_between(low, high))["count"].sum()) / (high - low + 1)

    spans = [(21, 27), *((MONTH * (month - 1), MONTH * month - 1) for month in range(2, 8))]
    return [a_day(low, high) / a_day(-56, -1) for low, high in spans]


def darknet(tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return share of adverts on darknet markets and number of adverts, by category."""
    sites = tables["platforms"].select("region", "platform", site="kind")
    kinds = tables["adverts"].join(sites, on=["region", "platform"])
    return (
        kinds.group_by("category")
        .agg(share=(pl.col("site") == "darknet").mean(), n=pl.len())
        .sort("category")
    )


def at_closed_sites(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    """Return rows at sites on or after the day on which they closed, or before they opened, by table."""
    sites = tables["platforms"].select("region", "platform", "opened", shut=pl.col("closed").fill_null(DAYS))
    adverts = tables["adverts"].select("region", "platform", day=pl.col("minute") // MINUTES_A_DAY)
    accounts = tables["accounts"].select("region", "account", "platform", day="created_day")
    ties = [
        tables["ties"]
        .select("region", "day", account=end)
        .join(accounts.drop("day"), on=["region", "account"])
        for end in ("source", "target")
    ]
    rows = {
        "adverts": adverts,
        "ties, source": ties[0],
        "ties, target": ties[1],
        "accounts, created": accounts.filter(pl.col("day") >= 0),
    }
    if "messages" in tables and "conversations" in tables:
        # What is said by phone or on another platform goes on where the site has closed.
        talks = tables["conversations"].select("conversation", "platform")
        rows["messages"] = (
            tables["messages"]
            .filter(pl.col("channel").is_in(["public", "private"]))
            .join(talks, on="conversation")
            .select("region", "platform", day=pl.col("minute") // MINUTES_A_DAY)
        )
    return {
        name: frame.join(sites, on=["region", "platform"])
        .filter((pl.col("day") < pl.col("opened")) | (pl.col("day") >= pl.col("shut")))
        .height
        for name, frame in rows.items()
    }


def account_days(tables: dict[str, pl.DataFrame]) -> dict[str, float]:
    """Return shares of accounts and ties that lie where they should in the life of their operation."""
    lives = tables["operations"].select("operation", "begins", "ends", "last_day")
    accounts = tables["accounts"].join(lives, on="operation", how="left")
    owned = accounts.drop_nulls("operation")
    habits = tables["account_habits"].select("account", "outreach")
    days = owned.select("account", "created_day", "closed_day", "begins", "ends", "last_day").join(
        habits, on="account"
    )
    found = {
        "accounts created before the end": _mean(owned.select(pl.col("created_day") <= pl.col("ends"))),
        "accounts closed": _mean(owned.select(pl.col("closed_day").is_not_null())),
    }
    for end in ("source", "target"):
        ties = tables["ties"].select("day", "reason", account=end).join(days, on="account")
        last = pl.min_horizontal("ends", pl.col("closed_day").fill_null(DAYS) - 1)
        inside = pl.col("day").is_between("created_day", last)
        found[f"ties in life, {end}"] = _mean(ties.select(inside))
        if end == "source":
            sent = ties.filter("outreach").filter(pl.col("reason") != "answer")
            found["ties of outreach while it recruits"] = _mean(
                sent.select(pl.col("day").is_between("begins", "last_day"))
            )
    posted = (
        tables["adverts"].select("account", day=pl.col("minute") // MINUTES_A_DAY).join(days, on="account")
    )
    found["adverts while their account is there"] = _mean(
        posted.select(
            (pl.col("day") >= pl.col("created_day")) & (pl.col("day") < pl.col("closed_day").fill_null(DAYS))
        )
    )
    return found


def rank_slope(counts: np.ndarray, ranks: int) -> float:
    """Return slope of log count over log rank, of the largest ``ranks``."""
    top = np.sort(counts)[::-1][:ranks].astype(float)
    return float(np.polyfit(np.log(np.arange(1, len(top) + 1)), np.log(top), 1)[0])


def hubs(tables: dict[str, pl.DataFrame], ranks: int = 50) -> dict[str, float]:
    """Return rank-size slopes, medians over regions."""
    used = tables["adverts"].select("region", "operation", "contacts").explode("contacts").drop_nulls()
    counted = {
        "adverts a contact": used.group_by("region", "contacts").len(),
        "operations a contact": used.group_by("region", "contacts").agg(len=pl.col("operation").n_unique()),
        "ties an account receives": tables["ties"].group_by("region", "target").len(),
        "ties an account sends": tables["ties"].group_by("region", "source").len(),
        "adverts an operation": tables["adverts"].group_by("region", "operation").len(),
    }
    return {
        name: float(np.median([rank_slope(g["len"].to_numpy(), ranks) for _, g in frame.group_by("region")]))
        for name, frame in counted.items()
    }


def profiles(tables: dict[str, pl.DataFrame]) -> dict[str, np.ndarray]:
    """Return shares of weekdays, percent, of every table with days or minutes; and of hours where it has minutes."""
    found = {}
    for name, frame in tables.items():
        at = next((c for c in ("minute", "day", "created_day") if c in frame.columns), None)
        if at is None or name in ("market", "interventions"):
            continue
        values = frame[at].drop_nulls().to_numpy()
        day = values // MINUTES_A_DAY if at == "minute" else values
        found[f"{name}, weekday"] = 100 * np.bincount(day % 7, minlength=7) / len(day)
        if at == "minute":
            hour = values // 60 % 24 // 3
            found[f"{name}, three hours"] = 100 * np.bincount(hour, minlength=8) / len(hour)
    return found


def _mean(frame: pl.DataFrame) -> float:
    return float(frame.to_series().mean() or 0)  # type: ignore[arg-type]
