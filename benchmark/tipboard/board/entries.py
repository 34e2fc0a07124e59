"""What stands on a board: an entry is one team's method, with its results on the tasks, splits and seeds it has.

The reference methods are entries of the team ``tipbench``; others come as submissions (:mod:`tipboard.submissions`).
A result is *reproduced* where maintainers ran the method, so that its access and its streaming were enforced, and
*self-reported* where predictions came as files; the two are ranked apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tipbench.runs.results import Result

from tipboard.board.draws import KeptDraws

if TYPE_CHECKING:
    from tipboard.submissions.record import SubmissionRecord

REFERENCE_TEAM = "tipbench"
REPRODUCED, SELF_REPORTED = "reproduced", "self-reported"


@dataclass(frozen=True)
class Entry:
    """A method on a board.

    ``results``: what is shown, sorted by task, split and seed: a reproduced result stands in the place of the uploaded
    one. ``uploaded``: the uploaded results of cells that were reproduced since. ``record``: what its authors say of a
    submission, None for a reference method. ``draws``: of ``results``.
    """

    team: str
    method: str
    results: Sequence[Result]
    draws: Sequence[KeptDraws] = field(default=(), repr=False)
    record: SubmissionRecord | None = None
    uploaded: Sequence[Result] = ()

    @property
    def id(self) -> str:
        """Its name in paths and links."""
        return f"{self.team}--{self.method}"

    @property
    def name(self) -> str:
        """As a table shows it: a reference method by its method alone."""
        return self.method if self.is_reference else f"{self.team} / {self.method}"

    @property
    def is_reference(self) -> bool:
        return self.team == REFERENCE_TEAM

    def of(self, task: str, split: str) -> list[Result]:
        """Its results on one split of a task, by seed."""
        return [result for result in self.results if (result.task, result.split) == (task, split)]


def status(results: Iterable[Result]) -> str:
    """Reproduced where every one of these results is."""
    return REPRODUCED if all(result.verified for result in results) else SELF_REPORTED


def reference_entries(results: Iterable[Result], draws: Sequence[KeptDraws]) -> list[Entry]:
    """Reference results as entries: one a method, over all the tasks that have one of that name."""
    by_method: dict[str, list[Result]] = {}
    for result in results:
        by_method.setdefault(result.method_name, []).append(result)
    return [
        Entry(REFERENCE_TEAM, method, of_method, [one for one in draws if one.method == method])
        for method, of_method in sorted(by_method.items())
    ]
