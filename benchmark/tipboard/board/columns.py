"""The columns of a board's tables: one entry each, read by the pages, the CSV and parquet beside them, and the exports.

A column has a heading and what it means, the values that a file holds, and the text that a reader sees. A new column
is a new entry of :data:`COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tipbench.data.splits import SPLITS
from tipbench.evaluation.comparison import LEVEL
from tipbench.metrics import LOWER_IS_BETTER
from tipbench.runs.report import NOTHING, interval, number, percent, signed

from tipboard.board.lines import (
    BASE_RATES,
    COVERAGE,
    INTRUSION,
    NO_SHIFT,
    PROTECTION_GAP,
    Line,
    Standing,
)

Values = Mapping[str, float | str | bool | None]


@dataclass(frozen=True)
class Column:
    """``about``: one sentence for a reader. ``values``: a line -> what a file holds, by column of the file; the first
    is what a table sorts by. ``text``: a line -> what a reader sees. ``number``: whether it stands at the right.
    ``only``: a standing -> whether the column says anything there; by default where any text is not ``-``.
    """

    key: str
    heading: str
    about: str
    values: Callable[[Line], Values]
    text: Callable[[Line], str]
    number: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell: what is read and what is sorted by."""

    text: str
    value: float | str | bool | None


def shown(standing: Standing, columns: Sequence[Column] | None = None) -> list[Column]:
    """The columns that say something of any line of a standing."""
    return [
        column
        for column in (COLUMNS if columns is None else columns)
        if any(column.text(line) != NOTHING for line in standing.lines)
    ]


def cells(line: Line, columns: Sequence[Column]) -> list[Cell]:
    """A line's cells."""
    return [Cell(column.text(line), next(iter(column.values(line).values()))) for column in columns]


def records(standings: Sequence[Standing]) -> list[dict[str, Any]]:
    """Every line of the standings as a row of a file: all columns, numbers unrounded, null where nothing is known."""
    return [
        {
            "task": standing.task.name,
            "split": standing.split,
            "metric": standing.metric,
            "team": line.entry.team,
            **{name: value for column in COLUMNS for name, value in column.values(line).items()},
        }
        for standing in standings
        for line in standing.lines
    ]


def _score(line: Line) -> str:
    spread = "" if line.row.seed_sd is None else f" ± {number(line.row.seed_sd)}"
    return number(line.row.score) + spread


def _rank(line: Line) -> str:
    if line.rank is None:
        return NOTHING
    place = f"{line.rank:g}"
    return (
        place if line.rank_interval is None else f"{place} ({line.rank_interval[0]}–{line.rank_interval[1]})"
    )


def _rank_values(line: Line) -> Values:
    low, high = line.rank_interval or (None, None)
    return {"rank": line.rank, "rank_low": low, "rank_high": high}


def _verdict(line: Line) -> str:
    if line.is_reference:
        return "reference"
    if line.against is None:
        return NOTHING
    if line.against.p_holm is None:
        return line.against.note or NOTHING
    said = f"p {number(line.against.p_holm)}" if line.against.significant else "n.s."
    return f"{signed(line.against.difference)} ({said})"


def _verdict_values(line: Line) -> Values:
    one = line.against
    return {
        "difference": None if one is None else one.difference,
        "difference_low": None if one is None else one.low,
        "difference_high": None if one is None else one.high,
        "p_holm": None if one is None else one.p_holm,
        "significant": None if one is None or one.p_holm is None else one.significant,
    }


def _worst(line: Line) -> tuple[str, float] | None:
    """The shifted split on which most is lost, and how much."""
    known = {name: drop for name, drop in line.shift_drops.items() if drop is not None}
    if not known:
        return None
    sign = -1 if line.row.metric in LOWER_IS_BETTER else 1
    name = max(known, key=lambda one: sign * known[one])
    return name, known[name]


def _worst_text(line: Line) -> str:
    worst = _worst(line)
    return NOTHING if worst is None else f"{signed(worst[1])} ({worst[0]})"


def _worst_values(line: Line) -> Values:
    worst = _worst(line)
    drops = {f"drop_{split}": line.shift_drops.get(split) for split in SPLITS if split not in NO_SHIFT}
    return {"worst_shift_drop": worst and worst[1], "worst_shift": worst and worst[0], **drops}


def _plain(key: str, value: Callable[[Line], Any]) -> Callable[[Line], Values]:
    return lambda line: {key: value(line)}


def _precision(rate: str, metric: str) -> Column:
    return Column(
        metric.replace(".", "_"),
        f"PPV at {rate}",
        f"Precision where {rate} of all units are positive, at a review budget of 1%.",
        _plain(metric.replace(".", "_"), lambda line: line.precision_at[rate]),
        lambda line: number(line.precision_at[rate]),
    )


def _beside(key: str, metric: str, heading: str, about: str) -> Column:
    return Column(
        key,
        heading,
        about,
        _plain(key, lambda line: line.beside[metric]),
        lambda line: number(line.beside[metric]),
    )


COLUMNS = (
    Column(
        "rank", "rank",
        "Place among entries of its status, best first; in brackets the 95% interval of the place when operations are "
        "drawn anew. Oracles are not ranked.",
        _rank_values, _rank,
    ),
    Column(
        "method", "method",
        "A reference method, or the team and method of a submission; oracles, shown hidden truth, are in italics.",
        _plain("method", lambda line: line.entry.method), lambda line: line.method, number=False,
    ),
    Column(
        "score", "score",
        "The task's primary metric; ± is the standard deviation over seeds (ddof 1).",
        lambda line: {"score": line.row.score, "seed_sd": line.row.seed_sd, "seeds": line.row.seeds}, _score,
    ),
    Column(
        "interval", "95% interval",
        "Cluster bootstrap; its ends are means over seeds.",
        lambda line: {"low": line.row.low, "high": line.row.high},
        lambda line: interval(line.row.low, line.row.high, line.row.note),
    ),
    Column(
        "share_of_oracle", "share of oracle",
        "(score − constant score) / (oracle − constant score).",
        _plain("share_of_oracle", lambda line: line.row.share_of_oracle),
        lambda line: percent(line.row.share_of_oracle),
    ),
    Column(
        "leakage", "leakage",
        "Score on the random split − on the operation-disjoint one: what the usual split flatters.",
        _plain("leakage", lambda line: line.row.leakage), lambda line: signed(line.row.leakage),
    ),
    Column(
        "drift", "drift",
        "Score on the operation-disjoint split − on the forward one: what time takes.",
        _plain("drift", lambda line: line.row.drift), lambda line: signed(line.row.drift),
    ),
    Column(
        "worst_shift", "worst shift",
        "The largest loss on a shifted split (region, platform, language …) from the operation-disjoint one; files "
        "hold the loss on each.",
        _worst_values, _worst_text,
    ),
    *(_precision(rate, metric) for rate, metric in BASE_RATES.items()),
    Column(
        "harm_gap", "harm gap",
        "False accusations of the worst lawful group − of all lawful; smaller is better.",
        _plain("harm_gap", lambda line: line.row.harm_gap), lambda line: number(line.row.harm_gap),
    ),
    _beside(
        "protection_gap", PROTECTION_GAP, "protection gap",
        "Best − worst recall over groups of those exploited; smaller is better.",
    ),
    _beside(
        "coverage", COVERAGE, "coverage",
        "The share of 95% intervals that hold the truth; well below .95 is false confidence.",
    ),
    _beside(
        "intrusion", INTRUSION, "intrusion",
        "The same metric over lawful travellers, who are forecast along; lower is better.",
    ),
    Column(
        "against", "against reference",
        "Difference to the task's reference method by a paired cluster bootstrap, p after Holm; "
        f"n.s. = not significant at {LEVEL:.0%}.",
        _verdict_values, _verdict,
    ),
    Column(
        "access", "access",
        "The most private data that the method was shown; declared only, where self-reported.",
        _plain("access", lambda line: line.access), lambda line: line.access, number=False,
    ),
    Column(
        "labels", "labels",
        "What it learnt from; the test is always the truth.",
        _plain("labels", lambda line: line.labels), lambda line: line.labels, number=False,
    ),
    Column(
        "cpu_s", "CPU s",
        "CPU seconds to fit, predict and score, mean over seeds; declared by the authors where self-reported.",
        _plain("cpu_s", lambda line: line.cpu_s),
        lambda line: NOTHING if line.cpu_s is None else f"{line.cpu_s:,.1f}",
    ),
    Column(
        "peak_mib", "MiB",
        "Peak memory over that at the start, the largest of the seeds.",
        _plain("peak_mib", lambda line: line.peak_mib),
        lambda line: NOTHING if line.peak_mib is None else f"{line.peak_mib:,.0f}",
    ),
    Column(
        "status", "status",
        "Reproduced: maintainers ran it, access and streaming enforced. Self-reported: predictions came as files; "
        "unverified: nobody can tell whether a stream was read ahead.",
        lambda line: {"status": line.status, "unverified": line.unverified, "oracle": line.row.oracle},
        lambda line: f"{line.status}, unverified" if line.unverified else line.status, number=False,
    ),
)  # fmt: skip
"""In the order of a table."""
