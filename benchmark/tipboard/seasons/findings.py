"""What a season found on a task, from its standings: see :mod:`tipbench.runs.findings`."""

from __future__ import annotations

import polars as pl
from tipbench.method import CLASSES
from tipbench.runs.findings import Finding, MethodScore, count_leaders

from tipboard.seasons.standings import BY_EXPERTS, SCORE, is_compared

BEST_KNOWN = ("best_known", "best_known_low", "best_known_high")


def finding(rows: pl.DataFrame, entry_class: str | None = None) -> Finding:
    """Return the finding of a season on a task.

    Args:
        rows: the rows of one task in the frame that :func:`tipboard.seasons.standings.rank_entries` returns.
        entry_class: the class whose methods are compared; by default the first that has any.
    """
    first, compared = rows.row(0, named=True), list(filter(is_compared, rows.rows(named=True)))
    chosen = entry_class or (compared[0]["entry_class"] if compared else CLASSES[0])
    about = {
        "task": first["task"],
        "metric": first["primary"],
        "worlds": first["worlds"],
        "entry_class": chosen,
        "chance": first["chance"],
        "oracle": first["oracle"],
    }
    lines = [line for line in compared if line["entry_class"] == chosen]
    if not lines:
        return Finding(methods=(), leaders=0, **about)
    best, ranked = lines[0], lines[0]["is_top"] is not None
    if ranked:
        top_first = sorted(lines, key=lambda line: not line["is_top"])
        methods, leaders = tuple(_score(line) for line in top_first), sum(line["is_top"] for line in lines)
    else:
        methods, leaders = count_leaders([_score(line) for line in lines])
    sign = 1 if best["lower_is_better"] else -1
    by_experts = [line for line in lines if line["experts_mean"] is not None]
    experts = min(by_experts, key=lambda line: sign * line["experts_mean"], default=None)
    known = best["best_known"]
    return Finding(
        methods=methods,
        leaders=leaders,
        ranked=ranked,
        best_known=None if known is None else _score(best, BEST_KNOWN, best["best_known_name"]),
        best_known_class=best["best_known_class"] or "",
        accused=best["accused_per_find"],
        experts=None if experts is None else _score(experts, BY_EXPERTS),
        depends_on_assumptions=bool(best["depends_on_assumptions"]),
        **about,
    )


def _score(line: dict, columns: tuple[str, ...] = SCORE, name: str | None = None) -> MethodScore:
    return MethodScore(name or line["name"], *(line[column] for column in columns))
