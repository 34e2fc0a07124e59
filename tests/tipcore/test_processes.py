"""Whoever is started to help ends with the one that started it, also where that one is killed and can say nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tipcore.operating_system import processes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who is whose child")
SECONDS = 10

WORKERS = """
import time
from tipcore.engines import Engine, run_all

def sleep(seconds):
    print("works", flush=True)
    time.sleep(seconds)

def count(seconds):
    print("works", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

run_all({work}, [120] * 4, Engine(workers=2), quiet=True)
"""

HELPER = """
import os, subprocess, sys, time
child = "import os, sys, time; from tipcore.operating_system import processes; {before}"
child += "processes.end_with_starter(int(sys.argv[1])); print('works', flush=True); time.sleep(120)"
started = subprocess.Popen([sys.executable, "-c", child, str(os.getpid())], start_new_session=True)
time.sleep(120)
"""


def below(process: int) -> set[int]:
    """Every process below one, whoever's child it is."""
    try:
        told = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:
        return set()
    children = {int(one) for one in told}
    return children.union(*(below(one) for one in children))


def lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


def until(what: str, seconds: float = 60) -> Iterator[None]:
    """Try again and again, until it is given up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.1)
    pytest.fail(what)


def killed_with_helpers(code: str, working: int, helpers: int) -> set[int]:
    """Kill a process once so many of its helpers work; all helpers that were there."""
    running = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert [running.stdout.readline() for _ in range(working)] == ["works\n"] * working
    found = below(running.pid)
    running.kill()
    running.wait()
    assert len(found) >= helpers
    return found


def gone(left: set[int]) -> None:
    try:
        for _ in until(f"{len(left)} helpers live on", SECONDS):
            if not any(map(lives, left)):
                return
    finally:
        for one in filter(lives, left):
            os.kill(one, signal.SIGKILL)


@pytest.mark.parametrize("work", ["sleep", "count"])
def test_workers_end_with_the_process_that_started_them(work: str) -> None:
    gone(killed_with_helpers(WORKERS.format(work=work), 2, 3))


@pytest.mark.parametrize("before", ["", "processes._ask_linux = lambda: False; "])
def test_a_helper_ends_with_the_process_that_started_it_with_and_without_the_kernels_help(
    before: str,
) -> None:
    gone(killed_with_helpers(HELPER.format(before=before), 1, 1))


def test_a_helper_whose_starter_is_gone_already_ends_at_once() -> None:
    code = (
        "from tipcore.operating_system import processes; processes.end_with_starter(1 << 30); print('lives')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_helper_is_watched_by_one_thread_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr(processes, "_watched", set())
    monkeypatch.setattr(processes, "_watch", started.append)
    for _ in range(3):
        processes.end_with_process(os.getpid())  # where joblib works in threads
        processes.end_with_process(os.getppid())
    assert started == [os.getppid()]


def test_what_is_claimed_is_free_once_its_process_is_dead(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tipcore.operating_system.processes import claim\n"
    code += "held = claim(Path(sys.argv[1])); print(held, flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(BlockingIOError):
            processes.claim(tmp_path)
        running.kill()
        running.wait()
    held = processes.claim(tmp_path)
    assert held is not None
    os.close(held)


CONTRACT = """
import sys
from tipbench.contract.trial import Trial
from tipbench.contract.other_process import run_elsewhere
from tipbench.data.releases import open_by_name
from tipbench.tasks import task_of

class Slow:
    needs = frozenset()
    stochastic = False
    def fit(self, fold, seed):
        import os, time
        with open(f"/proc/{os.getppid()}/fd/1", "w") as starter:  # its own output is captured
            print("works", file=starter)
        time.sleep(120)

run_elsewhere(Trial("slow", task_of("prevalence"), lambda: Slow(), open_by_name("tiny")))
"""


def test_the_other_process_of_a_contract_ends_with_the_one_that_checks(tiny: object) -> None:
    gone(killed_with_helpers(CONTRACT, 1, 1))


def test_children_have_one_thread_of_each_library_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POLARS_MAX_THREADS", "3")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with processes.with_one_thread():
        assert (os.environ["POLARS_MAX_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("3", "1")
    assert os.environ["POLARS_MAX_THREADS"] == "3"
    assert "OMP_NUM_THREADS" not in os.environ
