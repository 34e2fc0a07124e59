"""Crowds of any number of classes: the task as such data have it, and the classes of their units."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import listed
from tipbench.data.custom.config import OwnData
from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.classes import CLASSES
from tipbench.task import Task

TRUE_CLASS = "true_class"
MOST = 200
"""Classes, each of which is a column of predictions."""
WHOLE = r"^(-?\d+)\.0+$"
"""A whole number in text as pandas writes it beside gaps."""


def as_mapped(task: Task, own: OwnData) -> Task:
    """Return the task as these data have it: of classes where they map ``true_class``.

    Raises UsageError where it takes two classes only.
    """
    if own.true_class is None or task.classes is None:
        return task
    return replace(task, kind=CLASSES, check=task.classes.check)


def class_names(values: pl.Series) -> pl.Series:
    """Return classes as text, whole numbers without a fraction, so that 3, 3.0 and "3" are one class."""
    return values.cast(pl.String).str.strip_chars().str.replace(WHOLE, "$1").alias(values.name)


def named_alike(task: Task, own: OwnData, tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables with their classes named as the truth's are."""
    if own.true_class is None or task.classes is None or task.classes.table not in tables:
        return tables
    table, column = task.classes.table, task.classes.column
    return tables | {table: tables[table].with_columns(class_names(tables[table][column]))}


def with_classes(
    task: Task, own: OwnData, units: pl.DataFrame, tables: dict[str, pl.DataFrame], notes: list[str]
) -> pl.DataFrame:
    """Return units ``[..., true_class]`` with a column ``label_<class>`` a class in its place: Int8 1 or 0, or null.

    Classes are those of the truth and those that are named elsewhere, in alphabetical order. ``notes`` is told of
    classes that only one of the two has, which may be misspelt.

    Raises:
        UsageError: for fewer than two classes, and more than 200.
    """
    if TRUE_CLASS not in units.columns or task.classes is None:
        return units
    table, column = task.classes.table, task.classes.column
    true = set(units[TRUE_CLASS].drop_nulls())
    named = set(tables[table][column].drop_nulls()) if table in tables else set()
    names = sorted(true | named, key=lambda name: (len(name), name) if name.isdigit() else (MOST, name))
    if not 2 <= len(names) <= MOST:
        raise UsageError(
            f"data={own.name} has {len(names):,} class{'' if len(names) == 1 else 'es'} in data.true_class and "
            f"data.tables.{table}.{column} ({listed(names)}): map 2 to {MOST} of them."
        )
    if true and (odd := sorted(named - true)):
        notes.append(
            f"{len(odd):,} of {len(names):,} classes of {table} are the true class of nothing: {listed(odd)}."
        )
    if named and (odd := sorted(true - named)):
        notes.append(
            f"{len(odd):,} of {len(names):,} true classes are named by nobody in {table}: {listed(odd)}."
        )
    labels = [(pl.col(TRUE_CLASS) == name).cast(pl.Int8).alias(f"{LABEL_PREFIX}{name}") for name in names]
    return units.with_columns(labels).drop(TRUE_CLASS)
