"""What a column holds: how much of it is missing, and its distribution in words and as a small figure.

Counted over all rows that are read, not over the rows that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from tipdata.core.tables import Column, Table

from tipbench.pages.svg import Drawing

FEW = 40
"""Distinct values of text up to which they are counted one by one."""
FEWEST = 12
"""Distinct whole numbers up to which they are counted one by one."""
NAMED, DRAWN = 3, 12
"""Values that are named and drawn, the most frequent ones."""
BINS = 24
WIDTH, HEIGHT = 168, 30
TYPES = {"Int": "whole number", "UInt": "whole number", "Boolean": "yes or no", "String": "text"}


@dataclass(frozen=True)
class Held:
    """What a column holds. ``missing``: its share, '' where nothing is; ``text``: its distribution in words."""

    column: Column
    type: str
    missing: str
    text: str
    drawing: Drawing | None

    @property
    def is_number(self) -> bool:
        """Whether it is sorted as a number."""
        return self.column.dtype.is_integer()


@dataclass(frozen=True)
class Counted:
    """Counts of values or of ranges of values, with what each is, and all of it in words."""

    text: str
    bars: Sequence[tuple[str, int]] = ()


def held(table: Table, frame: pl.DataFrame) -> list[Held]:
    """Return what each column of a table holds, those that are observed first.

    Args:
        table: what it declares.
        frame: all rows that are read, truth among them.
    """
    return [_held(table.name, column, frame[column.name]) for column in in_order(table)]


def in_order(table: Table) -> list[Column]:
    """Return the columns of a table: its key, then what is observed, then truth."""
    return sorted(
        table.columns, key=lambda c: (c.tier == "truth", c.name not in table.key, c.name == "region")
    )


def _held(table: str, column: Column, values: pl.Series) -> Held:
    counted = _counted(column, values)
    drawing = _bars(f"{table}.{column.name}", counted) if counted.bars else None
    return Held(column, _type(column), _missing(values), counted.text, drawing)


def _type(column: Column) -> str:
    inner = str(column.inner)
    name = next(word for start, word in TYPES.items() if inner.startswith(start))
    name = "id" if is_id(column) else name
    return f"list of {name}s" if isinstance(column.dtype, pl.List) else name


def is_id(column: Column) -> bool:
    """Return whether a column holds ids: numbers that name something and measure nothing."""
    return column.inner.is_integer() and (
        bool(column.id_of) or (column.inner == pl.Int64 and not column.unit)
    )


def _missing(values: pl.Series) -> str:
    return share(values.null_count(), values.len()) if values.null_count() else ""


def share(part: int, whole: int) -> str:
    """Return a share in per cent; never 0% of something, nor 100% of less than all."""
    if not part or part == whole:
        return "0%" if not part else "100%"
    said = f"{100 * part / whole:.0f}%"
    return {"0%": "<1%", "100%": ">99%"}.get(said, said)


def _counted(column: Column, values: pl.Series) -> Counted:
    known = values.drop_nulls()
    if known.is_empty():
        return Counted("no value")
    if isinstance(column.dtype, pl.List):
        return _listed(column, known)
    if known.dtype == pl.Boolean:
        return _words(known.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String))
    if known.dtype == pl.String:
        return _texts(known)
    distinct = known.n_unique()
    if is_id(column) or (not column.unit and distinct > FEWEST):
        return Counted(f"{distinct:,} different {'ids' if is_id(column) else 'numbers'}")
    return _words(known) if distinct <= FEWEST else _numbers(known)


def _texts(known: pl.Series) -> Counted:
    distinct = known.n_unique()
    if distinct <= FEW:
        return _words(known)
    lengths = known.str.len_chars()
    if int(lengths.max()) > FEW:  # type: ignore[arg-type]
        return _numbers(lengths.cast(pl.Int64), "letters")
    return Counted(f"{distinct:,} different words")


def _listed(column: Column, known: pl.Series) -> Counted:
    """Count how many rows have each value of a list, or how many values lists have where those are ids."""
    if column.inner != pl.String:
        return _numbers(known.list.len().cast(pl.Int64), "in a list")
    said = known.list.explode(keep_nulls=False, empty_as_null=False)
    return _words(said, known.len()) if said.len() else Counted("empty lists")


def _words(known: pl.Series, rows: int | None = None) -> Counted:
    """Count values, words by how frequent they are and numbers in their order.

    ``rows``: what shares are of, where a row may have several values.
    """
    rows = known.len() if rows is None else rows
    counts = known.value_counts(name="rows").sort(["rows", known.name], descending=[True, False])
    of = ":" if known.dtype.is_integer() else ""
    named = ", ".join(f"{value}{of} {share(count, rows)}" for value, count in counts.head(NAMED).iter_rows())
    more = f", {counts.height - NAMED:,} more" if counts.height > NAMED else ""
    more += f"; bars: the {DRAWN} most frequent" if counts.height > DRAWN else ""
    drawn = counts.head(DRAWN)
    drawn = drawn.sort(known.name) if known.dtype.is_integer() else drawn
    bars = [(f"{value}: {share(count, rows)}", count) for value, count in drawn.iter_rows()]
    return Counted(named + more, bars if len(bars) > 1 else ())


def _numbers(known: pl.Series, of: str = "") -> Counted:
    """Count numbers by ranges as wide as each other; what lies above 99% of them is in the last."""
    low, high = int(known.min()), int(known.max())  # type: ignore[arg-type]
    middle, end = (int(known.quantile(q, "lower")) for q in (0.5, 0.99))  # type: ignore[arg-type]
    of = f" {of}" if of else ""
    text = f"{low:,} to {high:,}{of}, half of them up to {middle:,}"
    if low == high:
        return Counted(f"always {low:,}{of}")
    step = max((end - low) // BINS + 1, 1)
    bins = ((known.cast(pl.Int64) - low) // step).clip(upper_bound=min(BINS, (high - low) // step + 1) - 1)
    counts = dict(bins.value_counts(name="rows").iter_rows())
    last = max(counts)
    bars = [
        (f"{low + step * at:,} to {high if at == last else low + step * (at + 1) - 1:,}", counts.get(at, 0))
        for at in range(last + 1)
    ]
    return Counted(text, [(f"{place}: {share(count, known.len())}", count) for place, count in bars])


def _bars(name: str, counted: Counted) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT, f"Distribution of {name}", counted.text)
    most = max(count for _, count in counted.bars)
    step = min(WIDTH / len(counted.bars), WIDTH / 8)
    for at, (tip, count) in enumerate(counted.bars):
        tall = max((HEIGHT - 2) * count / most, 1 if count else 0)
        drawing.box((at * step, HEIGHT - 1 - tall), step - 1, tall, "accent", tip)
    drawing.line((0, HEIGHT - 0.5), (WIDTH, HEIGHT - 0.5), "quiet", 1)
    return drawing
