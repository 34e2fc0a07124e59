"""The one function that spreads independent work: regions of a release, cells of a grid.

Joblib does the distributing. An engine is a joblib backend by name, so dask, ray or a cluster's launcher
join by registering theirs, and no caller changes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from tipcore.errors import UsageError
from tipcore.operating_system import MASKS_SIGNALS, children_ignore_interrupts, ignore_interrupts
from tipcore.operating_system.processes import end_with_process
from tipcore.progress import progress

ENGINES = ("loky", "sequential")

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_all(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    engine: str = "loky",
    workers: int | None = None,
    label: str = "regions",
    quiet: bool = False,
    size: Callable[[Item], int] = lambda item: 1,
) -> list[Result]:
    """Apply ``function`` to every item and return the results in the items' order.

    Args:
        function: a picklable function of one item.
        items: picklable items.
        engine: one of :data:`ENGINES`.
        workers: processes for ``loky``; ``None`` means one a core.
        label: what is counted, for the progress on standard error (:mod:`tipcore.progress`).
        quiet: no progress.
        size: how many of those an item holds.

    Raises:
        UsageError: for an engine that does not exist, or fewer than one worker.
    """
    if engine not in ENGINES:
        raise UsageError(f"engine={engine} does not exist: choose one of {', '.join(ENGINES)}.")
    if workers is not None and workers < 1:
        raise UsageError(f"engine.workers={workers} is too few: give 1 or more.")
    if not items:
        return []
    import joblib

    workers = min(workers or joblib.cpu_count(), len(items))
    results: list[Any] = [None] * len(items)
    with progress(label, sum(map(size, items)), quiet) as advance:
        if engine == "sequential" or workers == 1:
            for index, item in enumerate(items):
                results[index] = function(item)
                advance(size(item))
            return results
        # Workers of a backend that others register may be on another machine.
        parent = os.getpid() if engine in ENGINES else None
        with joblib.parallel_config(backend=engine, n_jobs=workers, inner_max_num_threads=1):
            with _deaf_children():
                work: Any = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")(
                    joblib.delayed(_indexed)(function, index, item, parent)
                    for index, item in enumerate(items)
                )
            for index, result in work:
                results[index] = result
                advance(size(items[index]))
    return results


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started inside never see Ctrl-C, so that only this one answers it; joblib ends them."""
    if MASKS_SIGNALS:
        import multiprocessing.resource_tracker

        from joblib.externals.loky.backend import resource_tracker

        multiprocessing.resource_tracker.ensure_running()  # each lifts the mask where it has to be started
        resource_tracker.ensure_running()
    with children_ignore_interrupts():
        yield


def _indexed(
    function: Callable[[Item], Result], index: int, item: Item, parent: int | None
) -> tuple[int, Result]:
    """Run in a worker, which ends with the process that started it: one item's number and its result."""
    ignore_interrupts()
    if parent is not None:
        end_with_process(parent)
    return index, function(item)
