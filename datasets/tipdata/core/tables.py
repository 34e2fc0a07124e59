"""What a table is: its columns, their types, units and access tiers. Stages declare their tables with it."""

from dataclasses import dataclass

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
