"""From runs on independent worlds to their scores over worlds: one run a world, method and task's default split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tipbench.evaluation.meaning import score_version
from tipbench.runs.results import Result, read_result, run_folders
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipdata.core.world import check_status
from tipdata.release import Release

from tipboard.board.collection import Run, place_of
from tipboard.board.comparisons import LINES
from tipboard.board.stability import FEWEST, Stability, TaskScores

AGAIN = "tipbench run experiment=worlds"


@dataclass(frozen=True)
class WorldRun:
    """A finished run on an independent world. ``data``: version and size, without the world."""

    run: Run
    data: str
    world: int

    @property
    def result(self) -> Result:
        return self.run.result

    @property
    def method(self) -> str:
        """The method's name without its task."""
        return place_of(self.result)[2]


def collect(runs: Path, data: str | None = None, draft: bool = False) -> Stability:
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
    found = [one for one in _found(runs) if data is None or one.data == data]
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


def _found(runs: Path) -> list[WorldRun]:
    """Return every run that counts, by its folder."""
    if not runs.is_dir():
        raise UsageError(f"{runs} is not a folder: give the one that `{AGAIN}` wrote runs to.")
    found = []
    for folder in run_folders(runs):
        result = read_result(folder)
        try:
            release = Release.called(result.data)
        except UsageError:
            continue  # data of a user's own
        counts = (
            not result.oracle_method
            and result.method not in LINES
            and result.split == task_of(result.task).splits[0]
        )
        if release.world and counts:
            found.append(WorldRun(Run(folder, result), f"{release.version}/{release.size}", release.world))
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
        place = (one.result.task, one.method)
        other = there.setdefault((*place, one.world), one)
        if other is not one:
            raise UsageError(
                f"{one.run.folder} is of the same method and world as {other.run.folder}: a world has one run a "
                "method; move the other elsewhere."
            )
        like = first.setdefault(place, one)
        if _config(one) != _config(like):
            raise UsageError(
                f"{one.run.folder} was not run as {like.run.folder} was: a method is compared over worlds under one "
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
    for one in sorted(found, key=lambda one: (one.method, one.world)):
        score = one.result.scores[first.primary]
        scored = by_method.setdefault(one.method, {})
        if score.value is None:
            left_out.setdefault(one.method, f"no score in world {one.world}: {score.note or 'undefined'}")
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
