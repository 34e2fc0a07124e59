"""The truth of a user's own data: labels, classes and estimates; groups, the share of positives and notes on them."""

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
TRUTH = ("label", "labels", TRUE_CLASS, "urgency", "truth")
"""Fields of the config that are empty where the truth is not known."""
TRAFFICKING, LAWFUL = "trafficking", "lawful"
"""The group of what trafficking operations do: a unit of it that is not positive is not lawful either; and what results
call all lawful units together."""


def read_truth(own: OwnData, raw: pl.DataFrame) -> dict[str, pl.Series]:
    """Return what is mapped of the truth: ``label``, or ``label_<name>`` a name (Int8 0, 1 or null) and ``urgency``
    (Int8).

    In their place may be ``true_class`` (String). Beside ``label`` may be ``onset`` (Int32, null for negatives).
    Estimates have ``truth`` (Float64). ``raw``: the mapped fields of the units by their place in the config. Raises
    UsageError for labels other than 0 and 1, levels other than 0 to 2, and steps that are not whole numbers from 1.
    """
    found = {}
    if own.label is not None:
        found["label"] = read_binary(own, "data.label", raw["data.label"])
    for name in own.labels:
        found[LABEL_PREFIX + name] = read_binary(own, f"data.labels.{name}", raw[f"data.labels.{name}"])
    if own.true_class is not None:
        found[TRUE_CLASS] = class_names(raw["data.true_class"])
    number = pl.col("number")
    if own.urgency is not None:
        levels = _read_numbers(
            own, raw["data.urgency"], number.is_in([0.0, 1.0, 2.0]), "none of 0, 1 and 2", "these levels"
        )
        found[URGENCY] = levels.cast(pl.Int8)
    if own.truth is not None:
        how = "numbers, and to NULL where it is not known"
        found["truth"] = _read_numbers(own, raw["data.truth"], number.is_finite(), "not a number", how)
    if own.onset is not None:
        positive = (found["label"] == 1).fill_null(False)
        fine = (number >= 1) & (number == number.floor())
        onset, wrong = raw["data.onset"], "not a step of a positive unit"
        _read_numbers(own, onset.filter(positive), fine, wrong, "whole numbers from 1", required=True)
        steps = onset.cast(pl.Float64, strict=False)
        found["onset"] = pl.select(pl.when(positive).then(steps)).to_series().cast(pl.Int32)
    return found


def _read_numbers(
    own: OwnData, values: pl.Series, right: pl.Expr, wrong: str, how: str, required: bool = False
) -> pl.Series:
    """Return values as Float64; refuse those for which ``right``, of ``number``, is not true, and nulls if required."""
    numbers = values.cast(pl.Float64, strict=False).alias("number")
    odd = values.filter(
        (values.is_not_null() | required) & ~numbers.to_frame().select(right).to_series().fill_null(False)
    )
    if len(odd):
        raise UsageError(
            f"{values.name} of data={own.name} is {wrong} in {len(odd):,} of {len(values):,} rows "
            f"(first: {'nothing' if odd[0] is None else odd[0]}): map it to {how}."
        )
    return numbers


def label_notes(own: OwnData, truth_field: str, frame: pl.LazyFrame, raw: pl.DataFrame) -> list[str]:
    """Return a note that counts unknown labels, and a note for each expression that labels rows with empty columns.

    ``truth_field``: the field with the truth for the task's kind; ``frame``: the units' rows; ``raw``: a column per
    mapped field, named by its place in the config, such as ``data.label``.
    """
    places = (*TRUTH, truth_field)
    fields = {field: text for field, text in own.of_units().items() if field.split(".")[1] in places}
    empty = [f"{field} for {count:,}" for field in fields if (count := raw[field].null_count())]
    notes = []
    if empty:
        notes.append(
            f"labels of data={own.name} are unknown ({join_names(empty)} of {raw.height:,} units): "
            "they are neither given to fit nor scored."
        )
    has = frame.collect_schema().names()
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


# Classes


def with_mapped_kind(task: Task, own: OwnData) -> Task:
    """Return the task as these data have it: of classes where they map ``true_class``.

    Raises UsageError where it takes two classes only.
    """
    if own.true_class is None or task.classes is None:
        return task
    return replace(task, kind=CLASSES, check=task.classes.check)


def class_names(values: pl.Series) -> pl.Series:
    """Return classes as text, whole numbers without a fraction, so that 3, 3.0 and "3" are one class."""
    return values.cast(pl.String).str.strip_chars().str.replace(r"^(-?\d+)\.0+$", "$1").alias(values.name)


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

    Classes are those of the truth and those that are named elsewhere, in alphabetical order. ``notes`` gets a sentence
    for classes that only one of the two has, which may be misspelt. Raises UsageError unless there are 2 to 200.
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


# Groups and notes on scores


def lawful_groups(own: OwnData, rows: pl.DataFrame) -> tuple[str, ...]:
    """Return the groups that harm is reported for: those of the tested units that are not positive, by name.

    ``rows``: the predicted units, ``[part, ...]`` with ``group`` and ``label`` as far as they are mapped. Raises
    UsageError for a group of the name that results have for all groups together.
    """
    if "group" not in rows.columns or "label" not in rows.columns:
        return ()
    groups = rows.filter(part="test", label=0)["group"].drop_nulls().unique().sort().to_list()
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
    tested, notes = rows.filter((pl.col("part") == "test") & pl.col("label").is_not_null()), []
    if tested.height and (task.prevalence is not None or own.prevalence is not None):
        share = f"{100 * tested['label'].cast(pl.Float64).sum() / tested.height:.3g}%"
        notes.append(
            f"{task.primary} and the other main metrics are at {100 * own.prevalence:.3g}% positives, as "
            f"data.prevalence says; the data have {share}."
            if own.prevalence is not None
            else f"{task.primary} and the other main metrics are at the data's own share of positives, {share} "
            f"(releases of {task.name} are scored at {100 * (task.prevalence or 0):g}%; data.prevalence sets a share)."
        )
    folds = tested.group_by("fold").agg(pl.col("label").n_unique().alias("classes"))
    lacking = folds.filter(pl.col("classes") < 2).height
    if folds.height >= 2 and lacking and task.kind.at_prevalence:
        notes.append(
            f"{lacking:,} of {folds.height:,} folds of data={own.name} test units of one class only, and are in no "
            "metric that ranks units: units are ranked within their own fold."
        )
    if "group" in rows.columns:
        lawful = tested.filter(label=0)
        none, theirs = lawful["group"].null_count(), int((lawful["group"] == TRAFFICKING).sum())
        parts = [f"empty for {none:,}"] if none else []
        parts += [f"{TRAFFICKING} for {theirs:,}"] if theirs else []
        if parts:
            notes.append(
                f"data.group of data={own.name} is {' and '.join(parts)} of {lawful.height:,} test units "
                "that are not positive: they are in no group and in no harm figure."
            )
    return notes
