"""Read what a user's own data map of the truth, and refuse what is not such a thing."""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.classes import TRUE_CLASS, class_names
from tipbench.data.custom.columns import listed, roots
from tipbench.data.custom.config import OwnData
from tipbench.data.custom.values import binary
from tipbench.kinds.answers import LABEL_PREFIX
from tipbench.kinds.labelsets import URGENCY

LEVELS = (0.0, 1.0, 2.0)
TRUTH = ("label", "labels", "true_class", "urgency", "truth")
"""Fields of the config that are empty where the truth is not known."""


def truth(own: OwnData, raw: pl.DataFrame) -> dict[str, pl.Series]:
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
        found["label"] = binary(own, "data.label", raw["data.label"])
    for name in own.labels:
        found[LABEL_PREFIX + name] = binary(own, f"data.labels.{name}", raw[f"data.labels.{name}"])
    if own.true_class is not None:
        found[TRUE_CLASS] = class_names(raw["data.true_class"])
    if own.urgency is not None:
        found[URGENCY] = _levels(own, raw["data.urgency"])
    if own.truth is not None:
        found["truth"] = _numbers(own, raw["data.truth"])
    if own.onset is not None:
        found["onset"] = _steps(own, raw["data.onset"], found["label"])
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
        f"labels of data={own.name} are unknown ({listed(empty)} of {raw.height:,} units): they are neither given to "
        "fit nor scored."
    ]
    notes, has = notes if empty else [], frame.collect_schema().names()
    for field, text in fields.items():
        if text in has or not (read := roots(text, has)):
            continue
        filled = pl.all_horizontal(pl.col(read).is_null()) & pl.sql_expr(text).is_not_null()
        if count := frame.select(filled.sum()).collect().item():
            notes.append(
                f"{field} of data={own.name} labels {count:,} rows where {listed(read)} is empty; if the label is not "
                "known there, write a WHEN for every known value and no ELSE."
            )
    return notes


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
            f"data.truth of data={own.name} is not a number in {len(wrong):,} of {len(truth):,} rows "
            f"(first: {wrong[0]}): map it to numbers, and to NULL where it is not known."
        )
    return numbers


def _steps(own: OwnData, onset: pl.Series, label: pl.Series) -> pl.Series:
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
