"""The columns of a board's tables: one entry each, read by the pages, the CSV and parquet beside them, and the exports.

A new column is a new entry of :data:`COLUMNS`, which says how its value is computed, its heading and what it means, and
where it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tipbench.console import Column
from tipbench.data.splits import SPLITS
from tipbench.evaluation.comparison import LEVEL
from tipbench.metrics.registry import metric_of
from tipbench.runs.figure import metric_title
from tipbench.runs.report import BESIDE as METRICS
from tipbench.runs.report import NOTHING, chosen_of, interval, number, percent, signed, value_text
from tipbench.task import Task
from tipbench.tasks import task_of

from tipboard.board.fresh import NOT_SUPPORTED
from tipboard.board.standings import NO_SHIFT, BoardRow, Standing

SHARE, LOG_RATIO = "0 to 1", "log ratio"

LOGARITHMS = ("median_abs_log_error", "median_abs_error")
"""Errors of logarithms: of counts, and of a release's effects, which are logarithms of with over without."""


def unit_of(task: Task, metric: str) -> str:
    """Return the unit of a metric's values; most are shares or indices from 0 to 1."""
    gaps = {"harm_gap": f"per {task.unit}", "protection_gap": "difference in recall"}
    other = LOG_RATIO if metric in LOGARITHMS else SHARE
    return gaps.get(metric) or metric_of(metric).unit or other


def unit_words(task: Task, metric: str) -> str:
    """Return the unit of a metric, and which way is better where that is down."""
    return unit_of(task, metric) + (", lower is better" if metric_of(metric).lower_is_better else "")


def axis_title(task: Task, metric: str) -> str:
    """Return what an axis of a metric says: its name, its unit, and which way is better where that is down."""
    return f"{metric_title(task.name, metric)} ({unit_words(task, metric)})"


def in_plain_words(metric: str, score: float | None) -> str:
    """Return what an error of logarithms means, empty of any other metric."""
    if score is None or metric not in LOGARITHMS:
        return ""
    return f"half of the estimates are wrong by a factor of {math.exp(score):.2f} or more"


Values = Mapping[str, float | str | bool | None]


def score_text(line: BoardRow) -> str:
    """Return the mean over seeds and its spread."""
    spread = "" if line.row.seed_sd is None else f" ± {number(line.row.seed_sd)}"
    return number(line.row.score) + spread


def rank_text(line: BoardRow) -> str:
    """Return the rank and its interval."""
    if line.rank is None:
        return NOTHING
    bounds = "" if line.rank_interval is None else f" ({line.rank_interval[0]}–{line.rank_interval[1]})"
    return f"{line.rank:g}{bounds}"


def rank_values(line: BoardRow) -> Values:
    """Return the rank and its interval."""
    low, high = line.rank_interval or (None, None)
    return {"rank": line.rank, "rank_low": low, "rank_high": high}


def fresh_text(line: BoardRow) -> str:
    """Return the score on a fresh world."""
    return NOTHING if line.fresh is None else number(line.fresh.score.score)


def fresh_values(line: BoardRow) -> Values:
    """Return the score on a fresh world with its interval, and whether it supports the released one."""
    if line.fresh is None:
        return dict.fromkeys(("fresh", "fresh_low", "fresh_high", "supported"))
    score, low, high = line.fresh.score.score, line.fresh.score.low, line.fresh.score.high
    return {"fresh": score, "fresh_low": low, "fresh_high": high, "supported": line.fresh.supports}


def status_text(line: BoardRow) -> str:
    """Return who ran it, and the doubts about its score."""
    said = (
        line.status,
        "unverified" if line.unverified else "",
        "" if line.is_supported() else NOT_SUPPORTED,
    )
    return ", ".join(word for word in said if word)


def verdict_text(line: BoardRow) -> str:
    """Return the difference to the reference method and its p value."""
    if line.is_reference:
        return "reference"
    if line.against is None:
        return NOTHING
    if line.against.p_holm is None:
        return line.against.note or NOTHING
    said = f"p {number(line.against.p_holm)}" if line.against.significant else "n.s."
    return f"{signed(line.against.difference)} ({said})"


def verdict_values(line: BoardRow) -> Values:
    """Return the same as numbers."""
    one = line.against
    return {
        "difference": None if one is None else one.difference,
        "difference_low": None if one is None else one.low,
        "difference_high": None if one is None else one.high,
        "p_holm": None if one is None else one.p_holm,
        "significant": None if one is None or one.p_holm is None else one.significant,
    }


def _worst(line: BoardRow) -> tuple[str, float] | None:
    """Return the shifted split on which most is lost, and how much."""
    known = {name: drop for name, drop in line.shift_drops.items() if drop is not None}
    if not known:
        return None
    sign = -1 if metric_of(line.row.metric).lower_is_better else 1
    name = max(known, key=lambda one: sign * known[one])
    return name, known[name]


def worst_text(line: BoardRow) -> str:
    """Return the largest loss on a shifted split, and which that is."""
    worst = _worst(line)
    return NOTHING if worst is None else f"{signed(worst[1])} ({worst[0]})"


def worst_values(line: BoardRow) -> Values:
    """Return the same as numbers, with the loss on each shifted split."""
    worst = _worst(line)
    drops = {f"drop_{split}": line.shift_drops.get(split) for split in SPLITS if split not in NO_SHIFT}
    return {"worst_shift_drop": worst and worst[1], "worst_shift": worst and worst[0], **drops}


NOT_MEASURED = "not measured when this was run"
OF_METRIC = "in the metric"
"""The unit of scores and of their differences, where each task has its own."""


@dataclass(frozen=True)
class TableCell:
    """A cell: what is read, what is sorted by, and why there is nothing."""

    text: str
    value: float | str | bool | None
    note: str = ""


def columns_with_text(standing: Standing, columns: Sequence[Column] | None = None) -> list[Column]:
    """Return the columns that say something of any line of a standing."""
    return [
        column
        for column in (COLUMNS if columns is None else columns)
        if any(column.text(line) != NOTHING for line in standing.lines)
    ]


def expected_columns(standing: Standing) -> list[Column]:
    """Return those and the columns of what its task reports, though no line has it yet."""
    said = {column.name for column in columns_with_text(standing)}
    return [
        column
        for column in COLUMNS
        if column.name in said or any(column.note(line) == NOT_MEASURED for line in standing.lines)
    ]


def cells_of(line: BoardRow, columns: Sequence[Column]) -> list[TableCell]:
    """Return a line's cells."""
    return [
        TableCell(column.text(line), next(iter(column.values(line).values())), column.note(line))
        for column in columns
    ]


def choose_columns(columns: Sequence[Column], names: Sequence[str] | None) -> Sequence[Column]:
    """Return the columns of these keys, in this order; all of them where None is given.

    Raises UsageError for a key that no column has.
    """
    if names is None:
        return columns
    return chosen_of({column.name: column for column in columns}, names)


def records(standings: Sequence[Standing], columns: Sequence[Column] | None = None) -> list[dict[str, Any]]:
    """Return every line of the standings as a row of a file: these columns or all, numbers unrounded, null where
    nothing is known."""
    return [
        {
            "task": standing.task.name,
            "split": standing.split,
            "metric": standing.metric,
            "team": line.entry.team,
            **{name: value for column in columns or COLUMNS for name, value in column.values(line).items()},
        }
        for standing in standings
        for line in standing.lines
    ]


def _single(
    name: str,
    title: str,
    about: str,
    value: Callable[[BoardRow], Any],
    form: Callable[[Any], str] | None = None,
    **more: Any,
) -> Column:
    """Return a column of one value; ``form`` writes a number for a reader, and without it the value is text."""
    text = value if form is None else lambda line: form(value(line))
    return Column(
        title,
        number=form is not None,
        name=name,
        about=about,
        values=lambda line: {name: value(line)},
        text=text,
        **more,
    )


def metric_column(metric: str, title: str, about: str, **more: Any) -> Column:
    """Return the column of a metric's mean over seeds, or of why it has none; its name is the metric's."""
    name = metric.replace(".", "_")
    return Column(
        title,
        number=True,
        name=name,
        about=about,
        values=lambda line: {name: line.mean(metric)},
        text=lambda line: value_text(line.beside(metric)),
        note=lambda line: _note(line, metric),
        **{"unit": SHARE, **more},
    )


def _note(line: BoardRow, metric: str) -> str:
    """Return why there is no number."""
    found = line.beside(metric)
    if found is not None:
        return (found.note or "") if found.value is None else ""
    return NOT_MEASURED if metric_of(metric).beside and metric in task_of(line.row.task).metrics else ""


def _precision(rate: str) -> Column:
    about = f"Precision where {rate} of all units are positive, at a review budget of 1%."
    return metric_column(f"ppv_{rate.replace('%', 'pct')}", f"PPV at {rate}", about, at_first=False)


def _metric(line: BoardRow) -> str:
    lower = " ↓" if metric_of(line.row.metric).lower_is_better else ""
    return metric_title(line.row.task, line.row.metric) + lower


def _with_decimals(decimals: int) -> Callable[[float | None], str]:
    return lambda value: NOTHING if value is None else f"{value:,.{decimals}f}"


OVERALL_PLACES = {"harm_gap": 8, "accusations_per_find_50": 9}
"""Metrics that have a place in the table of everything."""

BESIDE = tuple(
    metric_column(
        metric.name,
        metric.heading or metric.title,
        metric.about,
        unit=metric.unit or SHARE,
        overall=OVERALL_PLACES.get(metric.name),
    )
    for metric in METRICS
)
"""Columns of what the registry of metrics shows beside every primary one; a column's name is its metric's."""

COLUMNS = (
    Column(
        "rank", True, name="rank", values=rank_values, text=rank_text, overall=5, unit="1 is the best",
        about="Place by score among methods that were run here, 1 the best; in brackets its 95% interval when "
        "operations are drawn again. Submissions and oracles are not ranked.",
    ),
    Column(
        "method", name="method", values=lambda line: {"method": line.entry.method}, text=lambda line: line.method,
        overall=0,
        about="A reference method, or the team and method of a submission; oracles, shown hidden truth, are in "
        "italics.",
    ),
    Column(
        "score", True, name="score", text=score_text, overall=2, unit=OF_METRIC,
        values=lambda line: {"score": line.row.score, "seed_sd": line.row.seed_sd, "seeds": line.row.seeds},
        about="The task's primary metric; ± is the standard deviation over seeds (ddof 1).",
    ),
    Column(
        "95% interval", True, name="interval", overall=3, unit=OF_METRIC,
        values=lambda line: {"low": line.row.low, "high": line.row.high},
        text=lambda line: interval(line.row.low, line.row.high, line.row.note),
        about="Cluster bootstrap; its ends are means over seeds.",
    ),
    Column(
        "fresh world", True, name="fresh", values=fresh_values, text=fresh_text, overall=17, on_page=False,
        unit=OF_METRIC, optional=True,
        about="Of a reproduced method: its score on a world drawn after its package was pinned; † where it does not "
        "support the score.",
    ),
    _single(
        "share_of_oracle", "share of oracle",
        "Where a score lies between a constant guess (0%) and the oracle (100%).",
        lambda line: line.row.share_of_oracle, percent, overall=4, unit="%",
    ),
    _single(
        "leakage", "leakage",
        "Score on the random split minus score on the operation-disjoint split: by how much the usual split flatters.",
        lambda line: line.row.leakage, signed, unit=OF_METRIC,
    ),
    _single(
        "drift", "drift",
        "Score on the operation-disjoint split minus score on the forward split: what is lost over time.",
        lambda line: line.row.drift, signed, unit=OF_METRIC,
    ),
    Column(
        "worst shift", True, name="worst_shift", values=worst_values, text=worst_text, overall=7, unit=OF_METRIC,
        about="The largest loss on a shifted split (region, platform, language …) from the operation-disjoint one; "
        "files hold the loss on each.",
    ),
    *map(_precision, ("0.1%", "1%", "5%", "30%")),
    *BESIDE,
    _single(
        "intrusion", "intrusion",
        "The same metric over travellers who did nothing wrong but are tracked too; lower is better.",
        lambda line: line.mean("intrusion_mrr"), number, unit=SHARE,
    ),
    Column(
        "against reference", True, name="against", values=verdict_values, text=verdict_text, overall=10, unit=OF_METRIC,
        about="Difference to the task's reference method by a paired cluster bootstrap, p after Holm; "
        f"n.s. = not significant at {LEVEL:.0%}. Submissions are not tested.",
    ),
    _single(
        "access", "access",
        "The most private data that the method was shown; declared only, where self-reported.",
        lambda line: line.access, overall=12,
    ),
    _single(
        "labels", "labels", "What it learnt from; the test is always the truth.", lambda line: line.labels,
        overall=13, at_first=False,
    ),
    _single(
        "cpu_s", "CPU s",
        "CPU seconds to fit, predict and score, mean over seeds; declared by the authors where self-reported.",
        lambda line: line.cpu_s, _with_decimals(1), overall=14, at_first=False,
    ),
    _single(
        "peak_mib", "MiB", "Peak memory over that at the start, the largest of the seeds.",
        lambda line: line.peak_mib, _with_decimals(0), at_first=False,
    ),
    Column(
        "status", name="status", text=status_text, overall=11, on_page=False,
        values=lambda line: {"status": line.status, "unverified": line.unverified, "oracle": line.row.oracle},
        about="Run here: by whoever keeps this board. Reproduced: a submission that they ran again. Self-reported: "
        "predictions came as files; unverified: nobody can check whether a stream was read ahead.",
    ),
)  # fmt: skip
"""Those of a task's table, in its order."""

PLACES = (
    _single("task", "task", "What is asked; each task has its own metric.", lambda line: line.row.task, overall=1),
    _single("split", "split", "What separates training from test.", lambda line: line.row.split, overall=6),
    _single(
        "size", "size", "The size of the release.", lambda line: line.row.data.partition("/")[2], overall=16,
        at_first=False,
    ),
    _single(
        "metric", "metric", "The primary metric; ↓ where lower is better.", _metric, overall=15, at_first=False
    ),
)  # fmt: skip
"""What says where a line stands, in tables of several tasks."""

OVERALL = tuple(
    sorted((c for c in (*COLUMNS, *PLACES) if c.overall is not None), key=lambda column: column.overall or 0)
)
"""Those of the table of everything, in its order."""
