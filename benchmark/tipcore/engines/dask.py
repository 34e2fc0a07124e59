"""Workers of a dask cluster: of a scheduler that runs, or of one that is started here.

Dask gives the work of a lost worker to another, three times; one that it started itself is started again.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TypeVar

import dask.config
from distributed import Client, KilledWorker, LocalCluster, as_completed
from distributed.comm.core import CommClosedError

from tipcore.engines.engine import Engine
from tipcore.engines.workers import ANSWER_SECONDS, called, check_answers, given_up, lost_cluster, starting
from tipcore.errors import UsageError
from tipcore.locations import said_by

Item = TypeVar("Item")
Result = TypeVar("Result")

OWN_WORKERS = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.nanny.pre-spawn-environ.POLARS_MAX_THREADS": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Settings of workers that are started here. By dask's own each gives freed memory back at once, to ask for it again,
looks a hundred times a second at what it does and, as nannies and scheduler do, fifty times whether it still answers:
a region took half as long again. What ends is started again later, with the threads that are told here."""


def spread(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Yield number and result of each item as it is done."""
    with _client(engine, len(items)) as client:
        if not quiet:
            sys.stderr.write(f"dask dashboard: {client.dashboard_link}\n")
            if not client.scheduler_info()["workers"]:
                sys.stderr.write(f"no worker is there yet: start some with `dask worker {engine.address}`\n")
        futures = [
            client.submit(called, function, index, item, pure=False) for index, item in enumerate(items)
        ]
        try:
            for future in as_completed(futures):
                yield future.result()
                future.release()  # else the scheduler keeps every result to the end
        except KilledWorker:
            raise given_up(engine.name) from None
        except (CancelledError, CommClosedError) as error:
            raise lost_cluster(engine, error) from None
        finally:
            with suppress(CommClosedError, OSError, TimeoutError):
                client.cancel([future for future in futures if not future.done()])


@contextmanager
def _client(engine: Engine, most: int) -> Iterator[Client]:
    for logger in (
        "distributed",
        *filter(lambda name: name.startswith("distributed."), logging.root.manager.loggerDict),
    ):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # a lost worker is no error of a user's
    if engine.address is not None:
        check_answers(engine, "dask scheduler")
        try:
            client = Client(engine.address, timeout=ANSWER_SECONDS)
        except Exception as error:  # of TLS, of protocols that need a library, of another version
            raise UsageError(
                f"engine.address={engine.address} is no dask scheduler that this one can talk to ({said_by(error)}): "
                "give the address that `dask scheduler` prints, of the same version of dask."
            ) from None
        with client:
            yield client
        return
    resource_tracker.ensure_running()  # it lifts the mask where it has to be started
    with starting(), dask.config.set(OWN_WORKERS):
        cluster = LocalCluster(
            n_workers=min(engine.here, most),
            threads_per_worker=1,
            memory_limit=0,  # else each has a share, beyond which it is ended though there may be memory left
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    with cluster, Client(cluster) as client:
        yield client
