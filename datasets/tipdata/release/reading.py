"""Read a table of a release from its two files: what may be observed, and what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl
from tipcore.errors import UsageError

from tipdata.core.tables import Table
from tipdata.release.layout import TRUTH
from tipdata.stages import all_tables


def known_table(known: Mapping[str, Table], version: str, table: str, truth: bool) -> Table:
    """Return a table of a version. Raises UsageError for one that does not exist, and for one that is all truth where
    ``truth`` is not asked for."""
    if table not in known:
        where = f" in data version {version}" if table in all_tables() else ""
        raise UsageError(f"table {table} does not exist{where}: choose one of {', '.join(known)}.")
    if not known[table].observed and not truth:
        raise UsageError(f"table {table} is hidden truth: ask for it with truth=True.")
    return known[table]


def scan_files(table: Table, truth: bool, scan: Callable[[str], pl.LazyFrame]) -> pl.LazyFrame:
    """Return the rows of a table, lazily, in the order of its observed file; of its hidden one where it is all truth.

    Args:
        table: the table.
        truth: with the hidden columns beside the observed ones.
        scan: gives the rows of the file with a suffix of :func:`tipdata.release.layout.files_of`.
    """
    seen = scan("") if table.observed else None
    if not truth or not table.hidden:
        return pl.LazyFrame() if seen is None else seen
    unseen = scan(TRUTH)
    if seen is None:
        return unseen
    return seen.join(unseen, on=list(table.key), how="left", maintain_order="left")
