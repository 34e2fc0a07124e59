"""What stands on a board: an entry is one team's method, with its results on the tasks, splits and seeds it has.

The reference methods are entries of the team ``tipbench``, methods of one's own that were run here of the team ``own``;
others come as submissions (:mod:`tipboard.submissions`). A result was *run here* where whoever keeps the board ran it,
and is *reproduced* where they ran what a submission pins, behind a fence (:mod:`tipbench.fence`). It is
*self-reported* where predictions came as files. Only what was run here is tested against the reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tipbench.config.methods import is_shipped
from tipbench.runs.results import Result

from tipboard.board.collection import KeptDraws
from tipboard.submissions.record import RESERVED_TEAMS, SubmissionRecord

REFERENCE_TEAM, OWN_TEAM = RESERVED_TEAMS
RUN_HERE, REPRODUCED, SELF_REPORTED = "run here", "reproduced", "self-reported"
MEANING = {
    RUN_HERE: "Whoever keeps this board ran the method with tipbench: all reference methods, and methods of their "
    "own. Access to data and streaming were enforced where its result names a fence, and are declared elsewhere.",
    REPRODUCED: "Its authors submitted it, and whoever keeps this board ran the pinned package and its config again, "
    "behind a fence that has its fold and nothing else: access and streaming were enforced. A package can still carry "
    "answers to the test of an open release.",
    SELF_REPORTED: "Predictions came as files and were scored here. The data that a method was shown is what its "
    "authors declare.",
    "unverified": "Self-reported on a task that is streamed: nobody can tell whether the stream was read ahead.",
}
"""Each status in a sentence."""


@dataclass(frozen=True)
class Entry:
    """A method on a board.

    ``record``: what its authors say of a submission, None for a method that was run here.
    ``results``: what is shown, sorted by task, split and seed: a reproduced result stands in the place of the uploaded
    one. ``uploaded``: the uploaded results of cells that were reproduced since. ``draws``: those of ``results``, which
    may stand among others.
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

    def status(self, verified: bool) -> str:
        """Return who ran it; ``verified``: whether every result that is shown with this status is verified."""
        if not verified:
            return SELF_REPORTED
        return RUN_HERE if self.record is None else REPRODUCED


def reference_entries(results: Iterable[Result], draws: Sequence[KeptDraws]) -> list[Entry]:
    """Return results of runs as entries, shipped methods first: one per method, over all tasks that have its name."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        target = target_of(result)
        team = REFERENCE_TEAM if target is None or is_shipped(target) else OWN_TEAM
        found.setdefault((team, result.method_name), []).append(result)
    order = sorted(found, key=lambda place: (place[0] != REFERENCE_TEAM, place))
    return [
        Entry(team, method, found[team, method], [one for one in draws if one.method == method])
        for team, method in order
    ]


def target_of(result: Result) -> str | None:
    """Return the class that was run, as its config names it, or None where its config names none."""
    found: object = result.config
    for key in ("baseline", "method", "_target_"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None
