"""Folders that are there whole or not at all, also where the writer is killed between any two steps."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tipcore import atomic
from tipcore.atomic import (
    fill_folder_atomically,
    find_whole,
    restore,
    temporary_folder,
    whole_folders,
    write_file_atomically,
)
from tipcore.errors import UsageError
from tipcore.operating_system import fcntl


def fill(folder: Path, text: str, replace: bool = True) -> None:
    with fill_folder_atomically(folder, replace=replace) as beside:
        for number in range(20):
            (beside / f"{number}.txt").write_text(text, encoding="utf-8")


def texts(folder: Path) -> set[str]:
    return {path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another_and_nothing_is_left_beside(
    tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    for text in ("old", "new"):
        fill(tmp_path / "a", text)
    assert texts(tmp_path / "a") == {"new"}
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_there_stays_where_it_must_not_be_replaced_and_where_filling_fails(tmp_path: Path) -> None:
    fill(tmp_path / "a", "old")
    with pytest.raises(UsageError, match="is there already"):
        fill(tmp_path / "a", "new", replace=False)
    with pytest.raises(RuntimeError), fill_folder_atomically(tmp_path / "a", replace=True):
        raise RuntimeError
    assert texts(tmp_path / "a") == {"old"}
    assert os.listdir(tmp_path) == ["a"]


def test_of_many_writers_at_once_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    told: list[str] = []

    def write(number: int) -> None:
        try:
            fill(tmp_path / "a", str(number), replace=False)
        except UsageError as error:
            told.append(str(error))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(told) == 11
    assert len(texts(tmp_path / "a")) == 1
    assert os.listdir(tmp_path) == ["a"]


REWRITE = """
import sys
from pathlib import Path
from tipcore.atomic import fill_folder_atomically
number = 0
while True:
    with fill_folder_atomically(Path(sys.argv[1]), replace=True) as beside:
        for name in range(20):
            (beside / f"{name}.txt").write_text(str(number))
    print(number, flush=True)
    number += 1
"""


def test_a_writer_killed_at_any_moment_leaves_one_fill_folder_atomically(tmp_path: Path) -> None:
    for turn in range(12):
        running = subprocess.Popen(
            [sys.executable, "-c", REWRITE, str(tmp_path / "a")], stdout=subprocess.PIPE, text=True
        )
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(0.0007 * turn)
        running.kill()
        running.communicate()
        assert len(list((tmp_path / "a").glob("*.txt"))) == 20
        assert len(texts(tmp_path / "a")) == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_what_a_killed_writer_moved_aside_is_in_no_later_writers_way(
    tmp_path: Path, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    if replaced:
        fill(tmp_path / "a", "new")
    fill(tmp_path / ".old-a", "old")
    fill(tmp_path / "a", "newer")
    assert texts(tmp_path / "a") == {"newer"}
    assert os.listdir(tmp_path) == ["a"]


def test_what_others_left_long_ago_is_removed_and_what_they_write_now_is_not(tmp_path: Path) -> None:
    for name, age in ((".partial-1", 90_000), (".partial-2", 5)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    fill(tmp_path / "a", "new")
    assert sorted(os.listdir(tmp_path)) == [".partial-2", "a"]


def test_a_file_is_written_whole_or_refused_in_a_sentence(tmp_path: Path) -> None:
    write_file_atomically(tmp_path / "b" / "page.md", "text")
    assert (tmp_path / "b" / "page.md").read_text(encoding="utf-8") == "text"
    (tmp_path / "c").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        write_file_atomically(tmp_path / "c" / "page.md", "text")
    assert sorted(os.listdir(tmp_path)) == ["b", "c"]


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_a_file_and_a_folder_have_the_permissions_that_are_asked_for(tmp_path: Path, mode: int) -> None:
    write_file_atomically(tmp_path / "secret", b"seed", mode=mode)
    with fill_folder_atomically(tmp_path / "host", replace=False, mode=mode | 0o100):
        pass
    assert (tmp_path / "secret").stat().st_mode & 0o777 == mode
    assert (tmp_path / "host").stat().st_mode & 0o777 == mode | 0o100


def test_of_two_nested_folders_neither_is_there_after_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="No space left"),
        fill_folder_atomically(tmp_path / "outer", replace=False),
        fill_folder_atomically(tmp_path / "inner", replace=False),
    ):
        raise OSError(28, "No space left on device")
    assert os.listdir(tmp_path) == []


def test_of_two_nested_folders_the_inner_one_is_put_in_its_place_first(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="outer is there already"),
        fill_folder_atomically(tmp_path / "outer", replace=False),
        fill_folder_atomically(tmp_path / "inner", replace=False),
    ):
        (tmp_path / "outer").mkdir()
    assert (tmp_path / "inner").is_dir()


def test_what_a_killed_writer_left_is_not_found_and_what_it_moved_aside_is_put_back(tmp_path: Path) -> None:
    left = (".partial-7/a.txt", "b/.partial-7", ".old-/a.txt", "b/.old-../a.txt", ".old-.partial-7/a.txt")
    for place in (*left, "b/.old-c/a.txt", "b/d.partial-7/a.txt", "b/a.csv", ".old-.old-b/a.txt"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("x", encoding="utf-8")
    found = [str(path.relative_to(tmp_path)) for path in find_whole("*.txt", tmp_path)]
    assert found == [os.path.join("b", "c", "a.txt"), os.path.join("b", "d.partial-7", "a.txt")]
    assert [path.name for path in whole_folders(tmp_path)] == ["b"]
    assert find_whole("*", tmp_path / "none") == whole_folders(tmp_path / "none") == []


WRITES = """
import sys
from pathlib import Path
from tipcore.atomic import fill_folder_atomically

for number in range(200):
    with fill_folder_atomically(Path(sys.argv[1]) / str(number % 5), replace=True) as folder:
        (folder / "below").mkdir()
        (folder / "below" / "a.txt").write_text("x", encoding="utf-8")
"""


def test_what_writers_rename_while_it_is_looked_for_is_no_error(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITES, tmp_path]) as writer:
        most = 0
        while writer.poll() is None:
            most = max(most, len(find_whole("a.txt", tmp_path)))
    assert writer.returncode == 0
    assert most <= 5
    assert len(find_whole("a.txt", tmp_path)) == 5


INTERRUPTED = """
import os, sys
from pathlib import Path
from tipcore import atomic

folder, by_exchange, number, after = Path(sys.argv[1]), sys.argv[2] == "True", int(sys.argv[3]), sys.argv[4] == "True"
steps = 0

def counted(step):
    def run(*given, **more):
        global steps
        steps += 1
        if steps == number and not after:
            os._exit(9)
        made = step(*given, **more)
        if steps == number:
            os._exit(9)
        return made
    return run

atomic.move = counted(atomic.move)
atomic.exchange = counted(atomic.exchange) if by_exchange else lambda *_: False
atomic.shutil.rmtree = counted(atomic.shutil.rmtree)
with atomic.fill_folder_atomically(folder, replace=True) as beside:
    for name in range(20):
        (beside / f"{name}.txt").write_text("new")
print("whole")
"""


def interrupted(folder: Path, by_exchange: bool, number: int, after: bool) -> bool:
    """Replace a folder in a process that ends before or after one of its steps; whether it had so many steps."""
    words = [sys.executable, "-c", INTERRUPTED, str(folder), str(by_exchange), str(number), str(after)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("by_exchange", [True, False])
def test_a_writer_that_ends_at_any_step_loses_neither_the_old_nor_the_new(
    tmp_path: Path, by_exchange: bool, after: bool
) -> None:
    folder, number = tmp_path / "a", 0
    while True:
        number += 1
        fill(folder, "old")
        if not interrupted(folder, by_exchange, number, after):
            break
        if by_exchange:
            assert texts(folder) in ({"old"}, {"new"}), "one of them is seen at every moment"
        restore(folder)
        assert texts(folder) in ({"old"}, {"new"})
        assert len(list(folder.glob("*.txt"))) == 20
        fill(folder, "newer")
        assert texts(folder) == {"newer"}
        assert os.listdir(tmp_path) == ["a"], "nothing is left beside"
    assert number > (2 if by_exchange else 3), "every step was one at which it ended"
    assert texts(folder) == {"new"}


LIVING = """
import os, sys, time
from pathlib import Path
from tipcore.atomic import fill_folder_atomically
with fill_folder_atomically(Path(sys.argv[1]) / "b", replace=True) as beside:
    (beside / "truth.txt").write_text("hidden")
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(not fcntl, reason="this system has no claims: it is swept after a day")
@pytest.mark.parametrize("write", [lambda place: fill(place / "a", "x"), lambda place: write_a_file(place)])
def test_what_a_writer_leaves_stays_while_it_lives_and_is_swept_by_the_next_once_it_is_dead(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    words = [sys.executable, "-c", LIVING, str(tmp_path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.readline()
        write(tmp_path)
        assert len(list(tmp_path.glob(".partial-*/truth.txt"))) == 1, "the writer is alive"
        running.kill()
        running.wait()
        assert len(list(tmp_path.glob(".partial-*/truth.txt"))) == 1
        write(tmp_path)
        assert list(tmp_path.glob(".partial-*")) == []


def write_a_file(place: Path) -> None:
    atomic._swept.clear()  # as in a new process
    write_file_atomically(place / "page.md", "text")


def test_a_file_that_a_killed_writer_left_is_swept_too(tmp_path: Path) -> None:
    left, living = tmp_path / f"{atomic.HERE}1", tmp_path / f"{atomic.HERE}2"
    for path in (left, living):
        path.write_bytes(b"half")
    descriptor = atomic.claim(living)
    write_a_file(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([living.name, "page.md"])
    assert descriptor is not None
    os.close(descriptor)


def test_a_passing_folder_is_gone_afterwards_and_so_is_that_of_a_dead_process(tmp_path: Path) -> None:
    die = f"""if True:
        import os
        from pathlib import Path
        from tipcore.atomic import temporary_folder
        with temporary_folder(Path({str(tmp_path)!r})) as folder:
            (folder / "half").write_text("made")
            os._exit(9)"""
    assert subprocess.run([sys.executable, "-c", die], check=False).returncode == 9
    [left] = tmp_path.iterdir()
    (tmp_path / ".partial-of-another-machine").mkdir()
    with temporary_folder(tmp_path) as one, temporary_folder(tmp_path) as other:
        assert not left.exists()
        assert one.is_dir()
        assert list(other.iterdir()) == []
        assert (os.name == "nt") or other.stat().st_mode & 0o777 == 0o700
    assert os.listdir(tmp_path) == [".partial-of-another-machine"]


def test_without_claims_what_was_left_is_swept_after_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "claim", lambda path: None)
    for name, age in (("1", 90_000), ("2", 5)):
        path = tmp_path / f"{atomic.HERE}{name}"
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))
    write_a_file(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([f"{atomic.HERE}2", "page.md"])
