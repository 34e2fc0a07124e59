"""Folders that are there whole or not at all, also where the writer is killed between any two steps."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tipcore import atomic
from tipcore.atomic import fill_folder_atomically, is_left_over, write_file_atomically
from tipcore.errors import UsageError


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


def test_a_place_that_is_taken_is_refused_and_keeps_what_it_has(tmp_path: Path) -> None:
    fill(tmp_path / "a", "old")
    with pytest.raises(UsageError, match="is there already"):
        fill(tmp_path / "a", "new", replace=False)
    assert texts(tmp_path / "a") == {"old"}
    assert os.listdir(tmp_path) == ["a"]


def test_an_error_while_filling_leaves_what_was_there(tmp_path: Path) -> None:
    fill(tmp_path / "a", "old")
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


def test_what_was_moved_aside_by_a_killed_writer_comes_back(tmp_path: Path) -> None:
    fill(tmp_path / "a", "old")
    (tmp_path / "a").rename(tmp_path / ".old-a")
    fill(tmp_path / "a", "new")
    assert texts(tmp_path / "a") == {"new"}
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


@pytest.mark.parametrize(
    ("place", "left"), [(".partial-7/a", True), ("b/.old-a", True), ("b/a.partial-7", False), ("b", False)]
)
def test_what_a_killed_writer_left_is_told_by_any_part_of_its_path(
    place: str, left: bool, tmp_path: Path
) -> None:
    assert is_left_over(tmp_path / place, tmp_path) is left
    assert not is_left_over(tmp_path / ".old-x" / "b", tmp_path / ".old-x")
