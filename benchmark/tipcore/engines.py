"""Spread independent work, such as regions of a release or cells of a grid, over processes or a cluster.

:func:`run_all` serves every caller. Results do not depend on the engine, since every random draw comes from a keyed
stream. The engines for clusters are in :mod:`tipcore.clusters`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from tipcore import clusters
from tipcore.errors import UsageError
from tipcore.extras import EXTRAS, require
from tipcore.operating_system import MASKS_SIGNALS, one_thread_each, thread_variables, user_sets_blas_threads
from tipcore.progress import progress

Item = TypeVar("Item")
Result = TypeVar("Result")

ENGINES = ("loky", "sequential", "dask", "ray", "submitit")
"""Names of engines. The last three are extras of their name."""
ADDRESSED = ("dask", "ray")
"""Engines that can connect to a running cluster."""


@dataclass(frozen=True)
class Engine:
    """What spreads the work.

    Attributes:
        name: one of :data:`ENGINES`.
        workers: number of processes, or of jobs at a time; None: one per core here, or all that a cluster has.
        address: of a running scheduler, for ``dask`` and ``ray``; None starts one on this machine.
        cluster: for ``submitit``: ``slurm`` or ``local``; None takes SLURM if it is there.
        folder: for ``submitit``: where jobs are written, which every machine must see; None is ``runs/jobs``.
        parameters: for ``submitit``: of each job, as ``AutoExecutor.update_parameters`` takes them.
        summary: what the engine is, in a few words.

    Raises:
        UsageError: for an engine that does not exist, fewer than one worker, or an address that the engine ignores.
    """

    name: str = "loky"
    workers: int | None = None
    address: str | None = None
    cluster: str | None = None
    folder: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    summary: str = ""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise UsageError(f"engine={self.name} does not exist: choose one of {', '.join(ENGINES)}.")
        if self.workers is not None and self.workers < 1:
            raise UsageError(f"engine.workers={self.workers} is too few: give 1 or more.")
        if self.address is not None and self.name not in ADDRESSED:
            raise UsageError(
                f"engine.address={self.address} is for {' and '.join(ADDRESSED)}: engine={self.name} has none."
            )

    @property
    def here(self) -> int:
        """Number of processes of this machine that work at the same time, as far as known: at least one."""
        return 1 if self.name == "sequential" else self.workers or os.cpu_count() or 1


KEYS = tuple(one.name for one in fields(Engine) if one.name not in ("name", "summary"))
"""Settings of an engine."""


def engine_of(engine: Engine | str) -> Engine:
    """Return an engine from its name, or the engine itself."""
    return engine if isinstance(engine, Engine) else Engine(engine)


def run_all(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    engine: Engine | str = "loky",
    label: str = "regions",
    quiet: bool = False,
    size: Callable[[Item], int] = lambda item: 1,
) -> list[Result]:
    """Apply ``function`` to every item and return the results in the items' order.

    Args:
        function: a picklable function of one item. It may be called twice for an item whose worker was killed.
        items: picklable items.
        engine: the engine or its name.
        label: what the progress on standard error counts (:mod:`tipcore.progress`).
        quiet: whether to hide progress.
        size: how much an item counts.

    Raises:
        UsageError: for an engine that does not exist or is not installed, or whose cluster cannot be reached.
        MachineFault: if workers are killed again and again.
    """
    results: list[Any] = [None] * len(items)
    with progress(label, sum(map(size, items)), quiet) as advance:
        for index, result in _spread(function, items, engine_of(engine), quiet):
            results[index] = result
            advance(size(items[index]))
    return results


def _spread(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item as it is done."""
    if not items:
        return iter(())
    if engine.name in EXTRAS:
        require(engine.name, f"engine={engine.name}")
        spread: Any = getattr(clusters, f"spread_on_{engine.name}")
        return spread(function, items, engine, quiet)
    if engine.name == "sequential" or min(engine.here, len(items)) == 1:
        return _spread_here(function, items)
    return _spread_over_processes(function, items, engine, quiet)


def _spread_here(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    """Work in this process with as many threads as a worker has: more threads would round sums differently."""
    from threadpoolctl import threadpool_limits  # takes a moment

    many = thread_variables()
    limits: AbstractContextManager[object] = nullcontext()
    with suppress(OSError, ValueError):  # a system that hides what is loaded; a list of threads by level
        # A library that is loaded already has read its variable.
        limits = threadpool_limits(
            {"openmp": int(many["OMP_NUM_THREADS"]), "blas": int(many["OPENBLAS_NUM_THREADS"])}
        )
    with limits, one_thread_each():
        for index, item in enumerate(items):
            yield index, function(item)


def _spread_over_processes(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Work in processes of this machine, by joblib.

    When one is killed, joblib ends the others too. New processes repeat what they were at.
    """
    try:
        import joblib
        from joblib.externals.loky.backend import resource_tracker
        from joblib.externals.loky.process_executor import TerminatedWorkerError
    except ModuleNotFoundError as error:
        raise UsageError(
            f"engine=loky needs {error.name}, which is not installed: install tipbench again."
        ) from None
    workers = min(engine.workers or joblib.cpu_count(), len(items))
    left, lost = dict(enumerate(items)), 0
    most = None if user_sets_blas_threads() else 1
    while left:
        try:
            with joblib.parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=most):
                if MASKS_SIGNALS:
                    resource_tracker.ensure_running()  # one that starts later would lift the mask of signals
                with clusters.quiet_children():  # only this process answers Ctrl-C; joblib then ends them
                    work: Any = joblib.Parallel(return_as="generator_unordered", pre_dispatch="2*n_jobs")(
                        joblib.delayed(_call_and_keep_worker)(function, index, item, os.getpid())
                        for index, item in tuple(left.items())
                    )
                for index, result in work:
                    del left[index]
                    lost = 0
                    yield index, result
        except TerminatedWorkerError:
            lost += 1
            if lost == clusters.ATTEMPTS:
                raise clusters.workers_lost("loky") from None
            clusters.report_lost_worker(quiet)


def _call_and_keep_worker(
    function: Callable[[Item], Result], index: int, item: Item, parent: int
) -> tuple[int, Result]:
    """Call an item in a worker that stays, however much memory it takes.

    If psutil is installed, loky takes 300 MB more than after the first item for a leak and ends the process, and its
    imports and the features that methods keep of a fold are lost.
    """
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False
    return clusters.call_item(function, index, item, parent)
