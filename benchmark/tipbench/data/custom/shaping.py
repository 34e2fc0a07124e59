"""What is done to the rows of a user's files once they are read: columns made rows, files joined, rows left out."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.columns import listed, roots
from tipbench.data.custom.reading import said
from tipbench.data.custom.written import Join, Wide, Written

JOINED = "_joined"
"""After the name of a joined column that the other file has too."""


class Rows(NamedTuple):
    """The rows of a table's files, and a sentence for each thing that a reader of the scores must know of them."""

    frame: pl.LazyFrame
    notes: tuple[str, ...] = ()


Read = Callable[[Written], pl.LazyFrame]
"""The rows of files as they are written there."""


def shaped(place: str, written: Written, read: Read) -> Rows:
    """Return the rows of files after ``wide``, ``join`` and ``where``, in this order.

    Args:
        place: how messages name the config's entry of these files, as in ``data.sources.ties of data=mine``.
        written: what is read, and what is done to it.
        read: reads it.

    Raises:
        UsageError: for columns that are not there or there twice, keys that repeat or meet nothing, and a condition
            that is none or is true of no row.
    """
    rows = Rows(read(written))
    if written.wide is not None:
        rows = _long(place, written.wide, rows)
    if written.join is not None:
        rows = _joined(place, written, written.join, rows, read)
    return rows if written.where is None else _kept(place, written.where, rows)


def _long(place: str, wide: Wide, rows: Rows) -> Rows:
    has = rows.frame.collect_schema().names()
    asked = [wide.columns] if isinstance(wide.columns, str) else wide.columns
    cells = [name for name in has if any(name == text or fnmatchcase(name, text) for text in asked)]
    kept = [name for name in has if name not in cells]
    if lacking := [
        text for text in asked if not any(name == text or fnmatchcase(name, text) for name in has)
    ]:
        raise UsageError(f"{place}: wide.columns={listed(lacking)} are none of the columns {listed(has)}.")
    if taken := [name for name in (wide.name, wide.value) if name in kept] or (
        [wide.name] if wide.name == wide.value else []
    ):
        raise UsageError(f"{place}: wide would make a second column {taken[0]}: give it another name.")
    try:
        # Not lazily: that returns rows in another order every time.
        frame = rows.frame.collect().unpivot(
            cells, index=kept, variable_name=wide.name, value_name=wide.value
        )
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{place}: wide.columns hold values of several types ({said(error)}).") from None
    return Rows(frame.lazy(), rows.notes)


def _joined(place: str, written: Written, join: Join, rows: Rows, read: Read) -> Rows:
    """Left join: every row stays, once."""
    other = shaped(f"{place} (join)", written.beside(join), read)
    left, right = rows.frame.collect(), other.frame.collect()
    keys = [join.by] if isinstance(join.by, str) else join.by
    for frame, files in ((left, written.files), (right, join.files)):
        if lacking := [key for key in keys if key not in frame.columns]:
            raise UsageError(
                f"{place}: join.by={listed(keys)}, and {_named(files)} has no column {lacking[0]}: "
                f"it has {listed(frame.columns)}."
            )
    text = [pl.col(key).cast(pl.String) for key in keys]
    left, right = left.with_columns(text), right.with_columns(text)
    repeated = right.filter(pl.struct(keys).is_duplicated())
    if repeated.height:
        raise UsageError(
            f"{place}: {repeated.height:,} of {right.height:,} rows of {_named(join.files)} repeat their "
            f"{listed(keys)} (first: {listed(list(repeated.select(keys).row(0)))}): a joined file has each once."
        )
    strange = right.join(left, on=keys, how="anti").height
    if strange == right.height:
        raise UsageError(
            f"{place}: no row of {_named(join.files)} has a {listed(keys)} of {_named(written.files)}: "
            "give the column that both have as join.by."
        )
    met = left.join(right, on=keys, how="left", suffix=JOINED, maintain_order="left")
    notes = (*rows.notes, *other.notes)
    if strange:
        notes += (
            f"{place}: {strange:,} of {right.height:,} rows of {_named(join.files)} have no row in "
            f"{_named(written.files)} and are left out.",
        )
    return Rows(met.lazy(), notes)


def _kept(place: str, where: str, rows: Rows) -> Rows:
    has = rows.frame.collect_schema().names()
    try:
        condition = pl.sql_expr(where)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{place}: where={where} is not an SQL condition ({said(error)}).") from None
    if missing := [name for name in roots(where, has) if name not in has]:
        raise UsageError(f"{place}: where names {listed(missing)}, and the columns are {listed(has)}.")
    frame = rows.frame.collect()
    try:
        true = frame.select(condition.alias("true")).to_series()
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{place}: where={where} fails on the data: {said(error)}; text is made a number by CAST(column AS DOUBLE)."
        ) from None
    if true.dtype != pl.Boolean:
        raise UsageError(
            f"{place}: where={where} is {true.dtype} and no condition: write one such as year = '1999'."
        )
    if len(true) == 1 < frame.height:
        true = pl.repeat(true[0], frame.height, eager=True)
    kept = frame.filter(true.fill_null(False))
    if kept.is_empty():
        raise UsageError(f"{place}: where={where} is true of none of {frame.height:,} rows: correct it.")
    note = f"{place}: where={where} keeps {kept.height:,} of {frame.height:,} rows."
    return Rows(kept.lazy(), (*rows.notes, note))


def _named(files: str | list[str] | dict[str, str]) -> str:
    return (
        files
        if isinstance(files, str)
        else listed(list(files.values() if isinstance(files, dict) else files))
    )
