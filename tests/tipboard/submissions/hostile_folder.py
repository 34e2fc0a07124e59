"""Folders with what no submission holds: links, pipes, programs, names that look like others, holes."""

from __future__ import annotations

import os
import shutil
import socket

from hostile_case import CLUSTERS, ESTIMATES, SCORES, Case, kind

FILES = [ESTIMATES, SCORES, CLUSTERS]
SUBMISSION = "submission.json"


@kind("refused", 18)
def symbolic_link_to_a_file(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    target = case.one_of(
        [
            "/etc/passwd",
            "/dev/zero",
            "/dev/stdin",
            "../../submission.json",
            str(path),
            "nowhere",
            "/proc/self/mem",
        ]
    )
    path.unlink()
    path.symlink_to(target)


@kind("refused", 9)
def symbolic_link_to_a_copy_of_the_file(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    elsewhere = case.outside / "copy.parquet"
    shutil.move(path, elsewhere)
    path.symlink_to(elsewhere if case.number % 2 else os.path.relpath(elsewhere, path.parent))


@kind("refused", 12)
def symbolic_link_to_a_folder(case: Case) -> None:
    file = case.path(case.one_of(FILES))
    place = file.parent if case.number % 2 else file.parent.parent
    elsewhere = case.outside / "moved"
    shutil.move(place, elsewhere)
    place.symlink_to(case.one_of([elsewhere, "/", ".", ".."]), target_is_directory=True)


@kind("refused", 6)
def record_that_is_not_a_plain_file(case: Case) -> None:
    path = case.path(SUBMISSION)
    moved = case.outside / "record.json"
    shutil.move(path, moved)
    trick = case.number % 6
    if trick == 0:
        path.symlink_to(moved)
    elif trick == 1:
        path.symlink_to("/dev/zero")
    elif trick == 2:
        os.link(moved, path)
    elif trick == 3:
        os.mkfifo(path)
    elif trick == 4:
        path.mkdir()
    elif trick == 5:
        path.symlink_to(path)


@kind("refused", 9)
def hard_link(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    other = case.outside / "second.parquet" if case.number % 2 else path.with_name("s1.parquet")
    os.link(path, other)


@kind("refused", 6)
def pipe_or_socket(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    path.unlink()
    if case.number % 2:
        os.mkfifo(path)
        return
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


@kind("refused", 24)
def file_that_is_no_prediction(case: Case) -> None:
    names = ["run.py", "conftest.py", "lib.so", "model.pkl", ".hidden", ".DS_Store", "README.md", "Makefile",
             ".git/config", ".github/workflows/x.yml", "setup.py", "pyproject.toml", "submission.yaml"]  # fmt: skip
    path = case.folder / case.one_of(["", "prevalence/", "prevalence/all/"]) / case.one_of(names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.one_of([b"import os\n", b"\x7fELF\2\1\1", b"\x80\4cos\nsystem\n(S'true'\ntR."]))


@kind("refused", 8)
def too_many_files(case: Case) -> None:
    made = case.folder / case.one_of(["prevalence/all", "prevalence", "new/split", ""])
    made.mkdir(parents=True, exist_ok=True)
    for number in range(1_500):
        (made / case.one_of([f"s{number + 1}.parquet", f"f{number}"])).touch()


@kind("refused", 8)
def deep_folders(case: Case) -> None:
    depth = 10 * (case.number + 1)
    folder = case.folder / case.one_of(["prevalence/all", "a", "prevalence"])
    deep = folder.joinpath(*["d"] * depth)
    deep.mkdir(parents=True)
    (deep / "s0.parquet").touch()


@kind("refused", 12)
def names_that_differ_in_case(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    if case.number % 3 == 0:
        shutil.copy(path, path.with_name("S0.parquet"))
    elif case.number % 3 == 1:
        shutil.copy(path, path.with_name("s0.PARQUET"))
    else:
        task = path.parent.parent
        shutil.copytree(task, task.with_name(task.name.capitalize()))


@kind("refused", 15)
def names_that_look_like_others(case: Case) -> None:
    name = case.one_of(
        ["prevale\u0301nce", "prev\u00e9lence", "рrevalence", "ｐrevalence", "prevalence\u200b", "preva\u00adlence",
         "prevalence ", "prevalence.", "\u202eecnelaverp", "prevalence\ufeff", "prevalencе"]
    )  # fmt: skip
    shutil.copytree(case.folder / "prevalence", case.folder / name)


@kind("refused", 15)
def names_that_a_terminal_obeys(case: Case) -> None:
    name = case.one_of(
        [b"a\nb", b"\x1b[2Jx", b"\x1b]0;title\x07", b"\xff\xfe", b"\xc3\x28", b"a" * 255, b"-rf", b"$(id)", b"`id`",
         b"a\rtipbench: accepted", b"\xe2\x80\xae", b"<img src=x>", b"::error::x", b"'; DROP", b"[red]x"]
    )  # fmt: skip
    with open(os.fsencode(case.folder) + b"/" + name, "wb"):
        pass


@kind("refused", 6)
def file_with_holes(case: Case) -> None:
    size = case.one_of([10 * 10**9, 26 * 10**6, 2**40])
    os.truncate(case.path(case.one_of([ESTIMATES, SUBMISSION])), size)


@kind("refused", 8)
def folder_in_the_place_of_a_file(case: Case) -> None:
    path = case.path(case.one_of(FILES))
    path.unlink()
    path.mkdir()
    if case.number % 2:
        (path / "s0.parquet").touch()


@kind("refused", 6)
def file_in_the_place_of_a_folder(case: Case) -> None:
    file = case.path(case.one_of(FILES))
    folder = file.parent if case.number % 2 else file.parent.parent
    shutil.rmtree(folder)
    folder.touch()


@kind("refused", 6)
def empty_folder(case: Case) -> None:
    (case.folder / case.one_of(["prevalence/random", "advert_risk", "advert_risk/forward"])).mkdir(
        parents=True
    )


@kind("refused", 10)
def listed_files_that_are_not_there(case: Case) -> None:
    if case.number % 2:
        case.path(case.one_of(FILES)).unlink()
    else:
        case.record["predictions"].remove(case.entry(case.one_of(FILES)))
        case.write_record()


@kind("refused", 3)
def no_record(case: Case) -> None:
    path = case.path(SUBMISSION)
    path.rename(path.with_name(case.one_of(["Submission.json", "submission.json~", "submission.JSON"])))


@kind("refused", 4)
def empty_file(case: Case) -> None:
    case.path(case.one_of(FILES)).write_bytes(b"")
