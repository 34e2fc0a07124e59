"""The columns of a board's tables: one entry each, read by the pages, the CSV and parquet beside them, and the exports.

A new column is a new entry of :data:`COLUMNS`, which says how its value is computed, its heading and what it means, and
where it is shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tipbench.console import Column
from tipbench.data.splits import SPLITS
from tipbench.evaluation.comparison import LEVEL
from tipbench.metrics.registry import metric_of
from tipbench.runs.figure import metric_title
from tipbench.runs.report import BESIDE as METRICS
from tipbench.runs.report import (
    NOTHING,
    choose_columns,
    first_accused,
    interval,
    number,
    percent,
    signed,
    value_text,
)
from tipbench.tasks import task_of, task_splits

from tipboard.board.standings import NO_SHIFT, Line, Lines, shift_drops

SHARE, LOG_RATIO = "0 to 1", "log ratio"

LOGARITHMS = ("median_abs_log_error", "median_abs_error")
"""Errors of logarithms: of counts, and of a release's effects, which are logarithms of with over without."""


def unit_of(line: Line, metric: str = "") -> str:
    """Return the unit of a metric on a line's task, by default the primary one; most are shares or indices."""
    metric = metric or line["primary"]
    gaps = {"harm_gap": f"per {task_of(line['task']).unit}", "protection_gap": "difference in recall"}
    other = LOG_RATIO if metric in LOGARITHMS else SHARE
    return gaps.get(metric) or metric_of(metric).unit or other


def axis_title(line: Line, metric: str = "") -> str:
    """Return what an axis of a metric says, by default the primary one: its name, its unit, and which way is better
    where that is down."""
    metric = metric or line["primary"]
    lower = ", lower is better" if metric_of(metric).lower_is_better else ""
    return f"{metric_title(line['task'], metric)} ({unit_of(line, metric)}{lower})"


def in_plain_words(metric: str, score: float | None) -> str:
    """Return what an error of logarithms means, empty of any other metric."""
    if score is None or metric not in LOGARITHMS:
        return ""
    return f"half of the estimates are wrong by a factor of {math.exp(score):.2f} or more"


Values = Mapping[str, float | str | bool | None]


def score_text(line: Line) -> str:
    """Return the mean over seeds and its spread."""
    spread = "" if line["seed_sd"] is None else f" ± {number(line['seed_sd'])}"
    return number(line["score"]) + spread


def status_text(line: Line) -> str:
    """Return who ran it, and the doubts about its score."""
    return f"{line['status']}, unverified" if line["unverified"] else line["status"]


def verdict_text(line: Line) -> str:
    """Return the difference to the reference method and its p value."""
    if line["is_reference"]:
        return "reference"
    one = line["against"]
    if one is None:
        return NOTHING
    if one.p_holm is None:
        return one.note or NOTHING
    said = f"p {number(one.p_holm)}" if one.significant else "n.s."
    return f"{signed(one.difference)} ({said})"


def verdict_values(line: Line) -> Values:
    """Return the values of :func:`verdict_text`."""
    one = line["against"]
    if one is None:
        return dict.fromkeys(("difference", "difference_low", "difference_high", "p_holm", "significant"))
    return {
        "difference": one.difference,
        "difference_low": one.low,
        "difference_high": one.high,
        "p_holm": one.p_holm,
        "significant": None if one.p_holm is None else one.significant,
    }


def worst_text(line: Line) -> str:
    """Return the largest loss of score on a shifted split, and the name of that split."""
    found = worst_values(line)
    if found["worst_shift"] is None:
        return NOTHING
    return f"{signed(found['worst_shift_drop'])} ({found['worst_shift']})"


def worst_values(line: Line) -> dict[str, Any]:
    """Return the values of :func:`worst_text`, and the loss on each shifted split."""
    drops = shift_drops(line)
    known = {split: drop for split, drop in drops.items() if drop is not None}
    sign = -1 if metric_of(line["metric"]).lower_is_better else 1
    worst = max(known, key=lambda split: sign * known[split], default=None)
    shifted = task_splits() - set(NO_SHIFT)
    each = {f"drop_{split}": drops.get(split) for split in SPLITS if split in shifted}
    return {"worst_shift_drop": worst and known[worst], "worst_shift": worst, **each}


NOT_MEASURED = "not measured when this was run"
OF_METRIC = "in the metric"
"""The unit of scores and of their differences, where each task has its own."""


def value_of(column: Column, line: Any) -> float | str | bool | None:
    """Return what a table sorts a cell by."""
    return next(iter(column.values(line).values()))


def records(lines: Lines, columns: Sequence[Column] | None = None) -> list[dict[str, Any]]:
    """Return lines as rows of a file, numbers unrounded, null where nothing is known: all that is known of their places
    and scores, or exactly these columns."""
    if columns is not None:
        return [{column.name: value_of(column, line) for column in columns} for line in lines]
    return [
        {
            "task": line["task"],
            "split": line["split"],
            "metric": line["primary"],
            "team": line["team"],
            **{name: value for column in COLUMNS for name, value in column.values(line).items()},
        }
        for line in lines
    ]


def choose_by_name(columns: Sequence[Column], lines: Lines, names: Sequence[str]) -> list[Column]:
    """Return a column of one value for each name: the name or title of a column, or the name of one of its values.

    Where several columns share a name, the last one is taken. A column that has no value of its own name, such as
    ``interval``, gives its text. Raises UsageError for a name that does not exist.
    """
    values = {name: column for column in columns for name in column.values(lines[0])}
    named = [_single(column, name, name) for name, column in values.items()]
    return choose_columns([*named, *(_single(one, one.name, one.title) for one in columns)], names)


def _single(column: Column, name: str, title: str) -> Column:
    def value(line: Line) -> Any:
        text = column.text(line)
        return column.values(line).get(name, None if text == NOTHING else text)

    def text(line: Line) -> str:
        return column.text(line) if name == column.name else plain_text(value(line))

    return replace(column, name=name, title=title, values=lambda line: {name: value(line)}, text=text)


def plain_text(value: Any) -> str:
    """Return what a reader sees of a value."""
    return NOTHING if value is None else number(value) if isinstance(value, float) else str(value)


def value_column(
    key: str,
    title: str,
    about: str,
    form: Callable[[Any], str] | None = None,
    files: Sequence[str] = (),
    **more: Any,
) -> Column:
    """Return a column of values of a row.

    ``key``: of the value that a reader sees, and the column's name; ``form``: writes a number for a reader, without it
    the value is text; ``files``: keys of all values that a file holds, where these are several; ``more``: other fields
    of the column.
    """
    given = {
        "number": form is not None,
        "values": lambda line: {name: line[name] for name in files or (key,)},
        "text": (lambda line: line[key]) if form is None else (lambda line: form(line[key])),
    }
    return Column(title, name=key, about=about, **{**given, **more})


def metric_column(metric: str, title: str, about: str, **more: Any) -> Column:
    """Return the column of a metric's mean over seeds, or of why it has none; its name is the metric's."""
    name = metric.replace(".", "_")
    return Column(
        title,
        number=True,
        name=name,
        about=about,
        values=lambda line: {name: metric_value(line, metric)},
        text=lambda line: value_text(line["scores"].get(metric)),
        note=lambda line: _note(line, metric),
        **{"unit": SHARE, **more},
    )


def metric_value(line: Line, metric: str) -> float | None:
    """Return a metric's mean over seeds, None where no seed has it."""
    return line["scores"].get(metric, {"value": None})["value"]


def _note(line: Line, metric: str) -> str:
    """Return why a metric has no value; an empty string if it has one."""
    found = line["scores"].get(metric)
    if found is not None:
        return (found["note"] or "") if found["value"] is None else ""
    return NOT_MEASURED if metric_of(metric).beside and metric in task_of(line["task"]).metrics else ""


def _precision(rate: str) -> Column:
    about = f"Precision where {rate} of all units are positive, at a review budget of 1%."
    return metric_column(f"ppv_{rate.replace('%', 'pct')}", f"PPV at {rate}", about, at_first=False)


def _metric(line: Line) -> str:
    return metric_title(line["task"], line["metric"]) + " ↓" * metric_of(line["metric"]).lower_is_better


def size_name(line: Line) -> str:
    """Return the size of the line's release."""
    return line["data"].partition("/")[2]


def with_decimals(decimals: int) -> Callable[[float | None], str]:
    """Return what writes numbers with so many decimals."""
    return lambda value: NOTHING if value is None else f"{value:,.{decimals}f}"


FEATURED = {
    "harm_gap": {"overall": 8, "printed": True},
    "accusations_per_find_50": {"overall": 9, "printed": True},
    "protection_gap": {"printed": True},
}
"""Of the columns beside the score, those that more tables have."""

BESIDE = tuple(
    metric_column(
        metric.name,
        metric.heading or metric.title,
        metric.about,
        **{"unit": metric.unit or SHARE, **FEATURED.get(metric.name, {})},
    )
    for metric in METRICS
)
"""Columns of what the registry of metrics shows beside every primary one; a column's name is its metric's."""

COLUMNS = (
    value_column(
        "method", "method",
        "A reference method, or the team and method of a submission; oracles, shown hidden truth, are in italics.",
        text=lambda line: line["name"], overall=0, printed=True,
    ),
    value_column(
        "score", "score", "The task's primary metric; ± is the standard deviation over seeds (ddof 1).",
        files=("score", "seed_sd", "seeds"), number=True, text=score_text, overall=2, printed=True, unit=OF_METRIC,
        bold=lambda line: line["is_best"],
    ),
    value_column(
        "interval", "95% interval", "Cluster bootstrap; its ends are means over seeds.", files=("low", "high"),
        number=True, text=lambda line: interval(line["low"], line["high"], line["note"]), overall=3, printed=True,
        unit=OF_METRIC,
    ),
    value_column(
        "share_of_oracle", "share of oracle",
        "Where a score lies between a constant guess (0%) and the oracle (100%).", percent, overall=4, printed=True,
        unit="%",
    ),
    value_column(
        "entry_class", "class",
        "What it knows beside its fold: nothing (fold), generated worlds (worlds), pretrained weights or outside data "
        "(outside); system is a language model or an agent.",
        text=lambda line: line["entry_class"] or NOTHING, overall=5, printed=True,
    ),
    value_column(
        "labels", "labels", "What it learnt from; the test is always the truth.", overall=13
    ),
    value_column(
        "leakage", "leakage",
        "Score on the random split minus score on the operation-disjoint split: by how much the usual split flatters "
        "what learnt from these labels.",
        signed, unit=OF_METRIC,
    ),
    value_column(
        "drift", "drift",
        "Score on the operation-disjoint split minus score on the forward split: what is lost over time.",
        signed, unit=OF_METRIC,
    ),
    Column(
        "worst shift", True, name="worst_shift", values=worst_values, text=worst_text, overall=7, unit=OF_METRIC,
        about="The largest loss on a shifted split (region, platform, language …) from the operation-disjoint one; "
        "files hold the loss on each.",
    ),
    *map(_precision, ("0.1%", "1%", "5%", "30%")),
    *BESIDE,
    Column(
        "intrusion", True, name="intrusion", unit=SHARE,
        about="The same metric over travellers who did nothing wrong but are tracked too; lower is better.",
        values=lambda line: {"intrusion": metric_value(line, "intrusion_mrr")},
        text=lambda line: number(metric_value(line, "intrusion_mrr")),
    ),
    Column(
        "against reference", True, name="against", values=verdict_values, text=verdict_text, overall=10, printed=True,
        unit=OF_METRIC,
        about="Difference to the task's reference method by a paired cluster bootstrap, p after Holm; "
        f"n.s. = not significant at {LEVEL:.0%}. Submissions are not tested.",
    ),
    value_column(
        "access", "access", "The most private data that the method was shown; declared only, where self-reported.",
        overall=12,
    ),
    value_column(
        "cpu_s", "CPU s",
        "CPU seconds to fit, predict and score, mean over seeds; declared by the authors where self-reported.",
        with_decimals(1), overall=14, at_first=False,
    ),
    value_column(
        "peak_mib", "MiB", "Peak memory over that at the start, the largest of the seeds.", with_decimals(0),
        at_first=False,
    ),
    value_column(
        "status", "status",
        "Run here: by whoever keeps this board. Reproduced: a submission that they ran again. Self-reported: "
        "predictions came as files; unverified: nobody can check whether a stream was read ahead.",
        files=("status", "unverified", "oracle"), text=status_text, overall=11, on_page=False,
    ),
)  # fmt: skip
"""Those of a task's table, in its order."""


def columns_with_text(lines: Lines, columns: Sequence[Column] = COLUMNS) -> list[Column]:
    """Return the columns that say something of any line."""
    return [column for column in columns if any(column.text(line) != NOTHING for line in lines)]


def expected_columns(lines: Lines) -> list[Column]:
    """Return the columns with text, and those of metrics that the task reports and no line has measured yet."""
    said = columns_with_text(lines)
    return [one for one in COLUMNS if one in said or any(one.note(line) == NOT_MEASURED for line in lines)]


TASK = value_column("task", "task", "What is asked; each task has its own metric.", overall=1, printed=True)
PLACES = (
    TASK,
    value_column("split", "split", "What separates training from test.", overall=6, printed=True),
    Column(
        "size", name="size", about="The size of the release.", overall=16, at_first=False,
        values=lambda line: {"size": size_name(line)}, text=size_name,
    ),
    Column(
        "metric", name="metric", about="The primary metric; ↓ where lower is better.", overall=15, at_first=False,
        values=lambda line: {"metric": line["primary"]}, text=_metric,
    ),
)  # fmt: skip
"""What says where a line stands, in tables of several tasks."""

BY_NAME = (
    value_column("data", "data", "Version and size of the release."),
    value_column(
        "source", "source", "The team: tipbench of reference methods, own of those that the board's keeper added.",
        text=lambda line: line["team"], files=("team",),
    ),
    value_column("valid", "valid", "Score on the valid part.", number),
    value_column("seed_sd", "sd of seeds", "Standard deviation of the score over seeds (ddof 1).", number),
    value_column("seconds", "seconds", "Wall seconds to fit, predict and score, mean over seeds.", with_decimals(1)),
    Column(
        "accused per find", True, name="accused_per_find",
        about="Lawful operations accused, or rows wrongly linked, per find.",
        values=lambda line: {"accused_per_find": (first_accused(line["scores"]) or {"value": None})["value"]},
        text=lambda line: value_text(first_accused(line["scores"])),
    ),
)  # fmt: skip
"""Columns of ``tipbench run`` that a table here has only where ``--columns`` names them."""


OVERALL = sorted(
    (column for column in (*COLUMNS, *PLACES) if column.overall is not None),
    key=lambda column: column.overall or 0,
)
"""Those of the table of everything, in its order."""
