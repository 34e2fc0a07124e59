"""``results/``: the files that a board is rendered from, written whole or not at all.

```
results/<version>/<size>/reference/results.parquet                a run's result.json as it was, a row each
                         reference/draws.parquet                  :mod:`tipboard.board.collection`
                         submissions/<team>--<method>/submission.json    what its authors say
                                                     uploaded/    results and draws of the uploaded files
                                                     reproduced/  the same of the maintainers' own run
results/seasons/<name>/                                           :mod:`tipboard.board.season`
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tipbench.console import notice
from tipbench.metrics.registry import metrics
from tipbench.runs.frames import RESULTS, read_results, to_parquet_bytes
from tipbench.runs.results import Result
from tipbench.tasks import tasks
from tipcore.atomic import fill_folder_atomically, whole_folders
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import count_of
from tipdata.core.world import FOLDER, RELEASED, check_status, is_draft, sizes, versions
from tipdata.documents.project_files import project_file

from tipboard.board import collection
from tipboard.board.collection import DRAWS, FinishedRun, KeptDraws, name_some, place_of, seat_of
from tipboard.board.entries import Entry, reference_entries
from tipboard.submissions.record import Malformed, record_of

REFERENCE, SUBMISSIONS, UPLOADED, REPRODUCED = "reference", "submissions", "uploaded", "reproduced"
FIRST_FENCED = 2
"""From this version of result files on, that of tipbench 0.5.0, a reproduced result names its fence."""
RECORD = "submission.json"
ELSEWHERE = "give another --to"
DEFAULT, SHIPPED = "results", FOLDER / "shipped"
"""The folder of results of a checkout, and where a wheel has its documents and results."""


@dataclass(frozen=True)
class Board:
    """What stands on the board of one release. ``data``: ``version/size``."""

    data: str
    entries: Sequence[Entry]

    @property
    def label(self) -> str:
        """The release as pages show it, ``0.5.0/small`` or ``0.5.0/small (draft)``."""
        return f"{self.data} (draft)" if is_draft(self.data.partition("/")[0]) else self.data

    @property
    def results(self) -> list[Result]:
        """The results of all entries."""
        return [result for entry in self.entries for result in entry.results]


def reference_only(board: Board) -> Board:
    """Return the board without submissions: reference methods, and own methods that were run here."""
    return Board(board.data, [entry for entry in board.entries if entry.record is None])


def counts(*boards: Board) -> str:
    """Return how much is on the boards, such as "707 results of 71 methods and 11 oracles on 13 tasks (…)".

    A method counts once for each of its tasks, since methods of one name differ between tasks, and once if it is on
    several boards. Oracles are counted separately.
    """
    found = [(entry.id, one) for board in boards for entry in board.entries for one in entry.results]
    methods = {(name, one.task, one.oracle_method) for name, one in found}
    oracles, tasks = sum(oracle for *_, oracle in methods), {task for _, task, _ in methods}
    results, others = count_of(len(found), "result"), count_of(len(methods) - oracles, "method")
    return (
        f"{results} of {others} and {count_of(oracles, 'oracle')} on {count_of(len(tasks), 'task')} "
        "(a method counts once for each of its tasks)"
    )


def store_reference(results: Path, runs: Sequence[FinishedRun], draws: Sequence[KeptDraws]) -> Path:
    """Copy the results of the runs to ``<results>/<version>/<size>/reference``, in the place of what is there.

    Returns its path. Raises UsageError where it cannot be written.
    """
    folder = results / runs[0].result.data / REFERENCE
    with fill_folder_atomically(folder, replace=True, advice=ELSEWHERE) as beside:
        store_results(beside, [run.result for run in runs], draws)
    return folder


def store_results(folder: Path, found: Sequence[Result], draws: Sequence[KeptDraws]) -> None:
    """Write results to a folder, sorted by :func:`place_of`, and the draws of the first seed of each method."""
    folder.mkdir(exist_ok=True)
    (folder / RESULTS).write_bytes(to_parquet_bytes(sorted(found, key=place_of)))
    (folder / DRAWS).write_bytes(collection.to_bytes(collection.first_of(draws)))


def find_results(typed: str, quiet: bool = False) -> Path:
    """Return the folder of results that was typed or, where the default one is not there, those that travel with
    tipbench, which a notice says."""
    folder = expand_home(typed)
    if typed != DEFAULT or folder.is_dir():
        return folder
    folder = project_file(DEFAULT)
    text = f"{typed} is not here: these are the results that travel with tipbench"
    if lacks_draws(folder):
        text += "; their bootstrap draws do not, so tests against reference methods are empty"
    notice(text, quiet)
    return folder


def lacks_draws(folder: Path) -> bool:
    """Return whether a folder is inside an installed wheel, which has no draws."""
    return folder.is_relative_to(SHIPPED)


def boards(results: Path) -> list[str]:
    """Return releases that ``results`` has a board of, ``version/size``: the newest version's largest size last."""
    order = (f"{version}/{size}" for version in versions() for size in sizes())
    return [name for name in order if (results / name).is_dir()]


def newest(results: Path, data: str | None = None, draft: bool = False) -> str:
    """Return the board of ``data``, ``version/size``, or else the last of :func:`boards` of a released version.

    ``draft``: whether it may be of a draft, which is then a default as well. Raises UsageError where it is not there,
    and for a draft where ``draft`` is false.
    """
    there = boards(results)
    if not there or (data is not None and data not in there):
        raise UsageError(
            f"{results} holds no results of {data or 'a release'}: make them with `tipbench board add runs=RUNS`."
        )
    released = [name for name in there if versions()[name.partition("/")[0]]["status"] == RELEASED]
    found = data or ((not draft and released) or there)[-1]
    check_status(found.partition("/")[0], draft)
    return found


def read(results: Path, data: str | None = None, draft: bool = False) -> Board:
    """Return the board of a release, chosen as :func:`newest` says.

    Raises UsageError as that does, where a file is not what it should be, where a result is of a task or metric that
    is not known here, where results of several evaluators are mixed, and where one was reproduced without a fence.
    """
    name = newest(results, data, draft)
    folder = results / name / REFERENCE
    reference = reference_entries(*_read_side(folder)) if folder.is_dir() else []
    board = Board(name, [*reference, *map(read_submission, whole_folders(results / name / SUBMISSIONS))])
    for entry in board.entries:
        for result in entry.results:
            _refuse_strange(results, name, entry, result)
    _refuse_mixed(results, board)
    return board


def read_submission(folder: Path) -> Entry:
    """Return an accepted submission. Raises UsageError where a file is not what it should be."""
    path = folder / RECORD
    try:
        record = record_of(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}; accept it again.") from None
    except Malformed as error:
        raise UsageError(f"{folder}: {str(error.problems[0]).rstrip('.')}; accept it again.") from None
    uploaded, draws = _read_side(folder / UPLOADED)
    again, drawn_again = _read_side(folder / REPRODUCED) if (folder / REPRODUCED).is_dir() else ([], [])
    done = {place_of(result) for result in again}
    shown = [*again, *(result for result in uploaded if place_of(result) not in done)]
    drawn = {seat_of(one): one for one in (*draws, *drawn_again)}
    return Entry(
        team=record.team,
        method=record.method,
        results=sorted(shown, key=place_of),
        draws=list(drawn.values()),
        record=record,
        uploaded=[result for result in uploaded if place_of(result) in done],
    )


def _read_side(folder: Path) -> tuple[list[Result], list[KeptDraws]]:
    results = sorted(read_results(folder / RESULTS), key=place_of)
    without = lacks_draws(folder) and not (folder / DRAWS).exists()
    return results, [] if without else collection.read_draws(folder / DRAWS)


def _refuse_strange(results: Path, data: str, entry: Entry, result: Result) -> None:
    """Refuse a result of other data or of an unknown task or metric, and one that was reproduced without a fence."""
    known = result.task in tasks() and result.primary in metrics()
    if not known or result.primary not in result.scores:
        raise UsageError(
            f"{results}: {entry.id} has a result of {result.primary} of {result.task}, which this tipbench does "
            "not know: run it again, or remove it."
        )
    is_reproduced = entry.record is not None and result.verified
    if is_reproduced and result.fence is None and result.schema_version >= FIRST_FENCED:
        raise UsageError(
            f"{results}: {result.task}, split {result.split}, seed {result.seed} of {entry.id} was reproduced "
            f"without a fence; run `tipbench board reproduce {entry.id}` again."
        )
    if not is_of(result, data):
        raise UsageError(
            f"{results}: {entry.id} has results of {result.data} on the board of {data}: remove them."
        )


def is_of(result: Result, data: str) -> bool:
    """Return whether a result is of a board's release, ``version/size``."""
    return (result.data, result.versions.data) == (data, data.partition("/")[0])


def _refuse_mixed(results: Path, board: Board) -> None:
    """Refuse scores of several meanings on one task: they do not compare."""
    by_task: dict[str, dict[int, list[str]]] = {}
    for entry in board.entries:
        for result in entry.results:
            by_task.setdefault(result.task, {}).setdefault(result.versions.evaluator, []).append(entry.id)
    for task, by_evaluator in by_task.items():
        if len(by_evaluator) == 1:
            continue
        most = max(by_evaluator, key=lambda version: len(by_evaluator[version]))
        odd = sorted({one for version, ids in by_evaluator.items() if version != most for one in ids})
        raise UsageError(
            f"{results} mixes evaluators {', '.join(map(str, sorted(by_evaluator)))} of {task}: {name_some(odd)} are "
            f"not of {most}; score them again with `tipbench board check scores=true --write`."
        )
