"""Run methods, read and compare runs from Python: the same cells as on the command line, and tidy frames of them."""

from __future__ import annotations

import inspect
import io
import math
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.spelling import check_word, count_of

from tipbench.config.compose import TARGET, Composer, Override
from tipbench.config.options import config_folders
from tipbench.evaluation.comparison import Comparison
from tipbench.evaluation.comparison import compare as compare_predictions
from tipbench.runs.cells import Cell
from tipbench.runs.digests import code_is_here, digests_of
from tipbench.runs.figure import draw
from tipbench.runs.findings import findings
from tipbench.runs.folds import prepare_cell
from tipbench.runs.grid import allowed_splits, expand
from tipbench.runs.report import rows, variant_names
from tipbench.runs.results import Result, read_predictions, read_result, run_folders
from tipbench.runs.runner import run as run_cells
from tipbench.task import Task
from tipbench.tasks import score_version, task_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
OVERWRITE = ("only_missing", "always", "never")
PLAIN = (bool, int, float, str, type(None))
SAME = ("task", "data", "split")


def run(
    method: Any,
    task: str | Task | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    release: str | None = None,
    data: str | None = None,
    split: str = "auto",
    labels: str = "auto",
    access: str = "auto",
    train: str = "auto",
    seed: int = 0,
    replicates: int | None = None,
    runs: str | Path = "runs",
    overwrite: str = "only_missing",
    config_dir: str | Path | None = None,
) -> Result:
    """Fit, predict and score a method, store the run, and return its result: what ``tipbench run`` does to one cell.

    Args:
        method: a baseline's name (``"advert_risk/lightgbm"``), a class of your own, or an object of it that is not
            fitted; see :class:`tipbench.method.Method`.
        task: the task, or its name; a baseline names its own.
        parameters: arguments of the class, as plain values. Those of an object are read from it: each argument must
            be kept under its own name.
        release: such as ``"tiny"`` (the default), ``"small"`` or ``"0.5.0/small"``; excludes ``data``.
        data: the name of a config of your own data.
        split, labels, access, train, seed, replicates: as on the command line.
        runs: the folder that runs are written to.
        overwrite: ``only_missing``, ``always`` or ``never``.
        config_dir: configs of your own: baseline/, data/.

    Returns:
        The result; ``result.scores`` and ``result.valid`` hold scores with intervals.

    Raises:
        UsageError: for what the command line refuses, and a method whose name or arguments cannot be found.
        Exception: what the method itself raises.

    >>> tipbench.run(MyMethod(depth=3), "advert_risk", release="tiny").scores  # doctest: +SKIP
    """
    check_word(overwrite, OVERWRITE, f"overwrite={overwrite} does not exist")
    chosen: dict[str, Any] = {
        "release": release,
        "data": data,
        "split": split,
        "labels": labels,
        "access": access,
        "train": train,
        "seed": seed,
        "replicates": replicates,
        "runs.path": str(runs),
    }
    cell = _cell(method, task, parameters, chosen, config_dir)
    (outcome,) = run_cells([cell], overwrite=overwrite, quiet=True, raising=True)
    if outcome.result is None:
        raise UsageError(str(outcome.cause))
    (finding,) = findings([outcome.result])
    return outcome.result.with_finding(finding.sentence)


def _cell(
    method: Any,
    task: str | Task | None,
    parameters: Mapping[str, Any] | None,
    chosen: dict[str, Any],
    config_dir: str | Path | None,
) -> Cell:
    """Return the cell of a method under the settings that were chosen. Raises UsageError as :func:`run` does."""
    if isinstance(method, str):
        chosen["task"], chosen["baseline"], given = None, method, dict(parameters or {})
    elif task is None:
        raise UsageError(
            f"the task of {describe_method(method, parameters)[0]} is missing: run(method, task), such as "
            "tipbench.run(method, 'advert_risk')."
        )
    else:
        target, given = describe_method(method, parameters)
        chosen |= {"task": task_of(task).name, TARGET: target}
    typed = tuple(Override(key, str(value)) for key, value in chosen.items() if value is not None)
    composer = Composer(config_folders(None if config_dir is None else str(config_dir)), typed)
    (cell,) = expand(composer, allowed_splits)
    if task is not None and cell.task != task_of(task).name:
        raise UsageError(
            f"{method} is for {cell.task}, and not for {task_of(task).name}: leave the task out."
        )
    baseline = cell.config["baseline"]
    whole = {**baseline, "method": {**baseline["method"], **given}}
    return Cell({**cell.config, "baseline": whole}, cell.runs)


def describe_method(method: Any, parameters: Mapping[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """Return a method's class as ``module.Class``, and those of its arguments that are not the class's defaults.

    Raises UsageError for a class without a name that can be imported, and arguments that are not kept or not plain.
    """
    kind = method if inspect.isclass(method) else type(method)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if "<" in name or getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is not kind:
        raise UsageError(
            f"{name} cannot be found by its name: define the class at the top of a module or a cell."
        )
    if kind is not method and parameters is not None:
        raise UsageError(f"{name}: give parameters with the class, or an object that has them, and not both.")
    arguments = dict(parameters or {}) if kind is method else _changed_arguments(name, method)
    for key, value in arguments.items():
        if not _is_plain(value):
            raise UsageError(
                f"{name}: the argument {key} is of type {type(value).__name__}, which a config cannot hold: give "
                "numbers, strings, True, False, None, or lists and dicts of them."
            )
    if kind is not method:
        _refuse_changed(name, method, kind(**arguments))
    return name, arguments


def _changed_arguments(name: str, method: Any) -> dict[str, Any]:
    found = {}
    for argument in inspect.signature(type(method)).parameters.values():
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
            continue
        if not hasattr(method, argument.name):
            raise UsageError(
                f"{name} does not keep its argument {argument.name}: set self.{argument.name} in __init__, or give "
                "the class and parameters={...}."
            )
        value = getattr(method, argument.name)
        if argument.default is argument.empty or repr(value) != repr(argument.default):
            found[argument.name] = value
    return found


def _refuse_changed(name: str, method: Any, new: Any) -> None:
    """Refuse an object that is not what its arguments make: a new one is run, and the rest would be lost."""
    before, after = (
        {key: _ADDRESS.sub("", repr(value)) for key, value in vars(one).items()} for one in (new, method)
    )
    changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if changed:
        raise UsageError(
            f"{name}: {changed[0]} was set after the object was made, and a new object is run: make it an argument of "
            "__init__, or give a new object."
        )


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return isinstance(value, PLAIN) and not (isinstance(value, float) and not math.isfinite(value))


def read_runs(folder: str | Path = "runs") -> list[tuple[Path, Result]]:
    """Return every run below a folder with its result, by path. Raises UsageError where there is none."""
    place = expand_home(folder)
    found = run_folders(place)
    if not found:
        raise UsageError(f"{place} holds no runs: run something first, or give their folder.")
    return [(path, read_result(path)) for path in found]


def results(folder: str | Path = "runs") -> pl.DataFrame:
    """Return a tidy frame of the runs below a folder: one row per run and score.

    Columns: data, task, method, variant (what differs from the other variants of its method), split, labels, access,
    seed, oracle (whether it was shown hidden truth), part (``test``, or ``valid`` for the score to tune by), metric,
    primary (whether it is the task's headline), value, low, high (95% interval), note, seconds (Float64), evaluator
    (Int64, the version of what the score means), folder.

    Raises UsageError where there is none, and for a result that cannot be read.

    >>> tipbench.results("runs").filter(pl.col("primary"))  # doctest: +SKIP
    """
    found = read_runs(folder)
    lines = []
    for (path, one), variant in zip(found, variant_names([one for _, one in found]), strict=True):
        first = {"data": one.data, "task": one.task, "method": one.method_name, "variant": variant}
        first |= {"split": one.split, "labels": one.labels, "access": one.access, "seed": one.seed}
        last = {"seconds": one.seconds, "evaluator": one.versions.evaluator, "folder": str(path)}
        scores = [("test", name, score) for name, score in one.scores.items()]
        scores += [("valid", one.primary, one.valid)] if one.valid is not None else []
        for part, metric, score in scores:
            about = {
                "oracle": one.oracle_method,
                "part": part,
                "metric": metric,
                "primary": metric == one.primary,
            }
            lines.append({**first, **about, **score.model_dump(), **last})
    types = dict.fromkeys(("value", "low", "high", "seconds"), pl.Float64) | {"note": pl.String}
    return pl.DataFrame(lines, schema_overrides=types, infer_schema_length=None)


def compare(
    reference: Result | str | Path,
    *others: Result | str | Path,
    runs: str | Path = "runs",
    replicates: int = 1000,
) -> pl.DataFrame:
    """Test whether runs differ from a reference in their task's primary metric, by a paired cluster bootstrap.

    Args:
        reference: a result of :func:`run`, the folder of a run, or its ``result.json``.
        others: one run or more of the same task, data and split, given in the same ways.
        runs: the folder that results were written to, as given to :func:`run`; ignored for folders.
        replicates: the number of bootstrap draws of the clusters.

    Returns:
        One row per run of ``others``: method, reference, metric (String); difference (metric of the method minus
        that of the reference), low, high (its 95% interval), p_holm (two-sided p value, corrected by Holm over the
        rows) (Float64, null where there is none); note (String, why there is no interval).

    Raises:
        UsageError: for fewer than two different runs; runs of different tasks, data or splits; a run that does not
            exist, or whose code or data have changed since.

    Warns:
        UserWarning: if the code of a method is not found, so that it cannot be checked for changes.

    >>> tipbench.compare(tipbench.run("advert_risk/prior"), "runs/…/lightgbm/…-s0")  # doctest: +SKIP
    """
    warn = partial(warnings.warn, stacklevel=4)  # at the line that called this function
    found, _, _ = compare_runs([reference, *others], runs, replicates, warn)
    columns = dict.fromkeys(("method", "reference", "metric"), pl.String)
    columns |= dict.fromkeys(("difference", "low", "high", "p_holm"), pl.Float64) | {"note": pl.String}
    return pl.DataFrame([[getattr(one, key) for key in columns] for one in found], columns, orient="row")


def compare_runs(
    given: Sequence[Result | str | Path], runs: str | Path, replicates: int, tell: Callable[[str], None]
) -> tuple[list[Comparison], list[Result], list[str]]:
    """Compare runs with the first of them, as :func:`compare` does.

    ``given``: the reference and the others; ``tell`` is called with a sentence for each method whose code cannot be
    checked. Return a comparison per run but the first, and the results and the names of all runs.
    """
    opened = [_open_run(one, runs) for one in given]
    folders = [folder.resolve() for folder, _ in opened]
    if len(opened) < 2:
        raise UsageError(
            "a comparison needs at least two different runs: give the reference first, then the others."
        )
    if len(set(folders)) < len(opened):
        twice = next(folder for folder in folders if folders.count(folder) > 1)
        raise UsageError(
            f"{twice} was given twice. A later run of a class replaces an earlier run of the same class name: give an "
            "edited class another name."
        )
    results = [result for _, result in opened]
    first, names = results[0], _names(results)
    for folder, result in opened:
        _check_comparable(folder, result, first, tell)
    predictions = {name: read_predictions(*run) for name, run in zip(names, opened, strict=True)}
    answers = prepare_cell(dict(first.config)).answers_to(predictions[names[0]])
    found = compare_predictions(task_of(first.task), answers, predictions, names[0], replicates=replicates)
    return found, results, names


def _open_run(run: Result | str | Path, runs: str | Path) -> tuple[Path, Result]:
    """Return a run's folder and result. Raises UsageError for a run that does not exist."""
    if isinstance(run, Result):
        folder = Cell(dict(run.config), expand_home(runs)).folder
        if not folder.is_dir():
            raise UsageError(
                f"{folder} does not exist: give the folder that results were written to, runs=FOLDER."
            )
        return folder, run
    if not isinstance(run, str | Path):
        raise UsageError(f"{run!r} is not a run: give a result of tipbench.run, or the folder of a run.")
    folder = expand_home(run)
    folder = folder.parent if folder.is_file() else folder
    return folder, read_result(folder)


def _check_comparable(folder: Path, result: Result, first: Result, tell: Callable[[str], None]) -> None:
    """Raise UsageError for a run that cannot be compared with the first one."""
    for key in SAME:
        mine, reference = getattr(result, key), getattr(first, key)
        if mine != reference:
            raise UsageError(
                f"{folder} has {key} {mine} and the reference {reference}: compare runs of one {key}."
            )
    if result.versions.data != first.versions.data:
        raise UsageError(
            f"{folder} was run on another version of the data {result.data} than the reference: run it again."
        )
    if result.digests is None:
        raise UsageError(
            f"{folder} does not say what code made it: compare folders that `tipbench run` wrote."
        )
    cell = Cell(dict(result.config), folder)
    now, method = digests_of(cell, result.versions.data), cell.config["baseline"]["method"]
    if not code_is_here(method):
        tell(
            f"the code of {method['_target_']} cannot be checked for changes, since it was not found: its stored "
            "predictions are compared."
        )
        now = now.model_copy(update={"method": result.digests.method})
    if result.digests != now:
        raise UsageError(
            f"{folder} was made by code that has changed since: run it again; cells without changes are kept."
        )
    if result.versions.evaluator != (version := score_version(result.task)):
        raise UsageError(
            f"{folder} was scored by evaluator {result.versions.evaluator} and this one is {version}: "
            "run it again; its predictions are kept and scored anew."
        )


def _names(results: Sequence[Result]) -> list[str]:
    """Return the methods' names, with seed and hash where a name occurs twice."""
    bare = [result.method for result in results]
    full = [f"{result.method} {result.config_hash[:6]}-s{result.seed}" for result in results]
    names = [long if bare.count(short) > 1 else short for short, long in zip(bare, full, strict=True)]
    repeated = len(set(names)) < len(names)
    return [f"{name} ({number})" for number, name in enumerate(names, 1)] if repeated else names


def plot(runs: str | Path | Sequence[Result] = "runs") -> Figure:
    """Return the figure of runs, a panel per task, for a notebook or ``figure.savefig("runs.png")``.

    Args:
        runs: a folder of runs, or results.

    Raises:
        UsageError: if there are no runs or no scores, or if scores of one task come from different versions of its
            metrics.
    """
    given = [one for _, one in read_runs(runs)] if isinstance(runs, str | Path) else list(runs)
    for task in dict.fromkeys(one.task for one in given):
        versions = {one.versions.evaluator for one in given if one.task == task}
        if len(versions) > 1:
            raise UsageError(
                f"the scores of {task} come from versions {', '.join(map(str, sorted(versions)))} of its metrics: run "
                "the older cells again; if only the metrics changed, their predictions are kept and scored again."
            )
    figure = draw(rows(given))
    if figure is None:
        raise UsageError(
            f"there is no score to draw in {count_of(len(given), 'run')}: run a method on data "
            "whose truth is known."
        )

    def show() -> bytes:  # in notebooks, whichever backend they have
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()

    figure._repr_png_ = show  # type: ignore[attr-defined]
    return figure
