"""What columns of a board show of a line: text for a reader, and values for a file, by column of the file."""

from __future__ import annotations

from collections.abc import Mapping

from tipbench.data.splits import SPLITS
from tipbench.metrics.registry import metric_of
from tipbench.runs.report import NOTHING, number, signed

from tipboard.board.board_rows import NO_SHIFT, BoardRow
from tipboard.board.fresh import NOT_SUPPORTED

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
    """Return who ran it, and what speaks against its score."""
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
