"""Every engine gives what one process gives, survives a worker that is killed, and refuses what cannot be."""

import os
import signal
import socket
import sys
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info, threadpool_limits
from tipcore import clusters
from tipcore.engines import ENGINES, Engine, run_all
from tipcore.errors import MachineFault, UsageError
from tipcore.operating_system import OF_BLAS, THREADS

MODULES = {"dask": "distributed", "ray": "ray", "submitit": "submitit"}
SPREAD = [
    pytest.param(
        name, marks=pytest.mark.skipif(find_spec(MODULES.get(name, "os")) is None, reason=f"no extra {name}")
    )
    for name in ENGINES
    if name != "sequential"
]


def engine(name: str, folder: Path) -> Engine:
    if name != "submitit":
        return Engine(name, workers=2)
    return Engine(
        name, workers=2, cluster="local", folder=str(folder / "jobs"), parameters={"timeout_min": 5}
    )


def square(number: int) -> int:
    return number**2


def threads_of_polars(_: int) -> int:
    import polars

    return polars.thread_pool_size()


def threads_of_blas(_: int) -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def fail_at_three(number: int) -> int:
    if number == 3:
        raise UsageError("three is refused: give four.")
    return number


def end_once(folder: Path, number: int) -> int:
    """Kill the worker that is given the number 2, the first time."""
    mark = folder / "ended"
    if number == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def end_always(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("name", SPREAD)
def test_results_come_in_the_order_of_the_items(name: str, tmp_path: Path) -> None:
    items = list(range(10))
    assert run_all(square, items, engine(name, tmp_path), quiet=True) == [n**2 for n in items]


KEPT: list[bytes] = []


def keep(number: int) -> int:
    """Keep 320 MB for the next item, for longer than loky waits until it looks at the memory again."""
    KEPT[:] = [bytes(1), os.urandom(1) * 320_000_000]
    time.sleep(1.1)
    return os.getpid()


def test_a_worker_of_this_machine_keeps_its_memory_for_the_next_item() -> None:
    pytest.importorskip("psutil", reason="without psutil, loky cannot look at memory")
    assert len(set(run_all(keep, [0, 1, 2, 3, 4, 5], Engine("loky", workers=2), quiet=True))) == 2


@pytest.mark.parametrize("name", SPREAD)
def test_a_worker_has_one_thread_of_each_library_and_this_process_as_many_as_before(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    assert run_all(os.getenv, list(THREADS), engine(name, tmp_path), quiet=True) == ["1"] * 4
    assert run_all(threads_of_polars, [1, 2], engine(name, tmp_path), quiet=True) == [1, 1]
    assert not set(THREADS) & set(os.environ)


@pytest.mark.parametrize("name", ["sequential", *SPREAD])
def test_what_the_user_says_of_threads_holds_on_every_engine_and_for_all_of_blas(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert run_all(os.getenv, list(OF_BLAS), engine(name, tmp_path), quiet=True) == ["2"] * 3


def test_without_workers_this_process_has_as_many_threads_as_one_unless_the_user_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    with threadpool_limits(2):
        before = threads_of_blas(0)
        assert before == [2] * len(before) != []
        assert run_all(threads_of_blas, [1], "sequential", quiet=True) == [[1] * len(before)]
        assert run_all(os.getenv, list(THREADS), "sequential", quiet=True) == ["1"] * 4
        assert threads_of_blas(0) == before
        monkeypatch.setenv("OMP_NUM_THREADS", "2")
        assert run_all(threads_of_blas, [1], "sequential", quiet=True) == [before]
        monkeypatch.setenv("OMP_NUM_THREADS", "")
        monkeypatch.setenv("MKL_NUM_THREADS", "1")
        assert run_all(threads_of_blas, [1], "sequential", quiet=True) == [[1] * len(before)]
        assert run_all(os.getenv, list(OF_BLAS), "sequential", quiet=True) == ["1"] * 3
        assert os.environ["OMP_NUM_THREADS"] == ""


def test_a_system_that_hides_what_is_loaded_is_worked_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(_: int) -> None:
        raise FileNotFoundError("/proc/self/maps")

    for variable in THREADS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("threadpoolctl.threadpool_limits", hidden)
    assert run_all(square, [2], "sequential", quiet=True) == [4]


@pytest.mark.slow  # on a busy machine dask gives up starting a worker
@pytest.mark.skipif(find_spec("distributed") is None, reason="no extra dask")
def test_a_dask_worker_of_this_machine_keeps_what_it_frees_and_this_process_its_environment() -> None:
    variable = "MALLOC_TRIM_THRESHOLD_"  # of glibc: dask sets it, here and in its workers
    assert run_all(os.getenv, [variable], Engine("dask", workers=1), quiet=True) == [None]
    assert variable not in os.environ


@pytest.mark.skipif(find_spec("distributed") is None, reason="no extra dask")
def test_workers_of_dask_are_started_without_its_variables_for_memory() -> None:
    import dask.config

    place = "distributed.nanny.pre-spawn-environ"
    with dask.config.set(clusters.DASK_SETTINGS):
        assert dask.config.get(f"{place}.MALLOC_TRIM_THRESHOLD_", "unset") is None
        assert dask.config.get(f"{place}.POLARS_MAX_THREADS") == 1


@pytest.mark.parametrize("name", SPREAD)
def test_what_an_item_raises_is_raised(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^three is refused: give four\.$"):
        run_all(fail_at_three, list(range(5)), engine(name, tmp_path), quiet=True)


@pytest.mark.parametrize("name", SPREAD)
def test_a_worker_that_is_killed_costs_no_result(name: str, tmp_path: Path) -> None:
    found = run_all(partial(end_once, tmp_path), list(range(6)), engine(name, tmp_path), quiet=True)
    assert found == list(range(6))
    assert (tmp_path / "ended").exists()


@pytest.mark.parametrize("name", SPREAD)
def test_work_that_ends_every_worker_is_given_up(name: str, tmp_path: Path) -> None:
    with pytest.raises(MachineFault, match=rf"^engine={name}: workers were ended 3 times in a row"):
        run_all(end_always, [1, 2], engine(name, tmp_path), quiet=True)


def test_one_process_is_enough_for_one_worker() -> None:
    assert run_all(lambda item: (item, os.getpid()), [1], Engine(workers=1), quiet=True) == [(1, os.getpid())]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"name": "threads"},
            "engine=threads does not exist: choose one of loky, sequential, dask, ray, submitit.",
        ),
        ({"workers": 0}, "engine.workers=0 is too few: give 1 or more."),
        ({"address": "here:1"}, "engine.address=here:1 is for dask and ray: engine=loky has none."),
    ],
)
def test_an_engine_that_cannot_be_is_refused(wrong: dict, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Engine(**wrong)
    assert str(refused.value) == said


@pytest.mark.parametrize("name", [one for one in SPREAD if one.values[0] in ("dask", "ray")])
def test_a_cluster_that_does_not_answer_is_told_in_a_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # as a web server is, until it is asked
        for port in (9, silent.getsockname()[1]):
            address = f"127.0.0.1:{port}"
            with pytest.raises(UsageError, match=f"^engine.address={address}: nothing answers there"):
                run_all(square, [1, 2], Engine(name, address=address), quiet=True)


@pytest.mark.skipif(find_spec("distributed") is None, reason="no extra dask")
def test_a_scheduler_of_dask_that_is_lost_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed.client import FutureCancelledError

    def lost(futures: list) -> list:
        raise FutureCancelledError("called-1", "scheduler-connection-lost")

    monkeypatch.setattr("distributed.as_completed", lost)
    with pytest.raises(MachineFault, match=r"the cluster was lost .* the same command goes on"):
        run_all(square, [1, 2], Engine("dask", workers=1), quiet=True)


def test_an_engine_that_is_not_installed_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"python3 -m pip install .*\[dask\]'"):
        run_all(square, [1, 2], Engine("dask"), quiet=True)


def test_what_the_core_should_have_brought_is_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(UsageError, match=r"^engine=loky needs joblib, .*: install tipbench again\.$"):
        run_all(square, [1, 2], Engine("loky", workers=2), quiet=True)
