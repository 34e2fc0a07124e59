"""What is one more view of a case worth? python research/world/views.py [access] [views] [risk] [--worlds 1 2]

``access``: R-precision of case_linkage at each access. ``views``: the same at the widest access, where a method is
shown the tables of one view, of two, or of all (a view that it is not shown it cannot rank). ``risk``: advert_risk from
public columns, with what a platform knows of accounts, with its flags, and with payments as well: what intrusion buys.
Methods that learn do so from the truth. Splits are the tasks' own, forward. Intervals are 95%; they and those of
differences resample test operations, the same ones for all that is compared.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Collection
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
from drawn import asking_tables
from numpy.typing import NDArray
from tipbench.data.access import LEVELS
from tipbench.data.fold import Fold, Prepared
from tipbench.loading import prepare
from tipbench.metrics.bootstrap import compute_observed, replicate
from tipbench.metrics.metric import make_inputs
from tipbench.metrics.registry import measure_all
from tipbench.tasks.case_linkage import VIEWS
from tipdata.core.world import newest_released, release_name

CASES, RISK = "case_linkage", "advert_risk"
LINKERS = {
    "contact_joins": "ContactJoins",
    "time_place": "TimePlace",
    "random_walk": "RandomWalk",
    "pair_scores": "PairScores",
}
WALKER = "random_walk"
"""The method that goes from one view to another."""
TREES = "joined_tables"
SMALLER = {"components": 8, "crossfits": 2, "rounds": 400}
"""Parameters that make the trees quicker; what is compared is made alike."""
SHOWN: dict[str, tuple[str, tuple[str, ...], str]] = {
    "public": ("public", (), ""),
    "accounts": ("platform", ("flags",), "public"),
    "accounts, payments": ("legal", ("flags",), "accounts"),
    "accounts, flags": ("platform", (), "accounts"),
    "accounts, flags, payments": ("legal", (), "accounts, flags"),
}
"""What of other tables is shown -> the access, its tables that are hidden here, and what it is compared with."""
TABLES_OF = {
    "accounts": ("accounts", "ties"),
    "wallets": ("wallets", "payments"),
    "circuits": ("circuits", "stops"),
    "firms": ("firms", "agencies"),
}
"""View -> the tables that tell of it. Adverts, with contacts, are always shown."""
OVERALL = "r_precision"
PRECISIONS = (OVERALL, *(f"{OVERALL}_{view}" for view in VIEWS))
RISKS = ("average_precision", "auroc", "recall_at_1pct_fpr", "accusations_per_find_50")
DRAWS = 1000
Drawn = NDArray[np.float64]
"""A metric on the test, and after that with operations drawn anew, [1 + DRAWS]."""
Measured = dict[str, Drawn]


def main() -> None:
    """Print the tables that were asked for."""
    parser = asking_tables(__doc__, TABLES, worlds=[1, 2])
    parser.add_argument("--regions", type=int, default=64, help="of views, from region 0 on")
    options = parser.parse_args()
    for name in options.tables:
        for world in options.worlds:
            release = release_name(newest_released(), options.size, world)
            print(f"\n{name}, {release}", flush=True)
            TABLES[name](release, options)


def access(release: str, options: argparse.Namespace) -> None:
    """Print R-precision at each access, and what each adds to the one before it."""
    heading(PRECISIONS)
    for name in LINKERS:
        before: Measured = {}
        for level in LEVELS:
            prepared = prepare(CASES, release=release, access=level)
            found = scored(prepared, prepared.folds[0], linker(name), PRECISIONS)
            row(f"{name}, {level}", found, PRECISIONS, before)
            before = found


def views(release: str, options: argparse.Namespace) -> None:
    """Print R-precision shown one view, two or all: means over the choices of views, and of each view what the
    others add to it."""
    prepared = within(prepare(CASES, release=release, access=LEVELS[-1]), options.regions)
    made: dict[tuple[str, ...], Measured] = {}
    for count in (1, 2, len(VIEWS)):
        for chosen in combinations(VIEWS, count):
            made[chosen] = scored(prepared, showing(prepared.folds[0], chosen), linker(WALKER), PRECISIONS)
    heading((OVERALL,))
    before: Measured = {}
    for count in (1, 2, len(VIEWS)):
        of_count = [found[OVERALL] for chosen, found in made.items() if len(chosen) == count]
        mean = {OVERALL: np.mean(of_count, axis=0)}
        row(f"{count} of {len(VIEWS)} views", mean, (OVERALL,), before)
        before = mean
    for view in VIEWS:
        alone, of_view = made[(view,)], f"{OVERALL}_{view}"
        print(f"{view + ' alone':34} {interval(alone[of_view])}")
        for chosen, found in made.items():
            if view in chosen and len(chosen) > 1:
                others = "all" if len(chosen) > 2 else next(one for one in chosen if one != view)
                added = interval(found[of_view] - alone[of_view], signed=True)
                print(f"{'  with ' + others:34} {interval(found[of_view])}   {added}", flush=True)


def risk(release: str, options: argparse.Namespace) -> None:
    """Print scores of adverts, and what accounts, flags and payments each add to what is shown before them."""
    heading(RISKS)
    made: dict[str, Measured] = {}
    for shown, (level, hidden, base) in SHOWN.items():
        prepared = prepare(RISK, release=release, labels="truth", access=level)
        fold = without(prepared.folds[0], hidden)
        made[shown] = scored(prepared, fold, method(RISK, TREES, "JoinedTables", **SMALLER), RISKS)
        row(shown, made[shown], RISKS, made.get(base, {}))


def method(task: str, name: str, called: str, **parameters: float) -> Any:
    """A shipped method, as its class makes it unless parameters are given."""
    return getattr(importlib.import_module(f"tipbaselines.{task}.{name}"), called)(**parameters)


def linker(name: str) -> Any:
    return method(CASES, name, LINKERS[name])


def within(prepared: Prepared, regions: int) -> Prepared:
    """The same with the first regions alone."""
    answers, fold = prepared.answers, prepared.folds[0]
    assert answers.gallery is not None
    there = pl.col("region") < regions
    units = fold.tables[fold.task.table].filter(there).select(fold.task.unit).collect()
    cut = replace(
        fold,
        tables={name: frame.filter(there) for name, frame in fold.tables.items()},
        parts=fold.parts.join(units, on=fold.task.unit, how="semi"),
        supervision=fold.supervision.join(units, on=fold.task.unit, how="semi"),
    )
    asked = replace(answers, frame=answers.frame.filter(there), gallery=answers.gallery.filter(there))
    return replace(prepared, folds=[cut], answers=asked)


def showing(fold: Fold, chosen: Collection[str]) -> Fold:
    """The fold with the tables of these views alone; without accounts no advert names one."""
    left = without(
        fold, [table for view, tables in TABLES_OF.items() if view not in chosen for table in tables]
    )
    if "accounts" in left.tables:
        return left
    adverts = left.tables["adverts"].drop("account", strict=False)
    return replace(left, tables={**left.tables, "adverts": adverts})


def without(fold: Fold, hidden: Collection[str]) -> Fold:
    """The fold without these tables."""
    return replace(fold, tables={name: frame for name, frame in fold.tables.items() if name not in hidden})


def scored(prepared: Prepared, fold: Fold, method: Any, metrics: Collection[str]) -> Measured:
    """Return metrics of a method on a fold, with draws that are paired over methods and folds of a release."""
    method.fit(fold, 0)
    inputs = make_inputs(prepared.task, prepared.answers, method.predict(fold))
    values = measure_all(inputs)
    first = compute_observed(values.metrics, inputs.clusters.count)
    drawn = replicate(values.metrics, inputs.clusters.count, DRAWS, 0)
    return {name: np.concatenate([[first[name]], drawn[name]]) for name in metrics}


def heading(metrics: Collection[str]) -> None:
    print(f"{'':34} " + "".join(f"{name:>36}" for name in metrics))


def row(name: str, found: Measured, metrics: Collection[str], base: Measured) -> None:
    """Print a row of values with intervals, and below it the differences from the base, where there is one."""
    print(f"{name:34} " + "".join(f"{interval(found[one]):>36}" for one in metrics), flush=True)
    if base:
        less = (interval(found[one] - base[one], signed=True) for one in metrics)
        print(f"{'  added':34} " + "".join(f"{one:>36}" for one in less), flush=True)


def interval(drawn: Drawn, signed: bool = False) -> str:
    """Return the value and its interval in words."""
    if np.isnan(drawn[0]):
        return "-"
    low, high = np.nanquantile(drawn[1:], [0.025, 0.975], method="weibull")
    sign = "+" if signed else ""
    return f"{drawn[0]:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


TABLES: dict[str, Callable[[str, argparse.Namespace], None]] = {
    "access": access,
    "views": views,
    "risk": risk,
}

if __name__ == "__main__":
    main()
