"""Workers of a ray cluster: of one that runs, or of one that is started here.

Ray gives the work of a lost worker to another, as often as it is told to.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any, TypeVar

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

from tipcore.engines.engine import Engine
from tipcore.engines.workers import ATTEMPTS, called, check_answers, given_up, lost_cluster, starting
from tipcore.errors import MachineFault, UsageError
from tipcore.locations import said_by

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 4
"""Items given to each worker before it is done with the first: it never waits, and few results lie in the store."""


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item as it is done."""
    with _cluster(engine, len(items), quiet):
        try:
            work: Any = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(called)
            shared = ray.put(function)
            waiting = list(enumerate(items))[::-1]
            ahead = AHEAD * (engine.workers or int(ray.cluster_resources().get("CPU", 1)))
            given: list[Any] = []
            while waiting or given:
                while waiting and len(given) < ahead:
                    given.append(work.remote(shared, *waiting.pop()))
                done, given = ray.wait(given)
                yield from ray.get(done)
        except RayTaskError as error:
            raise error.cause from None
        except (WorkerCrashedError, OutOfMemoryError):
            raise given_up(engine.name) from None
        except RayError as error:
            raise lost_cluster(engine, error) from None


@contextmanager
def _cluster(engine: Engine, most: int, quiet: bool) -> Iterator[None]:
    with redirect_stdout(io.StringIO() if quiet else sys.stderr):  # ray prints there what its processes say
        context = _started(engine, most)
        try:
            if not quiet and context.dashboard_url:
                sys.stderr.write(f"ray dashboard: http://{context.dashboard_url}\n")
            yield
        finally:
            ray.shutdown()


def _started(engine: Engine, most: int) -> Any:
    where: dict[str, Any] = {"num_cpus": min(engine.here, most)}
    if engine.address is not None:
        where = {"address": engine.address}
        if engine.address != "auto":
            check_answers(engine, "ray start --head")
    try:
        with starting():
            return ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
    except Exception as error:  # it raises bare ones too
        if engine.address is None:
            raise MachineFault(
                f"engine=ray: it could not be started here ({said_by(error)}): try again."
            ) from None
        raise UsageError(
            f"engine.address={engine.address} is no ray cluster that this one can talk to ({said_by(error)}): give the "
            "address that `ray start --head` prints, of the same version of ray."
        ) from None
