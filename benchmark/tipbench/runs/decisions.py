"""Decide what is to be done about a cell: nothing, score its predictions again, or run it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tipcore.atomic import restore
from tipcore.errors import UsageError

from tipbench.runs.cell import Cell
from tipbench.runs.digests import digests_of
from tipbench.runs.records import Digests, Versions
from tipbench.runs.results import Result, check_files, read_result
from tipbench.runs.versions import versions_of


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: its result, or the cause of its failure in one line.

    ``usage``: the failure is a user's mistake; ``unmapped``: own data do not map what the
    method needs. ``trace``: the traceback of any other.
    """

    cell: Cell
    result: Result | None = None
    cause: str | None = None
    usage: bool = False
    unmapped: bool = False
    trace: str | None = None
    reused: bool = False


@dataclass(frozen=True)
class Job:
    """A cell to run; with ``kept``, predictions that only have to be scored again."""

    cell: Cell
    versions: Versions
    digests: Digests
    kept: Result | None = None


def decided(cell: Cell, overwrite: str = "only_missing", fenced: bool = False) -> Outcome | Job:
    """Return what is there already as an outcome, or what is to be done.

    ``fenced``: whether a result counts only where the method was behind a fence (or is an oracle, which never is).
    """
    try:
        versions = versions_of(cell)
        job = Job(cell, versions, digests_of(cell, versions.data))
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True)
    restore(cell.folder)
    if overwrite == "always" or not cell.folder.exists():
        return job
    try:
        result = read_result(cell.folder)
    except UsageError as error:
        return Outcome(cell, cause=str(error), usage=True) if overwrite == "never" else job
    if overwrite == "never":
        return Outcome(cell, result, reused=True)
    if fenced and result.fence is None and not result.oracle_method:
        return job
    then, now = result.digests, job.digests
    if then is None or (then.method, then.input) != (now.method, now.input):
        return job
    if then.score == now.score and result.versions.evaluator == versions.evaluator:
        return Outcome(cell, result, reused=True)
    try:
        check_files(cell.folder, result)
    except UsageError:
        return job
    return replace(job, kept=result)
