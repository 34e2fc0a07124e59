"""``tipbench compare``: compare runs with the first of them, by a paired cluster bootstrap."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl
from tipcore.errors import UsageError
from tipcore.home import expanded

from tipbench.console import Column, emit_json, emit_table
from tipbench.evaluation.evaluation import Comparison, compare
from tipbench.evaluation.meaning import score_version
from tipbench.kinds.answers import Answers
from tipbench.metrics.registry import metric_of
from tipbench.runs.cell import Cell
from tipbench.runs.digests import digests_of
from tipbench.runs.report import interval, number, signed
from tipbench.runs.results import Result, read_predictions, read_result
from tipbench.runs.shared_fold import prepare_cell
from tipbench.task import Task
from tipbench.tasks import task_of

SAME = ("task", "data", "split")


def call(options: argparse.Namespace) -> int:
    """Compare the runs."""
    folders = [expanded(run) for run in options.runs]
    folders = [folder.parent if folder.is_file() else folder for folder in folders]
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise UsageError(
            "a comparison needs two different runs or more: give their folders, the reference first."
        )
    results = [read_result(folder) for folder in folders]
    _check_same(folders, results)
    names = _names(results)
    predictions = {
        name: read_predictions(folder, result)
        for name, folder, result in zip(names, folders, results, strict=True)
    }
    found = _compare(results[0], predictions, names[0], options.replicates)
    _emit(found, results, names, options.json)
    return 0


def _check_same(folders: Sequence[Path], results: Sequence[Result]) -> None:
    """Raises UsageError where runs cannot stand in one table."""
    first = results[0]
    for folder, result in zip(folders, results, strict=True):
        for key in SAME:
            mine, reference = getattr(result, key), getattr(first, key)
            if mine != reference:
                raise UsageError(
                    f"{folder} has {key} {mine} and the reference {reference}: compare runs of one {key}."
                )
        if result.versions.data != first.versions.data:
            raise UsageError(
                f"{folder} was run on other data of the name {result.data} than the reference: run it again."
            )
        if result.digests != digests_of(Cell(result.config, folder), result.versions.data):
            raise UsageError(
                f"{folder} was made by code that has changed since: run it again; what has not changed is kept."
            )
        if result.versions.evaluator != (version := score_version(result.task)):
            raise UsageError(
                f"{folder} was scored by evaluator {result.versions.evaluator} and this one is {version}: "
                "run it again; its predictions are kept and only scored."
            )


def _names(results: Sequence[Result]) -> list[str]:
    """Return the methods' names, with seed and hash where one stands twice."""
    bare = [result.method for result in results]
    full = [f"{result.method} {result.config_hash[:6]}-s{result.seed}" for result in results]
    names = [long if bare.count(short) > 1 else short for short, long in zip(bare, full, strict=True)]
    repeated = len(set(names)) < len(names)
    return [f"{name} ({number})" for number, name in enumerate(names, 1)] if repeated else names


def _compare(
    first: Result, predictions: dict[str, pl.DataFrame], name: str, replicates: int
) -> list[Comparison]:
    task, answers = _truth(first, predictions[name])
    return compare(task, answers, predictions, name, replicates=replicates)


def _truth(first: Result, predictions: pl.DataFrame) -> tuple[Task, Answers]:
    return task_of(first.task), prepare_cell(dict(first.config)).answers_to(predictions)


def _emit(
    found: Sequence[Comparison], results: Sequence[Result], names: Sequence[str], as_json: bool
) -> None:
    first = results[0]
    scores = {name: result.scores[result.primary] for name, result in zip(names, results, strict=True)}
    if as_json:
        about = {"task": first.task, "data": first.data, "split": first.split, "reference": names[0]}
        emit_json({**about, "metric": first.primary, "comparisons": [asdict(one) for one in found]})
        return
    columns = [
        Column("method"),
        Column(first.primary, True),
        Column("difference", True),
        Column("95% interval", True),
    ]
    columns += [Column("p (Holm)", True), Column("")]
    reference = scores[names[0]]
    rows = [[names[0], number(reference.value), "reference", "", "", ""]]
    for one in found:
        between = interval(one.low, one.high, one.note)
        verdict = "significant" if one.significant else "n.s."
        row = [
            one.method,
            number(scores[one.method].value),
            signed(one.difference),
            between,
            number(one.p_holm),
        ]
        rows.append([*row, verdict])
    direction = ", lower is better" if metric_of(first.primary).lower_is_better else ""
    emit_table(columns, rows, title=f"{first.task} on {first.data}, split {first.split}{direction}")
