"""Mutations that go on while the folder is checked: another file, a link or nothing takes the place of a file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import polars as pl
from hostile_case import digest, parquet
from mutated_case import Mutant, mutation

FAMILY = "swaps"


def _again(case: Mutant, *steps: Callable[[], object]) -> None:
    """Do these in turn, as fast as a lot says, until the check has ended."""
    pause = case.pick([0.0, 0.0005, 0.003, 0.02, 0.1])

    def go_on(ended: Event) -> None:
        while not ended.is_set():
            for step in steps:
                with suppress(OSError):
                    step()
                if ended.wait(pause):
                    return

    case.during = go_on


def _taking_turns(case: Mutant, path: Path, other: Path) -> None:
    """Let two things have one name in turn."""
    aside = case.outside / "aside"

    def exchange() -> None:
        os.rename(path, aside)
        os.rename(other, path)
        os.rename(aside, other)

    _again(case, exchange)


@mutation(FAMILY)
def a_file_and_another(case: Mutant) -> None:
    other = case.outside / "other.parquet"
    numbers = case.numbers()
    frame = case.table().with_columns(pl.lit(0.25).alias(name) for name in numbers[:1])
    other.write_bytes(case.pick([parquet(frame), b"", case.content[:-9], case.draw.bytes(5_000)]))
    _taking_turns(case, case.target, other)


@mutation(FAMILY)
def a_file_and_a_link(case: Mutant) -> None:
    other, copy = case.outside / "other.parquet", case.outside / "copy.parquet"
    shutil.copy(case.target, copy)
    other.symlink_to(case.pick([copy, "/dev/zero", "/etc/passwd", case.outside / "kept.txt"]))
    _taking_turns(case, case.target, other)


@mutation(FAMILY)
def a_file_and_a_pipe(case: Mutant) -> None:
    other = case.outside / "other.parquet"
    os.mkfifo(other)
    _taking_turns(case, case.pick([case.target, case.folder / "submission.json"]), other)


@mutation(FAMILY)
def a_folder_and_a_link(case: Mutant) -> None:
    path = case.pick([case.target.parent, case.target.parent.parent])
    copy, other = case.outside / "copy", case.outside / "other"
    shutil.copytree(path, copy)
    other.symlink_to(case.pick([copy, copy, "/", "."]), target_is_directory=True)
    _taking_turns(case, path, other)


@mutation(FAMILY)
def the_whole_folder_and_a_link(case: Mutant) -> None:
    copy, other = case.outside / "copy", case.outside / "other"
    shutil.copytree(case.folder, copy)
    other.symlink_to(case.pick([copy, "/"]), target_is_directory=True)
    _taking_turns(case, case.folder, other)


@mutation(FAMILY)
def a_record_and_another(case: Mutant) -> None:
    other = case.outside / "other.json"
    case.record["summary"] = "Another."
    case.record["predictions"][0]["digest"] = case.pick(
        [digest(b"x"), case.record["predictions"][0]["digest"]]
    )
    path = case.folder / "submission.json"
    before = path.read_bytes()
    case.write_record()
    shutil.move(path, other)
    path.write_bytes(before)
    _taking_turns(case, path, other)


@mutation(FAMILY)
def a_file_that_comes_and_goes(case: Mutant) -> None:
    path = case.pick([case.target, case.folder / "submission.json"])
    content = path.read_bytes()
    _again(case, path.unlink, lambda: path.write_bytes(content))


@mutation(FAMILY)
def a_file_that_grows_and_shrinks(case: Mutant) -> None:
    path, size = case.target, case.target.stat().st_size
    longer = case.pick([2 * size, 10**6, 2**36])
    _again(
        case, lambda: os.truncate(path, longer), lambda: os.truncate(path, case.pick([0, size // 2, size]))
    )


@mutation(FAMILY)
def a_file_that_gets_a_second_name(case: Mutant) -> None:
    link = case.pick([case.outside / "link", case.target.parent / "s9.parquet"])
    _again(case, lambda: os.link(case.target, link), link.unlink)


@mutation(FAMILY)
def files_that_appear(case: Mutant) -> None:
    path = case.target.parent / case.pick(["x", "s1.parquet", "s2.parquet"])
    _again(case, lambda: path.write_bytes(b"x"), path.unlink)


@mutation(FAMILY)
def bytes_that_change(case: Mutant) -> None:
    path, content = case.target, case.content

    def write() -> None:
        with path.open("r+b") as file:
            file.seek(int(case.draw.integers(0, len(content))))
            file.write(case.draw.bytes(8))

    def mend() -> None:
        with path.open("r+b") as file:
            file.write(content)

    _again(case, write, mend)
