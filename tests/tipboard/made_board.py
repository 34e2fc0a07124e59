"""A board of made-up scores: every task, split and shipped method, in milliseconds.

Whatever a page, a table or a figure of a whole board is checked for needs one, and no run. Scores are drawn by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from made_result import made_result
from tipbench.config.options import config_folder, describe_option, options
from tipbench.evaluation.comparison import Draws
from tipbench.metrics.harm import FEW_FINDS
from tipbench.runs.results import Result
from tipbench.task import Task
from tipbench.tasks import tasks
from tipboard.board.collection import KeptDraws
from tipboard.board.files import REFERENCE, store_results
from tipdata.core.draw import Stream
from tipdata.core.world import newest_released

DATA = f"{newest_released()}/small"
STOCHASTIC = ("lightgbm", "graphsage")
"""Methods of two seeds."""
ORACLE = 0.95
REACH = 0.02
"""From a score to each end of its interval."""
CURVES = {
    "reliability": [
        {"low": 0.1 * n, "high": 0.1 * (n + 1), "weight": 0.1, "mean_score": 0.1 * n + 0.05, "positive_share": 0.08 * n}
        for n in range(10)
    ],
    "operating_points": {
        name: {
            "threshold": threshold, "recall": recall, "false_positive_rate": 0.2 * recall, "precision": 0.2,
            "flagged_share": 0.02, "false_positive_clusters": 40, "ppv_0.1pct": 0.004, "ppv_1pct": 0.04,
            "ppv_5pct": 0.18, "ppv_30pct": 0.6,
        }
        for name, threshold, recall in (("budget_1pct", 0.5, 0.05), ("recall_50", 0.1, 0.5))
    },
}  # fmt: skip
REPLICATES, CLUSTERS = 200, 300


def make_board(results: Path) -> Path:
    """Write the board of made-up results and its draws; return ``results``."""
    folder, found = results / DATA / REFERENCE, list(_results())
    folder.mkdir(parents=True)
    drawn = [one for one in found if not one.oracle_method and one.seed == 0]
    usual = [one for one in drawn if one.split == tasks()[one.task].splits[0]]
    store_results(folder, found, [_drawn(one) for one in usual])
    return results


def _results() -> Iterator[Result]:
    for path in options([config_folder()])["baseline"].values():
        config = describe_option(path)
        task, _, name = config["name"].partition("/")
        for split in tasks()[task].splits:
            for seed in range(2 if name in STOCHASTIC else 1):
                yield _result(tasks()[task], name, split, seed, config)


def score_of(task: str, method: str, split: str, seed: int = 0) -> float:
    """Return the made-up primary score of a run, from .1 up to .3."""
    drawn = Stream(1, f"{task}/{method}/{split}").uniform(np.array([seed]))
    return ORACLE if method == "oracle" else round(0.1 + 0.2 * float(drawn[0]), 4)


def _result(task: Task, method: str, split: str, seed: int, config: dict[str, Any]) -> Result:
    value = score_of(task.name, method, split, seed)
    scores: dict[str, dict[str, Any]] = {
        name: {"value": value / 2, "low": value / 2 - REACH, "high": value / 2 + REACH}
        for name in task.metrics
    }
    scores[task.primary] = {"value": value, "low": value - REACH, "high": value + REACH}
    if "harm_gap" in scores and method.startswith("g"):
        scores["harm_gap"] = {"value": None, "note": FEW_FINDS}
    return made_result(
        split,
        task=task.name,
        method=f"{task.name}/{method}",
        data=DATA,
        seed=seed,
        labels=next(iter(task.supervise)),
        access=task.tier,
        oracle_method=method == "oracle",
        versions={"data": newest_released(), "evaluator": task.version, "method": "0.1.0"},
        config={"task": task.name, "split": split, "seed": seed, "baseline": config},
        primary=task.primary,
        scores=scores,
        groups=_groups(value) if "harm_gap" in scores else {},
        curves=CURVES if "brier" in scores else {},
        oracle={"prior": 0.05, "oracle": ORACLE, "share": (value - 0.05) / (ORACLE - 0.05)},
    )


def _groups(value: float) -> dict[str, dict[str, float]]:
    """Return who is accused and who is found, in two lawful groups, two forms and two languages."""
    accused = {"lawful": 0.1, "business": 0.15, "independent": 0.05}
    found = {"form=labour": 0.9, "form=sexual": 0.7, "language=en": 0.8, "language=es": 0.6}
    gaps = {"form": {"protection_gap": 0.2 * value}, "language": {"protection_gap": 0.2 * value}}
    rates = ("false_accusations_per_unit", "false_accusations_per_operation")
    return {
        **{
            name: {**dict.fromkeys(rates, by * value), "units": 900.0, "operations": 90.0}
            for name, by in accused.items()
        },
        **{name: {"recall": by * value, "positive_clusters": 30.0} for name, by in found.items()},
        **gaps,
    }


def _drawn(one: Result) -> KeptDraws:
    value = one.scores[one.primary].value or 0.0
    noise = Stream(1, f"draws/{one.method}").uniform(np.arange(REPLICATES)) - 0.5
    draws = Draws(value, value + 2 * REACH * noise, CLUSTERS)
    return KeptDraws(one.task, one.split, one.method_name, one.seed, draws)
