"""Who is affected by a score: the lawful who may be accused, and those exploited who may be missed.

The harm columns of answers for units that belong to operations, whatever the units are.
"""

from __future__ import annotations

import polars as pl
from tipdata.stages.operations.shares import USUAL

from tipbench.task import Source

POSITIVE_KIND = "trafficking"


def trafficking_operations(source: Source) -> pl.Series:
    """Return ids of the operations whose units are positive."""
    operations = source.scan("operations", truth=True).filter(pl.col("kind") == POSITIVE_KIND)
    return operations.select("operation").collect()["operation"]


def operation_weights(source: Source) -> pl.LazyFrame | None:
    """Return ``[cluster, stands_for]``, of how many operations of the world each operation tells; None where data have
    no such weights."""
    operations = source.scan("operations", truth=True)
    if "weight" not in operations.collect_schema().names():
        return None
    return operations.select(cluster="operation", stands_for=pl.col("weight") / USUAL)


def with_operation_weight(rows: pl.DataFrame, name: str, source: Source) -> pl.DataFrame:
    """Return units ``[cluster, ...]`` with a column of how many operations of the world their own tells, where data
    say so."""
    if (standing := operation_weights(source)) is None:
        return rows
    found = rows.join(standing.collect(), on="cluster", how="left", maintain_order="left")
    return found.with_columns(pl.col("stands_for").fill_null(1.0)).rename({"stands_for": name})


def with_operation(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Return units ``[cluster, weight, ...]`` with ``group, form, language, oracle_log_odds, sex`` of their operation.

    ``weight`` is multiplied by how many operations it stands for, where a size draws kinds and forms at other shares
    than the world, so that headline metrics are those of the world.
    ``form``, ``sex`` (of most people exploited) and ``language`` are null where it exploits nobody; all are
    for units without an operation.
    """
    exploits = pl.col("kind") == POSITIVE_KIND
    operations = source.scan("operations", truth=True)
    operations = operations.select(
        "operation",
        "kind",
        form=pl.when(exploits).then("form"),
        language=pl.when(exploits).then("language"),
        oracle_log_odds="log_odds",
    )
    operations = operations.join(_majority_sex(source), on="operation", how="left").rename(
        {"operation": "cluster", "kind": "group"}
    )
    found = rows.join(operations, on="cluster", how="left", maintain_order="left")
    if (standing := operation_weights(source)) is None:
        return found
    weight = pl.col("weight") * pl.col("stands_for").fill_null(1.0)
    return (
        found.join(standing, on="cluster", how="left", maintain_order="left")
        .with_columns(weight)
        .drop("stands_for")
    )


def with_migrant(rows: pl.LazyFrame, written: str, source: Source) -> pl.LazyFrame:
    """Return units ``[region, ...]`` with ``migrant``: whether the column ``written`` holds another language than most
    of the region's adverts, spam left out."""
    return (
        rows.join(_majority_language(source), on="region", how="left", maintain_order="left")
        .with_columns(migrant=pl.col(written) != pl.col("majority"))
        .drop("majority")
    )


def _majority_sex(source: Source) -> pl.LazyFrame:
    exploited = source.scan("people", truth=True).filter(pl.col("role") == "exploited")
    counted = exploited.group_by("operation", "sex").len()
    ranked = counted.sort(["operation", "len", "sex"], descending=[False, True, False])
    return ranked.group_by("operation", maintain_order=True).first().select("operation", "sex")


def _majority_language(source: Source) -> pl.LazyFrame:
    spam = source.scan("operations", truth=True).filter(pl.col("kind") == "spam").select("operation")
    lawful_and_not = source.scan("adverts", truth=True).select("region", "language", "operation")
    counted = lawful_and_not.join(spam, on="operation", how="anti").group_by("region", "language").len()
    ranked = counted.sort(["region", "len", "language"], descending=[False, True, False])
    return ranked.group_by("region", maintain_order=True).first().select("region", majority="language")


def owned_firms(source: Source) -> pl.LazyFrame:
    """Return all firms in their order; ``operation`` is the one through which a firm exploits, else the agency that it
    takes most of its people from, else null."""
    agencies = source.scan("agencies", truth=True).select(main_agency="agency", agent="operation")
    firms = source.scan("firms", truth=True)
    joined = firms.join(agencies, on="main_agency", how="left", maintain_order="left")
    return joined.with_columns(operation=pl.coalesce("operation", "agent")).drop("agent")
