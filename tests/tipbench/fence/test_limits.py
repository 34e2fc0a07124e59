"""What a fence may use is counted whole, whoever of its processes took it, and no limit is none."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tipbench.data.fold import Prepared
from tipbench.fence.linux import host
from tipbench.fence.method import FencedMethod
from tipbench.fence.session import Ended, Limits
from tipbench.runs.methods import fenced_method
from tipcore.errors import UsageError

Put = Callable[..., FencedMethod]


def attacked(put: Put, fenced: Prepared, what: str, limits: Limits) -> FencedMethod:
    method = put("Attack", limits, what=what)
    method.fit(fenced.folds[0], 0)
    return method


@pytest.mark.parametrize(
    "limits",
    [
        *({"memory_gib": value} for value in (math.inf, math.nan, 0.0, -1.0, 1e-12)),
        *({"scratch_gib": value} for value in (math.inf, math.nan, 0.0, 1e-12)),
        *({"minutes": value} for value in (math.inf, math.nan, 0.0)),
        {"processes": 0},
    ],
    ids=str,
)
def test_a_limit_that_is_none_is_refused(limits: dict[str, float]) -> None:
    ((name, _),) = limits.items()
    with pytest.raises(UsageError, match=rf"^limits\.{name}=\S+ is not between \S+ and \S+\.$"):
        Limits(**limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("what", "limits", "says"),
    [
        ("fork_in_a_thread", Limits(processes=4), "it started more than 4 processes"),
        ("fill_sockets", Limits(), r"it had more than 157 sockets open at the same time: use fewer\.$"),
        ("fork_and_write", Limits(memory_gib=0.6), r"it took more than 0\.6 GiB of memory"),
    ],
)
def test_processes_of_a_thread_sockets_and_memory_that_forks_write_to_are_limited(
    what: str, limits: Limits, says: str, put: Put, fenced: Prepared
) -> None:
    assert host.MOST_SOCKETS * host.SOCKET_BYTES <= 64 << 20, "their buffers are memory of the kernel"
    with pytest.raises(Ended, match=says):
        attacked(put, fenced, what, limits)


@pytest.mark.parametrize(("what", "got"), [("fork_idle", "4 forks ended"), ("reserve_memory", "mapped")])
def test_memory_that_forks_share_counts_once_and_what_is_mapped_and_not_used_does_not(
    what: str, got: str, put: Put, fenced: Prepared
) -> None:
    assert attacked(put, fenced, what, Limits(memory_gib=0.6)).notes == [f"got {got}"]


def test_memory_that_libraries_of_the_server_only_reserve_does_not_count(
    put: Put, fenced: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_SERVERS", {})  # a server of its own, so that no other test has this library
    method = put("Attack", Limits(memory_gib=0.6), preload=["reserving"], what="fork_idle")
    method.fit(fenced.folds[0], 0)
    assert method.notes == ["got 4 forks ended"]


@pytest.mark.parametrize("what", ["burn_in_a_thread", "burn_unwaited"])
def test_the_time_of_a_process_that_ended_counts(what: str, put: Put, fenced: Prepared) -> None:
    cpu, _ = attacked(put, fenced, what, Limits()).cost()
    assert cpu > 0.7


def test_all_that_is_written_is_under_one_limit(put: Put, fenced: Prepared) -> None:
    method = attacked(put, fenced, "fill_every_disk", Limits(scratch_gib=0.0625))
    written = int(method.notes[0].removeprefix("got "))
    assert 60 << 20 < written <= 64 << 20


def test_files_are_under_a_limit_too(put: Put, fenced: Prepared) -> None:
    method = attacked(put, fenced, "write_empty_files", Limits(scratch_gib=0.01))
    assert method.notes[0].startswith("kept out: OSError: [Errno 28]")


@pytest.mark.parametrize("name", ["Unmade", "Unnamed"])
def test_no_fence_is_left_of_a_method_that_could_not_be_made(name: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"cannot be made: no|returned 5 for needs"):
        fenced_method({"_target_": f"liars.{name}"}, tmp_path, Limits())
    server = host._SERVERS[os.getpid()].process.pid
    until = time.monotonic() + 5
    while (left := host.processes(server)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not left
