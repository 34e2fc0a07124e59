"""The folder of a site: only one that a command made itself is replaced."""

from __future__ import annotations

from pathlib import Path

from tipcore.errors import UsageError


def refuse_taken(to: Path, marker: str, command: str, advice: str) -> None:
    """Refuse a file, and a folder with something in it that is not a site of the same command.

    Args:
        to: where a site is to be.
        marker: the name of a file in every site that the command made.
        command: what was typed.
        advice: what to do, for the error.

    Raises:
        UsageError: where the place is taken.
    """
    if to.is_dir() and ((to / marker).is_file() or not any(to.iterdir())):
        return
    if to.exists() or to.is_symlink():
        raise UsageError(f"{to} is there already and was not made by `{command}`: {advice}.")
