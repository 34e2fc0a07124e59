"""Pack runs or files of predictions into a submission, with the overrides that reproduce them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from pydantic import ValidationError
from tipbench.config.compose import Composer, Override, parse
from tipbench.config.methods import is_shipped
from tipbench.config.options import config_folder, config_folders, options
from tipbench.data.further_worlds import FOLD_ALONE
from tipbench.runs.cells import Cell
from tipbench.runs.grid import expand
from tipbench.runs.results import RESULT, Result, digest_of, read_predictions, read_result, run_folders
from tipbench.runs.scoring import read_predictions_file
from tipbench.tasks import score_version, task_of
from tipcore.atomic import fill_folder_atomically
from tipcore.errors import UsageError
from tipdata.core.world import newest_released

from tipboard.submissions.files import RECORD_BYTES, Unreadable, is_one_of, read_regular
from tipboard.submissions.folder import look, open_folder_of
from tipboard.submissions.record import (
    INTERPOLATION,
    RECORD,
    Malformed,
    SubmissionRecord,
    SubmittedCost,
    record_of,
    to_json,
    validation_problem,
)

METHOD = "baseline.method"
CHOICES = ("baseline", "task", "release")
"""Keys whose values are names of options."""


def overrides_of(config: Mapping[str, Any]) -> list[str] | None:
    """Return overrides, but for split and seed, that compose to the same config hash; None where there are none.

    They do so for their authors, by ``tipbench run``, and for maintainers, who read them by :func:`read_overrides`.
    """
    wanted = Cell(dict(config), Path())
    try:
        words = _first_words(config)
        plain = _compose_cell(words, config)
        words += [
            f"{key}={config[key]}" for key in ("labels", "access", "replicates") if plain[key] != config[key]
        ]
        if (train := config.get("train", FOLD_ALONE)) != plain.get("train", FOLD_ALONE):
            words.append(f"train={train}")
        words += _differences(METHOD, plain["baseline"]["method"], config["baseline"]["method"])
        made = [_compose_cell(words, config, pinned) for pinned in (False, True)]
        return words if all(Cell(one, Path()).hash == wanted.hash for one in made) else None
    except (UsageError, ValueError):
        return None


def _first_words(config: Mapping[str, Any]) -> list[str]:
    """Return the overrides that choose a baseline, or task and class of a user's own, and the release."""
    name, release = str(config["baseline"]["name"]), config["release"]
    known = name in options([config_folder()])["baseline"]
    target = f"{METHOD}._target_={config['baseline']['method']['_target_']}"
    words = [f"baseline={name}"] if known else [f"task={config['task']}", target]
    newest = [] if release["version"] == newest_released() else [f"release.version={release['version']}"]
    return [*words, f"release={release['size']}", *newest]


def _compose_cell(words: list[str], config: Mapping[str, Any], pinned: bool = False) -> dict[str, Any]:
    """Return the config of the one cell that these words make on the split and seed of another config."""
    typed = read_overrides(parse(words)) if pinned else parse(words)
    place = parse([f"split={config['split']}", f"seed={config['seed']}"])
    composer = Composer(config_folders(None), (*typed, *place))
    [cell] = expand(composer, lambda task, settings: [str(config["split"])])
    return cell.config


def _differences(above: str, there: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield the overrides that turn these arguments into the wanted ones."""
    for key, value in wanted.items():
        name, old = f"{above}.{key}", there.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            yield from _differences(name, old, value)
        elif key not in there or old != value or type(old) is not type(value):
            text = value if key == "path" and isinstance(value, str) else _override_value(value)
            yield f"{'' if key in there else '+'}{name}={text}"


def _override_value(value: Any) -> str:
    """Return a value as text that YAML and the command line read alike."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_override_value, value))}]"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}: {_override_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, str) and "'" not in value and not value.endswith("\\"):
        return f"'{value}'"
    if isinstance(value, float):
        mantissa, e, exponent = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa or not e else '.0'}{e}{exponent}"
    return json.dumps(value, ensure_ascii=False)


def read_overrides(typed: Iterable[Override]) -> tuple[Override, ...]:
    """Return pinned overrides with their values as YAML has them, which never reach OmegaConf; paths as they are.

    Raises UsageError for a value that is not plain, and for one that the command line would read otherwise.
    """
    return tuple(o if o.key in CHOICES else o._replace(value=_read(o), literal=True) for o in typed)


def _read(override: Override) -> Any:
    key, text = override.key, override.value.strip()
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise UsageError(f"{key}={text} has an alias: write its value.")  # it may stand for millions
        value = text if override.is_path else yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{key}={text} is not readable YAML ({reason}): write its value.") from None
    if any(isinstance(one, str) and INTERPOLATION.search(one) for one in (text, *_leaves(value, key))):
        raise UsageError(f"{key} holds an interpolation ${{...}}: write its value.")
    if override.is_path:
        return None if text == "null" else override.value
    if _is_ambiguous(value, text):
        raise UsageError(
            f"{key}={text} is {value!r} in YAML: write null, true, false, a number such as 1.0e-3, or 'text'."
        )
    return value


def _leaves(value: Any, key: str) -> Iterator[Any]:
    """Yield the plain values in a value, keys included. Raises UsageError for another kind of value."""
    if isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str) or ":" in name:
                raise UsageError(f"{key} holds the key {name}: write {{name: value}}, with a space.")
            yield name
            yield from _leaves(inner, key)
    elif value is None or isinstance(value, bool | int | float | str):
        yield value
    else:
        raise UsageError(f"{key}={value} is not plain: write a number, true, false, null, 'text' or a list.")


def _is_ambiguous(value: Any, text: str) -> bool:
    """Return whether YAML reads text otherwise than the command line does: yes as true, 010 as 8, 1e-3 as text."""
    if value is None or isinstance(value, bool):
        return text.lower() not in ("null", "true", "false")
    try:
        number = float(text)
    except ValueError:
        return isinstance(value, int | float)
    return isinstance(value, str) or number != value


@dataclass(frozen=True)
class Prediction:
    """One file to pack. ``read``: returns its frame. ``source``: its name in messages."""

    task: str
    split: str
    seed: int
    labels: str
    access: str
    cost: dict[str, float | None] | None
    read: Callable[[], pl.DataFrame]
    source: str


@dataclass(frozen=True)
class Gathered:
    """Predictions to pack, all on ``data``.

    ``method``, ``hardware``, ``package`` and ``overrides`` (by task): as the runs say; None where they do not.
    ``version``: of a season's data, which its name does not show. ``oracles``: how many runs were left out, since no
    oracle is ranked.
    """

    data: str
    predictions: list[Prediction]
    method: str | None = None
    hardware: str | None = None
    package: str | None = None
    overrides: dict[str, list[str]] | None = None
    version: str | None = None
    oracles: int = 0


def gather_runs(paths: Sequence[Path]) -> Gathered:
    """Return runs of one method on one release, without those of oracles.

    ``paths``: run folders, their ``result.json``, or folders that hold runs.

    Raises UsageError where there is none, they are of several data, of another evaluator, of several methods
    of a task, all are of oracles, or two are of the same task, split and seed.
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
        _check_run(folder, result)
    by_task = _first_of_each_task(runs)
    predictions = [_prediction_of(folder, result) for folder, result in runs.items()]
    first = next(iter(runs.values()))
    names = {result.method_name for result in runs.values()}
    packages = {_requirement_of(result) for result in runs.values()}
    overrides = {task: overrides_of(result.config) for task, result in by_task.items()}
    written = {task: words for task, words in overrides.items() if words is not None}
    cores, machine, system = (first.environment.get(name, "?") for name in ("cores", "machine", "system"))
    return Gathered(
        data=first.data,
        predictions=_in_order(predictions),
        method=names.pop() if len(names) == 1 else None,
        hardware=f"{cores} cores, {machine}, {system}",
        package=packages.pop() if len(packages) == 1 else None,
        overrides=written if len(written) == len(overrides) else None,
        oracles=len(every) - len(runs),
    )


def _requirement_of(result: Result) -> str | None:
    """Return the package of a method that ships with tipbench; None for a user's own."""
    baseline: Any = result.config["baseline"]
    target = str(baseline["method"].get("_target_"))
    return f"tipbench=={result.versions.method}" if is_shipped(target) else None


def _prediction_of(folder: Path, result: Result) -> Prediction:
    cost = {name: getattr(result.cost, name) for name in SubmittedCost.model_fields}
    read = partial(read_predictions, folder, result)
    place = (result.task, result.split, result.seed)
    return Prediction(*place, result.labels, result.access, cost, read, str(folder))


def gather_files(
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
    return Gathered(data, _in_order(found), version=version)


def gather_overrides(words: Sequence[str]) -> Gathered:
    """Return how one method is run on one task, as overrides of ``tipbench run``, without predictions.

    Raises UsageError where they are not of one cell, or hold more than plain values.
    """
    composer = Composer(config_folders(None), read_overrides(parse(words)))
    cells = expand(composer, lambda task, settings: [task.splits[0]])
    if len(cells) != 1:
        raise UsageError(
            f"{' '.join(words)} makes {len(cells):,} cells: give those of one method, one at a time."
        )
    return Gathered("", [], overrides={cells[0].task: list(words)})


def as_package(gathered: Gathered, season: str, version: str) -> Gathered:
    """Return what the host of a season needs to run a method itself: no predictions, and no release.

    Raises UsageError where it is not known how a task is run.
    """
    if not gathered.overrides:
        raise UsageError(
            "these runs cannot be written as overrides: give overrides of `tipbench run` in their place."
        )
    overrides = {
        task: [word for word in words if word.partition("=")[0].partition(".")[0] != "release"]
        for task, words in gathered.overrides.items()
    }
    return replace(gathered, data=f"season/{season}", version=version, predictions=[], overrides=overrides)


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
        raise UsageError(
            f"{path} holds no finished run ({RESULT}): make one with `tipbench run`, or give files of predictions "
            "as TASK/SPLIT/sSEED=FILE."
        )
    return found


def _check_run(folder: Path, result: Result) -> None:
    if not result.config.get("release"):
        raise UsageError(f"{folder} was run on {result.data}, which is not a release: run on one.")
    if result.versions.evaluator != (version := score_version(result.task)):
        raise UsageError(
            f"{folder} was scored by evaluator {result.versions.evaluator} and this one is {version}: "
            "run it again; its predictions are kept and only scored."
        )


def _first_of_each_task(runs: dict[Path, Result]) -> dict[str, Result]:
    """Return the first run of each task.

    Raises UsageError for several releases, and for runs of a task that differ in more than split and seed.
    """
    (first_folder, first), *_ = runs.items()
    of_task: dict[str, tuple[Path, Result]] = {}
    for folder, result in runs.items():
        if result.data != first.data:
            raise UsageError(
                f"{folder} was run on {result.data} and {first_folder} on {first.data}: pack one release at a time."
            )
        other_folder, other = of_task.setdefault(result.task, (folder, result))
        cell = {"split": None, "seed": None}
        if result.config | cell != other.config | cell:
            raise UsageError(
                f"{folder} ({result.method}) and {other_folder} ({other.method}) differ in method or config: a "
                f"submission has one method of {result.task}, so name the runs to pack one by one."
            )
    return {task: result for task, (_, result) in of_task.items()}


def _in_order(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return predictions by task, split and seed. Raises UsageError for two of one place."""
    seen: dict[tuple[str, str, int], Prediction] = {}
    for one in predictions:
        other = seen.setdefault((one.task, one.split, one.seed), one)
        if other is not one:
            raise UsageError(
                f"{one.source} and {other.source} are both of {one.task}, split {one.split}, seed {one.seed}: "
                "leave one of them out."
            )
    return [seen[key] for key in sorted(seen)]


def pack(gathered: Gathered, about: Mapping[str, Any], to: Path, overwrite: bool = False) -> SubmissionRecord:
    """Write a submission beside its place, rename it there, and return its record.

    ``about``: what the author declares: fields of :class:`SubmissionRecord`, and the ``package`` that is
    pinned. ``method``, ``hardware`` and ``package`` default to those of the runs, ``title`` to the name of the
    method. ``overwrite``: whether a submission that was packed there before may be replaced.

    Raises UsageError for what may not stand in a record, a target that may not be replaced or cannot be
    written, and predictions that are no such files.
    """
    _check_target(to, overwrite)
    # An empty folder is there and is not a submission to be kept.
    with fill_folder_atomically(to, replace=True, advice="give another --to") as beside:
        record = _build_record(gathered, about, [_write(one, beside) for one in gathered.predictions])
        (beside / RECORD).write_text(to_json(record), encoding="utf-8")
    return record


def _check_target(to: Path, overwrite: bool) -> None:
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise UsageError(f"{to} is there and no folder: give another --to.")
    if not to.is_dir() or not any(to.iterdir()):
        return
    if not overwrite:
        raise UsageError(f"{to} is there: give another --to, or overwrite=true to replace a submission.")
    with open_folder_of(to) as descriptor:
        strange = [str(problem) for problem in look(descriptor).problems]
        try:
            record_of(read_regular(descriptor, RECORD, RECORD_BYTES))
        except (Malformed, Unreadable) as error:
            strange = [str(error)]
    if strange:
        raise UsageError(
            f"{to} is not a submission that was packed ({strange[0].rstrip('.')}): give another --to."
        )


def _write(one: Prediction, folder: Path) -> dict[str, Any]:
    """Write one file with the columns of its task; return its entry."""
    frame = one.read()
    task = task_of(one.task)
    columns = task.kind.columns(task.unit)
    kept = [name for name in frame.columns if is_one_of(name, columns)]
    if not kept or frame.is_empty():
        raise UsageError(f"{one.source} has no predictions of {one.task}: it needs {', '.join(columns)}.")
    buffer = io.BytesIO()
    frame.select(kept).write_parquet(buffer, compression="zstd", compression_level=12, statistics=False)
    content = buffer.getvalue()
    place = f"{one.task}/{one.split}/s{one.seed}.parquet"
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    declared = {name: getattr(one, name) for name in ("task", "split", "seed", "access", "labels", "cost")}
    return {**declared, "file": place, "digest": digest_of(content), "rows": frame.height}


def _build_record(
    gathered: Gathered, about: Mapping[str, Any], entries: list[dict[str, Any]]
) -> SubmissionRecord:
    declared = {"paper": None, "code": None, **about}
    package = declared.pop("package", None)
    method = declared.get("method") or gathered.method
    if method is None:
        raise UsageError("The method has no name: give it as method=.")
    hardware = declared.get("hardware") or gathered.hardware
    if hardware is None:
        raise UsageError("The hardware is not known: give it as hardware=.")
    pinned = {"package": package or gathered.package, "overrides": gathered.overrides or {}}
    named = sorted({one["task"] for one in entries} or gathered.overrides or ())
    content = {
        **declared,
        "format": 1,
        "method": method,
        "title": declared.get("title") or method.replace("_", " "),
        "hardware": hardware,
        "data": gathered.data,
        "versions": {
            "data": gathered.version or gathered.data.partition("/")[0],
            "tasks": {name: score_version(name) for name in named},
        },
        "pinned": pinned if package or (gathered.package and gathered.overrides) else None,
        "predictions": entries,
    }
    try:
        return SubmissionRecord.model_validate(content)
    except ValidationError as error:
        first = str(validation_problem(error.errors(include_url=False, include_input=False)[0]))
        raise UsageError(f"{first.rstrip('.')}: correct it where it comes from.") from None
