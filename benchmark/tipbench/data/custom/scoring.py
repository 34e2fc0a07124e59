"""How a user's own data are scored: their own groups and share of positives, and what is said of both."""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import listed
from tipbench.data.custom.config import OwnData
from tipbench.task import Task

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
    groups = _negative(rows)["group"].drop_nulls().unique().sort().to_list()
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
    notes = [*_prevalence(task, own, tested), *_one_class(task, own, tested)]
    if "group" in rows.columns:
        notes += _ungrouped(own, rows)
    return notes


def _negative(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter((pl.col("part") == "test") & (pl.col("label") == 0))


def _prevalence(task: Task, own: OwnData, tested: pl.DataFrame) -> list[str]:
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


def _one_class(task: Task, own: OwnData, tested: pl.DataFrame) -> list[str]:
    """Return folds in which nothing can be ranked above anything else."""
    folds = tested.group_by("fold").agg(pl.col("label").n_unique().alias("classes"))
    lacking = folds.filter(pl.col("classes") < 2).height
    if folds.height < 2 or not lacking or not task.kind.at_prevalence:
        return []
    return [
        f"{lacking:,} of {folds.height:,} folds of data={own.name} test units of one class only, and are in no metric "
        "that ranks units: units are ranked within their own fold."
    ]


def _ungrouped(own: OwnData, rows: pl.DataFrame) -> list[str]:
    lawful = _negative(rows)
    none, theirs = lawful["group"].null_count(), int((lawful["group"] == TRAFFICKING).sum())
    parts = [f"empty for {none:,}"] if none else []
    parts += [f"{TRAFFICKING} for {theirs:,}"] if theirs else []
    if not parts:
        return []
    return [
        f"data.group of data={own.name} is {listed(parts).replace(', ', ' and ')} of {lawful.height:,} test units that "
        "are not positive: they are in no group and in no harm figure."
    ]
