"""Truth about operations for harm metrics: the group, form and people of a unit's operation, and who owns firms."""

from __future__ import annotations

import polars as pl
from tipdata.stages.operations.habits import USUAL

from tipbench.task import Source

POSITIVE_KIND = "trafficking"


def trafficking_operations(source: Source) -> pl.Series:
    """Return the ids of the operations whose units are positive."""
    operations = source.scan("operations", truth=True).filter(pl.col("kind") == POSITIVE_KIND)
    return operations.select("operation").collect()["operation"]


def operation_weights(source: Source) -> pl.LazyFrame | None:
    """Return ``[cluster, stands_for]``, how many operations of the world each operation stands for; None where the data
    have no such weights."""
    operations = source.scan("operations", truth=True)
    if "weight" not in operations.collect_schema().names():
        return None
    return operations.select(cluster="operation", stands_for=pl.col("weight") / USUAL)


def with_operation_weight(rows: pl.DataFrame, name: str, source: Source) -> pl.DataFrame:
    """Return units ``[cluster, ...]`` with a column ``name``: how many operations of the world their operation stands
    for. Without such weights the units stay as they are."""
    if (weights := operation_weights(source)) is None:
        return rows
    found = rows.join(weights.collect(), on="cluster", how="left", maintain_order="left")
    return found.with_columns(pl.col("stands_for").fill_null(1.0)).rename({"stands_for": name})


def with_operation(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Return units ``[cluster, weight, ...]`` with ``group, form, language, oracle_log_odds, sex`` of their operation.

    ``weight`` is multiplied by the number of operations that it stands for, so that headline metrics are those of the
    world also at a size that draws kinds and forms at other shares. ``form``, ``sex`` (of most people exploited) and
    ``language`` are null where the operation exploits nobody; all are null for units without an operation.
    """
    exploits = pl.col("kind") == POSITIVE_KIND
    operations = source.scan("operations", truth=True).select(
        cluster="operation",
        group="kind",
        form=pl.when(exploits).then("form"),
        language=pl.when(exploits).then("language"),
        oracle_log_odds="log_odds",
    )
    operations = operations.join(_majority_sex(source), on="cluster", how="left")
    found = rows.join(operations, on="cluster", how="left", maintain_order="left")
    if (weights := operation_weights(source)) is None:
        return found
    found = found.join(weights, on="cluster", how="left", maintain_order="left")
    return found.with_columns(pl.col("weight") * pl.col("stands_for").fill_null(1.0)).drop("stands_for")


def with_migrant(rows: pl.LazyFrame, written: str, source: Source) -> pl.LazyFrame:
    """Return units ``[region, ...]`` with ``migrant``: whether the column ``written`` holds another language than most
    of the region's adverts, spam left out."""
    found = rows.join(_majority_language(source), on="region", how="left", maintain_order="left")
    return found.with_columns(migrant=pl.col(written) != pl.col("majority")).drop("majority")


def with_terse(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Return units ``[cluster, ...]`` with ``terse``: whether their operation says little in its adverts."""
    writers = source.scan("operations", truth=True).select("terse", cluster="operation")
    return rows.join(writers, on="cluster", how="left", maintain_order="left")


def owned_firms(source: Source) -> pl.LazyFrame:
    """Return all firms in their order. ``operation`` is the one that exploits through the firm, else the agency from
    which it takes most of its people, else null."""
    agencies = source.scan("agencies", truth=True).select(main_agency="agency", agent="operation")
    firms = source.scan("firms", truth=True)
    joined = firms.join(agencies, on="main_agency", how="left", maintain_order="left")
    return joined.with_columns(operation=pl.coalesce("operation", "agent")).drop("agent")


def _majority_sex(source: Source) -> pl.LazyFrame:
    exploited = source.scan("people", truth=True).filter(pl.col("role") == "exploited")
    return _most_common(exploited.select("sex", cluster="operation"), "cluster", "sex")


def _majority_language(source: Source) -> pl.LazyFrame:
    spam = source.scan("operations", truth=True).filter(pl.col("kind") == "spam").select("operation")
    adverts = source.scan("adverts", truth=True).select("region", "language", "operation")
    written = adverts.join(spam, on="operation", how="anti").select("region", majority="language")
    return _most_common(written, "region", "majority")


def _most_common(rows: pl.LazyFrame, key: str, column: str) -> pl.LazyFrame:
    """Return the most common value of a column by key, ``[key, column]``; of equally common ones the first."""
    ranked = rows.group_by(key, column).len().sort([key, "len", column], descending=[False, True, False])
    return ranked.group_by(key, maintain_order=True).first().select(key, column)
