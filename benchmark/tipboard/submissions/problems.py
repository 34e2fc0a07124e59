"""What is wrong with a submission, said so that its author can put it right: a line each, not too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from tipbench.kinds.refusals import PredictionsRefused
from tipcore.errors import CheckFailed, UsageError

from tipboard.submissions.text import shown

MOST_LINES = 20
MOST_SIGNS = 1_700
LONGEST = 400
SCORING_FAILS = (ArithmeticError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What scoring may raise for numbers that no metric can hold."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: ``where`` is a file, a field of one, or "it", the folder. ``said``: a sentence."""

    where: str
    said: str

    def __str__(self) -> str:
        return f"{self.where}: {self.said}"


def of_predictions(file: str, error: UsageError) -> Problem:
    """Return what tipbench says of predictions as a problem of their file."""
    said = error.said if isinstance(error, PredictionsRefused) else str(error)
    return Problem(file, said.rstrip(".") + ".")


def not_finite(error: BaseException, said: str = "") -> str:
    """Return what is said of predictions for which scoring raised one of :data:`SCORING_FAILS`."""
    return f"its values give no finite scores ({type(error).__name__}{said and f': {said}'})."


class Refused(CheckFailed):
    """A submission that is not accepted. ``problems``: one sentence each, which begins with the file or field.
    ``peak_mib``: peak memory of the process that read files, None where none did or the system does not say."""

    def __init__(
        self, folder: Path, problems: Sequence[Problem | str], peak_mib: float | None = None
    ) -> None:
        self.peak_mib = peak_mib
        self.problems = [shown(problem, LONGEST) for problem in problems]
        super().__init__("\n".join([f"{shown(folder, 200)} is refused:", *listed(self.problems)]))


def listed(problems: Sequence[str]) -> list[str]:
    """Return the first problems, and how many more there are."""
    lines: list[str] = []
    for problem in problems[:MOST_LINES]:
        if sum(map(len, lines)) + len(problem) > MOST_SIGNS:
            break
        lines.append(f"  {problem}")
    if left := len(problems) - len(lines):
        lines.append(f"  and {left:,} more.")
    return lines
