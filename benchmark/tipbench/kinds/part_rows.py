"""Give the rows of a table that count, one column at a time, so that no copy of all columns is ever held."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class PartRows:
    """Some rows of a frame. ``chosen`` Boolean [frame rows]: which; None where it is all of them."""

    frame: pl.DataFrame
    chosen: pl.Series | None

    @classmethod
    def of(cls, frame: pl.DataFrame, counted: pl.Expr) -> PartRows:
        """Return the rows of a frame of which an expression is true."""
        chosen = frame.select(pl.repeat(True, pl.len()) & counted.fill_null(False)).to_series()
        return cls(frame, None if chosen.all() else chosen)

    def __getitem__(self, name: str) -> pl.Series:
        """Return one column of them; numbers are of one type everywhere, so that Float32 comes as Float64."""
        column = self.frame[name] if self.chosen is None else self.frame[name].filter(self.chosen)
        return column.cast(pl.Float64) if column.dtype == pl.Float32 else column

    @property
    def columns(self) -> list[str]:
        return self.frame.columns

    @property
    def height(self) -> int:
        return self.frame.height if self.chosen is None else int(self.chosen.sum())

    def is_empty(self) -> bool:
        return self.height == 0

    def select(self, *names: str) -> pl.DataFrame:
        """Return these columns of them."""
        frame = self.frame.select(names)
        return frame if self.chosen is None else frame.filter(self.chosen)
