"""What a season found on a task, from its standings: see :mod:`tipbench.runs.findings`."""

from __future__ import annotations

import polars as pl
from tipbench.method import CLASSES
from tipbench.metrics.registry import metric_of
from tipbench.runs.findings import Finding, MethodScore, count_leaders

from tipboard.seasons.standings import METHOD


def finding(rows: pl.DataFrame, entry_class: str | None = None) -> Finding:
    """Return what a season found on a task.

    Args:
        rows: those of one task, of the frame of :func:`tipboard.seasons.standings.rank_entries`.
        entry_class: whose methods are compared; without it the first class that has any.
    """
    compared = rows.filter(pl.col("mean").is_not_null() & (pl.col("role") == METHOD))
    present = compared["entry_class"].to_list()
    chosen = entry_class or next((one for one in CLASSES if one in present), CLASSES[0])
    first, lower = rows.row(0, named=True), metric_of(rows["primary"][0]).lower_is_better
    about = {
        "task": first["task"],
        "metric": first["primary"],
        "worlds": first["worlds"],
        "entry_class": chosen,
    }
    references = {"chance": first["chance"], "oracle": first["oracle"]}
    lines = compared.filter(entry_class=chosen).sort("mean", descending=not lower, maintain_order=True)
    if lines.is_empty():
        return Finding(methods=(), leaders=0, **about, **references)
    scores = [MethodScore(*line) for line in lines.select("name", "mean", "low", "high").rows()]
    ranked = lines["is_top"].null_count() == 0
    if ranked:
        top = lines["is_top"].to_list()
        order = sorted(range(len(top)), key=lambda at: not top[at])
        methods, leaders = tuple(scores[at] for at in order), sum(top)
    else:
        methods, leaders = count_leaders(scores)
    best = lines.row(0, named=True)
    experts = lines.drop_nulls("experts_mean").sort("experts_mean", descending=not lower)
    known = (best["best_known_name"], best["best_known"], best["best_known_low"], best["best_known_high"])
    return Finding(
        methods=methods,
        leaders=leaders,
        ranked=ranked,
        best_known=None if best["best_known"] is None else MethodScore(*known),
        best_known_class=best["best_known_class"] or "",
        accused=best["accused_per_find"],
        experts=next(
            (
                MethodScore(*one)
                for one in experts.select("name", "experts_mean", "experts_low", "experts_high").rows()
            ),
            None,
        ),
        depends_on_assumptions=bool(best["depends_on_assumptions"]),
        **about,
        **references,
    )
