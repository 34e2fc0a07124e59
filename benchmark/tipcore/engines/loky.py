"""Processes on this machine, by joblib.

Where one is killed, joblib ends the others too; what they were at is done again by new ones.
"""

from __future__ import annotations

import multiprocessing.resource_tracker
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
from joblib.externals.loky import process_executor
from joblib.externals.loky.backend import resource_tracker
from joblib.externals.loky.process_executor import TerminatedWorkerError

from tipcore.engines.engine import Engine
from tipcore.engines.workers import ATTEMPTS, called, given_up, starting, tell_lost, this_process
from tipcore.operating_system import MASKS_SIGNALS
from tipcore.operating_system.processes import threads_of_blas_are_said

Item = TypeVar("Item")
Result = TypeVar("Result")


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item as it is done."""
    workers = min(engine.workers or joblib.cpu_count(), len(items))
    left = dict(enumerate(items))
    lost = 0
    while left:
        try:
            for index, result in _in_processes(function, dict(left), workers):
                del left[index]
                lost = 0
                yield index, result
        except TerminatedWorkerError:
            lost += 1
            if lost == ATTEMPTS:
                raise given_up(engine.name) from None
            tell_lost(quiet)


def _in_processes(
    function: Callable[[Item], Result], items: dict[int, Item], workers: int
) -> Iterator[tuple[int, Result]]:
    most = None if threads_of_blas_are_said() else 1
    with joblib.parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=most):
        with _deaf_children():
            work: Any = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")(
                joblib.delayed(_called_and_kept)(function, index, item, this_process())
                for index, item in items.items()
            )
        yield from work


def _called_and_kept(
    function: Callable[[Item], Result], index: int, item: Item, parent: int
) -> tuple[int, Result]:
    """Call an item in a worker that stays, whatever memory it takes.

    Where psutil is installed, loky takes 300 MB more than after the first item for a leak and ends the process: with it
    go its imports and all that methods keep of a fold.
    """
    process_executor._USE_PSUTIL = False
    return called(function, index, item, parent)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Start workers inside; only this process answers Ctrl-C, and joblib ends them."""
    if MASKS_SIGNALS:
        multiprocessing.resource_tracker.ensure_running()  # each lifts the mask where it has to be started
        resource_tracker.ensure_running()
    with starting():
        yield
