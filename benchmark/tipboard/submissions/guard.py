"""Read untrusted predictions in a separate process, which returns plain parquet or a sentence.

The process (:mod:`tipboard.submissions.reader`) is started, not forked, inherits no variables of the
environment that could be secret, and is killed when a file takes too long. It writes a line when it begins
and one for each file, in order, so the first file without a line is the one that ended it. That file is
refused, and another process reads the files after it, a few times.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from subprocess import Popen
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


class _Overdue(Exception):
    """The process said nothing for longer than it may."""


def read_guarded(
    folder: Folder, entries: Sequence[SubmittedFile], forms: Mapping[str, Form], limits: Limits, workdir: Path
) -> dict[str, Path | str]:
    """Return by name the clean copy of each entry's file, or a sentence that says why there is none.

    ``forms``: by task, what a file of it may be. ``workdir``: where clean copies go.

    Raises MachineFault where the process cannot be started here, or there is no room for clean copies.
    """
    found: dict[str, Path | str] = {}
    waiting = dict(enumerate(entries))
    deaths, end = 0, time.monotonic() + limits.total_seconds
    while waiting and deaths < MOST_DEATHS and time.monotonic() < end:
        how = _read(folder, waiting, forms, limits, workdir, found, end)
        if how is not None:
            found[waiting.pop(next(iter(waiting))).file] = f"it {how}; write it again."
            deaths += 1
    many = f"{MOST_DEATHS} files before it ended the process that reads them"
    long = f"all files together take more than {limits.total_seconds:,} seconds to read"
    why = many if deaths == MOST_DEATHS else long
    return found | {entry.file: f"it was not read, since {why}." for entry in waiting.values()}


def _read(
    folder: Folder,
    waiting: dict[int, SubmittedFile],
    forms: Mapping[str, Form],
    limits: Limits,
    workdir: Path,
    found: dict[str, Path | str],
    end: float,
) -> str | None:
    """Move files from ``waiting`` to ``found``, in order.

    Returns how the first file that still waits ended the process, None where it is not to blame: no file waits, or the
    time for all files was over before the process began.
    """
    files = [
        {"number": number, "name": one.file, "digest": one.digest, **asdict(forms[one.task])}
        for number, one in waiting.items()
    ]
    handed = folder if isinstance(folder, int) else str(folder)
    asked = json.dumps({"folder": handed, "limits": asdict(limits), "files": files})
    process = start_helper(READER, workdir, folder, {"ARROW_DEFAULT_MEMORY_POOL": "system"})
    slow = f"takes more than {limits.seconds} seconds to read"
    how, began = "ended the process that reads it", False
    try:
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.write(asked.encode())
            process.stdin.close()
        lines = _lines(process, limits.seconds + PATIENCE, end)
        began = next(lines, None) is not None
        for (number, entry), line in zip(tuple(waiting.items()), lines, strict=False):
            found[entry.file] = outcome_of(entry, line, workdir / f"{number}.parquet")
            del waiting[number]
    except _Overdue:
        how = slow
    except (ValueError, KeyError, TypeError, AttributeError):
        how, began = "breaks the process that reads it", True
    finally:
        code = end_helper(process)
    if not waiting or (how == slow and not began and time.monotonic() >= end):
        return None
    if not began:
        raise MachineFault(
            f"predictions cannot be read on this machine: the process that reads them ended with {code} within "
            f"{amount(limits.memory_bytes)} of memory; try `python -c 'import pyarrow'`."
        )
    return slow if ran_out_of_seconds(code) else how


def _lines(process: Popen[bytes], seconds: float, end: float) -> Iterator[dict[str, Any]]:
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


def outcome_of(entry: SubmittedFile, said: dict[str, Any], clean: Path) -> Path | str:
    """Return the clean copy of a file, or why it has none, from what the process says of it.

    Raises MachineFault where the disk is full.
    """
    if said.get("full"):
        _refuse_full(clean.parent)
        said = {"refused": "its clean copy could not be written; hand it in again"}
    if "refused" in said:
        clean.unlink(missing_ok=True)
        return f"{quote(said['refused'], 360)}."
    if entry.rows != said["rows"]:
        return f"it has {said['rows']:,} rows and {entry.rows:,} are declared; pack it again."
    return clean


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
