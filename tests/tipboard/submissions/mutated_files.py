"""Mutations of the folder: links, pipes, sockets, holes, modes, names, what lies there and what does not."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from contextlib import suppress
from pathlib import Path

from mutated_case import Mutant, mutation

FAMILY = "file system"
ELSEWHERE = ["/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/mem", "nowhere", "/", "..", "."]
RECORD = "submission.json"


def _some_file(case: Mutant) -> Path:
    return case.pick([case.target, case.target, case.folder / RECORD])


def _moved(case: Mutant, path: Path) -> Path:
    """Move what is there out of the folder."""
    return Path(shutil.move(path, case.outside / "moved"))


@mutation(FAMILY, refused=True)
def a_symbolic_link(case: Mutant) -> None:
    path = case.pick([_some_file(case), case.target.parent, case.target.parent.parent])
    moved = _moved(case, path)
    path.symlink_to(case.pick([moved, moved, os.path.relpath(moved, path.parent), *ELSEWHERE]))


@mutation(FAMILY, refused=True)
def a_symbolic_link_within(case: Mutant) -> None:
    other = case.target.parent / "s5.parquet"
    case.target.rename(other)
    case.target.symlink_to(case.pick(["s5.parquet", other, f"../{other.parent.name}/s5.parquet"]))


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
    path = case.pick([case.target.parent, case.target.parent.parent])
    _moved(case, path)
    path.write_bytes(case.pick([b"", b"PAR1", b"x" * 10_000]))


@mutation(FAMILY, refused=True)
def a_file_of_holes(case: Mutant) -> None:
    with _some_file(case).open("r+b") as file:
        file.truncate(case.pick([25_000_001, 2**31, 2**40]))


@mutation(FAMILY, refused=True)
def further_files(case: Mutant) -> None:
    names = [
        "x",
        "model.pkl",
        "s0.parquet",
        "s00.parquet",
        "s1.parquet",
        ".s0.parquet.swp",
        "s0.parquet~",
        "S0.parquet",
        "s0.PARQUET",
        "s-1.parquet",
        "a\nb",
        "..x",
        "...",
        "\x1b[2J",
        "a" * 255,
        "s0.parquet ",
        "ſ0.parquet",
        "s٠.parquet",
        "CON",
        "x:y",
        "::error::x",
    ]
    place = case.pick([case.folder, case.target.parent.parent, case.target.parent])
    path = place / case.pick(names)
    if path != case.target:
        path.write_bytes(case.content)
    else:
        (place / "x").touch()


@mutation(FAMILY, refused=True)
def names_that_are_not_utf_8(case: Mutant) -> None:
    name = (
        os.fsencode(case.pick([case.folder, case.target.parent]))
        + b"/"
        + case.pick([b"\xff\xfe.parquet", b"s0\xed\xa0\x80", b"\xc3(", b"s\xe90.parquet"])
    )
    if case.draw.random() < 0.5:
        os.mkdir(name)
    else:
        Path(os.fsdecode(name)).write_bytes(case.content)


@mutation(FAMILY, refused=True)
def twins_that_differ_in_case(case: Mutant) -> None:
    path = case.pick([case.target, case.target.parent, case.target.parent.parent, case.folder / RECORD])
    twin = path.parent / case.pick([path.name.upper(), path.name.capitalize()])
    if path.is_dir():
        shutil.copytree(path, twin)
    else:
        shutil.copy(path, twin)


@mutation(FAMILY, refused=True)
def folders_without_end(case: Mutant) -> None:
    deep, wide = case.pick([(1, 3), (40, 1), (3, 9), (1, 1_200)])
    for number in range(wide):
        path = case.folder / f"d{number}"
        for step in range(deep):
            path /= f"d{step}"
        path.mkdir(parents=True)


@mutation(FAMILY, refused=True)
def a_file_that_is_gone(case: Mutant) -> None:
    path = case.pick([_some_file(case), case.target.parent, case.target.parent.parent])
    _moved(case, path)


@mutation(FAMILY, refused=True)
def a_file_that_is_empty(case: Mutant) -> None:
    _some_file(case).write_bytes(b"")


@mutation(FAMILY)
def modes_that_let_nobody_read(case: Mutant) -> None:
    """Root reads all the same."""
    path = case.pick([_some_file(case), case.target.parent, case.folder])
    path.chmod(case.pick([0o000, 0o200, 0o111, 0o7777]))


@mutation(FAMILY, same=True)
def modes_that_let_nobody_write(case: Mutant) -> None:
    for path in (
        case.target,
        case.folder / RECORD,
        case.target.parent,
        case.target.parent.parent,
        case.folder,
    ):
        path.chmod(0o555 if path.is_dir() else 0o444)


@mutation(FAMILY, refused=True)
def a_file_of_another_place(case: Mutant) -> None:
    """Moved to another split, seed or task, and listed where it was."""
    other = (
        case.folder
        / case.pick(["prevalence/random", "advert_risk", "x/y", "payment_risk/forward/deep"])
        / "s3.parquet"
    )
    other.parent.mkdir(parents=True, exist_ok=True)
    case.target.rename(other)
