"""What is to be packed: finished runs, or files of predictions that were made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipbench.runs.results import RESULT, Result, read_predictions, read_result, run_folders
from tipbench.runs.scoring import read_predictions_file
from tipbench.tasks import score_version, task_of
from tipcore.errors import UsageError

from tipboard.submissions.pinned import overrides_of, shipped_version

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Prediction:
    """One file to be: what it answers, how it came about, and ``read``, which gives its frame."""

    task: str
    split: str
    seed: int
    labels: str
    access: str
    cost: dict[str, float | None] | None
    read: Callable[[], pl.DataFrame]
    source: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.task, self.split, self.seed


@dataclass(frozen=True)
class Gathered:
    """All of them, on ``data``. ``method``, ``hardware``, ``package`` and ``overrides`` by task are what can be told
    from runs; None where they cannot. ``version``: of a sealed round's data, which its name does not say. ``oracles``:
    runs of oracles that are left out, since no oracle is ranked."""

    data: str
    predictions: list[Prediction]
    method: str | None = None
    hardware: str | None = None
    package: str | None = None
    overrides: dict[str, list[str]] | None = None
    version: str | None = None
    oracles: int = 0


def gathered_runs(paths: Sequence[Path]) -> Gathered:
    """Return runs of one method on one release, without those of oracles.

    Args:
        paths: run folders, their ``result.json``, or folders that hold runs.

    Raises:
        UsageError: where there is none, they are of several data, of another evaluator, of several methods of a
            task, all are of oracles, or two are of the same task, split and seed.
    """
    folders = list(dict.fromkeys(folder for path in paths for folder in _folders(path)))
    every = {folder: read_result(folder) for folder in folders}
    runs = {folder: result for folder, result in every.items() if not result.oracle_method}
    if not runs:
        raise UsageError(
            f"{folders[0]} is a run of {every[folders[0]].method}, which is shown hidden truth: give runs of a "
            "method, as no oracle is ranked."
        )
    for folder, result in runs.items():
        _refuse(folder, result)
    _refuse_mixed(runs)
    predictions = [_of_run(folder, result) for folder, result in runs.items()]
    _refuse_repeated(predictions)
    first = next(iter(runs.values()))
    names = {result.method_name for result in runs.values()}
    packages = {shipped_version(result) for result in runs.values()}
    return Gathered(
        data=first.data,
        predictions=_sorted(predictions),
        method=names.pop() if len(names) == 1 else None,
        hardware=_hardware(first.environment),
        package=packages.pop() if len(packages) == 1 else None,
        overrides=_overrides(list(runs.values())),
        oracles=len(every) - len(runs),
    )


def gathered_files(
    files: Sequence[tuple[str, str, int, str]],
    data: str,
    labels: str,
    access: str,
    version: str | None = None,
) -> Gathered:
    """Return files as ``(task, split, seed, path)``, parquet or CSV. Raises UsageError for two of one place.

    ``version``: of the data, where ``data`` does not begin with it.
    """
    found = [
        Prediction(task, split, seed, labels, access, None, partial(_read_file, path, task), path)
        for task, split, seed, path in files
    ]
    _refuse_repeated(found)
    return Gathered(data, _sorted(found), version=version)


def _read_file(path: str, task: str) -> pl.DataFrame:
    return read_predictions_file(path, task_of(task))


def _folders(path: Path) -> list[Path]:
    """Return the run folders that a path stands for."""
    if path.name == RESULT and path.is_file():
        return [path.parent]
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder: give a run's folder, or one that holds runs.")
    found = [path] if (path / RESULT).is_file() else run_folders(path)
    if not found:
        raise UsageError(f"{path} holds no finished run: make one with `tipbench run`.")
    return found


def _refuse(folder: Path, result: Result) -> None:
    if not result.config.get("release"):
        raise UsageError(f"{folder} was run on {result.data}, which is not a release: run on one.")
    if result.versions.evaluator != (version := score_version(result.task)):
        raise UsageError(
            f"{folder} was scored by evaluator {result.versions.evaluator} and this one is {version}: "
            "run it again; its predictions are kept and only scored."
        )


def _refuse_mixed(runs: dict[Path, Result]) -> None:
    """One release; of each task one method under one config, whatever its splits and seeds."""
    (first_folder, first), *_ = runs.items()
    of_task: dict[str, tuple[Path, Result]] = {}
    for folder, result in runs.items():
        if result.data != first.data:
            raise UsageError(
                f"{folder} was run on {result.data} and {first_folder} on {first.data}: pack one release at a time."
            )
        other_folder, other = of_task.setdefault(result.task, (folder, result))
        if _method_config(result) != _method_config(other):
            raise UsageError(
                f"{folder} ({result.method}) and {other_folder} ({other.method}) differ in method or config: a "
                f"submission has one method of {result.task}, so name the runs to pack one by one."
            )


def _method_config(result: Result) -> dict[str, Any]:
    return {key: value for key, value in result.config.items() if key not in ("split", "seed")}


def _refuse_repeated(predictions: Sequence[Prediction]) -> None:
    seen: dict[tuple[str, str, int], Prediction] = {}
    for one in predictions:
        other = seen.setdefault(one.key, one)
        if other is not one:
            raise UsageError(
                f"{one.source} and {other.source} are both of {one.task}, split {one.split}, seed {one.seed}: "
                "leave one of them out."
            )


def _sorted(predictions: Sequence[Prediction]) -> list[Prediction]:
    return sorted(predictions, key=lambda one: one.key)


def _of_run(folder: Path, result: Result) -> Prediction:
    cost = result.cost.model_dump()
    return Prediction(
        task=result.task,
        split=result.split,
        seed=result.seed,
        labels=result.labels,
        access=result.access,
        cost={name: cost[name] for name in ("fit_s", "predict_s", "cpu_s", "peak_mib")},
        read=partial(read_predictions, folder, result),
        source=str(folder),
    )


def _hardware(environment: dict[str, str | int]) -> str:
    cores = environment.get("cores", "?")
    return f"{cores} cores, {environment.get('machine', '?')}, {environment.get('system', '?')}"


def _overrides(results: Sequence[Result]) -> dict[str, list[str]] | None:
    """By task, what makes the same config again; None where a config cannot be written so."""
    found: dict[str, list[str]] = {}
    for result in results:
        if result.task not in found:
            words = overrides_of(result.config)
            if words is None:
                return None
            found[result.task] = words
    return found
