"""The tables of case linkage by region, columns that are not shown filled with nulls: what its methods read.

A *case* is the adverts that one takes to be of the seed's operator: those that a chain of shared contacts joins to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from tipcore.units import shared_value_components

from tipbaselines.frames import MINUTES_A_DAY

if TYPE_CHECKING:
    from tipbench.data.fold import Fold

NUMBER, WORD = pl.Int64(), pl.String()
COLUMNS: dict[str, dict[str, pl.DataType]] = {
    table: {**dict.fromkeys(numbers.split(), NUMBER), **dict.fromkeys(words.split(), WORD)}
    for table, numbers, words in (
        ("adverts", "town minute account", "platform language category"),
        ("accounts", "account created_day device_cluster", "platform language"),
        ("ties", "source target", ""),
        ("wallets", "wallet town opened_day", ""),
        ("payments", "payer payee minute town", "purpose"),
        ("circuits", "circuit", ""),
        ("stops", "circuit sequence day town wallet", ""),
        ("firms", "firm town agency", "language workers_language sector"),
        ("agencies", "agency", "language"),
    )
}
"""Table -> the columns that are read, and their types."""
TRUE_CASE = "operation"
"""The column of adverts that only a reference is shown."""


@dataclass(frozen=True)
class Region:
    """One region: its tables, each with all of :data:`COLUMNS`; ``seeds``: positions of its seeds among its adverts;
    ``views``: the task's, by the key of their rows.

    Adverts have ``day``, and ``case``: equal for adverts of one case.
    """

    unit: str
    tables: dict[str, pl.DataFrame]
    seeds: np.ndarray
    views: Mapping[str, str]

    @property
    def keys(self) -> pl.Series:
        """The seeds."""
        return self.tables["adverts"][self.unit].gather(self.seeds)

    def __getitem__(self, table: str) -> pl.DataFrame:
        return self.tables[table]


def regions(fold: "Fold", seeds: pl.Series, true_cases: bool = False) -> Iterator[Region]:
    """Yield every region with a seed, in order.

    Args:
        seeds: keys of adverts.
        true_cases: whether a case is what the hidden truth says, which a reference alone is shown.
    """
    tables = {table: _read(fold, table) for table in COLUMNS}
    adverts = tables["adverts"].with_columns(
        pl.col("region").fill_null(0), day=(pl.col("minute") // MINUTES_A_DAY).fill_null(0)
    )
    tables["adverts"] = _with_cases(adverts, fold.task.unit, true_cases).sort("region", fold.task.unit)
    wanted = tables["adverts"].filter(pl.col(fold.task.unit).is_in(seeds.implode()))["region"].unique().sort()
    parts = {table: frame.partition_by("region", as_dict=True) for table, frame in tables.items()}
    for region in wanted:
        here = {table: parts[table].get((region,), frame.clear()) for table, frame in tables.items()}
        asked = here["adverts"][fold.task.unit].is_in(seeds.implode())
        yield Region(fold.task.unit, here, np.flatnonzero(asked.to_numpy()), fold.task.views)


def _read(fold: "Fold", table: str) -> pl.DataFrame:
    """Return the columns of a table that are read; nulls where they are not shown, no rows where it is not."""
    columns = {"region": NUMBER, **COLUMNS[table]}
    if table == "adverts":
        columns |= {fold.task.unit: NUMBER, "contacts": pl.List(NUMBER), TRUE_CASE: NUMBER}
    if table not in fold.tables:
        return pl.DataFrame(schema=columns)
    has = fold.tables[table].collect_schema()
    shown = [
        pl.col(name).cast(dtype) if name in has else pl.lit(None, dtype).alias(name)
        for name, dtype in columns.items()
    ]
    frame = fold.tables[table].select(shown).collect()
    key = next(iter(COLUMNS[table]))
    return frame.with_columns(pl.col("region").fill_null(0)).sort("region", key, maintain_order=True)


def _with_cases(adverts: pl.DataFrame, unit: str, true_cases: bool) -> pl.DataFrame:
    if true_cases:
        return adverts.with_columns(case=pl.coalesce(TRUE_CASE, unit)).drop(TRUE_CASE)
    joined = shared_value_components(adverts, unit, "contacts").rename({"component": "case"})
    return (
        adverts.drop(TRUE_CASE)
        .join(joined, on=unit, how="left")
        .with_columns(pl.col("case").fill_null(pl.col(unit)))
    )
