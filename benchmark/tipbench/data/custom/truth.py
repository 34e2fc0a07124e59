"""The truth of a user's own data: labels, classes and estimates; groups and the share of positives."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import join_names, read_binary, source_columns
from tipbench.data.custom.config import OwnData
from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import CLASSES, URGENCY
from tipbench.task import Task

TRUE_CLASS = "true_class"
MOST = 200
"""Classes, each of which is a column of predictions."""
WHOLE = r"^(-?\d+)\.0+$"
"""A whole number in text as pandas writes it beside gaps."""


def with_mapped_kind(task: Task, own: OwnData) -> Task:
    """Return the task as these data have it: of classes where they map ``true_class``.

    Raises UsageError where it takes two classes only.
    """
    if own.true_class is None or task.classes is None:
        return task
    return replace(task, kind=CLASSES, check=task.classes.check)


def class_names(values: pl.Series) -> pl.Series:
    """Return classes as text, whole numbers without a fraction, so that 3, 3.0 and "3" are one class."""
    return values.cast(pl.String).str.strip_chars().str.replace(WHOLE, "$1").alias(values.name)


def name_classes(task: Task, own: OwnData, tables: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the tables with their classes named as the truth's are."""
    if own.true_class is None or task.classes is None or task.classes.table not in tables:
        return tables
    table, column = task.classes.table, task.classes.column
    return tables | {table: tables[table].with_columns(class_names(tables[table][column]))}


def add_classes(
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
            f"data.tables.{table}.{column} ({join_names(names)}): map 2 to {MOST} of them."
        )
    if true and (odd := sorted(named - true)):
        notes.append(
            f"{len(odd):,} of {len(names):,} classes of {table} are the true class of nothing: {join_names(odd)}."
        )
    if named and (odd := sorted(true - named)):
        notes.append(
            f"{len(odd):,} of {len(names):,} true classes are named by nobody in {table}: {join_names(odd)}."
        )
    labels = [(pl.col(TRUE_CLASS) == name).cast(pl.Int8).alias(f"{LABEL_PREFIX}{name}") for name in names]
    return units.with_columns(labels).drop(TRUE_CLASS)


LEVELS = (0.0, 1.0, 2.0)
TRUTH = ("label", "labels", "true_class", "urgency", "truth")
"""Fields of the config that are empty where the truth is not known."""


def read_truth(own: OwnData, raw: pl.DataFrame) -> dict[str, pl.Series]:
    """Return what is mapped of the truth: ``label``, or ``label_<name>`` a name (Int8 0, 1 or null) and ``urgency``
    (Int8).

    In their place may be ``true_class`` (String). Beside ``label`` may be ``onset`` (Int32). Estimates have ``truth``
    (Float64).

    Args:
        raw: the mapped fields of the units by their place in the config.

    Raises:
        UsageError: for labels other than 0 and 1, levels other than 0 to 2, and steps that are not whole
        numbers from 1.
    """
    found = {}
    if own.label is not None:
        found["label"] = read_binary(own, "data.label", raw["data.label"])
    for name in own.labels:
        found[LABEL_PREFIX + name] = read_binary(own, f"data.labels.{name}", raw[f"data.labels.{name}"])
    if own.true_class is not None:
        found[TRUE_CLASS] = class_names(raw["data.true_class"])
    if own.urgency is not None:
        found[URGENCY] = _read_levels(own, raw["data.urgency"])
    if own.truth is not None:
        found["truth"] = _read_numbers(own, raw["data.truth"])
    if own.onset is not None:
        found["onset"] = _read_steps(own, raw["data.onset"], found["label"])
    return found


def label_notes(own: OwnData, truth_field: str, frame: pl.LazyFrame, raw: pl.DataFrame) -> list[str]:
    """Return a note that counts unknown labels, and a note for each expression that labels rows with empty columns.

    Args:
        truth_field: name of the field that holds the truth for the task's kind of prediction.
        frame: the rows of the units' file.
        raw: one column per mapped field, named by its place in the config, such as ``data.label``.
    """
    places = (*TRUTH, truth_field)
    fields = {field: text for field, text in own.of_units().items() if field.split(".")[1] in places}
    empty = [f"{field} for {count:,}" for field in fields if (count := raw[field].null_count())]
    notes = [
        f"labels of data={own.name} are unknown ({join_names(empty)} of {raw.height:,} units): "
        "they are neither given to fit nor scored."
    ]
    notes, has = notes if empty else [], frame.collect_schema().names()
    for field, text in fields.items():
        if text in has or not (read := source_columns(text, has)):
            continue
        filled = pl.all_horizontal(pl.col(read).is_null()) & pl.sql_expr(text).is_not_null()
        if count := frame.select(filled.sum()).collect().item():
            notes.append(
                f"{field} of data={own.name} labels {count:,} rows where {join_names(read)} is empty; "
                "if the label is not known there, write a WHEN for every known value and no ELSE."
            )
    return notes


def _read_levels(own: OwnData, urgency: pl.Series) -> pl.Series:
    level = urgency.cast(pl.Float64, strict=False)
    wrong = urgency.filter(urgency.is_not_null() & ~level.is_in(LEVELS).fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.urgency of data={own.name} is none of 0, 1 and 2 in {len(wrong):,} of {len(urgency):,} rows "
            f"(first: {wrong[0]}): map it to these levels."
        )
    return level.cast(pl.Int8)


def _read_numbers(own: OwnData, truth: pl.Series) -> pl.Series:
    numbers = truth.cast(pl.Float64, strict=False)
    wrong = truth.filter(truth.is_not_null() & ~numbers.is_finite().fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.truth of data={own.name} is not a number in {len(wrong):,} of {len(truth):,} rows "
            f"(first: {wrong[0]}): map it to numbers, and to NULL where it is not known."
        )
    return numbers


def _read_steps(own: OwnData, onset: pl.Series, label: pl.Series) -> pl.Series:
    """Return steps of the positive units; whatever is given for others is null."""
    steps = onset.cast(pl.Float64, strict=False)
    positive = (label == 1).fill_null(False)
    fine = (steps >= 1) & (steps == steps.floor())
    wrong = onset.filter(positive & ~fine.fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.onset of data={own.name} is not a step for {len(wrong):,} positive units (first: {wrong[0]}): "
            "map a whole number from 1."
        )
    return pl.select(pl.when(positive).then(steps)).to_series().cast(pl.Int32)


TRAFFICKING = "trafficking"
"""The group of what trafficking operations do: a unit of it that is not positive is not lawful either."""

LAWFUL = "lawful"
"""What results call all lawful units together."""


def lawful_groups(own: OwnData, rows: pl.DataFrame) -> tuple[str, ...]:
    """Return the groups that harm is reported for: those of the tested units that are not positive, by name.

    Args:
        own: the config.
        rows: the predicted units, ``[part, ...]`` with ``group`` and ``label`` as far as they are mapped.

    Raises:
        UsageError: for a group of the name that results have for all groups together.
    """
    if "group" not in rows.columns or "label" not in rows.columns:
        return ()
    groups = _negative_units(rows)["group"].drop_nulls().unique().sort().to_list()
    if LAWFUL in groups:
        raise UsageError(
            f"data.group of data={own.name} holds {LAWFUL!r}, which is what results call all lawful units together: "
            f"give it another name, for instance by \"CASE WHEN column = '{LAWFUL}' THEN 'other' ELSE column END\"."
        )
    return tuple(group for group in groups if group != TRAFFICKING)


def scoring_notes(task: Task, own: OwnData, rows: pl.DataFrame) -> list[str]:
    """Return a sentence for each thing that a reader of the scores must know: the share of positives that they are
    at, folds that rank nothing, units in no group."""
    if own.group is not None and "group" not in task.kind.custom_fields:
        return [f"data.group of data={own.name} changes nothing: {task.name} has no figures by group."]
    if "label" not in rows.columns:
        return []
    tested = rows.filter((pl.col("part") == "test") & pl.col("label").is_not_null())
    notes = [*_prevalence_note(task, own, tested), *_one_class_note(task, own, tested)]
    if "group" in rows.columns:
        notes += _group_note(own, rows)
    return notes


def _negative_units(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter((pl.col("part") == "test") & (pl.col("label") == 0))


def _prevalence_note(task: Task, own: OwnData, tested: pl.DataFrame) -> list[str]:
    if (task.prevalence is None and own.prevalence is None) or tested.is_empty():
        return []
    share = f"{100 * tested['label'].cast(pl.Float64).sum() / tested.height:.3g}%"
    if own.prevalence is not None:
        return [
            f"{task.primary} and the other main metrics are at {100 * own.prevalence:.3g}% positives, as "
            f"data.prevalence says; the data have {share}."
        ]
    return [
        f"{task.primary} and the other main metrics are at the data's own share of positives, {share} "
        f"(releases of {task.name} are scored at {100 * (task.prevalence or 0):g}%; data.prevalence sets a share)."
    ]


def _one_class_note(task: Task, own: OwnData, tested: pl.DataFrame) -> list[str]:
    """Return folds in which nothing can be ranked above anything else."""
    folds = tested.group_by("fold").agg(pl.col("label").n_unique().alias("classes"))
    lacking = folds.filter(pl.col("classes") < 2).height
    if folds.height < 2 or not lacking or not task.kind.at_prevalence:
        return []
    return [
        f"{lacking:,} of {folds.height:,} folds of data={own.name} test units of one class only, and are in no metric "
        "that ranks units: units are ranked within their own fold."
    ]


def _group_note(own: OwnData, rows: pl.DataFrame) -> list[str]:
    lawful = _negative_units(rows)
    none, theirs = lawful["group"].null_count(), int((lawful["group"] == TRAFFICKING).sum())
    parts = [f"empty for {none:,}"] if none else []
    parts += [f"{TRAFFICKING} for {theirs:,}"] if theirs else []
    if not parts:
        return []
    return [
        f"data.group of data={own.name} is {join_names(parts).replace(', ', ' and ')} of {lawful.height:,} test units "
        "that are not positive: they are in no group and in no harm figure."
    ]
