"""The one function that spreads independent work: regions of a release, cells of a grid."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from tipcore.engines.engine import Engine, engine_of
from tipcore.errors import UsageError
from tipcore.extras import EXTRAS, how_to_install
from tipcore.operating_system.processes import threads, with_one_thread
from tipcore.progress import progress

Item = TypeVar("Item")
Result = TypeVar("Result")


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
        function: a picklable function of one item, which may be called twice for an item whose worker was ended.
        items: picklable items.
        engine: what spreads them, or its name.
        label: what is counted, for the progress on standard error (:mod:`tipcore.progress`).
        quiet: no progress.
        size: how many of those an item holds.

    Raises:
        UsageError: for an engine that does not exist, that is not installed, or whose cluster cannot be reached.
        MachineFault: where workers were ended again and again.
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
    alone = engine.name == "loky" and min(engine.here, len(items)) == 1
    if alone or engine.name == "sequential":
        return _spread_here(function, items)
    try:
        spread = importlib.import_module(f"tipcore.engines.{engine.name}").spread
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tipcore"):
            raise
        install = how_to_install(engine.name) if engine.name in EXTRAS else "install tipbench again"
        raise UsageError(
            f"engine={engine.name} needs {error.name}, which is not installed: {install}."
        ) from None
    return spread(function, items, engine, quiet)


def _spread_here(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item, made in this process with as many threads as a worker has: a sum that
    several threads share is rounded otherwise."""
    with _threads_of_what_is_loaded(), with_one_thread():
        for index, item in enumerate(items):
            yield index, function(item)


def _threads_of_what_is_loaded() -> AbstractContextManager[object]:
    from threadpoolctl import threadpool_limits  # takes a moment

    many = threads()
    try:
        # What was loaded before has read its own variable alone.
        return threadpool_limits(
            {"openmp": int(many["OMP_NUM_THREADS"]), "blas": int(many["OPENBLAS_NUM_THREADS"])}
        )
    except (OSError, ValueError):  # a system that does not tell what is loaded; a list of threads by level
        return nullcontext()
