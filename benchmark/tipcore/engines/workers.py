"""What all engines with workers of their own share: how an item is called there, and what is said of lost workers."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit

from tipcore.engines.engine import Engine
from tipcore.errors import MachineFault, UsageError
from tipcore.locations import said_by
from tipcore.operating_system import children_ignore_interrupts, ignore_interrupts
from tipcore.operating_system.processes import end_with_process, with_one_thread

Item = TypeVar("Item")
Result = TypeVar("Result")

ANSWER_SECONDS = 15
"""How long a cluster may take to answer."""
ATTEMPTS = 3
"""How often in a row work is given to another worker before it is believed that it ends them."""


@contextmanager
def starting() -> Iterator[None]:
    """Workers started inside have one thread each, as there is one a core, and never see Ctrl-C."""
    with children_ignore_interrupts(), with_one_thread():
        yield


def called(
    function: Callable[[Item], Result], index: int, item: Item, parent: int | None = None
) -> tuple[int, Result]:
    """Return an item's number and its result, in a worker.

    Args:
        function, item: what is called with what.
        index: the item's number.
        parent: the process with which this one ends; None where it may be on another machine.
    """
    ignore_interrupts()
    if parent is not None:
        end_with_process(parent)
    return index, function(item)


def this_process() -> int:
    return os.getpid()


def knock(address: str) -> None:
    """Raise OSError or ValueError where nothing listens, or what is no cluster, before a library tries for minutes.

    A scheduler of dask and the head of a ray cluster speak first (but for TLS); a web server waits to be asked.
    """
    scheme, _, rest = address.rpartition("://")
    where = urlsplit(f"//{rest}")
    with socket.create_connection((where.hostname or "", where.port or 0), ANSWER_SECONDS) as there:
        there.settimeout(ANSWER_SECONDS)
        if scheme != "tls" and not there.recv(1):
            raise ConnectionError("it ends the connection")


def check_answers(engine: Engine, start: str) -> None:
    """Refuse an address at which no cluster answers; see :func:`knock`.

    Args:
        engine: with its address.
        start: the command that starts what should answer.

    Raises:
        UsageError: where nothing answers, or the address is none.
    """
    try:
        knock(str(engine.address))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"engine.address={engine.address}: nothing answers there ({error}): start a cluster (`{start}`), or leave "
            "the address out for one on this machine."
        ) from None


def tell_lost(quiet: bool) -> None:
    """Say that a worker was ended from outside and what follows from it."""
    if not quiet:
        sys.stderr.write("a worker was ended from outside: what it was at is done again\n")


def lost_cluster(engine: Engine, error: BaseException) -> MachineFault:
    """Return what is raised where a cluster is there no more."""
    return MachineFault(
        f"engine={engine.name}: the cluster was lost ({said_by(error)}): start it again, and the same command goes on "
        "from what is finished."
    )


def given_up(engine: str) -> MachineFault:
    """Return what is raised where workers are ended again and again."""
    return MachineFault(
        f"engine={engine}: workers were ended {ATTEMPTS} times in a row without a result; as a rule memory is "
        "short, or the time that jobs may take: give fewer engine.workers, or machines and limits with more of it, and "
        "the same command goes on."
    )
