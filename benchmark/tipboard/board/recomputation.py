"""Run a random sample of a board's cells again and compare every number with the stored one."""

from __future__ import annotations

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


@dataclass(frozen=True)
class Recomputed:
    """A cell that was run again.

    ``number``: the name of the number that differs most, '' where all are equal; ``difference``: by how much, infinite
    where one of the two is missing. ``allowed``: the largest difference that counts as the same.
    """

    stored: Result
    number: str
    difference: float
    allowed: float

    @property
    def same(self) -> bool:
        return self.difference <= self.allowed


@dataclass(frozen=True)
class Sample:
    """``cells``: those that were run again; ``left_out``: cells that cannot run here -> why, in one sentence."""

    cells: list[Recomputed]
    left_out: dict[str, str]


def recompute(
    results: Sequence[Result], count: int, seed: int, engine: str = "loky", quiet: bool = False
) -> Sample:
    """Run ``count`` cells again, drawn without replacement from ``results``, without a fence.

    Args:
        results: of reference methods; each holds its resolved config.
        count: how many cells; all where there are fewer.
        seed: of the draw.

    A cell whose method needs an extra that is not installed is left out, and the next one is drawn. Numbers of a
    method that learns by :data:`GRADIENTS` may differ by the spread of its primary score over the stored seeds.

    Raises CheckFailed where a cell fails.
    """
    order = np.random.default_rng(seed).permutation(len(results))
    waiting = [results[place] for place in order]
    found: list[Recomputed] = []
    left_out: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="tipbench-recompute-") as folder:
        while waiting and len(found) < count:
            some, waiting = waiting[: count - len(found)], waiting[count - len(found) :]
            cells = [Cell(dict(one.config), Path(folder)) for one in some]
            for stored, outcome in zip(some, runner.run(cells, engine=engine, quiet=quiet), strict=True):
                if outcome.result is not None:
                    allowed = max(TOLERANCE, _spread(stored, results))
                    found.append(Recomputed(stored, *largest_difference(stored, outcome.result), allowed))
                elif outcome.usage:
                    left_out[outcome.cell.name] = str(outcome.cause)
                else:
                    raise CheckFailed(f"{outcome.cell.name} failed: {outcome.cause}")
    return Sample(found, left_out)


def _spread(stored: Result, results: Sequence[Result]) -> float:
    """Return the largest less the smallest primary score over the stored seeds, for a method of :data:`GRADIENTS`."""
    method: Any = stored.config["baseline"]
    used = imported(method_sources(method["method"]))
    if not any(name.partition(".")[0] in GRADIENTS for name in used):
        return 0.0
    cell = (stored.task, stored.split, stored.method)
    seeds = [one for one in results if (one.task, one.split, one.method) == cell]
    values = [v for one in seeds if (v := one.scores[one.primary].value) is not None]
    return max(values) - min(values) if values else 0.0
