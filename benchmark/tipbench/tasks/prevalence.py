"""How many people are hidden, from lists that overlap?"""

from __future__ import annotations

from itertools import combinations

import polars as pl
from tipdata.stages.captures import LISTS

from tipbench.data import supervision
from tipbench.data.custom.checks import check_lists
from tipbench.kinds.estimates import ESTIMATES
from tipbench.task import NO_LABELS, Source, Task

UNIT = "region"
TABLE = "populations"
STRATA = ("form", "sex")
SPARSE, OVERLAPPING = "sparse", "overlapping"
"""Groups of regions: at least half of the pairs of lists share nobody, or fewer do."""


def units(source: Source) -> pl.LazyFrame:
    """Return all regions; each is its own cluster, and its lists are of the whole window."""
    return source.scan(TABLE).select(
        UNIT, pl.col(UNIT).cast(pl.Int64).alias("cluster"), pl.lit(0, dtype=pl.Int32).alias("day")
    )


def count_hidden(source: Source) -> pl.LazyFrame:
    """Return ``[region, truth Float64]``: every adult exploited, seen or not."""
    return source.scan(TABLE, truth=True).select(UNIT, pl.col("hidden").cast(pl.Float64).alias("truth"))


def label_hidden(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the truth about regions of train and valid, as if they had been counted one by one."""
    return (
        supervision.learnable_units(rows)
        .select(UNIT)
        .join(count_hidden(source).rename({"truth": "label"}).collect(), on=UNIT, maintain_order="left")
    )


def answers(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Return the truth about regions, the reference's estimate, and as ``group`` whether their lists overlap."""
    reference = source.scan(TABLE, truth=True).select(
        UNIT, oracle_estimate=pl.col("inverse_chance").cast(pl.Float64) / 1000
    )
    asked = rows.lazy().select(UNIT, "cluster", quantity=pl.lit("count"), weight=pl.lit(1.0))
    for found in (count_hidden(source), reference, find_sparsity(source)):
        asked = asked.join(found, on=UNIT, how="left", maintain_order="left")
    return asked.collect()


def find_sparsity(source: Source) -> pl.LazyFrame:
    """Return ``[region, group]``, by how many pairs of a region's lists share nobody."""
    pairs = [(pl.col(a) & pl.col(b)).any().alias(f"{a} {b}") for a, b in combinations(LISTS, 2)]
    shared = source.scan("case_lists").group_by(UNIT).agg(pairs)
    met = pl.sum_horizontal(pl.exclude(UNIT))
    return shared.select(
        UNIT, group=pl.when(2 * met <= len(pairs)).then(pl.lit(SPARSE)).otherwise(pl.lit(OVERLAPPING))
    )


TASK = Task(
    name="prevalence",
    title="Number of people exploited",
    question="How many people are hidden, from lists that overlap?",
    unit=UNIT,
    table=TABLE,
    kind=ESTIMATES,
    tables={
        "populations": ("region", "observed", "lists"),
        "case_lists": ("region", *STRATA, *LISTS, "count"),
    },
    splits=("all", "region"),
    own_splits=("all",),
    tier="public",
    clusters="region",
    groups=(SPARSE, OVERLAPPING),
    primary="median_abs_log_error",
    metrics=(
        "median_abs_log_error",
        "coverage",
        "interval_score",
        "failures",
        "failed_intervals",
        "median_ratio",
    ),
    references=(
        "Bales, Hesketh and Silverman (2015)",
        "Silverman (2020)",
        "Chan, Silverman and Vincent (2021)",
    ),
    signal_columns=frozenset({"populations.observed", "case_lists.count"}),
    leak_limits={"region_rank_correlation": 0.3, "constant_multiple_error": 0.15},
    units=units,
    supervise={NO_LABELS: supervision.none(label_hidden), "truth": label_hidden},
    answers=answers,
    check=check_lists,
    quantity="count",
)
