"""Jobs of SLURM, or processes of this machine in its place, by submitit.

A job takes several items, since a job costs seconds; so many are under way as there are workers. The items of a job
that was ended are put into others.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from submitit import AutoExecutor
from submitit.core.utils import UncompletedJobError

from tipcore.engines.engine import Engine
from tipcore.engines.workers import ATTEMPTS, given_up, starting, tell_lost
from tipcore.errors import UsageError
from tipcore.locations import said_by

Item = TypeVar("Item")
Result = TypeVar("Result")

FOLDER = "runs/jobs"
WORKERS = 8
"""Jobs at once where nothing is said."""
JOBS_A_WORKER = 4
POLL_SECONDS = 0.5


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item as it is done."""
    executor = _executor(engine, quiet)
    workers = engine.workers or WORKERS
    share = -(-len(items) // (workers * JOBS_A_WORKER))
    waiting = [list(enumerate(items))[at : at + share] for at in range(0, len(items), share)][::-1]
    given: dict[Any, list[tuple[int, Item]]] = {}
    lost = 0
    try:
        while waiting or given:
            while waiting and len(given) < workers:
                part = waiting.pop()
                with starting(), _silent() if executor.cluster == "local" else nullcontext():
                    job = executor.submit(_answers, function, part, sys.path)
                given[job] = part
            done = [job for job in given if job.done()]
            for job in done:
                part = given.pop(job)
                try:
                    answers = job.result()
                except UncompletedJobError:
                    lost += 1
                    if lost == ATTEMPTS:
                        raise given_up(engine.name) from None
                    tell_lost(quiet)
                    waiting.append(part)
                    continue
                lost = 0
                for index, result, error in answers:
                    if error is not None:
                        raise error
                    yield index, result
            if not done:
                time.sleep(POLL_SECONDS)
    finally:
        for job in given:
            job.cancel()


def _answers(
    function: Callable[[Item], Result], part: list[tuple[int, Item]], path: list[str]
) -> list[tuple[int, Result | None, Exception | None]]:
    """Return number and result of each item of a job, or what was raised, up to the first that raises."""
    sys.path += [folder for folder in path if folder not in sys.path]
    made: list[tuple[int, Result | None, Exception | None]] = []
    for index, item in part:
        try:
            made.append((index, function(item), None))
        except Exception as error:  # submitit would keep its text alone
            made.append((index, None, error))
            break
    return made


@contextmanager
def _silent() -> Iterator[None]:
    """Let processes that are started inside say nothing on standard error: what watches over a job of this machine
    prints where it was when it is interrupted."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _executor(engine: Engine, quiet: bool) -> AutoExecutor:
    folder = Path(engine.folder or FOLDER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        executor = AutoExecutor(folder=folder / "%j", cluster=engine.cluster)
        executor.update_parameters(**engine.parameters)
    except OSError as error:
        raise UsageError(
            f"engine.folder={folder} cannot be written: {error.strerror or error}; "
            "name a folder that every machine sees."
        ) from None
    except (NameError, TypeError, ValueError, RuntimeError, AssertionError) as error:
        instead = "" if engine.cluster == "local" else ", or take engine.cluster=local to try here"
        raise UsageError(
            f"engine.cluster={engine.cluster}, engine.parameters={dict(engine.parameters)}: submitit refuses them "
            f"({said_by(error)}): mend them{instead}."
        ) from None
    if not quiet:
        sys.stderr.write(f"submitit: {executor.cluster} jobs in {folder}\n")
    return executor
