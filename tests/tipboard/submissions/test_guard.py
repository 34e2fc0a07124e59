"""The process that reads untrusted files: whatever becomes of it, a sentence comes back."""

import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from mutated_case import ESTIMATES, Mutant, arrow_file
from tipbench.tasks import tasks
from tipboard.submissions import guard
from tipboard.submissions.files import BY_SIZE, Limits
from tipboard.submissions.folder import open_folder_of
from tipboard.submissions.guard import read_guarded
from tipboard.submissions.record import SubmittedFile, record_of
from tipboard.submissions.terms import Form, form_of
from tipcore.errors import MachineFault

TINY = BY_SIZE["tiny"]
UNITS = 10_000
BEGINS = "print('{}', flush=True)\n"
EACH = """
for number in (file['number'] for file in json.load(sys.stdin)['files']):
    {program}
    print(json.dumps({{'refused': {said}}}), flush=True)
"""


def entries_of(folder: Path) -> list[SubmittedFile]:
    return record_of((folder / "submission.json").read_bytes()).predictions


def guarded(folder: Path, workdir: Path, limits: Limits = TINY) -> dict[str, Any]:
    entries = entries_of(folder)
    workdir.mkdir(exist_ok=True)
    forms = {one.task: form_of(tasks()[one.task], UNITS) for one in entries}
    with open_folder_of(folder) as descriptor:
        return read_guarded(descriptor, entries, forms, limits, workdir)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Put another program in the place of the one that reads; it begins as that one does."""

    def instead(program: str, said: str = "") -> None:
        """``said``: an expression, which the program then says of each file after its own lines."""
        path = tmp_path / "reader.py"
        of_each = EACH.format(program=program, said=said) if said else program
        begins = BEGINS if "exit(" not in program else ""
        path.write_text(f"import json, os, sys, time\n{begins}{of_each}", encoding="utf-8")
        python = tmp_path / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{path}"\n', encoding="utf-8")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))

    return instead


def test_a_clean_file_holds_the_values_and_nothing_else_whatever_wrote_the_original(
    honest: Path, case: Mutant, tmp_path: Path
) -> None:
    plain = guarded(honest, tmp_path / "one")[ESTIMATES].read_bytes()
    case.write(
        arrow_file(case.frame().to_arrow().replace_schema_metadata({"note": "<script>alert(1)</script>"}))
    )
    found = guarded(case.folder, tmp_path / "two")
    assert [one for one in found.values() if isinstance(one, str)] == []
    assert found[ESTIMATES].read_bytes() == plain
    clean = pq.ParquetFile(found[ESTIMATES])
    assert clean.metadata.metadata is None
    assert clean.read().to_pylist() == pq.read_table(case.path()).to_pylist()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"rows": 7}, "8 rows and at most 7"),
        ({"columns": 1}, "4 columns and at most 1"),
        ({"decoded_bytes": 50}, "bytes uncompressed and at most 50"),
        ({"footer_bytes": 20}, "footer has"),
        ({"file_bytes": 100}, "bytes and at most 100 are read"),
    ],
)
def test_every_limit_is_kept(honest: Path, tmp_path: Path, change: dict[str, int], says: str) -> None:
    found = guarded(honest, tmp_path / "work", replace(TINY, **change))
    assert says in found[ESTIMATES]


def test_a_file_may_have_the_rows_of_its_form_and_not_one_more(honest: Path, tmp_path: Path) -> None:
    entries = entries_of(honest)
    says = "its footer declares 8 rows and at most 7 are read."
    for rows, is_read in ((8, True), (7, False)):
        forms = {one.task: form_of(tasks()[one.task], UNITS) for one in entries}
        forms["prevalence"] = replace(forms["prevalence"], rows=rows)
        work = tmp_path / str(rows)
        work.mkdir()
        with open_folder_of(honest) as descriptor:
            found = read_guarded(descriptor, entries, forms, TINY, work)[ESTIMATES]
        assert isinstance(found, Path) if is_read else found == says


def test_a_file_that_ends_the_process_is_refused_and_the_others_are_read(
    honest: Path, tmp_path: Path, reader
) -> None:
    reader("if number == 1: os.kill(os.getpid(), 11)", "'read'")
    first, second, third = (one.file for one in entries_of(honest))
    found = guarded(honest, tmp_path / "work")
    assert found[first] == found[third] == "read."
    assert found[second] == "it ended the process that reads it; write it again."


def read_by_it(honest: Path, workdir: Path, count: int, limits: Limits = TINY) -> list[Path | str]:
    """What is said of so many files, whatever reads them."""
    first = entries_of(honest)[0]
    files = [first.model_copy(update={"file": f"s{place}.parquet"}) for place in range(count)]
    with open_folder_of(honest) as descriptor:
        found = read_guarded(descriptor, files, {first.task: Form((), 1)}, limits, workdir)
    return [found[one.file] for one in files]


def test_three_files_may_end_the_process_before_the_rest_are_left_unread(
    honest: Path, tmp_path: Path, reader
) -> None:
    reader("os.kill(os.getpid(), 11)\n")
    ended = "it ended the process that reads it; write it again."
    unread = "it was not read, since 3 files before it ended the process that reads them."
    assert read_by_it(honest, tmp_path, 5) == [ended] * 3 + [unread] * 2


def test_a_process_that_is_slow_to_start_is_waited_for_and_is_of_a_session_of_its_own(
    honest: Path, tmp_path: Path, reader
) -> None:
    """A second is all that a file may take, and the process takes longer before it says its first word. What ends
    the session of whoever checks, as Ctrl-C does, does not reach it."""
    reader("time.sleep(1.2)", "f'alone is {os.getsid(0) == os.getpid()}'")
    assert read_by_it(honest, tmp_path, 1, replace(TINY, seconds=1)) == ["alone is True."]


def test_a_file_that_takes_too_long_is_refused(honest: Path, tmp_path: Path, reader, monkeypatch) -> None:
    reader("time.sleep(60)\n")
    monkeypatch.setattr(guard, "PATIENCE", 0)
    monkeypatch.setattr(guard, "MOST_DEATHS", 1)
    found = guarded(honest, tmp_path / "work", replace(TINY, seconds=1))
    said = list(found.values())
    assert said[0] == "it takes more than 1 seconds to read; write it again."
    assert all("was not read" in one for one in said[1:])


@pytest.mark.parametrize(
    "says", ["not json", '{"done": 99}', "x" * 10_000, "{}", "[]", '{"rows": null}', "null"]
)
def test_a_process_that_talks_nonsense_is_a_refusal(honest: Path, tmp_path: Path, reader, says: str) -> None:
    reader(f"print({says!r}, flush=True)\n")
    found = guarded(honest, tmp_path / "work")
    assert set(found) == {one.file for one in entries_of(honest)}
    assert all("the process that reads" in one for one in found.values())


def test_files_that_take_too_long_together_are_refused(honest: Path, tmp_path: Path, reader) -> None:
    reader("time.sleep(0.3)", "'read'")

    class Hasty(Limits):
        total_seconds = 0.4  # type: ignore[assignment]

    found = guarded(honest, tmp_path / "work", Hasty(**asdict(TINY)))
    assert "all files together take more than" in list(found.values())[-1]
    assert len(found) == 3


def test_a_machine_that_cannot_start_the_process_is_said_so(honest: Path, tmp_path: Path, reader) -> None:
    reader("sys.exit(3)\n")
    with pytest.raises(MachineFault, match="cannot be read on this machine"):
        guarded(honest, tmp_path / "work")


def test_the_process_knows_no_secrets_of_the_environment(
    honest: Path, tmp_path: Path, reader, monkeypatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "secret")
    reader("pass", "' '.join(sorted(os.environ))")
    said = guarded(honest, tmp_path / "work")[ESTIMATES]
    assert "PATH" in said
    assert "A_TOKEN" not in said


def test_no_process_and_no_descriptor_is_left(honest: Path, tmp_path: Path) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = len(os.listdir("/dev/fd")), children.read_text(encoding="ascii")
    for number in range(2):
        guarded(honest, tmp_path / str(number))
    assert (len(os.listdir("/dev/fd")), children.read_text(encoding="ascii")) == before


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder of work in which the first clean copy meets a full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no disk that is always full")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "0.parquet").symlink_to("/dev/full")
    return tmp_path / "work"


def test_a_full_disk_here_is_no_fault_of_the_submission(
    honest: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        write(self, content[:1])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(
            MachineFault, match=r"on this machine: .*work cannot be written to \(No space left .*TMPDIR"
        ):
            guarded(honest, work)
    assert not (work / "probe").exists()


def test_a_process_that_says_so_where_there_is_room_is_not_believed(honest: Path, work: Path) -> None:
    first = entries_of(honest)[0].file
    found = guarded(honest, work)
    assert found.pop(first) == "its clean copy could not be written; hand it in again."
    assert [type(one) for one in found.values()] == [type(work)] * (len(entries_of(honest)) - 1)


WAITING = """
import sys
import time
from pathlib import Path
from tipboard.submissions import guard
from tipboard.submissions.files import BY_SIZE
from tipboard.submissions.terms import Form

guard.READER = "waiting"
sys.path.append(sys.argv[1])

class File:
    task, file, digest, rows = "t", "s0.parquet", "", None

guard.read_guarded(Path(sys.argv[1]), [File()], {"t": Form((), 1)}, BY_SIZE["tiny"], Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whether it lives")
def test_the_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text(
        "import os, time\nfrom tipcore.helper import end_with_parent\nend_with_parent()\n"
        "open('pid', 'w', encoding='ascii').write(str(os.getpid()))\ntime.sleep(120)\n",
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, "-c", WAITING, str(tmp_path)]) as running:
        told = tmp_path / "pid"
        end = time.monotonic() + 60
        while not (told.exists() and told.read_text(encoding="ascii")) and time.monotonic() < end:
            time.sleep(0.05)
        running.kill()
    state = Path(f"/proc/{int(told.read_text(encoding='ascii'))}/stat")
    end = time.monotonic() + 10
    while state.exists() and " Z " not in state.read_text(encoding="ascii") and time.monotonic() < end:
        time.sleep(0.05)
    assert not state.exists() or " Z " in state.read_text(encoding="ascii")
