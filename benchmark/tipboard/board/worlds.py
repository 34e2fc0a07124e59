"""``worlds.json``: what every method scores in independent worlds, and how stable each task's ranking is over them.

A released world is one draw of the world's parameters. The same methods are run on worlds of other seeds
(``tipbench run experiment=worlds``), and what is kept of them in ``results/<version>/<size>/worlds.json`` is the
primary metric at each task's default split. All else is computed from that: see
:mod:`tipboard.board.ranks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from tipbench.metrics.registry import metric_of
from tipbench.runs.results import Result, read_result, run_folders
from tipbench.tasks import ScoreVersion, score_version, task_of
from tipcore.atomic import write_file_atomically
from tipcore.errors import UsageError
from tipcore.validation import requirement
from tipdata.core.world import check_status
from tipdata.release import Release

from tipboard.board.ranks import MeanRanks, rank_methods
from tipboard.seasons.standings import LINES

WORLDS = "worlds.json"
FEWEST = 5
"""Worlds without which nothing is said about stability."""


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

    @property
    def ranking(self) -> MeanRanks:
        """The order of its methods over the worlds, and how stable it is."""
        return rank_methods(self.better_is_more, self.methods, f"{len(self.scores)} worlds")


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


def store_stability(results: Path, stability: Stability) -> Path:
    """Write ``<results>/<version>/<size>/worlds.json``, whole or not at all; its path.

    Raises UsageError where that cannot be written.
    """
    path = results / stability.data / WORLDS
    write_file_atomically(path, stability.model_dump_json(indent=1) + "\n", advice="give another --to")
    return path


def read_stability(results: Path, data: str) -> Stability | None:
    """Return what is kept of independent worlds of ``version/size``; None where nothing is.

    Raises UsageError where it is not what it should be.
    """
    path = results / data / WORLDS
    try:
        return Stability.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors()[0]
        said = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {requirement(first, Stability)}"
    except OSError as error:
        said = str(error.strerror or error)
    raise UsageError(
        f"{path} holds no scores over worlds ({said}): make it again with `tipbench board add worlds=RUNS`, or "
        "remove it."
    )


AGAIN = "tipbench run experiment=worlds"


class WorldRun(NamedTuple):
    """A finished run on an independent world. ``data``: version and size, without the world."""

    folder: Path
    result: Result
    data: str
    world: int


def collect_worlds(runs: Path, data: str | None = None, draft: bool = False) -> Stability:
    """Return scores over independent worlds of every finished run below a folder, at each task's default split.

    Runs on the released world, on other splits and on data of a user's own are passed over, and so are oracles. A
    method that has no score in every world is left out of its task's scores and named with the reason.

    Args:
        runs: the folder.
        data: version and size, such as ``0.4.0/small``; needed where runs of several are there.
        draft: whether they may be of a draft.

    Raises:
        UsageError: where one cannot be read, they are of several versions or sizes, of several evaluators or of
            another than this one, of fewer than five worlds, of a draft where ``draft`` is false, or a method was
            run twice in a world or under several configs.
    """
    found = [one for one in _find_runs(runs) if data is None or one.data == data]
    if not found:
        raise UsageError(f"{runs} holds no finished run on an independent world: run {AGAIN} first.")
    _refuse_mixed(runs, found)
    check_status(found[0].data.partition("/")[0], draft)
    worlds = sorted({one.world for one in found})
    if len(worlds) < FEWEST:
        raise UsageError(
            f"{runs} holds runs on {len(worlds)} independent worlds of {found[0].data}: a statement on stability needs "
            f"{FEWEST} or more, so run {AGAIN}."
        )
    _refuse_twice(found)
    tasks = sorted({one.result.task for one in found})
    return Stability(
        data=found[0].data,
        worlds=tuple(worlds),
        tasks=tuple(_scores([one for one in found if one.result.task == task], worlds) for task in tasks),
    )


def _find_runs(runs: Path) -> list[WorldRun]:
    """Return every run that counts, by its folder."""
    if not runs.is_dir():
        raise UsageError(f"{runs} is not a folder: give the one that `{AGAIN}` wrote runs to.")
    found = []
    for folder in run_folders(runs):
        result = read_result(folder)
        try:
            release = Release.from_name(result.data)
        except UsageError:
            continue  # data of a user's own
        counts = (
            not result.oracle_method
            and result.method not in LINES
            and result.split == task_of(result.task).splits[0]
        )
        if release.world and counts:
            found.append(WorldRun(folder, result, f"{release.version}/{release.size}", release.world))
    return found


def _refuse_mixed(runs: Path, found: Sequence[WorldRun]) -> None:
    data = sorted({one.data for one in found})
    if len(data) > 1:
        raise UsageError(f"{runs} mixes worlds of {', '.join(data)}: choose one of them.")
    old = [one.result for one in found if one.result.versions.evaluator != score_version(one.result.task)]
    if old:
        raise UsageError(
            f"{runs} was scored by another evaluator (first: {old[0].task}, by {old[0].versions.evaluator} where this "
            f"one is {score_version(old[0].task)}): run {AGAIN} again; predictions are kept and only scored."
        )


def _refuse_twice(found: Sequence[WorldRun]) -> None:
    """Refuses a method that was run twice in a world, or otherwise in one world than in another."""
    there: dict[tuple[str, str, int], WorldRun] = {}
    first: dict[tuple[str, str], WorldRun] = {}
    for one in found:
        place = (one.result.task, one.result.method_name)
        other = there.setdefault((*place, one.world), one)
        if other is not one:
            raise UsageError(
                f"{one.folder} is of the same method and world as {other.folder}: a world has one run a "
                "method; move the other elsewhere."
            )
        like = first.setdefault(place, one)
        if _config(one) != _config(like):
            raise UsageError(
                f"{one.folder} was not run as {like.folder} was: a method is compared over worlds under one "
                "config and seed; run both the same way."
            )


def _config(one: WorldRun) -> tuple[object, ...]:
    """Return what has to be the same in every world."""
    config = {key: value for key, value in one.result.config.items() if key != "release"}
    return config, one.result.seed, one.result.labels, one.result.access, one.result.versions.method


def _scores(found: Sequence[WorldRun], worlds: Sequence[int]) -> TaskScores:
    """Return a task's scores of the methods that have one in every world, by name."""
    first = found[0].result
    by_method: dict[str, dict[int, float]] = {}
    left_out: dict[str, str] = {}
    for one in sorted(found, key=lambda one: (one.result.method_name, one.world)):
        score = one.result.scores[first.primary]
        scored = by_method.setdefault(one.result.method_name, {})
        if score.value is None:
            left_out.setdefault(
                one.result.method_name, f"no score in world {one.world}: {score.note or 'undefined'}"
            )
        else:
            scored[one.world] = score.value
    for method, scored in by_method.items():
        missing = [str(world) for world in worlds if world not in scored]
        if missing:
            left_out.setdefault(method, f"not run in world {', '.join(missing)}")
    methods = [method for method in by_method if method not in left_out]
    return TaskScores(
        task=first.task,
        split=first.split,
        metric=first.primary,
        version=first.versions.evaluator,
        methods=tuple(methods),
        scores=tuple(tuple(by_method[method][world] for method in methods) for world in worlds),
        left_out=left_out,
    )
