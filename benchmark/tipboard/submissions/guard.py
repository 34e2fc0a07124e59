"""Read untrusted predictions in a separate process, which returns plain parquet or a sentence.

The process (:mod:`tipboard.submissions.reader`) is started, not forked, sees no variables of the environment that could
be secret, and is killed when a file takes too long. A file that kills it is refused; another process reads the files
after that one, a few times.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Timer
from typing import Any

from tipcore.errors import MachineFault
from tipcore.helper import end_helper, start_helper
from tipcore.operating_system import Folder, ran_out_of_seconds

from tipboard.submissions.files import Limits, amount
from tipboard.submissions.messages import quote
from tipboard.submissions.record import SubmittedFile
from tipboard.submissions.terms import Form

MOST_DEATHS = 3
"""Files that may end the reading process before the rest are left unread."""

PATIENCE = 10
"""Seconds beside those for a file that the process may be silent: it has to start, too."""

PROBE_BYTES = 1 << 20
"""What is written to see whether a disk is full."""
LONGEST_LINE = 4_096
READER = "tipboard.submissions.reader"


@dataclass
class Guarded:
    """Clean files by the name of the entry's file, and a sentence for every other."""

    clean: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


class _Overdue(Exception):
    """The process said nothing for longer than it may."""


def read_guarded(
    folder: Folder, entries: Sequence[SubmittedFile], forms: Mapping[str, Form], limits: Limits, workdir: Path
) -> Guarded:
    """Read the files of these entries.

    Args:
        folder: that of the submission, opened.
        entries: whose files to read.
        forms: by task, what a file of it may be.
        limits: of one file.
        workdir: where clean files go.

    Raises:
        MachineFault: where the process cannot be started here, or there is no room for clean files, whatever they are.
    """
    found = Guarded()
    waiting = dict(enumerate(entries))
    deaths, end = 0, time.monotonic() + limits.total_seconds
    while waiting and deaths < MOST_DEATHS and time.monotonic() < end:
        ended_at, how = _read(folder, waiting, forms, limits, workdir, found, end)
        if ended_at is None:
            break
        found.problems[waiting.pop(ended_at).file] = f"it {how}; write it again."
        deaths += 1
    many = f"{MOST_DEATHS} files before it ended the process that reads them"
    long = f"all files together take more than {limits.total_seconds:,} seconds to read"
    for entry in waiting.values():
        found.problems[entry.file] = f"it was not read, since {many if deaths == MOST_DEATHS else long}."
    return found


def _read(
    folder: Folder,
    waiting: dict[int, SubmittedFile],
    forms: Mapping[str, Form],
    limits: Limits,
    workdir: Path,
    found: Guarded,
    end: float,
) -> tuple[int | None, str]:
    """Read what is waiting, taking from it what is done; the file that ended the process, if any, and how."""
    process = start_helper(READER, workdir, folder, {"ARROW_DEFAULT_MEMORY_POOL": "system"})
    at: int | None = None
    how, slow = "ended the process that reads it", f"takes more than {limits.seconds} seconds to read"
    try:
        _ask(process, folder, waiting, forms, limits)
        for line in _lines(process, limits.seconds + PATIENCE, end):
            number = line["start" if "start" in line else "done"]
            if number not in waiting:
                raise ValueError(number)
            if "done" in line:
                note(waiting[number], line, workdir, found)
                del waiting[number]
            at = None if "done" in line else number
    except _Overdue:
        how = slow
        if at is None and time.monotonic() >= end:  # between two files
            return None, ""
    except (ValueError, KeyError, TypeError):
        at = next(iter(waiting)) if at is None else at
        how = "breaks the process that reads it"
    finally:
        code = end_helper(process)
    if not waiting:
        return None, ""
    if at is None:
        raise MachineFault(
            f"predictions cannot be read on this machine: the process that reads them ended with {code} within "
            f"{amount(limits.memory_bytes)} of memory; try `python -c 'import pyarrow'`."
        )
    return at, slow if ran_out_of_seconds(code) else how


def _ask(
    process: subprocess.Popen[bytes],
    folder: Folder,
    waiting: dict[int, SubmittedFile],
    forms: Mapping[str, Form],
    limits: Limits,
) -> None:
    files = [
        {"number": number, "name": one.file, "digest": one.digest, **asdict(forms[one.task])}
        for number, one in waiting.items()
    ]
    handed = folder if isinstance(folder, int) else str(folder)
    asked = json.dumps({"folder": handed, "limits": asdict(limits), "files": files})
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.write(asked.encode())
        process.stdin.close()


def _lines(process: subprocess.Popen[bytes], seconds: float, end: float) -> Iterator[dict[str, Any]]:
    """Yield the lines of the process; stop at the first that is longer than allowed.

    A timer kills the process where a line takes more seconds than allowed or ``end`` (monotonic clock) has come, since
    not every system can read a pipe with a time limit; then raises _Overdue.
    """
    assert process.stdout is not None
    overdue = Event()

    def expire() -> None:
        overdue.set()
        process.kill()

    with process.stdout as pipe:
        while True:
            timer = Timer(max(0.0, min(seconds, end - time.monotonic())), expire)
            timer.daemon = True
            timer.start()
            try:
                line = pipe.readline(LONGEST_LINE)
            finally:
                timer.cancel()
            if overdue.is_set():
                raise _Overdue
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)


def _refuse_full(workdir: Path) -> None:
    """Raises MachineFault where nothing more can be written here: what the process says is not believed."""
    probe = workdir / "probe"
    try:
        probe.write_bytes(bytes(PROBE_BYTES))
    except OSError as error:
        raise MachineFault(
            f"submissions cannot be read on this machine: {workdir} cannot be written to ({error.strerror or error}); "
            "free space there or set TMPDIR to another folder."
        ) from None
    finally:
        probe.unlink(missing_ok=True)


def note(entry: SubmittedFile, line: dict[str, Any], workdir: Path, found: Guarded) -> None:
    """Store what the process reports about one file. Raises MachineFault where the disk is full."""
    if line.get("full"):
        _refuse_full(workdir)
        line = {**line, "refused": "its clean copy could not be written; hand it in again"}
    clean = workdir / f"{int(line['done'])}.parquet"
    if "refused" in line:
        found.problems[entry.file] = f"{quote(line['refused'], 360)}."
        clean.unlink(missing_ok=True)
    elif entry.rows != line["rows"]:
        found.problems[entry.file] = (
            f"it has {line['rows']:,} rows and {entry.rows:,} are declared; pack it again."
        )
    else:
        found.clean[entry.file] = clean
