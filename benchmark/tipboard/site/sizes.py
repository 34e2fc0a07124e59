"""What the pages are made of: each size of the newest version that has results, its standings and its rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tipcore.errors import UsageError

from tipboard.board import ranks as world_orders
from tipboard.board.entries import Entry
from tipboard.board.files import Board, boards, newest, read
from tipboard.board.standings import BoardRow, Standing, standings
from tipboard.board.tables import Line, lines_of
from tipboard.board.worlds import Stable, read_stability, stable


@dataclass(frozen=True)
class MeanRanks:
    """Mean ranks, best first. ``over``: what they are means over, such as ``7 worlds``.

    ``critical_difference``: of two mean ranks, None where it is not known. ``groups``: names not clearly different.
    """

    names: Sequence[str]
    mean_ranks: Sequence[float]
    critical_difference: float | None
    groups: Sequence[Sequence[str]]
    over: str


@dataclass(frozen=True)
class MethodPair:
    """Two methods, the better by mean rank first; ``share``: of worlds in which it is better, a tie one half."""

    better: str
    worse: str
    share: float


@dataclass(frozen=True)
class Worlds:
    """A task over independent worlds. ``pairs``: every two methods. ``tau`` and ``least_tau``: Kendall's, between the
    rankings of two worlds, mean and smallest; None where a world ties all methods."""

    ranking: MeanRanks
    pairs: Sequence[MethodPair]
    tau: float | None
    least_tau: float | None = None


@dataclass(frozen=True)
class BoardRankings:
    """All there is of one release. ``across``: ranked methods over tasks, None where there are not enough of them."""

    across: MeanRanks | None = None
    by_task: Mapping[str, Worlds] = field(default_factory=dict)


FEWEST = 3
"""Methods, and tasks that they share, without which nothing is said across tasks."""


def read_rankings(results: Path, data: str, standings: Sequence[Standing]) -> BoardRankings:
    """Return all that is known over worlds and tasks of a board.

    Args:
        results: where boards are kept.
        data: the board's release.
        standings: of every task, on its default split.
    """
    stability = read_stability(results, data)
    by_task = {} if stability is None else {task.task: worlds_of(stable(task)) for task in stability.tasks}
    return BoardRankings(across(standings), by_task)


def worlds_of(one: Stable) -> Worlds:
    """Return a task's order over worlds, with every pair of its methods."""
    ranking = MeanRanks(
        one.methods, one.mean_ranks, one.critical_difference, one.groups, f"{one.worlds} worlds"
    )
    pairs = [
        MethodPair(better, worse, float(one.wins[at, below]))
        for at, better in enumerate(one.methods)
        for below, worse in enumerate(one.methods)
        if at < below
    ]
    return Worlds(ranking, pairs, one.tau.mean, one.tau.least)


def across(standings: Sequence[Standing]) -> MeanRanks | None:
    """Return mean ranks of methods over the tasks that all of them cover, and Nemenyi's critical difference.

    Submissions are left out. Of all sets of tasks that some method covers, the one that most methods cover,
    and of those the largest. None where that is fewer than three methods or tasks.
    """
    scores = _scores(standings)
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
    names = covering[best]
    matrix = np.array([[scores[task][name] for name in names] for task in sorted(best)])
    means = world_orders.mean_ranks(matrix)
    order = sorted(range(len(names)), key=lambda at: (means[at], names[at]))
    ranks = [float(means[at]) for at in order]
    difference = world_orders.critical_difference(len(best), len(names))
    apart = difference if world_orders.friedman(matrix).rejects else np.inf
    groups = world_orders.not_told_apart(ranks, apart)
    return MeanRanks(
        names=[names[at] for at in order],
        mean_ranks=ranks,
        critical_difference=difference,
        groups=[[names[order[at]] for at in group] for group in groups],
        over=f"{len(best)} tasks ({', '.join(sorted(best))})",
    )


def _scores(standings: Sequence[Standing]) -> dict[str, dict[str, float]]:
    """Return scores of ranked methods, by task and method, with the sign changed where lower is better."""
    found: dict[str, dict[str, float]] = {}
    for standing in standings:
        sign = -1.0 if standing.lower_is_better else 1.0
        for line in standing.lines:
            if line.is_ranked and line.row.score is not None:
                found.setdefault(standing.task.name, {})[line.method] = sign * line.row.score
    return found


@dataclass(frozen=True)
class Size:
    """A release's board. ``standings``: of every task and split. ``by_entry``: the lines of an entry, by its id."""

    board: Board
    standings: list[Standing]
    rankings: BoardRankings = field(default_factory=BoardRankings)
    by_entry: Mapping[str, list[Line]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.board.data.partition("/")[2]

    @property
    def usual(self) -> list[Standing]:
        """Of every task, its default split or the first that there is."""
        first: dict[str, Standing] = {}
        for standing in self.standings:
            first.setdefault(standing.task.name, standing)
        return list(first.values())

    @property
    def entries(self) -> list[Entry]:
        """Those that have results."""
        return [entry for entry in self.board.entries if entry.id in self.by_entry]


def size_of(board: Board, rankings: BoardRankings | None = None) -> Size:
    """Return all that the pages of one board need."""
    found = standings(board, every_split=True)
    by_entry: dict[str, list[Line]] = {}
    for standing, line in lines_of(found):
        by_entry.setdefault(line.entry.id, []).append((standing, line))
    return Size(board, found, rankings or BoardRankings(), by_entry)


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
    return [replace(size, rankings=read_rankings(results, size.board.data, size.usual)) for size in found]


def best(standing: Standing) -> BoardRow | None:
    """Return the best line that is ranked."""
    return next((line for line in standing.lines if line.is_ranked), None)
