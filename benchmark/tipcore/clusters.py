"""Spread work over a cluster of dask or ray, or over jobs of SLURM; without an address, over processes started here.

Each function ``spread_on_<engine>`` yields the number and the result of each item as it is done. The libraries are
extras and load when they are used. joblib's own backends for dask and ray are not used: dask's waits forever for an
item whose workers were all killed, and ray's reports no progress.
"""

from __future__ import annotations

import io
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from tipcore.errors import MachineFault, UsageError
from tipcore.locations import error_text
from tipcore.operating_system import (
    children_ignore_interrupts,
    end_with_process,
    ignore_interrupts,
    one_thread_each,
)

if TYPE_CHECKING:
    from tipcore.engines import Engine

Item = TypeVar("Item")
Result = TypeVar("Result")

ANSWER_SECONDS = 15
"""How long a cluster may take to answer."""
ATTEMPTS = 3
"""How many workers in a row may be lost without a result."""
DASK_SETTINGS = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.nanny.pre-spawn-environ.POLARS_MAX_THREADS": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Settings of dask workers that are started here. By dask's own, workers return freed memory at once and profile
themselves a hundred times a second, and a region takes half as long again."""
RAY_QUEUE = 4
"""Items given to each worker of ray in advance, so that none waits and few results lie in the store."""
JOBS_FOLDER, JOBS_AT_ONCE, JOBS_PER_WORKER, POLL_SECONDS = "runs/jobs", 8, 4, 0.5
"""Of submitit. A job takes several items, because starting one takes seconds."""


@contextmanager
def quiet_children() -> Iterator[None]:
    """Start workers inside: they have one thread each, as there is one per core, and never see Ctrl-C."""
    with children_ignore_interrupts(), one_thread_each():
        yield


def call_item(
    function: Callable[[Item], Result], index: int, item: Item, parent: int | None = None
) -> tuple[int, Result]:
    """Return an item's number and its result, in a worker.

    ``parent``: id of the process with which this one ends; None if that may be on another machine.
    """
    ignore_interrupts()
    if parent is not None:
        end_with_process(parent)
    return index, function(item)


def probe(address: str) -> None:
    """Fail fast if no cluster answers at this address. Raises OSError or ValueError.

    A scheduler of dask and the head of a ray cluster send first (except with TLS); a web server waits for a request.
    """
    scheme, _, rest = address.rpartition("://")
    where = urlsplit(f"//{rest}")
    with socket.create_connection((where.hostname or "", where.port or 0), ANSWER_SECONDS) as there:
        there.settimeout(ANSWER_SECONDS)
        if scheme != "tls" and not there.recv(1):
            raise ConnectionError("it ends the connection")


def check_cluster(engine: Engine, start: str) -> None:
    """Refuse an address at which no cluster answers. ``start``: the command that starts one. Raises UsageError."""
    try:
        probe(str(engine.address))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"engine.address={engine.address}: nothing answers there ({error}): start a cluster (`{start}`), or leave "
            "the address out for one on this machine."
        ) from None


def report_lost_worker(quiet: bool) -> None:
    """Report on standard error that a worker was killed and that its work is repeated."""
    if not quiet:
        sys.stderr.write("a worker was ended from outside: what it was at is done again\n")


def cluster_lost(engine: Engine, error: BaseException) -> MachineFault:
    """Return the error for a cluster that is gone."""
    return MachineFault(
        f"engine={engine.name}: the cluster was lost ({error_text(error)}): start it again, and the same command goes "
        "on from what is finished."
    )


def workers_lost(engine: str) -> MachineFault:
    """Return the error for workers that are killed again and again."""
    return MachineFault(
        f"engine={engine}: workers were ended {ATTEMPTS} times in a row without a result; as a rule memory is "
        "short, or the time that jobs may take: give fewer engine.workers, or machines and limits with more of it, and "
        "the same command goes on."
    )


def spread_on_dask(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Dask gives the work of a lost worker to another, three times, and restarts workers that it started itself."""
    import distributed
    from distributed.comm.core import CommClosedError

    with _dask_client(engine, len(items)) as client:
        if not quiet:
            sys.stderr.write(f"dask dashboard: {client.dashboard_link}\n")
            if not client.scheduler_info()["workers"]:
                sys.stderr.write(f"no worker is there yet: start some with `dask worker {engine.address}`\n")
        futures = [
            client.submit(call_item, function, index, item, pure=False) for index, item in enumerate(items)
        ]
        try:
            for future in distributed.as_completed(futures):
                yield future.result()
                future.release()  # else the scheduler keeps every result to the end
        except distributed.KilledWorker:
            raise workers_lost(engine.name) from None
        except (distributed.CancelledError, CommClosedError) as error:
            raise cluster_lost(engine, error) from None
        finally:
            with suppress(CommClosedError, OSError, TimeoutError):
                client.cancel([future for future in futures if not future.done()])


@contextmanager
def _dask_client(engine: Engine, most: int) -> Iterator[Any]:
    import dask.config
    from distributed import Client, LocalCluster

    loggers = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
    for logger in ("distributed", *loggers):
        logging.getLogger(logger).setLevel(logging.CRITICAL)  # a lost worker is no error of the user's
    if engine.address is not None:
        check_cluster(engine, "dask scheduler")
        try:
            client = Client(engine.address, timeout=ANSWER_SECONDS)
        except Exception as error:  # of TLS, of protocols that need a library, of another version
            raise UsageError(
                f"engine.address={engine.address} is no dask scheduler that this one can talk to "
                f"({error_text(error)}): give the address that `dask scheduler` prints, of the same version of dask."
            ) from None
        with client:
            yield client
        return
    with quiet_children(), dask.config.set(DASK_SETTINGS):
        cluster = LocalCluster(
            n_workers=min(engine.here, most),
            threads_per_worker=1,
            memory_limit=0,  # else a worker is ended beyond its share, although memory may be left
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        )
    with cluster, Client(cluster) as client:
        yield client


def spread_on_ray(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Ray gives the work of a lost worker to another, :data:`ATTEMPTS` times."""
    import ray
    from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

    with _ray_cluster(engine, len(items), quiet):
        try:
            work: Any = ray.remote(num_cpus=1, max_retries=ATTEMPTS)(call_item)
            shared = ray.put(function)
            waiting = list(enumerate(items))[::-1]
            most = RAY_QUEUE * (engine.workers or int(ray.cluster_resources().get("CPU", 1)))
            given: list[Any] = []
            while waiting or given:
                while waiting and len(given) < most:
                    given.append(work.remote(shared, *waiting.pop()))
                done, given = ray.wait(given)
                yield from ray.get(done)
        except RayTaskError as error:
            raise error.cause from None
        except (WorkerCrashedError, OutOfMemoryError):
            raise workers_lost(engine.name) from None
        except RayError as error:
            raise cluster_lost(engine, error) from None


@contextmanager
def _ray_cluster(engine: Engine, most: int, quiet: bool) -> Iterator[None]:
    import ray

    where: dict[str, Any] = {"num_cpus": min(engine.here, most)}
    if engine.address is not None:
        where = {"address": engine.address}
        if engine.address != "auto":
            check_cluster(engine, "ray start --head")
    with redirect_stdout(io.StringIO() if quiet else sys.stderr):  # ray prints there what its processes print
        try:
            with quiet_children():
                context = ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:  # it raises bare ones too
            if engine.address is None:
                raise MachineFault(
                    f"engine=ray: it could not be started here ({error_text(error)}): try again."
                ) from None
            raise UsageError(
                f"engine.address={engine.address} is no ray cluster that this one can talk to ({error_text(error)}): "
                "give the address that `ray start --head` prints, of the same version of ray."
            ) from None
        try:
            if not quiet and context.dashboard_url:
                sys.stderr.write(f"ray dashboard: http://{context.dashboard_url}\n")
            yield
        finally:
            ray.shutdown()


def spread_on_submitit(
    function: Callable[[Item], Result], items: Sequence[Item], engine: Engine, quiet: bool
) -> Iterator[tuple[int, Result]]:
    """Jobs of SLURM, or processes of this machine in their place. The items of a killed job are given to others."""
    from submitit.core.utils import UncompletedJobError

    executor = _submitit_executor(engine, quiet)
    workers = engine.workers or JOBS_AT_ONCE
    share = -(-len(items) // (workers * JOBS_PER_WORKER))
    waiting = [list(enumerate(items))[at : at + share] for at in range(0, len(items), share)][::-1]
    given: dict[Any, list[tuple[int, Item]]] = {}
    lost = 0
    try:
        while waiting or given:
            while waiting and len(given) < workers:
                part = waiting.pop()
                with quiet_children(), _silence_stderr() if executor.cluster == "local" else nullcontext():
                    given[executor.submit(_call_part, function, part, sys.path)] = part
            done = [job for job in given if job.done()]
            for job in done:
                part = given.pop(job)
                try:
                    answers = job.result()
                except UncompletedJobError:
                    lost += 1
                    if lost == ATTEMPTS:
                        raise workers_lost(engine.name) from None
                    report_lost_worker(quiet)
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


def _call_part(
    function: Callable[[Item], Result], part: list[tuple[int, Item]], path: list[str]
) -> list[tuple[int, Any, Exception | None]]:
    """Return number and result of each item of a job, or the exception, up to the first that raises."""
    sys.path += [folder for folder in path if folder not in sys.path]
    made: list[tuple[int, Any, Exception | None]] = []
    for index, item in part:
        try:
            made.append((index, function(item), None))
        except Exception as error:  # submitit would keep only its text
            made.append((index, None, error))
            break
    return made


@contextmanager
def _silence_stderr() -> Iterator[None]:
    """Start processes inside that print nothing: submitit's watcher of a local job prints a traceback on Ctrl-C."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _submitit_executor(engine: Engine, quiet: bool) -> Any:
    from submitit import AutoExecutor

    folder = Path(engine.folder or JOBS_FOLDER)
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
            f"({error_text(error)}): mend them{instead}."
        ) from None
    if not quiet:
        sys.stderr.write(f"submitit: {executor.cluster} jobs in {folder}\n")
    return executor
