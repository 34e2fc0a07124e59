"""The files that decide a task's scores once its predictions and the truth are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tipbench.metrics.registry import families
from tipbench.sources import Place, closure, digest_of_sources
from tipbench.task import Task

ALWAYS = ("tipbench.metrics.bootstrap", "tipbench.metrics.inputs")
EVALUATION = ("tipbench.evaluation.evaluation", "tipbench.evaluation.oracle")
"""Files of this folder that every score passes. They import every family, so their imports are not followed."""
REGISTRY = "tipbench.metrics.registry"
"""What puts the families of a task together; for the same reason its imports are not followed."""


def place() -> Path:
    """Return the folder that holds the package ``tipbench``."""
    return Path(__file__).resolve().parents[2]


def file_of(module: str) -> Path:
    """Return the file of a module of tipbench, by its dotted name."""
    return place().joinpath(*module.split(".")).with_suffix(".py")


def score_sources(task: Task) -> dict[str, Path]:
    """Return the modules that decide a task's scores, by name: its metrics, its kind, the bootstrap, the evaluation."""
    kinds = {task.kind.name, *task.kind.also}
    metrics = {
        f"tipbench.metrics.{name}"
        for name, family in families().items()
        if family.kind.name in kinds and any(metric.name in task.metrics for metric in family.metrics)
    }
    starts = {*metrics, *ALWAYS, *(f"tipbench.kinds.{kind}" for kind in kinds)}
    found = closure(starts, [Place(place(), ("tipbench.metrics", "tipbench.kinds"))])
    return found | {name: file_of(name) for name in (*EVALUATION, REGISTRY)}


def score_digest(task: Task, beside: Mapping[str, Path] | None = None) -> str:
    """Return the hex SHA-256 of all that decides a task's scores, with what its file says of scoring.

    ``beside``: files of other rooms that count too, by the names of their modules.
    """
    said = {name: getattr(task, name) for name in ("primary", "prevalence", "groups", "metrics")}
    return digest_of_sources(score_sources(task) | dict(beside or {}), said)
