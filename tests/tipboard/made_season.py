"""A closed season of made-up scores: shipped methods of every task and entries of other teams, in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import polars as pl
from made_result import made_result
from tipbench.config.options import config_folder, options
from tipbench.metrics.registry import metric_of
from tipbench.runs.frames import frame_of
from tipbench.runs.results import Result
from tipbench.tasks import task_of, tasks
from tipdata.core.world import newest_released

FIXED = 2**95
"""Number of the first world; those with drawn assumptions have 2**96 added."""
GUESTS = {"team-a--reader": "worlds", "team-b--encoder": "outside", "team-c--agent": "system"}
"""Entries of other teams in every task, and their classes."""


class MadeSeason(NamedTuple):
    """What :func:`tipboard.seasons.standings.rank_entries` takes."""

    results: pl.DataFrame
    entries: pl.DataFrame
    worlds: pl.DataFrame


def made_season(
    scores: Mapping[str, Mapping[str, Sequence[float | None]]] | None = None,
    *,
    worlds: int = 8,
    size: str = "small",
    seed: int = 0,
    experts: Mapping[str, Sequence[float]] | None = None,
    accused: Mapping[str, Sequence[float | None]] | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    references: Mapping[str, float | None] | None = None,
) -> MadeSeason:
    """Return results, entries and worlds of a season, half of whose worlds have drawn assumptions.

    Args:
        scores: task -> entry (``TEAM--METHOD``) -> score in each world; without it, of all shipped methods and
            :data:`GUESTS`, drawn with ``seed``.
        worlds, size: K, and the size of the release.
        experts, accused: entry -> score with experts' labels, and accusations per find; without ``scores``, drawn too.
        changes: entry -> values of its rows in ``entries``.
        references: values of columns of ``worlds``; by default chance .05, oracle .6 and 40 clusters.
    """
    rng = np.random.default_rng(seed)
    drawn_scores = scores is None
    if scores is None:
        scores = {task: _drawn(rng, task, worlds) for task in tasks()}
    number = [FIXED + at + (2**96 if at >= worlds // 2 else 0) for at in range(worlds)]
    shown = {"chance": 0.05, "oracle": 0.6, "single_unit": None, "clusters": 40.0, **(references or {})}
    results: list[tuple[str, Result]] = []
    entries, there = [], []
    for task, of_task in scores.items():
        labels = [task_of(task).labels[0]]
        if "expert" in task_of(task).labels and labels != ["expert"]:
            labels.append("expert")
        there += [
            {"task": task, "world": str(one), "drawn": at >= worlds // 2, **shown}
            for at, one in enumerate(number)
        ]
        for entry, values in of_task.items():
            team, _, method = entry.partition("--")
            name = method if team == "tipbench" else f"{team} / {method}"
            declared = GUESTS.get(entry, "fold")
            line = {
                "entry": entry,
                "task": task,
                "team": team,
                "method": method,
                "name": name,
                "status": "ran",
            }
            line |= {"entry_class": declared, "declared_class": declared, **(changes or {}).get(entry, {})}
            entries.append(line)
            for way in labels:
                values_of = values if way == labels[0] else (experts or {}).get(entry)
                if values_of is None and drawn_scores:
                    values_of = [None if one is None else round(one / 2, 3) for one in values]
                for at, value in enumerate(values_of or ()):
                    harm = (
                        accused[entry][at] if accused and entry in accused else 4.0 if drawn_scores else None
                    )
                    made = _result(
                        task, method, f"{newest_released()}/{size}.w{number[at]}", at, way, value, harm
                    )
                    results.append((entry, made))
    frame = frame_of(one for _, one in results).with_columns(
        entry=pl.Series([one for one, _ in results], dtype=pl.String)
    )
    cast = pl.col("chance", "oracle", "single_unit", "clusters").cast(pl.Float64)
    return MadeSeason(frame, pl.DataFrame(entries), pl.DataFrame(there).with_columns(cast))


def _drawn(rng: np.random.Generator, task: str, worlds: int) -> dict[str, list[float | None]]:
    """Return scores of all shipped methods of a task, and of guests, from .1 to .5; the oracle's are best."""
    lower = metric_of(task_of(task).primary).lower_is_better
    shipped = (
        name.partition("/")[2]
        for name in options([config_folder()])["baseline"]
        if name.startswith(f"{task}/")
    )
    difficulty, found = rng.normal(0, 0.02, worlds), {}
    for entry in [*(f"tipbench--{name}" for name in shipped), *GUESTS]:
        level = 0.1 + crc32(f"{task}/{entry}".encode()) % 300 / 1000
        if entry == "tipbench--oracle":
            level = 0.05 if lower else 0.8
        found[entry] = np.abs(level + difficulty + rng.normal(0, 0.015, worlds)).round(3).tolist()
    return found


def _result(
    task: str, method: str, data: str, seed: int, labels: str, value: float | None, accused: float | None
) -> Result:
    chosen = task_of(task)
    scores: dict[str, dict[str, Any]] = {chosen.primary: {"value": value}}
    if "accusations_per_find_50" in chosen.metrics:
        scores["accusations_per_find_50"] = {"value": accused}
    return made_result(
        chosen.splits[0],
        task=task,
        method=f"{task}/{method}",
        data=data,
        seed=seed,
        labels=labels,
        access=chosen.tier,
        oracle_method=method in ("oracle", "linked_reference"),
        versions={"data": newest_released(), "evaluator": chosen.version, "method": "0.1.0"},
        primary=chosen.primary,
        scores=scores,
    )
