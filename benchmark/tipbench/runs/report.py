"""From results to the table that a reader compares methods by: a row a task, method and split.

*Leakage* is what the random split adds to the operation-disjoint one; *drift* is what is lost from there to the
forward one. Several seeds are one row: the mean of scores and of the ends of intervals, with the spread beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean, stdev
from typing import Any

from tipbench.console import Column
from tipbench.metrics.registry import metric_of
from tipbench.runs.results import Result

RANDOM, OPERATION, FORWARD = "random", "operation", "forward"
ORDER = (RANDOM, OPERATION, FORWARD)
NOTHING = "-"
PAIRWISE, ESTIMATE = "pairwise_f1", "estimate"


@dataclass(frozen=True)
class Row:
    """One line of the table. Scores are of ``metric``, the primary one wherever it is known; None where unknown.

    ``note`` says why there is no interval. ``seed_sd``: standard deviation over seeds, ddof 1. ``prevalence``: the
    share of positives that scores are at.
    """

    data: str
    task: str
    method: str
    split: str
    metric: str
    score: float | None
    low: float | None
    high: float | None
    note: str | None
    share_of_oracle: float | None
    leakage: float | None
    drift: float | None
    harm_gap: float | None
    seconds: float | None
    seeds: int
    seed_sd: float | None
    oracle: bool
    prevalence: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def rows(results: Sequence[Result]) -> list[Row]:
    """One row a data, task, method and split; methods, the best by their most honest score first, oracles last."""
    grouped: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        variant = "" if not _variants(results, result) else f" [{result.config_hash[:6]}]"
        key = (result.data, result.task, result.method + variant, result.split)
        grouped.setdefault(key, []).append(result)
    bare = [_row(key[2], group) for key, group in grouped.items()]
    scores = {(row.data, row.task, row.method, row.split): row.score for row in bare}
    full = [
        _with_gaps(row, lambda split, row=row: scores.get((row.data, row.task, row.method, split)))
        for row in bare
    ]
    return sorted(full, key=lambda row: _place(row, scores))


def _variants(results: Sequence[Result], one: Result) -> bool:
    """Whether the same method was run under another config in the same place."""
    same = (
        r
        for r in results
        if (r.data, r.task, r.method, r.split) == (one.data, one.task, one.method, one.split)
    )
    return len({r.config_hash for r in same}) > 1


def _row(method: str, group: list[Result]) -> Row:
    first = group[0]
    metric = _metric(first)
    scores = [result.scores[metric] for result in group]
    values = [score.value for score in scores if score.value is not None]
    gaps = [result.scores["harm_gap"].value for result in group if "harm_gap" in result.scores]
    return Row(
        data=first.data,
        task=first.task,
        method=method,
        split=first.split,
        metric=metric,
        score=mean(values),
        low=mean([score.low for score in scores]),
        high=mean([score.high for score in scores]),
        note=scores[0].note,
        share_of_oracle=mean([result.oracle.get("share") for result in group]),
        leakage=None,
        drift=None,
        harm_gap=mean(gaps),
        seconds=_seconds(group),
        seeds=len(group),
        seed_sd=stdev(values) if len(values) > 1 else None,
        oracle=first.oracle_method,
        prevalence=first.prevalence,
    )


def _seconds(group: list[Result]) -> float | None:
    """Wall seconds of a cell, mean over seeds."""
    found = mean([result.seconds for result in group])
    return None if found is None else round(found, 3)


def _metric(result: Result) -> str:
    """The task's primary metric or, where own data lack its truth, what can be said without: the pairwise one of
    labelled pairs, or the estimate itself."""
    known = (name for name in (result.primary, PAIRWISE, ESTIMATE) if name in result.scores)
    return next((name for name in known if result.scores[name].value is not None), result.primary)


def mean(values: Sequence[float | None]) -> float | None:
    """The mean; None for nothing, or where any value is None."""
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None


def _with_gaps(row: Row, score: Callable[[str], float | None]) -> Row:
    return replace(
        row, leakage=_minus(score(RANDOM), score(OPERATION)), drift=_minus(score(OPERATION), score(FORWARD))
    )


def _minus(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left - right


def _place(row: Row, scores: dict[tuple[str, ...], float | None]) -> tuple:
    honest = (scores.get((row.data, row.task, row.method, split)) for split in reversed(ORDER))
    best = next((score for score in honest if score is not None), row.score)
    split = ORDER.index(row.split) if row.split in ORDER else len(ORDER)
    return (
        row.data,
        row.task,
        row.oracle,
        math.inf if best is None else best if metric_of(row.metric).lower_is_better else -best,
        row.method,
        split,
        row.split,
    )


def table(lines: Sequence[Row]) -> tuple[list[Column], list[list[str]]]:
    """Columns and cells of the rows. Leakage stands in the row of the random split, drift in that of the forward."""
    several = any(line.seeds > 1 for line in lines)
    columns = [Column("task"), Column("method"), Column("split"), Column("metric"), Column("score", True)]
    columns += [Column("sd of seeds", True)] if several else []
    columns += [Column("95% interval", True), Column("share of oracle", True), Column("leakage", True)]
    columns += [Column("drift", True), Column("harm gap", True), Column("seconds", True)]
    return columns, [_cells(line, several) for line in lines]


def _cells(line: Row, several: bool) -> list[str]:
    method = line.method.partition("/")[2] or line.method
    cells = [
        line.task,
        f"{method} (oracle)" if line.oracle and method != "oracle" else method,
        line.split,
        line.metric,
    ]
    cells.append(number(line.score))
    cells += [number(line.seed_sd)] if several else []
    cells += [interval(line.low, line.high, line.note), percent(line.share_of_oracle)]
    cells += [
        signed(line.leakage) if line.split == RANDOM else "",
        signed(line.drift) if line.split == FORWARD else "",
        number(line.harm_gap),
        NOTHING if line.seconds is None else f"{line.seconds:.1f}",
    ]
    return cells


def number(value: float | None) -> str:
    """Three decimals; a whole number above 1 is a count."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value > 1 and float(value).is_integer() else f"{value:.3f}"


def signed(value: float | None) -> str:
    return NOTHING if value is None else f"{value:+.3f}"


def percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0%}"


def interval(low: float | None, high: float | None, note: str | None = None) -> str:
    """An interval, or why there is none."""
    return note or NOTHING if low is None or high is None else f"{low:.3f} to {high:.3f}"
