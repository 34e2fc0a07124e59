"""``worlds.json``: what every method scores in independent worlds, and how stable each task's ranking is over them.

A released world is one draw of the world's parameters. The same methods are run on worlds of other seeds
(``tipbench run experiment=worlds``), and what is kept of them in ``results/<version>/<size>/worlds.json`` is the
primary metric at each task's default split. All else is computed from that: see :func:`stable`, :func:`neighbours`
and :mod:`tipboard.board.world_orders`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from tipbench.evaluation.meaning import ScoreVersion
from tipbench.metrics.registry import metric_of
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError

from tipboard.board import world_orders

WORLDS = "worlds.json"
FEWEST = 5
"""Worlds without which nothing is said about stability."""
KEPT = 0.8
"""The share of worlds in which an order is called kept: four of five."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TaskScores(_Record):
    """A task's scores: ``scores[world][method]`` in ``metric``, worlds as in :class:`Stability`."""

    task: str
    split: str
    metric: str
    version: ScoreVersion = Field(description="what the scores mean")
    methods: tuple[str, ...] = Field(description="names without their task, of methods scored in every world")
    scores: tuple[tuple[float, ...], ...]
    left_out: dict[str, str] = Field(description="methods that are not scored in every world, and why")

    @model_validator(mode="after")
    def _is_a_matrix(self) -> TaskScores:
        if len(set(self.methods)) < len(self.methods):
            raise ValueError(f"{self.task} names a method twice")
        if any(len(row) != len(self.methods) for row in self.scores):
            raise ValueError(f"{self.task} has not one score a method in every world")
        return self

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return metric_of(self.metric).lower_is_better

    @property
    def better_is_more(self) -> np.ndarray:
        """Scores [worlds, methods], float64, those of an error with their sign changed."""
        matrix = np.array(self.scores, dtype=np.float64).reshape(len(self.scores), len(self.methods))
        return -matrix if self.lower_is_better else matrix


class Stability(_Record):
    """Scores over independent worlds of one version and size."""

    data: str = Field(description="version/size, without the world")
    worlds: tuple[int, ...] = Field(min_length=FEWEST)
    tasks: tuple[TaskScores, ...]

    @model_validator(mode="after")
    def _has_every_world_once(self) -> Stability:
        if len(set(self.worlds)) < len(self.worlds):
            raise ValueError("a world is named twice")
        if any(len(task.scores) != len(self.worlds) for task in self.tasks):
            raise ValueError("a task has not one row of scores a world")
        return self


@dataclass(frozen=True)
class Stable:
    """How stable a task's ranking is over worlds. Arrays are of ``methods``, best mean rank first.

    ``wins`` and ``keeps``: [methods, methods] as :func:`tipboard.board.world_orders.wins` and ``keeps`` say. ``tau``:
    Kendall's tau-b over pairs of worlds. ``critical_difference``: of mean ranks, None for fewer than two methods.
    ``groups``: methods that Nemenyi's test does not tell apart, all of them where Friedman's test finds no difference;
    they may overlap, and a method alone differs clearly from all.
    """

    task: str
    split: str
    metric: str
    worlds: int
    methods: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    wins: np.ndarray
    keeps: np.ndarray
    tau: world_orders.Agreement
    friedman: world_orders.Friedman
    critical_difference: float | None
    groups: tuple[tuple[str, ...], ...]

    @property
    def never_turn(self) -> tuple[int, int]:
        """How many pairs of methods stand in one order in every world, and of how many."""
        pairs = self.wins[np.triu_indices(len(self.methods), k=1)]
        return int(((pairs == 0) | (pairs == 1)).sum()), pairs.size


@dataclass(frozen=True)
class Neighbours:
    """Two methods that follow each other in the released world's ranking.

    ``share``: of the independent worlds in which ``better`` is better than ``worse``, a tie counting one half.
    """

    better: str
    worse: str
    share: float

    @property
    def kept(self) -> bool:
        """Whether the order is that of at least four worlds in five."""
        return self.share >= KEPT


def stable(one: TaskScores) -> Stable:
    """Return all that is said about the stability of a task's ranking."""
    means = world_orders.mean_ranks(one.better_is_more)
    order = sorted(range(len(one.methods)), key=lambda at: (means[at], one.methods[at]))
    scores = one.better_is_more[:, order]
    methods = tuple(one.methods[at] for at in order)
    mean_ranks = tuple(float(means[at]) for at in order)
    tested = world_orders.friedman(scores)
    difference = world_orders.critical_difference(*scores.shape) if len(methods) > 1 else None
    apart = difference if difference is not None and tested.rejects else np.inf
    return Stable(
        task=one.task,
        split=one.split,
        metric=one.metric,
        worlds=len(one.scores),
        methods=methods,
        mean_ranks=mean_ranks,
        wins=world_orders.wins(scores),
        keeps=world_orders.keeps(scores),
        tau=world_orders.agreement(scores),
        friedman=tested,
        critical_difference=difference,
        groups=tuple(
            tuple(methods[at] for at in group) for group in world_orders.not_told_apart(mean_ranks, apart)
        ),
    )


def neighbours(one: TaskScores, released: Mapping[str, float]) -> list[Neighbours]:
    """Return whether each two methods that follow each other in the released world keep their order in the others.

    Args:
        one: the task's scores over independent worlds.
        released: score in the released world, in the same metric, by method without its task.

    Returns:
        From the best pair on, of the methods in both; two that tie in the released world have no order and are not
        among them.
    """
    sign = 1 if one.lower_is_better else -1
    order = sorted((m for m in one.methods if m in released), key=lambda m: (sign * released[m], m))
    place = {method: at for at, method in enumerate(one.methods)}
    share = world_orders.wins(one.better_is_more)
    return [
        Neighbours(better, worse, float(share[place[better], place[worse]]))
        for better, worse in pairwise(order)
        if released[better] != released[worse]
    ]


def store(results: Path, stability: Stability) -> Path:
    """Write ``<results>/<version>/<size>/worlds.json``, whole or not at all; its path.

    Raises UsageError where that cannot be written.
    """
    path = results / stability.data / WORLDS
    write_file_atomically(path, stability.model_dump_json(indent=1) + "\n", advice="give another --to")
    return path


def read(results: Path, data: str) -> Stability | None:
    """Return what is kept of independent worlds of ``version/size``; None where nothing is.

    Raises UsageError where it is not what it should be.
    """
    path = results / data / WORLDS
    try:
        return Stability.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        said = f"{'.'.join(map(str, error.errors()[0]['loc'])) or 'the file'}: {error.errors()[0]['msg']}"
    except OSError as error:
        said = str(error.strerror or error)
    raise UsageError(
        f"{path} holds no scores over worlds ({said}): make it again with `tipbench board worlds`, or remove it."
    )
