"""Mutations of the folder: links, pipes, holes, modes, names; and what takes a file's place while it is checked."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import polars as pl
from mutated_case import RECORD, Mutant, digest, mutation, parquet

FAMILY, SWAPS = "file system", "swaps"
ELSEWHERE = ["/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "nowhere", "/", "..", "."]
NAMES = [
    "x", "model.pkl", "s0.parquet", "s00.parquet", "s1.parquet", ".s0.parquet.swp", "s0.parquet~", "S0.parquet",
    "s0.PARQUET", "s-1.parquet", "a\nb", "..x", "...", "\x1b[2J", "\x1b]0;title\x07", "a" * 255, "s0.parquet ",
    "ſ0.parquet", "s٠.parquet", "CON", "x:y", "::error::x", "-rf", "$(id)", "`id`", "a\rtipbench: accepted",
    "\u202ex", "<img src=x>", "'; DROP", "[red]x", "run.py", "conftest.py", "lib.so", ".DS_Store", ".git/config",
    ".github/workflows/x.yml", "Makefile", "submission.yaml", "README.md", "CARD.md", "card.json", "LICENSE",
    ".gitattributes", ".git", "submission.json.bak", "Submission.json", "metadata", "notes.txt",
]  # fmt: skip
CONTENTS = [
    b"", b"PAR1", b"x" * 10_000, b"\xff\xfe\x00", b"\xed\xa0\x80", bytes(9_000), b"import os\n", b"\x7fELF\2\1\1",
    b"\x80\4cos\nsystem\n(S'true'\ntR.", b"<script>alert(1)</script>", b"::set-output name=a::b", b"# x\n" * 9_000,
]  # fmt: skip
LOOK_ALIKES = [
    "{}e\u0301", "\u00e9{}", "а{}", "ｐ{}", "{}\u200b", "a\u00adb{}", "{} ", "{}.", "\u202e{}", "{}\ufeff",
]  # fmt: skip


def _some_file(case: Mutant) -> Path:
    return case.pick([case.path(), case.path(), case.folder / RECORD])


def _some_folder(case: Mutant) -> Path:
    return case.pick([case.path().parent, case.path().parent.parent])


def _moved(case: Mutant, path: Path) -> Path:
    """Move what is there out of the folder."""
    return Path(shutil.move(path, case.outside / "moved"))


@mutation(FAMILY, refused=True)
def a_symbolic_link(case: Mutant) -> None:
    path = case.pick([_some_file(case), _some_folder(case)])
    moved = _moved(case, path)
    path.symlink_to(case.pick([moved, moved, path.name, os.path.relpath(moved, path.parent), *ELSEWHERE]))


@mutation(FAMILY, refused=True)
def a_symbolic_link_within(case: Mutant) -> None:
    other = case.path().parent / "s5.parquet"
    case.path().rename(other)
    case.path().symlink_to(case.pick(["s5.parquet", other, f"../{other.parent.name}/s5.parquet"]))


@mutation(FAMILY, refused=True)
def a_hard_link(case: Mutant) -> None:
    path = _some_file(case)
    os.link(path, case.pick([case.outside / "link", path.parent / "s9.parquet"]))


@mutation(FAMILY, refused=True)
def a_pipe_a_socket_or_a_device(case: Mutant) -> None:
    path, kind = _some_file(case), case.pick(["pipe", "socket", "device"])
    path.unlink()
    if kind == "device":
        with suppress(PermissionError):
            return os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    if kind != "socket":
        return os.mkfifo(path)
    here = os.open(path.parent, os.O_RDONLY)
    try:  # a socket's path is short
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(f"/proc/self/fd/{here}/{path.name}")
    finally:
        os.close(here)


@mutation(FAMILY, refused=True)
def a_folder_in_the_place_of_a_file(case: Mutant) -> None:
    path = _some_file(case)
    moved = _moved(case, path)
    path.mkdir()
    if case.draw.random() < 0.5:
        shutil.copy(moved, path / path.name)


@mutation(FAMILY, refused=True)
def a_file_in_the_place_of_a_folder(case: Mutant) -> None:
    path = _some_folder(case)
    _moved(case, path)
    path.write_bytes(case.pick(CONTENTS))


@mutation(FAMILY, refused=True)
def a_file_of_holes(case: Mutant) -> None:
    os.truncate(_some_file(case), case.pick([25_000_001, 2**31, 2**40]))


@mutation(FAMILY, refused=True)
def further_files(case: Mutant) -> None:
    path = case.pick([case.folder, case.path().parent.parent, case.path().parent]) / case.pick(NAMES)
    path = path if path != case.path() else path.with_name("x")
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(case.pick([case.content, case.draw.bytes(9_000), *CONTENTS]))


@mutation(FAMILY, refused=True)
def files_and_folders_without_end(case: Mutant) -> None:
    deep, wide, files = case.pick([(1, 3, 0), (40, 1, 0), (3, 9, 0), (1, 1_200, 0), (2, 1, 1_500)])
    for number in range(wide):
        path = case.folder.joinpath(f"d{number}", *(f"d{step}" for step in range(deep)))
        path.mkdir(parents=True)
        for one in range(files):
            (path / f"s{one}.parquet").touch()


@mutation(FAMILY, refused=True)
def an_empty_folder(case: Mutant) -> None:
    (case.folder / case.pick(["prevalence/random", "advert_risk", "advert_risk/closure"])).mkdir(parents=True)


@mutation(FAMILY, refused=True)
def names_that_are_not_utf_8(case: Mutant) -> None:
    names = [b"\xff\xfe.parquet", b"s0\xed\xa0\x80", b"\xc3(", b"s\xe90.parquet"]
    name = os.fsencode(case.pick([case.folder, case.path().parent])) + b"/" + case.pick(names)
    if case.draw.random() < 0.5:
        os.mkdir(name)
    else:
        Path(os.fsdecode(name)).write_bytes(case.content)


def _copy(path: Path, twin: Path) -> None:
    (shutil.copytree if path.is_dir() else shutil.copy)(path, twin)


@mutation(FAMILY, refused=True)
def twins_that_differ_in_case(case: Mutant) -> None:
    path = case.pick([_some_file(case), _some_folder(case)])
    _copy(path, path.parent / case.pick([path.name.upper(), path.name.capitalize()]))


@mutation(FAMILY, refused=True)
def names_that_look_like_others(case: Mutant) -> None:
    path = case.pick([case.path(), _some_folder(case)])
    _copy(path, path.parent / case.pick(LOOK_ALIKES).format(path.name))


@mutation(FAMILY, refused=True)
def a_file_that_is_gone(case: Mutant) -> None:
    path = case.pick([_some_file(case), _some_folder(case), case.folder / RECORD])
    moved = _moved(case, path)
    if path.name == RECORD and case.draw.random() < 0.5:
        moved.rename(path.with_name(case.pick(["Submission.json", "submission.json~", "submission.JSON"])))


@mutation(FAMILY, refused=True)
def a_file_that_is_not_listed(case: Mutant) -> None:
    case.record["predictions"].remove(case.entry())
    case.write_record()


@mutation(FAMILY, refused=True)
def a_file_that_is_empty(case: Mutant) -> None:
    _some_file(case).write_bytes(b"")


@mutation(FAMILY)
def modes_that_let_nobody_read(case: Mutant) -> None:
    """Root reads all the same."""
    path = case.pick([_some_file(case), case.path().parent, case.folder])
    path.chmod(case.pick([0o000, 0o200, 0o111, 0o7777]))


@mutation(FAMILY, same=True)
def modes_that_let_nobody_write(case: Mutant) -> None:
    file = case.path()
    for path in (file, case.folder / RECORD, file.parent, file.parent.parent, case.folder):
        path.chmod(0o555 if path.is_dir() else 0o444)


@mutation(FAMILY, refused=True)
def a_file_of_another_place(case: Mutant) -> None:
    """Moved to another split, seed or task, and listed where it was."""
    places = ["prevalence/random", "advert_risk", "x/y", "payment_risk/forward/deep"]
    other = case.folder / case.pick(places) / "s3.parquet"
    other.parent.mkdir(parents=True, exist_ok=True)
    case.path().rename(other)


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


@mutation(SWAPS)
def a_file_and_another_or_a_link_or_a_pipe(case: Mutant) -> None:
    other, copy = case.outside / "other.parquet", case.outside / "copy.parquet"
    kind = case.pick(["file", "link", "pipe"])
    if kind == "file":
        numbers = [name for name, dtype in case.frame().schema.items() if dtype.is_float()]
        frame = case.frame().with_columns(pl.lit(0.25).alias(name) for name in numbers[:1])
        other.write_bytes(case.pick([parquet(frame), b"", case.content[:-9], case.draw.bytes(5_000)]))
    elif kind == "link":
        shutil.copy(case.path(), copy)
        other.symlink_to(case.pick([copy, "/dev/zero", "/etc/passwd", case.outside / "kept.txt"]))
    else:
        os.mkfifo(other)
    _taking_turns(case, case.path() if kind != "pipe" else _some_file(case), other)


@mutation(SWAPS)
def a_folder_and_a_link(case: Mutant) -> None:
    path = case.pick([_some_folder(case), case.folder])
    copy, other = case.outside / "copy", case.outside / "other"
    shutil.copytree(path, copy)
    other.symlink_to(case.pick([copy, copy, "/", "."]), target_is_directory=True)
    _taking_turns(case, path, other)


@mutation(SWAPS)
def a_record_and_another(case: Mutant) -> None:
    other, path = case.outside / "other.json", case.folder / RECORD
    before, first = path.read_bytes(), case.record["predictions"][0]
    case.record["summary"] = "Another."
    first["digest"] = case.pick([digest(b"x"), first["digest"]])
    case.write_record()
    shutil.move(path, other)
    path.write_bytes(before)
    _taking_turns(case, path, other)


@mutation(SWAPS)
def a_file_that_comes_and_goes_or_has_a_second_name(case: Mutant) -> None:
    path = _some_file(case)
    content, link = path.read_bytes(), case.pick([case.outside / "link", case.path().parent / "s9.parquet"])
    _again(case, *case.pick([(path.unlink, lambda: path.write_bytes(content)),
                             (lambda: os.link(path, link), link.unlink)]))  # fmt: skip


@mutation(SWAPS)
def a_file_that_grows_and_shrinks(case: Mutant) -> None:
    path, size = case.path(), case.path().stat().st_size
    longer, shorter = case.pick([2 * size, 10**6, 2**36]), case.pick([0, size // 2, size])
    _again(case, lambda: os.truncate(path, longer), lambda: os.truncate(path, shorter))


@mutation(SWAPS)
def files_that_appear(case: Mutant) -> None:
    path = case.path().parent / case.pick(["x", "s1.parquet", "s2.parquet"])
    _again(case, lambda: path.write_bytes(b"x"), path.unlink)


@mutation(SWAPS)
def bytes_that_change(case: Mutant) -> None:
    path, content = case.path(), case.content

    def write(at: int, changed: bytes) -> None:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(changed)

    _again(case, lambda: write(case.some(0, len(content)), case.draw.bytes(8)), lambda: write(0, content))
