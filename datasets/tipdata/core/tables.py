"""What a table is: its columns, their types, units and access tiers. Stages declare their tables with it."""

from dataclasses import dataclass
from functools import cache

import polars as pl

TIERS = ("public", "platform", "legal", "truth")
"""Access tiers, ascending. A method run at one tier sees the columns of that tier and of those before it."""

LABEL = "label"
"""The tier of annotations: read as supervision, never among a fold's tables."""


@dataclass(frozen=True)
class Column:
    """One column: polars dtype, access tier, unit ('' where it has none) and what it says."""

    name: str
    dtype: pl.DataType
    tier: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """One table of the world. ``key`` is the primary key, by which the rows of a region are sorted.

    ``private_rows``: a column, some of its values, and the tier that rows with one of them are of, where it is
    higher than that of their columns; a column without a name where all rows are alike.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    note: str = ""
    private_rows: tuple[str, tuple[str, ...], str] = ("", (), "")

    def names(self, *tiers: str) -> tuple[str, ...]:
        """Column names of the given tiers (all where none is given), in the table's order."""
        return tuple(c.name for c in self.columns if not tiers or c.tier in tiers)

    @property
    def observed(self) -> tuple[str, ...]:
        """Columns of the observed file: all but hidden truth. Empty for a table that is all truth."""
        return tuple(c.name for c in self.columns if c.tier != "truth")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Columns of the truth file: the primary key and the hidden columns. Empty where nothing is hidden."""
        if not self.names("truth"):
            return ()
        return tuple(c.name for c in self.columns if c.tier == "truth" or c.name in self.key)

    @property
    def hidden_only(self) -> bool:
        """Whether every column is hidden truth."""
        return all(c.tier == "truth" for c in self.columns)

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {c.name: c.dtype for c in self.columns}


@cache
def all_tables() -> dict[str, Table]:
    """Every table by name, in the order of the stages."""
    from tipdata.stages import stages

    found: dict[str, Table] = {}
    for stage in stages():
        for table in stage.tables:
            if table.name in found:
                raise ValueError(f"two stages declare a table named {table.name}")
            found[table.name] = table
    return found


def tables_of(version: str) -> dict[str, Table]:
    """The tables that a released version of the data has, by name, in the order of the stages."""
    from tipdata.stages import stages_of

    return {table.name: table for stage in stages_of(version) for table in stage.tables}


def __getattr__(name: str) -> dict[str, Table]:
    if name == "TABLES":
        return all_tables()
    raise AttributeError(name)
