"""Make the data dictionary: behind the card of each table, what its columns hold in ``tiny``.

All follows from what tables declare and from the release; the same release gives the same bytes.
"""

from __future__ import annotations

from functools import cache
from html import escape

import polars as pl
from tipbench.browse.table_page import is_id
from tipbench.data.releases import open_by_name
from tipdata.core.tables import Column, Table
from tipdata.core.world import newest_released, parameters
from tipdata.release import Release
from tipdata.stages import tables_of

from tipdocs.charts import bars, histogram

FEW = 16
"""Most values that are shown one by one; of more, the most frequent ones where all are listed."""
TIERS = ("public", "label", "platform", "legal")
"""The lowest first."""
WORD = 40
"""A text of at most so many letters is a word, and its length says nothing."""
OPENING = """# Tables and columns

Every table of data {version}, by the stage that draws it, with its rows in `tiny` (8 regions; `small` has eight times
as many). The page of a table has each column's type, unit, access tier and values, and shows what it holds in `tiny`.
Columns of the tier **truth** are hidden: they are in files of their own, and no method is given them.
[The diagram](../../docs/schema.svg) has all columns on one sheet; [the world in pictures](../../docs/world.md) shows
how tables belong together.

| table | rows in `tiny` | columns | highest tier | what a row is |
|---|--:|--:|---|---|
"""


def overview() -> str:
    """Return the page of all tables as Markdown."""
    release = _tiny()
    rows = []
    for table in tables_of(newest_released()).values():
        count = release.scan(table.name, truth=True).select(pl.len()).collect().item()
        tiers = [TIERS.index(c.tier) for c in table.columns if c.tier in TIERS]
        shown = "all truth" if table.hidden_only else TIERS[max(tiers)]
        link = f"[{table.name}]({table.name}.md)"
        rows.append(f"| {link} | {count:,} | {len(table.columns)} | {shown} | {table.note} |")
    return OPENING.format(version=release.version) + "\n".join(rows) + "\n"


def with_values(card: str, name: str) -> str:
    """Return the card of a table, and behind it what its columns hold in ``tiny``."""
    table = tables_of(newest_released())[name]
    frame = _tiny().scan(name, truth=True).collect()
    shown = "\n".join(
        _column(table, column, frame[column.name], number) for number, column in enumerate(table.columns)
    )
    return (
        f"{card}\n## What the columns hold in `tiny`\n\n{frame.height:,} rows of 8 regions, synthetic all of them. "
        "Bars count rows; empty cells are left out and counted beside the tier. Below a histogram stand the ends that "
        "leave 1% of the rows out at either side, which are counted in the outermost bars, and the median. Truth is "
        f'drawn in grey: no method sees it.\n\n<div class="columns" data-search-exclude>\n{shown}\n</div>\n'
    )


@cache
def _tiny() -> Release:
    release = open_by_name("tiny")
    assert isinstance(release, Release)
    return release


def _column(table: Table, column: Column, values: pl.Series, number: int) -> str:
    """Return one column as HTML: name, tier, how much is empty, and a chart or a sentence."""
    empty = values.null_count() / max(len(values), 1)
    said = [column.tier, column.unit, f"{empty:.1%} empty" if empty else ""]
    about = " · ".join(escape(part) for part in said if part)
    key = " <small>key</small>" if column.name in table.key else ""
    inner = _content(table, column, values.drop_nulls(), f"{table.name}-{number}")
    head = f"<p><strong>{column.name}</strong>{key}<br><small>{about}</small></p>"
    return f'<div class="column {column.tier}">{head}{inner}</div>'


def _content(table: Table, column: Column, values: pl.Series, name: str) -> str:
    about = f"{column.name} of {table.name} in tiny"
    colour = "quiet" if column.tier == "truth" else "accent"
    if not len(values):
        return "<p>Empty in all rows of <code>tiny</code>.</p>"
    if isinstance(values.dtype, pl.List):
        lengths = values.list.len()
        items = values.explode().drop_nulls()
        said = f"<p>Lists of {lengths.min()} to {lengths.max()}, {items.n_unique():,} different entries.</p>"
        if not len(items) or not column.possible(parameters(newest_released())):
            return said
        return said + _bars(items, about, colour, name, "entries")
    distinct = values.n_unique()
    if is_id(column):
        return f"<p>{distinct:,} different ids in {len(values):,} rows.</p>"
    if values.dtype == pl.Boolean or column.possible(parameters(newest_released())):
        return _bars(values.cast(pl.String), about, colour, name, "rows")
    if distinct <= FEW:
        return _bars(values, about, colour, name, "rows")
    if values.dtype == pl.String:
        return _texts(values, about, colour, name)
    if not column.unit:
        return f"<p>{distinct:,} different numbers in {len(values):,} rows: names, which measure nothing.</p>"
    return histogram(values, about, colour, name)


def _texts(values: pl.Series, about: str, colour: str, name: str) -> str:
    lengths = values.str.len_chars()
    if int(lengths.max()) <= WORD:  # type: ignore[arg-type]
        return f"<p>{values.n_unique():,} different words in {len(values):,} rows.</p>"
    drawn = histogram(lengths, f"length of {about}", colour, name)
    return f"<p>{values.n_unique():,} different texts; letters:</p>{drawn}"


def _bars(values: pl.Series, about: str, colour: str, name: str, unit: str) -> str:
    """Return a bar per value: numbers in their order, words by how frequent they are."""
    counted = values.rename("value").value_counts(name="rows")
    if values.dtype.is_numeric():
        counted = counted.sort("value")
    else:
        counted = counted.sort(["rows", "value"], descending=[True, False])
    rows = [(str(value), int(rows)) for value, rows in counted.iter_rows()]
    drawn = bars(rows[:FEW], f"{about}, {unit}", colour, name)
    if len(rows) <= FEW:
        return drawn
    left = sum(count for _, count in rows[FEW:])
    return f"{drawn}<p><small>and {len(rows) - FEW} less frequent ones: {left:,} {unit} together</small></p>"
