"""The standings of a closed season: one frame, a row per task and entry, from which every screen takes its numbers.

Ranks, top groups and Holm's correction are within a task and a class of entries (:mod:`tipboard.seasons.statistics`).
Oracles, lines to beat and entries that failed are listed and never ranked. A season of ``tiny`` has scores and no
ranks: it has too few positive clusters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from tipbench.method import CLASSES
from tipbench.metrics.registry import metric_of
from tipbench.runs.findings import EXPERTS, LINES
from tipbench.runs.report import ACCUSED
from tipbench.tasks import task_of

from tipboard.seasons.record import HOST, RAN
from tipboard.seasons.statistics import DECIMALS, Floats, depends_on_assumptions, interval, rank

METHOD, LINE, ORACLE = "method", "line", "oracle"
UNRANKED_SIZE = "tiny"
SCORE = ("mean", "low", "high")
HARM = ("accused_per_find", "accused_low", "accused_high")
BY_EXPERTS = ("experts_mean", "experts_low", "experts_high")
"""Columns of a mean over worlds and the ends of its interval."""

SCHEMA = pl.Schema(
    {
        **dict.fromkeys(("task", "entry", "team", "method", "name"), pl.String()),
        **dict.fromkeys(("entry_class", "declared_class", "role", "status", "primary"), pl.String()),
        "lower_is_better": pl.Boolean(),
        **dict.fromkeys(SCORE, pl.Float64()),
        "is_top": pl.Boolean(),
        **dict.fromkeys(("first_rank", "last_rank", "ranked"), pl.Int64()),
        "best": pl.String(),
        **dict.fromkeys(("wins_against_best", "worlds"), pl.Int64()),
        "p_against_best": pl.Float64(),
        **dict.fromkeys(("order_fixed", "order_drawn"), pl.Int64()),
        "depends_on_assumptions": pl.Boolean(),
        **dict.fromkeys((*BY_EXPERTS, *HARM), pl.Float64()),
        **dict.fromkeys(
            ("clusters", "chance", "best_known", "best_known_low", "best_known_high"), pl.Float64()
        ),
        **dict.fromkeys(("best_known_name", "best_known_class"), pl.String()),
        **dict.fromkeys(("oracle", "single_unit", "cpu_s"), pl.Float64()),
    }
)
"""Columns of the standings; see :func:`rank_entries`."""

Line = dict[str, Any]


def rank_entries(results: pl.DataFrame, entries: pl.DataFrame, worlds: pl.DataFrame) -> pl.DataFrame:
    """Return the standings of a closed season.

    Args:
        results: :func:`tipbench.runs.frames.frame_of` the results, with a column ``entry``: one row per entry, task,
            world and labels, on the task's default split. Needed are the columns ``entry``, ``task``, ``data``
            (``VERSION/SIZE.wNUMBER``), ``labels``, ``primary``, ``scores``, ``oracle_method`` and ``cost``.
        entries: a row per entry and task that it entered: ``entry`` (``TEAM--METHOD``), ``task``, ``team``, ``method``,
            ``name`` (as tables show it), ``entry_class`` (as found; one of :data:`CLASSES`), ``declared_class`` and
            ``status``: ``ran``, or ``failed: REASON``.
        worlds: a row per task and world that it ran on, in the season's order: ``task``, ``world`` (its number as
            text), ``drawn`` (whether its assumptions were), ``clusters`` (positive test clusters), and what
            :func:`tipbench.evaluation.references.references` returns: ``chance``, ``oracle``, ``single_unit``, null
            where there is none.

    Returns:
        Columns as of :data:`SCHEMA`, by task and class, ranked entries first, each best first, oracles last.

        - ``role``: ``method``, ``line`` (to beat) or ``oracle``. ``status``: as given, or why there is no score.
        - ``mean``, ``low``, ``high``: of the primary metric over worlds, by Student's t; null without a score in each.
        - ``is_top``, ``first_rank``, ``last_rank``: null for what is not ranked. ``ranked``: how many methods of the
          class are. ``best``: the id of their best mean; ``wins_against_best``: worlds, of ``worlds``, in which the
          entry is better than it; ``p_against_best``: after Holm.
        - ``order_fixed``, ``order_drawn``: place by mean score in worlds as the file stands, and in those with drawn
          assumptions, from 1, ties sharing the better place; ``depends_on_assumptions``: whether methods of the class
          change places between them by more than noise; null where a sort has fewer than two worlds.
        - ``experts_*``: the same score, learnt from experts' labels where the default are others.
        - ``accused_per_find``, ``accused_low``, ``accused_high``: of :data:`tipbench.runs.report.ACCUSED`, null where
          any world has none.
        - ``clusters``, ``chance``, ``oracle``, ``single_unit``: means over worlds; ``oracle`` of the task's oracle
          method where it has one. ``best_known*``: the best mean of any class, null in rows of that class.
        - ``cpu_s``: CPU seconds per world.
    """
    cells: dict[tuple[str, str, str], dict[str, Line]] = {}
    for row in results.iter_rows(named=True):
        of = cells.setdefault((row["entry"], row["task"], row["labels"]), {})
        if of.setdefault(world := row["data"].rpartition(".w")[2], row) is not row:
            raise ValueError(f"{row['entry']} has two results of {row['task']} in world {world}")
    sizes = {data.rpartition(".w")[0].rpartition("/")[2] for data in results["data"].unique()}
    lines = []
    for (task,), there in worlds.group_by("task", maintain_order=True):
        entered = entries.filter(task=task).iter_rows(named=True)
        lines += _rank_task(str(task), there, list(entered), cells, UNRANKED_SIZE not in sizes)
    return pl.DataFrame(lines, schema=SCHEMA)


def _rank_task(
    task: str,
    worlds: pl.DataFrame,
    entered: Sequence[Line],
    cells: Mapping[tuple[str, str, str], Mapping[str, Line]],
    has_ranks: bool,
) -> list[Line]:
    """Return the lines of a task."""
    numbers, labels = worlds["world"].to_list(), task_of(task).labels[0]
    primary = task_of(task).primary
    common = {
        "task": task,
        "primary": primary,
        "lower_is_better": metric_of(primary).lower_is_better,
        "worlds": len(numbers),
        **{name: _mean(worlds[name].to_list()) for name in ("clusters", "chance", "oracle", "single_unit")},
    }
    lines, scores = [], {}
    for entry in entered:
        line = {**dict.fromkeys(SCHEMA), **common, **entry, "role": METHOD}
        lines.append(line)
        found = cells.get((entry["entry"], task, labels), {})
        cell = [found.get(number) for number in numbers]
        if any(one is not None and one["oracle_method"] for one in cell):
            line["role"] = ORACLE
        elif entry["team"] == HOST and f"{task}/{entry['method']}" in LINES:
            line["role"] = LINE
        if entry["status"] != RAN:
            continue
        values = _values(cell, primary)
        if None in values:
            line["status"] = f"failed: no {primary} in {values.count(None)} of {len(values)} worlds"
            continue
        scores[entry["entry"]] = np.array(values, dtype=np.float64)
        accused = next((one for name in ACCUSED if None not in (one := _values(cell, name))), [])
        by_experts = cells.get((entry["entry"], task, EXPERTS), {}) if labels != EXPERTS else {}
        experts = _values([by_experts.get(number) for number in numbers], primary)
        for names, over_worlds in ((SCORE, values), (HARM, accused), (BY_EXPERTS, experts)):
            line |= dict(zip(names, _interval(over_worlds), strict=True))
        line["cpu_s"] = _mean([one["cost"]["cpu_s"] for one in cell if one is not None])
    for name in CLASSES if has_ranks else ():
        of_class = [one for one in lines if is_compared(one) and one["entry_class"] == name]
        _add_ranks(of_class, scores, worlds["drawn"])
    _add_references(lines)
    return sorted(lines, key=_place)


def is_compared(line: Line) -> bool:
    """Return whether a line is of a method that has a score."""
    return line["role"] == METHOD and line["mean"] is not None


def _add_ranks(lines: Sequence[Line], scores: Mapping[str, Floats], drawn: pl.Series) -> None:
    """Add the ranks of the ranked entries of one task and class."""
    if not lines:
        return
    table = np.stack([scores[line["entry"]] for line in lines], axis=1)
    lower, is_drawn = lines[0]["lower_is_better"], drawn.to_numpy()
    found = rank(table, lower)
    best = found.order[0]
    sorts = {"order_fixed": table[~is_drawn], "order_drawn": table[is_drawn]}
    moves = depends_on_assumptions(table, is_drawn) if min(map(len, sorts.values())) > 1 else None
    for at, line in enumerate(lines):
        line |= {
            "is_top": bool(found.top[at]),
            "first_rank": int(found.first_rank[at]),
            "last_rank": int(found.last_rank[at]),
            "ranked": len(lines),
            "best": lines[best]["entry"],
            "wins_against_best": int(found.wins[at, best]),
            "p_against_best": float(found.p[at, best]),
            "depends_on_assumptions": moves,
        }
        for name, some in sorts.items():
            if len(some):
                means = np.round(some.mean(axis=0) * (1 if lower else -1), DECIMALS)
                line[name] = 1 + int((means < means[at]).sum())


def _add_references(lines: Sequence[Line]) -> None:
    """Add the oracle and the best known, where there are any."""
    sign = 1 if lines and lines[0]["lower_is_better"] else -1
    oracles = [line["mean"] for line in lines if line["role"] == ORACLE and line["mean"] is not None]
    known = min(filter(is_compared, lines), key=lambda line: sign * line["mean"], default=None)
    for line in lines:
        if oracles:
            line["oracle"] = sign * min(sign * one for one in oracles)
        if known is not None and line["entry_class"] != known["entry_class"]:
            line |= {"best_known": known["mean"], "best_known_name": known["name"]}
            line |= {"best_known_low": known["low"], "best_known_high": known["high"]}
            line["best_known_class"] = known["entry_class"]


def _place(line: Line) -> tuple[int, int, bool, float, str]:
    """Return by what lines of a task are sorted."""
    loss = np.inf if line["mean"] is None else line["mean"] * (1 if line["lower_is_better"] else -1)
    is_oracle = line["role"] == ORACLE
    return is_oracle, CLASSES.index(line["entry_class"]), not is_compared(line), loss, line["entry"]


def _values(cells: Iterable[Line | None], metric: str) -> list[float | None]:
    """Return a metric's value in each world, None where there is none."""
    return [
        None
        if cell is None
        else next((one["value"] for one in cell["scores"] if one["name"] == metric), None)
        for cell in cells
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None


def _interval(values: Sequence[float | None]) -> tuple[float | None, float | None, float | None]:
    """Return mean and ends of the 95% interval over worlds, None where any world has no value."""
    if len(values) < 2 or None in values:
        return None, None, None
    mean, half = interval(np.array(values, dtype=np.float64))
    return float(mean), float(mean - half), float(mean + half)
