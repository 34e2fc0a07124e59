"""What a user's own data says of the truth, by what is predicted: what fit is given, and what is scored against."""

from __future__ import annotations

import polars as pl
from tipdata.core.errors import UsageError

from tipbench.data.custom.columns import binary
from tipbench.data.custom.config import OwnData
from tipbench.task import Task

LABEL_OF = "label_"
"""Beginning of the columns of label sets."""

URGENCY = "urgency"
LEVELS = (0.0, 1.0, 2.0)


def check_truth(task: Task, own: OwnData) -> None:
    """Refuse truth in a form that the task has no use for. Raises UsageError."""
    if own.labels and task.kind != "labelsets":
        raise UsageError(f"data.labels of data={own.name} is for label sets: map data.label for {task.name}.")
    if own.label is not None and task.kind == "labelsets":
        raise UsageError(
            f"{task.name} asks for any number of labels: map data.labels.NAME of data={own.name} in place of "
            "data.label."
        )
    if not own.labels and task.kind == "labelsets":
        raise UsageError(
            f"data={own.name} names no label, and {task.name} asks for a score of each: map data.labels.NAME, to "
            "NULL where it is not known."
        )
    if own.truth is not None and task.kind != "estimates":
        raise UsageError(f"data.truth of data={own.name} is for estimates: leave it out for {task.name}.")
    if own.label is not None and task.kind == "estimates":
        raise UsageError(f"data.label of data={own.name} is no number: map data.truth for {task.name}.")
    if own.onset is not None and task.kind != "alarms":
        raise UsageError(f"data.onset of data={own.name} is for alarms: leave it out for {task.name}.")
    if own.onset is None and own.label is not None and task.kind == "alarms":
        raise UsageError(
            f"data={own.name} says which units are positive, and not from which step on: map data.onset."
        )


def truth(own: OwnData, raw: pl.DataFrame) -> dict[str, pl.Series]:
    """What is mapped of the truth: ``label``, or ``label_<name>`` a name (Int8 0, 1 or null) and ``urgency`` (Int8).

    Beside ``label`` may be ``onset`` (Int32). Estimates have ``truth`` (Float64).

    Args:
        raw: the mapped fields of the units by their place in the config.

    Raises:
        UsageError: for labels other than 0 and 1, levels other than 0 to 2, and steps that are no whole
        numbers from 1.
    """
    found = {}
    if own.label is not None:
        found["label"] = binary(own, "data.label", raw["data.label"])
    for name in own.labels:
        found[LABEL_OF + name] = binary(own, f"data.labels.{name}", raw[f"data.labels.{name}"])
    if own.urgency is not None:
        found[URGENCY] = _levels(own, raw["data.urgency"])
    if own.truth is not None:
        found["truth"] = _numbers(own, raw["data.truth"])
    if own.onset is not None:
        found["onset"] = _steps(own, raw["data.onset"], found["label"])
    return found


def _levels(own: OwnData, urgency: pl.Series) -> pl.Series:
    level = urgency.cast(pl.Float64, strict=False)
    wrong = urgency.filter(urgency.is_not_null() & ~level.is_in(LEVELS).fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.urgency of data={own.name} is none of 0, 1 and 2 in {len(wrong):,} of {len(urgency):,} rows "
            f"(first: {wrong[0]}): map it to these levels."
        )
    return level.cast(pl.Int8)


def _numbers(own: OwnData, truth: pl.Series) -> pl.Series:
    numbers = truth.cast(pl.Float64, strict=False)
    wrong = truth.filter(truth.is_not_null() & ~numbers.is_finite().fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.truth of data={own.name} is no number in {len(wrong):,} of {len(truth):,} rows "
            f"(first: {wrong[0]}): map it to numbers, and to NULL where it is not known."
        )
    return numbers


def _steps(own: OwnData, onset: pl.Series, label: pl.Series) -> pl.Series:
    """Steps of the positive units; whatever is given for others is null."""
    steps = onset.cast(pl.Float64, strict=False)
    positive = (label == 1).fill_null(False)
    fine = (steps >= 1) & (steps == steps.floor())
    wrong = onset.filter(positive & ~fine.fill_null(False))
    if len(wrong):
        raise UsageError(
            f"data.onset of data={own.name} is no step for {len(wrong):,} positive units (first: {wrong[0]}): "
            "map a whole number from 1."
        )
    return pl.select(pl.when(positive).then(steps)).to_series().cast(pl.Int32)


def has_truth(task: Task, own: OwnData) -> bool:
    """Whether there is anything to score against."""
    if task.answered in ("labelsets", "forecasts"):
        return True
    if task.kind == "estimates":
        return own.truth is not None
    return (own.label if task.kind in ("scores", "alarms") else own.cluster) is not None


def learnt(task: Task, units: pl.DataFrame) -> pl.DataFrame:
    """``[unit, part, label columns]`` of the units of train and valid whose truth is known, as fit is given it.

    Args:
        units: ``[unit, part, cluster, ...]`` with the truth of :func:`truth`.
    """
    able = units.filter(pl.col("part") != "test")
    if task.answered in ("clusters", "candidates"):
        return able.select(task.unit, "part", pl.col("cluster").alias("label")).drop_nulls("label")
    if task.kind == "estimates":
        truth = pl.col("truth") if "truth" in units.columns else pl.lit(None, dtype=pl.Float64)
        return able.select(task.unit, "part", truth.alias("label")).drop_nulls("label")
    known = _label_columns(task, units)
    if not known:
        return able.select(task.unit, "part", pl.lit(None, dtype=pl.Int8).alias("label")).clear()
    given = able.select(task.unit, "part", *known)
    return given.filter(pl.any_horizontal(pl.col(c).is_not_null() for c in known if c != "onset"))


def scored(task: Task, rows: pl.DataFrame) -> pl.DataFrame:
    """The frame of :class:`tipbench.kinds.answers.Answers` over these units; every unit weighs one."""
    weight = pl.lit(1.0).alias("weight")
    if task.kind in ("clusters", "candidates"):
        return rows.select(task.unit, *(["cluster"] if task.kind == "candidates" else ["cluster", weight]))
    if task.kind == "estimates":
        truth = pl.col("truth") if "truth" in rows.columns else pl.lit(None, dtype=pl.Float64)
        return rows.select(task.unit, truth.alias("truth"), "cluster", weight, quantity=pl.lit(task.quantity))
    known = _label_columns(task, rows)
    unknown = [c for c in _wanted(task) if c not in known]
    nulls = [pl.lit(None, dtype=pl.Int8 if c == "label" else pl.Int32).alias(c) for c in unknown]
    extra = [name for name in ("group", "fold") if name in rows.columns]
    part = pl.col("part").cast(pl.String)
    return rows.select(task.unit, part, *known, *nulls, "cluster", weight, *extra)


def _wanted(task: Task) -> tuple[str, ...]:
    return {"scores": ("label",), "forecasts": ("label",), "alarms": ("label", "onset")}.get(
        task.answered, ()
    )


def _label_columns(task: Task, units: pl.DataFrame) -> list[str]:
    """The columns of the truth that these units have, in the order of what the task's kind wants."""
    if task.kind == "labelsets":
        return [name for name in units.columns if name.startswith(LABEL_OF) or name == URGENCY]
    return [name for name in _wanted(task) if name in units.columns]
