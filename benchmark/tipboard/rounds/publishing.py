"""The last step of a new round: what is published leaves the host's folder for its place, also where one came between.

A round is made in one folder, the host's, and put in its place in one step; what is published waits in it. So whoever
stops a host leaves nothing or all of a round, and the same command goes on from there.
"""

from __future__ import annotations

import errno
import shutil
from datetime import date
from pathlib import Path

from tipcore.atomic import check_writable, fill_folder_atomically, sweep
from tipcore.errors import UsageError
from tipcore.operating_system import move

from tipboard.rounds.host import PUBLISHED, UNPUBLISHED, open_secret
from tipboard.rounds.make_round import set_times
from tipboard.rounds.record import Round, read_round

ROOM = "free space there or name another folder"
AGAIN = "free space there and run the same command again, which publishes what was made"


def check_place(folder: Path) -> None:
    """Check that what is published can be put somewhere, before it is made. Raises UsageError."""
    try:
        check_writable(folder.parent)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}; {ROOM}.") from None


def unpublished(secret: Path, public: Path) -> Round | None:
    """Return the round whose host was stopped between making it and publishing it to a place; None where none was.

    Raises UsageError where it was to be published elsewhere, or was altered.
    """
    if not (secret / UNPUBLISHED).is_dir():
        return None
    described, _ = open_secret(secret)
    there = Path((secret / PUBLISHED).read_text(encoding="utf-8").strip())
    if there != public:
        raise UsageError(
            f"--secret {secret} holds round {described.name}, which was stopped before it was published: give --to "
            f"{there} to finish it, or delete the folder."
        )
    return described


def publish(secret: Path, public: Path, opens: date) -> None:
    """Put what waits in the host's folder in its place; whoever is stopped meanwhile can do it again.

    Raises UsageError where it cannot be written, or something else is there.
    """
    waiting = secret / UNPUBLISHED
    sweep(public.parent)
    if public.exists():
        if read_round(public) != read_round(waiting):
            raise UsageError(f"--to {public} exists: move it away, and run the same command again.")
    else:
        _put(waiting, public, opens)
    shutil.rmtree(waiting, ignore_errors=True)


def _put(waiting: Path, public: Path, opens: date) -> None:
    try:
        public.parent.mkdir(parents=True, exist_ok=True)
        return move(waiting, public)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise UsageError(f"{public} cannot be written: {error.strerror or error}; {AGAIN}.") from None
    with fill_folder_atomically(public, replace=False, advice=AGAIN) as beside:  # it is on another disk
        shutil.copytree(waiting, beside, dirs_exist_ok=True)
        set_times(beside, opens)
