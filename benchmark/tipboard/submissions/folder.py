"""List the folder of a submission: ``submission.json``, and ``<task>/<split>/s<seed>.parquet``, nothing else.

Only names of lower-case ASCII are of that form, so that no two can be taken for each other on any file system.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from tipcore.errors import UsageError
from tipcore.operating_system import Folder, close_folder, open_folder, status_of

from tipboard.submissions.files import Unreadable, not_plain, open_below
from tipboard.submissions.messages import Problem, quote, quote_name
from tipboard.submissions.record import RECORD

FOLDER_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FILE_NAME = re.compile(r"s(?:0|[1-9][0-9]{0,9})\.parquet")
DEEPEST = 2
"""Folders above a file: its task and its split."""

MOST_NAMES = 1_000
"""The most names that are listed; a submission of 200 files has 601 at most."""

FORM = f"only {RECORD} and <task>/<split>/s<seed>.parquet may be in it"
ABSENT = "it is not there: pack a submission with `tipbench submit RUN --to FOLDER`, or name its folder."


@dataclass
class SubmissionFolder:
    """Files of the right form with their bytes, by name, and one problem for everything else."""

    files: dict[str, int] = field(default_factory=dict)
    has_record: bool = False
    problems: list[Problem] = field(default_factory=list)
    names: int = 0


@contextmanager
def open_folder_of(folder: Path) -> Iterator[Folder]:
    """Open a folder; close it at the end.

    Raises UsageError where there is no such folder; the last step of its path may be no link.
    """
    try:
        found = open_folder(folder)
    except OSError as error:
        said = "it is a link" if folder.is_symlink() else error.strerror or str(error)
        raise UsageError(
            f"{quote(folder, 200)} is not a folder of a submission ({said}): give the one that holds {RECORD}."
        ) from None
    try:
        yield found
    finally:
        close_folder(found)


def look(folder: Folder) -> SubmissionFolder:
    """List an opened folder."""
    found = SubmissionFolder()
    _look(folder, "", 0, found)
    if found.names > MOST_NAMES:
        found.problems = [Problem("it", f"it holds more than {MOST_NAMES:,} files and folders; {FORM}.")]
    elif not found.has_record:
        found.problems.insert(0, Problem(RECORD, ABSENT))
    return found


def _look(folder: Folder, above: str, depth: int, found: SubmissionFolder) -> None:
    with os.scandir(folder) as names:
        listed = [one.name for one in islice(names, MOST_NAMES + 1 - found.names)]
    found.names += len(listed)
    if found.names > MOST_NAMES:
        return
    if depth and not listed:
        found.problems.append(Problem(above.rstrip("/"), "it is an empty folder; remove it."))
    for name in sorted(listed):
        _look_at(folder, name, above, depth, found)


def _look_at(folder: Folder, name: str, above: str, depth: int, found: SubmissionFolder) -> None:
    path, where = above + name, quote_name(above + name)
    try:
        status = status_of(name, folder)
    except OSError as error:
        found.problems.append(Problem(where, f"it cannot be looked at ({error.strerror})."))
        return
    is_folder = stat.S_ISDIR(status.st_mode)
    form = FOLDER_NAME if is_folder else FILE_NAME
    is_record = path == RECORD
    in_place = depth < DEEPEST if is_folder else depth == DEEPEST
    if not is_record and (not in_place or form.fullmatch(name) is None):
        kind = "folder" if is_folder else "file"
        found.problems.append(Problem(where, f"no {kind} of that name may be there; {FORM}."))
    elif is_folder and not is_record:
        try:
            with open_below(name, folder) as below:
                _look(below, f"{path}/", depth + 1, found)
        except Unreadable as reason:
            found.problems.append(Problem(where, f"{reason}."))
    else:
        found.has_record |= is_record
        if (wrong := not_plain(status)) is not None:
            found.problems.append(Problem(where, f"{wrong}."))
        elif not is_record:
            found.files[path] = status.st_size
