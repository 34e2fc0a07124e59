"""Run a random sample of a board's cells again and compare every number with the stored one."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tipbench.runs import runner
from tipbench.runs.cell import Cell
from tipbench.runs.digests import method_sources
from tipbench.runs.results import Result
from tipbench.sources import imported
from tipcore.errors import CheckFailed

from tipboard.board.score_differences import largest_difference

TOLERANCE = 1e-6
"""Largest absolute difference that counts as the same: machines round the last digits of a sum differently."""
GRADIENTS = ("torch", "sentence_transformers", "numpyro", "jax")
"""Libraries whose rounding grows over thousands of steps, so that another processor may arrive elsewhere."""
EXCEPTIONS = {
    "advert_authorship/metric_learning": 0.004,
    "advert_risk/joined_tables": 0.001,
    "advert_risk/lightgbm": 0.002,
    "advert_risk/sentence_encoder": TOLERANCE,
    "intervention_effect/structural_time_series": TOLERANCE,
    "recruitment_onset/windowed_logreg": 0.003,
}
"""Other methods that magnify rounding -> the largest difference of the primary score that counts as the same.

On three splits of ``small`` it was at most this between two kernels of OpenBLAS and numpy (AVX2 and AVX-512). Only the
primary score of these methods is compared. All other methods gave numbers within 1e-9 on ``tiny``.
"""


@dataclass(frozen=True)
class Recomputed:
    """A cell that was run again.

    ``number``: the name of the number that differs most, '' where all are equal. ``difference``: its absolute
    difference, None where one of the two numbers is missing. ``allowed``: the largest difference that counts as the
    same.
    """

    task: str
    split: str
    method: str
    seed: int
    number: str
    difference: float | None
    allowed: float
    same: bool


def recompute(
    results: Sequence[Result], count: int, seed: int, quiet: bool = False
) -> tuple[list[Recomputed], dict[str, str]]:
    """Run cells again, without a fence: ``count`` of ``results``, drawn at random without replacement.

    Args:
        results: results of reference methods, each with its resolved config.
        count: how many cells; all of them if there are fewer.
        seed: of the draw.
        quiet: whether to hide progress.

    Returns:
        The cells that were run again, and why others could not run here (cell -> sentence): a cell whose method needs
        an extra that is not installed is replaced by the next one of the draw.

    Raises:
        CheckFailed: where a cell fails.
    """
    waiting = [results[at] for at in np.random.default_rng(seed).permutation(len(results))]
    found: list[Recomputed] = []
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tipbench-recompute-") as folder:
        while waiting and len(found) < count:
            some, waiting = waiting[: count - len(found)], waiting[count - len(found) :]
            cells = [Cell(dict(one.config), Path(folder)) for one in some]
            for stored, outcome in zip(some, runner.run(cells, engine="loky", quiet=quiet), strict=True):
                if outcome.result is not None:
                    found.append(_compared(stored, outcome.result, _spread(stored, results)))
                elif outcome.usage:
                    left_out[outcome.cell.name] = str(outcome.cause)
                else:
                    raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")
    return found, left_out


def _compared(stored: Result, again: Result, spread: float) -> Recomputed:
    exception = EXCEPTIONS.get(stored.method)
    only = None if exception is None else stored.primary
    name, difference = largest_difference(stored, again, only)
    allowed = max(TOLERANCE, exception or 0.0, spread)
    finite = difference if math.isfinite(difference) else None
    cell = (stored.task, stored.split, stored.method, stored.seed)
    return Recomputed(*cell, name, finite, allowed, difference <= allowed)


def _spread(stored: Result, results: Sequence[Result]) -> float:
    """Return the range of the primary score over the stored seeds for a method that learns by :data:`GRADIENTS`, else
    0."""
    baseline: Any = stored.config["baseline"]
    used = imported(method_sources(baseline["method"]))
    if not any(name.partition(".")[0] in GRADIENTS for name in used):
        return 0.0
    cell = (stored.task, stored.split, stored.method)
    seeds = [one for one in results if (one.task, one.split, one.method) == cell]
    values = [v for one in seeds if (v := one.scores[one.primary].value) is not None]
    return max(values) - min(values) if values else 0.0
