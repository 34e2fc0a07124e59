"""Run cells: what is finished is kept, and the others are fitted, predicted, scored and recorded.

Cells that share a fold travel together, so that it is prepared once for all of them; a cell that fails says why
and the others go on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tipcore.atomic import check_writable
from tipcore.engines import Engine, engine_of, run_all
from tipcore.errors import UsageError

from tipbench.fence.session import Limits
from tipbench.runs.attempts import Batch, run_batch
from tipbench.runs.cell import Cell
from tipbench.runs.decisions import Job, Outcome, decided
from tipbench.runs.log import logging_to
from tipbench.runs.results import ELSEWHERE


def run(
    cells: Sequence[Cell],
    engine: Engine | str = "sequential",
    overwrite: str = "only_missing",
    quiet: bool = False,
    raising: bool = False,
    log_file: str | None = None,
    fence: Limits | None = None,
) -> list[Outcome]:
    """Run every cell that is not finished and return the outcomes of all, in the cells' order.

    ``overwrite``: ``only_missing`` runs what is not there or was made by other code or data (and only scores again what
    other code scored; :mod:`tipbench.runs.digests`), ``always`` runs everything, ``never`` keeps whatever is there.

    ``raising``: a method's own error is raised, and not told in its outcome. ``log_file``: see
    :mod:`tipbench.runs.log`. ``fence``: limits of the fence that each method is put behind; None for none.

    Raises:
        UsageError: where runs or the log cannot be written.
    """
    outcomes: dict[Path, Outcome] = {}
    jobs: list[Job] = []
    for cell in cells:
        made = decided(cell, overwrite, fence is not None)
        if isinstance(made, Job):
            jobs.append(made)
        else:
            outcomes[cell.folder] = made
    if outcomes and jobs and not quiet:
        sys.stderr.write(f"{len(outcomes)} of {len(cells)} cells are finished, {len(jobs)} to run\n")
    if jobs:
        with logging_to(log_file):
            done = _run_jobs(jobs, engine_of(engine), quiet, raising, log_file, fence)
        outcomes |= {outcome.cell.folder: outcome for outcome in done}
    return [outcomes[cell.folder] for cell in cells]


def _run_jobs(
    jobs: list[Job],
    engine: Engine,
    quiet: bool,
    raising: bool,
    log_file: str | None,
    fence: Limits | None,
) -> list[Outcome]:
    _check_writable(jobs[0].cell.runs)
    batches = _batches(jobs, engine.here, fence)
    done = run_all(
        partial(run_batch, raising=raising, log_file=log_file),
        batches,
        engine,
        "cells",
        quiet,
        _cells,
    )
    return [outcome for outcomes in done for outcome in outcomes]


def _cells(batch: Batch) -> int:
    return len(batch.jobs)


def _check_writable(runs: Path) -> None:
    """Refuse a folder that nothing can be written to, before anything is run. Raises UsageError."""
    try:
        check_writable(runs)
    except OSError as error:
        raise UsageError(
            f"runs cannot be written to {runs}: {error.strerror or error}; {ELSEWHERE}."
        ) from None


def _batches(jobs: list[Job], workers: int, fence: Limits | None = None) -> list[Batch]:
    """Return jobs by fold; where there are fewer folds than workers, a fold's jobs are dealt to several."""
    by_fold: dict[str, list[Job]] = {}
    for job in jobs:
        by_fold.setdefault(job.cell.fold_key, []).append(job)
    ways = -(-workers // len(by_fold))
    dealt = [group[start::ways] for group in by_fold.values() for start in range(min(ways, len(group)))]
    return [Batch(tuple(part), tuple(sys.path), os.getcwd(), fence) for part in dealt]
