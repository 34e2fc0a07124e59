"""What the pages are made of: each size of the newest version that has results, its standings and its rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from tipbench.task import Task
from tipbench.tasks import task_of
from tipcore.errors import UsageError

from tipboard.board.entries import Entry
from tipboard.board.files import Board, boards, newest, read
from tipboard.board.ranks import MeanRanks, rank_methods
from tipboard.board.standings import Line, Lines, standings
from tipboard.board.worlds import read_stability

FEWEST = 3
"""Methods, and tasks that they share, without which nothing is said across tasks."""


def across(standings: Sequence[Lines]) -> MeanRanks | None:
    """Return mean ranks of methods over the tasks that all of them cover, and Nemenyi's critical difference.

    Submissions are left out. Of all sets of tasks that some method covers, the one that most methods cover,
    and of those the largest. None where that is fewer than three methods or tasks.
    """
    scores = {
        lines[0]["task"]: found
        for lines in standings
        if (found := {line["name"]: _score(line) for line in lines if line["is_ranked"]})
    }
    tasks_of = {
        name: frozenset(task for task, found in scores.items() if name in found)
        for found in scores.values()
        for name in found
    }
    sets = [tasks for tasks in set(tasks_of.values()) if len(tasks) >= FEWEST]
    covering = {tasks: sorted(name for name, of in tasks_of.items() if tasks <= of) for tasks in sets}
    best = max(covering, key=lambda tasks: (len(covering[tasks]), len(tasks), sorted(tasks)), default=None)
    if best is None or len(covering[best]) < FEWEST:
        return None
    matrix = np.array([[scores[task][name] for name in covering[best]] for task in sorted(best)])
    return rank_methods(matrix, covering[best], f"{len(best)} tasks ({', '.join(sorted(best))})")


def _score(line: Line) -> float:
    """Return a ranked score, with the sign changed where lower is better."""
    return -line["score"] if line["lower_is_better"] else line["score"]


@dataclass(frozen=True)
class Size:
    """A release's board. ``standings``: of every task and split.

    ``across``: ranked methods over tasks, None where there are not enough of them. ``worlds``: the ranking of a task
    over independent worlds, by task.
    """

    board: Board
    standings: list[Lines]
    across: MeanRanks | None = None
    worlds: Mapping[str, MeanRanks] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.board.data.partition("/")[2]

    @cached_property
    def usual(self) -> list[Lines]:
        """Of every task, its default split or the first that there is."""
        first: dict[str, Lines] = {}
        for lines in self.standings:
            first.setdefault(lines[0]["task"], lines)
        return list(first.values())

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have results."""
        return [task_of(lines[0]["task"]) for lines in self.usual]

    @cached_property
    def by_entry(self) -> dict[str, list[Line]]:
        """The lines of each entry, by its id."""
        found: dict[str, list[Line]] = {}
        for line in (line for lines in self.standings for line in lines):
            found.setdefault(line["entry"], []).append(line)
        return found

    @property
    def entries(self) -> list[Entry]:
        """Those that have results."""
        return [entry for entry in self.board.entries if entry.id in self.by_entry]

    def beside(self, line: Line) -> Lines:
        """Return all lines with the same task and split as this line."""
        place = line["task"], line["split"]
        return next(one for one in self.standings if (one[0]["task"], one[0]["split"]) == place)


def size_of(board: Board) -> Size:
    """Return all that the pages of one board need, but for rankings."""
    return Size(board, standings(board, every_split=True))


def with_rankings(size: Size, results: Path) -> Size:
    """Return the size with all that is known of its rankings over tasks and, in ``results``, over worlds."""
    stability = read_stability(results, size.board.data)
    worlds = {} if stability is None else {task.task: task.ranking for task in stability.tasks}
    return replace(size, across=across(size.usual), worlds=worlds)


def read_sizes(results: Path, draft: bool = False) -> list[Size]:
    """Return every size of the newest version in ``results`` that has results, the largest first.

    Raises UsageError as :func:`read` does, and where there is no result at all; ``draft``: as there.
    """
    latest = newest(results, draft=draft)
    version = latest.partition("/")[0]
    names = [name for name in reversed(boards(results)) if name.partition("/")[0] == version]
    found = [size for name in names if (size := size_of(read(results, name, draft))).entries]
    if not found:
        raise UsageError(
            f"{results / latest} holds no result: keep some with `tipbench board add runs=RUNS`."
        )
    return [with_rankings(size, results) for size in found]


def best(lines: Lines) -> Line | None:
    """Return the best line that is ranked."""
    return next((line for line in lines if line["is_ranked"]), None)
