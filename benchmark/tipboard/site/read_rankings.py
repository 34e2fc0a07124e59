"""Orders over worlds and over tasks, from what is kept of a board, in the form that its pages show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tipboard.board import world_orders
from tipboard.board.board_rows import Standing
from tipboard.board.stability import Stable, read, stable
from tipboard.site.rankings import BoardRankings, MeanRanks, Pair, Worlds

FEWEST = 3
"""Methods, and tasks that they share, without which nothing is said across tasks."""


def read_rankings(results: Path, data: str, standings: Sequence[Standing]) -> BoardRankings:
    """Return all that is known over worlds and tasks of a board.

    Args:
        results: where boards are kept.
        data: the board's release.
        standings: of every task, on its default split.
    """
    stability = read(results, data)
    by_task = {} if stability is None else {task.task: worlds_of(stable(task)) for task in stability.tasks}
    return BoardRankings(across(standings), by_task)


def worlds_of(one: Stable) -> Worlds:
    """Return a task's order over worlds, with every pair of its methods."""
    ranking = MeanRanks(
        one.methods, one.mean_ranks, one.critical_difference, one.groups, f"{one.worlds} worlds"
    )
    pairs = [
        Pair(better, worse, float(one.wins[at, below]))
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
    """By task and method the score, of which more is better; ranked methods only."""
    found: dict[str, dict[str, float]] = {}
    for standing in standings:
        sign = -1.0 if standing.lower_is_better else 1.0
        for line in standing.lines:
            if line.is_ranked and line.row.score is not None:
                found.setdefault(standing.task.name, {})[line.method] = sign * line.row.score
    return found
