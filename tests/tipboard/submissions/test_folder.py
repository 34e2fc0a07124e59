"""What lies in a folder is looked at without following, opening or trusting any of it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from tipboard.submissions import files
from tipboard.submissions.files import Unreadable, read_regular
from tipboard.submissions.folder import ABSENT, look, open_folder_of
from tipcore import operating_system
from tipcore.errors import UsageError


@pytest.fixture(autouse=True, params=[True, False], ids=["descriptors", "paths"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """This system, and one that opens no names below a descriptor."""
    monkeypatch.setattr(operating_system, "BELOW_DESCRIPTORS", request.param)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "submission" / "prevalence" / "all"
    path.mkdir(parents=True)
    (path / "s0.parquet").write_bytes(b"12345")
    (tmp_path / "submission" / "submission.json").write_bytes(b"{}")
    return tmp_path / "submission"


def read(folder: Path, path: str, most: int = 10) -> bytes:
    with open_folder_of(folder) as descriptor:
        return read_regular(descriptor, path, most)


def test_files_of_the_right_form_are_listed_with_their_bytes(folder: Path) -> None:
    with open_folder_of(folder) as descriptor:
        found = look(descriptor)
    assert (found.files, found.problems, found.has_record) == ({"prevalence/all/s0.parquet": 5}, [], True)


def test_a_folder_that_is_a_link_or_not_there_is_a_usage_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    for path, says in ((tmp_path / "link", "it is a link"), (tmp_path / "none", "No such file")):
        with pytest.raises(UsageError, match=says), open_folder_of(path):
            pass


def test_no_step_of_a_path_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    assert read(folder, "prevalence/all/s0.parquet") == b"12345"
    (folder / "prevalence" / "all").rename(tmp_path / "elsewhere")
    (folder / "prevalence" / "all").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreadable, match="its folder cannot be opened"):
        read(folder, "prevalence/all/s0.parquet")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda file: (file.unlink(), os.mkfifo(file)), "not a plain file"),
        (lambda file: os.link(file, file.parents[1] / "second"), "second name"),
        (lambda file: os.truncate(file, 10**12), "1,000,000,000,000 bytes"),  # holes count
    ],
)
def test_a_pipe_a_file_with_a_second_name_and_one_of_holes_are_not_read(
    folder: Path, change: Callable[[Path], object], says: str
) -> None:
    change(folder / "submission.json")
    with pytest.raises(Unreadable, match=says):
        read(folder, "submission.json")


def test_a_file_may_have_as_many_bytes_as_it_may_and_not_one_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it grows while it is read: it had no byte when it was looked at."""
    assert read(folder, "prevalence/all/s0.parquet", most=5) == b"12345"
    with pytest.raises(Unreadable, match="it has 5 bytes and at most 4 are read"):
        read(folder, "prevalence/all/s0.parquet", most=4)
    look_at = os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        status = [*look_at(descriptor)]
        status[stat.ST_SIZE] = 0
        return os.stat_result(status)

    monkeypatch.setattr(files.os, "fstat", fstat)
    assert read(folder, "prevalence/all/s0.parquet", most=5) == b"12345"
    with pytest.raises(Unreadable, match="it has more than 4 bytes"):
        read(folder, "prevalence/all/s0.parquet", most=4)


def test_descriptors_are_closed(folder: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(5):
        with open_folder_of(folder) as descriptor:
            look(descriptor)
            read_regular(descriptor, "prevalence/all/s0.parquet", 10)
            with pytest.raises(Unreadable):
                read_regular(descriptor, "prevalence/none/s0.parquet", 10)
    assert len(os.listdir("/dev/fd")) == before


def said(folder: Path) -> list[str]:
    with open_folder_of(folder) as descriptor:
        return [str(problem) for problem in look(descriptor).problems]


@pytest.mark.parametrize(
    "path",
    [
        "s0.parquet",
        "prevalence/s0.parquet",
        "prevalence/all/deep/s0.parquet",
        "prevalence/all/submission.json",
        "prevalence/all/s00.parquet",
        "prevalence/all/s1.PARQUET",
        "Prevalence/all/s0.parquet",
    ],
)
def test_a_file_of_another_form_or_depth_is_one_problem_that_names_it(folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(b"1")
    [problem] = said(folder)
    assert path.startswith(problem.partition(":")[0])
    assert "of that name may be there; only submission.json and" in problem


def test_a_folder_without_a_record_or_with_an_empty_folder_says_so(folder: Path) -> None:
    (folder / "advert_risk" / "forward").mkdir(parents=True)
    assert said(folder) == ["advert_risk/forward: it is an empty folder; remove it."]
    (folder / "submission.json").unlink()
    assert said(folder)[0] == f"submission.json: {ABSENT}"
    (folder / "submission.json").mkdir()
    assert any(problem.startswith("submission.json: ") for problem in said(folder))


def test_a_thousand_names_are_looked_at_and_not_one_more(folder: Path) -> None:
    for number in range(1, 997):
        (folder / "prevalence" / "all" / f"s{number}.parquet").touch()
    assert said(folder) == []
    (folder / "prevalence" / "all" / "s997.parquet").touch()
    assert said(folder) == [
        "it: it holds more than 1,000 files and folders; only submission.json and "
        "<task>/<split>/s<seed>.parquet may be in it."
    ]


def test_a_link_to_a_file_of_the_right_form_is_not_listed(folder: Path) -> None:
    (folder / "prevalence" / "all" / "s1.parquet").symlink_to(folder / "prevalence" / "all" / "s0.parquet")
    with open_folder_of(folder) as descriptor:
        found = look(descriptor)
    assert list(found.files) == ["prevalence/all/s0.parquet"]
    assert [problem.where for problem in found.problems] == ["prevalence/all/s1.parquet"]
