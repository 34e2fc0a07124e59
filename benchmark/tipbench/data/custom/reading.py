"""What every reader of a user's files knows, and how it says what is wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tipcore.errors import UsageError

from tipbench.data.custom.written import Written


@dataclass(frozen=True)
class Reading:
    """The data's name, how its files are written, and the columns and expressions that are read of them."""

    data: str
    written: Written
    texts: tuple[str, ...]


def refuse_empty(path: Path) -> None:
    """Raises UsageError for a file of no bytes."""
    if path.is_file() and not path.stat().st_size:
        raise UsageError(f"{path} is empty: give a file with data.")


def said(error: BaseException) -> str:
    """Return the first line of a library's message, without a final stop."""
    lines = str(error).strip().splitlines()
    return (lines[0][:160] if lines else type(error).__name__).rstrip(".")
