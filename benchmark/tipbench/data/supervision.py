"""Labels that a method learns from: the truth, or one of the imperfect labels that the field has instead.

Each function takes the units of all parts (``[unit, region, cluster, day, part, cut, ...]``) and returns
``[unit, label]`` for units of train and valid. The test part is always scored on the truth.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from tipcore.units import shared_value_components

from tipbench.task import Source, Supervise

POSITIVE_FROM = 4
"""Mean expert score, of 0 to 6, from which a unit counts as positive."""

Positive = Callable[[Source], pl.Series]
"""The clusters (int64) whose units are positive."""


def learnable_units(rows: pl.DataFrame) -> pl.DataFrame:
    """Return units that may have a label: those of train and valid."""
    return rows.filter(pl.col("part") != "test")


def none(supervise: Supervise) -> Supervise:
    """Return a supervision with the columns of another one and no rows."""
    return lambda rows, source: supervise(rows, source).clear()


def truth(unit: str, positive: Positive) -> Supervise:
    """Return 1 for units of a positive cluster, else 0."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        return learnable_units(rows).select(unit, label=is_in_any(positive(source)))

    return supervise


def delayed(unit: str, positive: Positive) -> Supervise:
    """Return positive-unlabelled truth: 1 only where the operation was investigated before testing begins, else 0."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        in_time = pl.col("in_time").cast(pl.Int8)
        return with_investigated(rows, source).select(unit, label=is_in_any(positive(source)) * in_time)

    return supervise


def with_investigated(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return units of train and valid with ``in_time``: is their operation investigated before testing begins?"""
    days = (
        source.scan("operations", truth=True).select(cluster="operation", known="investigated_day").collect()
    )
    known = learnable_units(rows).join(days, on="cluster", how="left", maintain_order="left")
    return known.with_columns(in_time=(pl.col("known") < pl.col("cut")).fill_null(False)).drop("known")


def is_in_any(clusters: pl.Series) -> pl.Expr:
    """Return Int8 1 for units of these clusters, 0 for others."""
    return pl.col("cluster").is_in(clusters.implode()).cast(pl.Int8)


def expert(unit: str) -> Supervise:
    """Return labels of two noisy raters: 1 where their mean score is 4 or more, none without a rating."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        rated = _mean_scores(learnable_units(rows), source, unit).drop_nulls("score")
        return rated.select(unit, label=(pl.col("score") >= POSITIVE_FROM).cast(pl.Int8))

    return supervise


def _mean_scores(rows: pl.DataFrame, source: Source, unit: str) -> pl.DataFrame:
    """Return the units with ``score``, the mean of their raters' scores (null without a rating)."""
    scores = (
        source.scan("annotations")
        .join(rows.lazy().select(unit), on=unit, how="semi")
        .group_by(unit)
        .agg(score=pl.col("score").cast(pl.Int32).sum() / pl.len())
        .collect()
    )
    return rows.join(scores, on=unit, how="left", maintain_order="left")


def weak(unit: str) -> Supervise:
    """Return 1 for units that were flagged before testing begins, else 0."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        first = source.scan("flags").group_by(unit).agg(flagged=pl.col("day").min()).collect()
        seen = learnable_units(rows).join(first, on=unit, how="left", maintain_order="left")
        return seen.select(unit, label=(pl.col("flagged") < pl.col("cut")).fill_null(False).cast(pl.Int8))

    return supervise


def same_phone(unit: str, table: str) -> Supervise:
    """Return the component of shared contacts as the cluster, which the literature takes for the operator."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        return learnable_units(phone_components(rows, source, unit, table)).select(unit, label="component")

    return supervise


def same_phone_rated(unit: str, table: str) -> Supervise:
    """Return expert scores spread along phone numbers: 1 where the rated units of a component and part average 4."""

    def supervise(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
        rated = _mean_scores(learnable_units(phone_components(rows, source, unit, table)), source, unit)
        mean = pl.col("score").mean().over("component", "part")
        return rated.select(unit, label=(mean >= POSITIVE_FROM).cast(pl.Int8)).drop_nulls()

    return supervise


def phone_components(rows: pl.DataFrame, source: Source, unit: str, table: str) -> pl.DataFrame:
    """Return the units with ``component`` (Int64): units joined by a chain of shared contacts have the same one."""
    contacts = source.scan(table).select(unit, "contacts").join(rows.lazy().select(unit), on=unit, how="semi")
    components = shared_value_components(contacts.collect(), unit, "contacts")
    return rows.join(components, on=unit, how="left", maintain_order="left")
