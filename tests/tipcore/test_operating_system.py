"""What differs by system behaves the same, or says what is left, also where a system lacks it."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tipcore import operating_system
from tipcore.errors import UsageError
from tipcore.operating_system import (
    check_regular,
    children_ignore_interrupts,
    close_folder,
    exchange,
    file_lock,
    is_utf8,
    move,
    name_problem,
    open_file,
    open_folder,
    require_confinement,
    status_of,
    write_utf8,
)
from tipcore.table_files import read_doubtful, read_parquet, scan_parquet

DEVICES = ("con", "NUL", "aux.yaml", "Com1", "lpt9.tar.gz", "COM¹")
REFUSED = (*DEVICES, "a:b", "a/b", "a?", "tab\t", "dot.", "space ", "")
TAKEN = ("console", "auxiliary.yaml", "com10", "a b=(c), ملف", ".partial-1", "s0.json", "null")


@pytest.mark.parametrize("name", [*REFUSED, *TAKEN])
def test_a_name_that_windows_does_not_take_is_told(name: str) -> None:
    assert (name_problem(name) is None) == (name in TAKEN)


@pytest.mark.parametrize(
    ("system", "variable", "expected"),
    [
        ("win32", "LOCALAPPDATA", "{}"),
        ("win32", None, "~/AppData/Local"),
        ("darwin", "XDG_CACHE_HOME", "~/Library/Caches"),
        ("linux", "XDG_CACHE_HOME", "{}"),
        ("linux", None, "~/.cache"),
    ],
)
def test_each_system_has_its_folder_of_caches(
    system: str, variable: str | None, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    if variable is not None:
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", system)
    assert operating_system.cache_folder() == Path(expected.format(tmp_path)).expanduser()


def fails(error: OSError) -> Callable[..., None]:
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises


@pytest.mark.parametrize(("asked", "found"), [(None, "é م".encode()), ("cp1252", b"\xe9 \\u0645")])
def test_a_pipe_takes_every_character_and_a_code_page_that_is_asked_for_gets_escapes(
    asked: str | None, found: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    if asked:
        monkeypatch.setenv("PYTHONIOENCODING", asked)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    write_utf8(stream)
    stream.write("é م")
    stream.flush()
    assert raw.getvalue() == found


def test_utf8_is_known_by_any_of_its_names() -> None:
    for encoding, expected in (("utf-8", True), ("UTF8", True), ("cp1252", False), ("utf-16", False)):
        assert is_utf8(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) == expected


def test_a_file_moves_onto_another_and_a_folder_to_a_free_place(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text(encoding="utf-8") == "a"
    (tmp_path / "c").mkdir()
    move(tmp_path / "c", tmp_path / "d")
    assert sorted(os.listdir(tmp_path)) == ["b", "d"]


def test_a_move_is_tried_again_while_somebody_has_the_file_and_then_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").touch()
    tried: list[int] = []
    replace = os.replace

    def held(source: Path, target: Path) -> None:
        tried.append(1)
        if len(tried) < 5:
            raise PermissionError(13, "being used by another process")
        replace(source, target)

    monkeypatch.setattr(operating_system, "_PAUSE", 0.0)
    monkeypatch.setattr(os, "replace", held)
    monkeypatch.setattr(operating_system, "_ATTEMPTS", 2)
    with pytest.raises(PermissionError, match="used by another"):
        move(tmp_path / "a", tmp_path / "b")
    assert (len(tried), os.listdir(tmp_path)) == (3, ["a"])
    monkeypatch.setattr(operating_system, "_ATTEMPTS", 8)
    move(tmp_path / "a", tmp_path / "b")
    assert (len(tried), os.listdir(tmp_path)) == (5, ["b"])


def test_folders_are_exchanged_or_it_is_said_that_they_were_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    done = exchange(tmp_path / "a", tmp_path / "b")
    assert os.listdir(tmp_path / "a") == (["b"] if done else ["a"])
    monkeypatch.setattr(sys, "platform", "win32")
    assert not exchange(tmp_path / "a", tmp_path / "b")


def test_a_lock_keeps_others_out(tmp_path: Path) -> None:
    order: list[str] = []

    def enter() -> None:
        with file_lock(tmp_path / "lock"):
            order.append("other")

    with file_lock(tmp_path / "lock"):
        other = threading.Thread(target=enter)
        other.start()
        time.sleep(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "other"]


def test_without_masks_resource_and_proc_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating_system, "MASKS_SIGNALS", False)
    monkeypatch.setattr(operating_system, "resource", None)
    monkeypatch.setattr(Path, "read_text", fails(FileNotFoundError()))
    monkeypatch.setattr(Path, "write_text", fails(FileNotFoundError()))
    with children_ignore_interrupts():
        pass
    operating_system.confine(1, 1, 1)
    operating_system.allow_seconds(0)
    assert (operating_system.reset_peak_memory(), operating_system.peak_memory()) == (None, None)


def test_who_cannot_confine_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operating_system, "CONFINES", True)
    require_confinement("This")
    monkeypatch.setattr(operating_system, "CONFINES", False)
    with pytest.raises(UsageError, match=r"^This needs a POSIX system: [^.]*\.$"):
        require_confinement("This")


@pytest.fixture(params=[True, False], ids=["descriptors", "paths"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, opened as this system does or as one without descriptors of folders."""
    monkeypatch.setattr(operating_system, "BELOW_DESCRIPTORS", request.param)
    (tmp_path / "it" / "below").mkdir(parents=True)
    (tmp_path / "it" / "below" / "file").write_bytes(b"12")
    return tmp_path / "it"


def test_a_file_is_reached_from_folder_to_folder(folder: Path) -> None:
    top = open_folder(folder)
    below = open_folder("below", top)
    file = open_file("file", below)
    assert os.read(file, 9) == b"12"
    assert status_of("file", below).st_size == 2
    os.close(file)
    close_folder(below)
    close_folder(top)


def test_what_is_no_regular_file_is_refused_before_it_is_opened(
    folder: Path, fifo: Callable[[Path], None]
) -> None:
    (folder / "link").symlink_to("below/file")
    check_regular(folder / "below" / "file", folder / "link", folder / "missing", folder / "link" / "missing")
    fifo(folder / "pipe")
    (folder / "other").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(folder / "socket"))  # a longer path is no address
        for path in (*(folder / name for name in ("pipe", "other", "socket", "below")), Path(os.devnull)):
            with pytest.raises(OSError, match="it is not a regular file"):
                check_regular(path)
            for read in (read_parquet, read_doubtful, scan_parquet, lambda path: scan_parquet([path])):
                with pytest.raises(OSError, match="it is not a regular file"):
                    read(path)


def test_no_link_is_followed_and_no_pipe_is_waited_for(folder: Path) -> None:
    (folder / "link").symlink_to("below", target_is_directory=True)
    (folder / "file").symlink_to("below/file")
    os.mkfifo(folder / "pipe")
    top = open_folder(folder)
    with pytest.raises(OSError, match=r"it is a link|Not a directory|symbolic link"):
        open_folder("link", top)
    with pytest.raises(OSError, match="Not a directory"):
        open_folder("pipe", top)
    with pytest.raises(OSError, match=r"not a plain file|symbolic link"):
        open_file("file", top)
    assert os.path.islink(folder / "file")
    assert status_of("file", top).st_mode == os.lstat(folder / "file").st_mode
    if isinstance(top, int):
        os.close(open_file("pipe", top))  # at once; what was opened is looked at before it is read
    else:
        with pytest.raises(OSError, match="not a plain file"):
            open_file("pipe", top)
    close_folder(top)


def test_a_file_that_is_exchanged_while_it_is_opened_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operating_system, "BELOW_DESCRIPTORS", False)
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    looked = os.lstat(tmp_path / "b")
    top = open_folder(tmp_path)
    monkeypatch.setattr(os, "lstat", lambda _: looked)
    with pytest.raises(OSError, match="another file was put in its place"):
        open_file("a", top)


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc tells who is whose child")
SECONDS = 10

# os.write, since two workers have one pipe and print may write a line in two parts.
WORKERS = """
import os
import time
from tipcore.engines import Engine, run_all

def sleep(seconds):
    os.write(1, b"works\\n")
    time.sleep(seconds)

def count(seconds):
    os.write(1, b"works\\n")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass

run_all({work}, [120] * 4, Engine(workers=2), quiet=True)
"""

HELPER = """
import os, subprocess, sys, time
child = "import os, sys, time; from tipcore import operating_system as processes; {before}"
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
def test_a_helper_ends_with_its_starter_with_and_without_the_kernels_help(before: str) -> None:
    gone(killed_with_helpers(HELPER.format(before=before), 1, 1))


def test_a_helper_whose_starter_is_gone_already_ends_at_once() -> None:
    code = "from tipcore.operating_system import end_with_starter; end_with_starter(1 << 30); print('lives')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_a_helper_is_watched_by_one_thread_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    monkeypatch.setattr(operating_system, "_watched", set())
    monkeypatch.setattr(operating_system, "_watch", started.append)
    for _ in range(3):
        operating_system.end_with_process(os.getpid())  # where joblib works in threads
        operating_system.end_with_process(os.getppid())
    assert started == [os.getppid()]


def test_what_is_claimed_is_free_once_its_process_is_dead(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from tipcore.operating_system import claim\n"
    code += "held = claim(Path(sys.argv[1])); print(held, flush=True); sys.stdin.read()"
    words = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        with pytest.raises(BlockingIOError):
            operating_system.claim(tmp_path)
        running.kill()
        running.wait()
    held = operating_system.claim(tmp_path)
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
    with operating_system.one_thread_each():
        assert (os.environ["POLARS_MAX_THREADS"], os.environ["OMP_NUM_THREADS"]) == ("3", "1")
    assert os.environ["POLARS_MAX_THREADS"] == "3"
    assert "OMP_NUM_THREADS" not in os.environ
