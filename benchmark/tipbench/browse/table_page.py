"""The page of a table: its columns with their distributions, and rows to filter and sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
from markupsafe import Markup, escape
from tipdata.core.draw import Stream
from tipdata.core.tables import TIERS, Column, Table
from tipdata.core.world import parameters

from tipbench.browse.site import Site
from tipbench.pages.safe import visible
from tipbench.pages.svg import Drawing
from tipbench.pages.templates import Filter, Page

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
class ColumnSummary:
    """What a column holds. ``missing``: its share, '' for none; ``text``: its distribution in words."""

    column: Column
    type: str
    missing: str
    text: str
    drawing: Drawing | None

    @property
    def is_number(self) -> bool:
        """Whether it is sorted as a number."""
        return self.column.dtype.is_integer()


class ValueCounts(NamedTuple):
    """Counts of values or of ranges of values, with what each is, and all of it in words."""

    text: str
    bars: Sequence[tuple[str, int]] = ()


def summarise_columns(table: Table, frame: pl.DataFrame) -> list[ColumnSummary]:
    """Return what each column of a table holds: its key, then what is observed, then truth.

    ``frame``: all rows that are read, with truth.
    """
    order = sorted(
        table.columns, key=lambda c: (c.tier == "truth", c.name not in table.key, c.name == "region")
    )
    found = []
    for column in order:
        values = frame[column.name]
        counted, nulls = _count_values(column, values), values.null_count()
        drawing = _bars(f"{table.name}.{column.name}", counted) if counted.bars else None
        missing = share(nulls, values.len()) if nulls else ""
        found.append(ColumnSummary(column, _type(column), missing, counted.text, drawing))
    return found


def _type(column: Column) -> str:
    inner = str(column.inner)
    name = next(word for start, word in TYPES.items() if inner.startswith(start))
    name = "id" if is_id(column) else name
    return f"list of {name}s" if isinstance(column.dtype, pl.List) else name


def is_id(column: Column) -> bool:
    """Return whether a column holds ids: numbers that name something and measure nothing."""
    measures_nothing = column.inner == pl.Int64 and not column.unit
    return column.inner.is_integer() and (bool(column.id_of) or measures_nothing)


def share(part: int, whole: int) -> str:
    """Return a share in per cent; never 0% of something, nor 100% of less than all."""
    if not part or part == whole:
        return "0%" if not part else "100%"
    said = f"{100 * part / whole:.0f}%"
    return {"0%": "<1%", "100%": ">99%"}.get(said, said)


def _count_values(column: Column, values: pl.Series) -> ValueCounts:
    known = values.drop_nulls()
    if known.is_empty():
        return ValueCounts("no value")
    if isinstance(column.dtype, pl.List):
        if column.inner != pl.String:
            return _numbers(known.list.len().cast(pl.Int64), "in a list")
        items = known.list.explode(keep_nulls=False, empty_as_null=False)
        return _words(items, known.len()) if items.len() else ValueCounts("empty lists")
    if known.dtype == pl.Boolean:
        return _words(known.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String))
    distinct = known.n_unique()
    if known.dtype == pl.String:
        lengths = known.str.len_chars()
        if distinct > FEW and int(lengths.max()) > FEW:  # type: ignore[arg-type]
            return _numbers(lengths.cast(pl.Int64), "letters")
        return _words(known) if distinct <= FEW else ValueCounts(f"{distinct:,} different words")
    if is_id(column) or (not column.unit and distinct > FEWEST):
        return ValueCounts(f"{distinct:,} different {'ids' if is_id(column) else 'numbers'}")
    return _words(known) if distinct <= FEWEST else _numbers(known)


def _words(known: pl.Series, rows: int | None = None) -> ValueCounts:
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
    return ValueCounts(named + more, bars if len(bars) > 1 else ())


def _numbers(known: pl.Series, of: str = "") -> ValueCounts:
    """Count numbers in ranges of equal width; the last also holds the top 1%."""
    low, high = int(known.min()), int(known.max())  # type: ignore[arg-type]
    middle, end = (int(known.quantile(q, "lower")) for q in (0.5, 0.99))  # type: ignore[arg-type]
    of = f" {of}" if of else ""
    text = f"{low:,} to {high:,}{of}, half of them up to {middle:,}"
    if low == high:
        return ValueCounts(f"always {low:,}{of}")
    step = max((end - low) // BINS + 1, 1)
    bins = ((known.cast(pl.Int64) - low) // step).clip(upper_bound=min(BINS, (high - low) // step + 1) - 1)
    counts = dict(bins.value_counts(name="rows").iter_rows())
    last = max(counts)
    bars = [
        (f"{low + step * at:,} to {high if at == last else low + step * (at + 1) - 1:,}", counts.get(at, 0))
        for at in range(last + 1)
    ]
    return ValueCounts(text, [(f"{place}: {share(count, known.len())}", count) for place, count in bars])


def _bars(name: str, counted: ValueCounts) -> Drawing:
    drawing = Drawing(WIDTH, HEIGHT, f"Distribution of {name}", counted.text)
    most = max(count for _, count in counted.bars)
    step = min(WIDTH / len(counted.bars), WIDTH / 8)
    for at, (tip, count) in enumerate(counted.bars):
        tall = max((HEIGHT - 2) * count / most, 1 if count else 0)
        drawing.box((at * step, HEIGHT - 1 - tall), step - 1, tall, "accent", tip)
    drawing.line((0, HEIGHT - 0.5), (WIDTH, HEIGHT - 0.5), "quiet", 1)
    return drawing


ROWS = 1000
"""Rows that a page shows at most, unless another number is asked for."""
FILTERS, OPTIONS = 4, 30
"""Columns that can be chosen by, and values of such a column."""
LONG, TALL = 40, 160
"""Letters from which on a text may break, and from which on it is in a box that scrolls."""
NOTHING = "-"
OF_THEIR_LANGUAGE = "adverts"
"""The table whose texts are in the language of their row. A helpline's notes are in another one than the caller's."""
RIGHT_TO_LEFT = frozenset({"ar"})
"""Languages that are written from right to left."""


def sample(frame: pl.DataFrame, name: str, most: int) -> pl.DataFrame:
    """Return ``most`` rows of a frame, drawn by a key that is ``name``, in their order; all where there are fewer."""
    if frame.height <= most:
        return frame
    return frame[sorted(_order(frame, name)[:most])]


def shuffle_rows(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return all rows in an order that is drawn by a key that is ``name``."""
    return frame[_order(frame, name)]


def _order(frame: pl.DataFrame, name: str) -> list[int]:
    places = pl.int_range(frame.height, eager=True).to_numpy()
    return Stream(0, f"browse/{name}").shuffle(places).tolist()


def _body(columns: Sequence[ColumnSummary], kept: pl.DataFrame, languages: Sequence[str | None]) -> Markup:
    """Return rows as HTML, with the columns in the order given. ``languages`` [rows]: of their texts."""
    cells = [_cells(one, kept[one.column.name], languages, at == 0) for at, one in enumerate(columns)]
    rows = (f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    return Markup("\n".join(rows))  # nosec B704 # escaped one by one


def _cells(one: ColumnSummary, values: pl.Series, languages: Sequence[str | None], first: bool) -> list[str]:
    """Return the cells of a column, each escaped; a text that would make its row too tall has a box of its own."""
    classes = [*(["n"] if one.is_number else []), *(["t"] if one.column.tier == "truth" else [])]
    named = f' class="{" ".join(classes)}"' if classes else ""
    long = f' class="{" ".join([*classes, "long"])}"'
    cells = []
    for text, language in zip(texts(values), languages, strict=True):
        safe = str(escape(visible(text)))
        if first:
            cells.append(f'<th scope="row"{named}>{safe}</th>')
        elif len(text) <= LONG:
            cells.append(f"<td{named}>{safe}</td>")
        else:
            inside = safe if len(text) <= TALL else f'<div class="tall">{safe}</div>'
            cells.append(f"<td{long}{script(language)}>{inside}</td>")
    return cells


def script(language: str | None) -> Markup:
    """Return the attributes of an element with text of a language; None: unknown, left to its first letter."""
    if language is None:
        return Markup(' dir="auto"')
    return Markup(' lang="{}" dir="{}"').format(language, "rtl" if language in RIGHT_TO_LEFT else "ltr")


def texts(values: pl.Series) -> list[str]:
    """Return values as they are shown: numbers as they are, yes and no, lists with commas."""
    if isinstance(values.dtype, pl.List):
        return [", ".join(map(str, value or ())) or NOTHING for value in values.to_list()]
    names = {None: NOTHING, True: "yes", False: "no"} if values.dtype == pl.Boolean else {None: NOTHING}
    return [names[value] if value in names else str(value) for value in values.to_list()]


def _filters(columns: Sequence[ColumnSummary], kept: pl.DataFrame) -> list[Filter]:
    """Return choices by the first columns of few values, observed ones and truth apart."""
    found: dict[bool, list[Filter]] = {False: [], True: []}
    for at, one in enumerate(columns):
        column, truth = one.column, one.column.tier == "truth"
        measures = is_id(column) or column.unit or isinstance(column.dtype, pl.List)
        if not at or measures or len(found[truth]) >= FILTERS:
            continue
        there = kept[column.name].drop_nulls().unique().sort()
        if 2 <= there.len() <= OPTIONS:
            found[truth].append(Filter(column.name, at, [(t, t) for t in texts(there)], covered=truth))
    return [*found[False], *found[True]]


class TableEntry(NamedTuple):
    """A table as the list of all shows it. ``seen``: the tiers of its columns."""

    name: str
    note: str
    rows: int
    columns: int
    seen: str


def table_page(site: Site, table: Table, most: int) -> tuple[Page, TableEntry]:
    """Return the page of a table with ``most`` rows, and what the list of all tables says of it."""
    frame = site.source.scan(table.name, truth=True).collect()
    columns, kept = summarise_columns(table, frame), sample(frame, table.name, most)
    languages = kept["language"].to_list() if table.name == OF_THEIR_LANGUAGE else [None] * kept.height
    tiers = [tier for tier in (*TIERS, "label") if table.names(tier)]
    others = dict.fromkeys(c.id_of for c in table.columns if c.id_of and c.id_of != table.name)
    drawn = (
        f"{kept.height:,} of {frame.height:,} rows, drawn at random, the same for everybody. Search, filters "
        "and sorting work on these."
    )
    said = f"All {frame.height:,} rows that were read." if kept.height == frame.height else drawn
    known = parameters(site.source.version)
    column, values, tier = table.private_rows
    private = f"; rows with {column} {' or '.join(values)}: {tier}" if column else " columns"
    counted = ", ".join(f"{tier} ({len(table.names(tier))})" for tier in tiers)
    html = site.fill(
        "table.html", "../", table.name, table=table, columns=columns, said=said,
        body=_body(columns, kept, languages), total=frame.height, filters=_filters(columns, kept),
        truths=len(table.names("truth")), hidden=table.hidden_only,
        possible={column.name: column.possible(known) for column in table.columns},
        facts=[
            ("Rows", f"{frame.height:,} in {site.about.read}"),
            ("Key", ", ".join(table.key)),
            ("Access", f"{counted}{private}"),
            ("Refers to", ", ".join(others) or "no other table"),
        ],
    )  # fmt: skip
    listed = TableEntry(table.name, table.note, frame.height, len(table.columns), ", ".join(tiers))
    return Page(f"tables/{table.name}.html", html), listed
