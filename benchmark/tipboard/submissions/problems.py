"""What is wrong with a submission, said so that its author can put it right: a line each, not too many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tipdata.core.errors import CheckFailed

from tipboard.submissions.text import shown

MOST_LINES = 20
MOST_SIGNS = 1_700
LONGEST = 400


class Refused(CheckFailed):
    """A submission that is not accepted. ``problems``: one sentence each, which begins with the file or field.
    ``peak_mib``: peak memory of the process that read files, None where none did or the system does not say."""

    def __init__(self, folder: Path, problems: Sequence[str], peak_mib: float | None = None) -> None:
        self.peak_mib = peak_mib
        self.problems = [shown(problem, LONGEST) for problem in problems]
        super().__init__("\n".join([f"{shown(folder, 200)} is refused:", *listed(self.problems)]))


def listed(problems: Sequence[str]) -> list[str]:
    """The first problems, and how many more there are."""
    lines: list[str] = []
    for problem in problems[:MOST_LINES]:
        if sum(map(len, lines)) + len(problem) > MOST_SIGNS:
            break
        lines.append(f"  {problem}")
    if left := len(problems) - len(lines):
        lines.append(f"  and {left:,} more.")
    return lines
