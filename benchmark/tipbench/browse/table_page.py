"""The page of a table: its columns with their distributions, and rows to filter and sort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup, escape
from tipdata.core.draw import Stream
from tipdata.core.tables import TIERS, Column, Table
from tipdata.core.world import parameters

from tipbench.browse.site import Page, Site
from tipbench.pages.controls import Filter
from tipbench.pages.safe import visible
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
class ColumnSummary:
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
class ValueCounts:
    """Counts of values or of ranges of values, with what each is, and all of it in words."""

    text: str
    bars: Sequence[tuple[str, int]] = ()


def summarise_columns(table: Table, frame: pl.DataFrame) -> list[ColumnSummary]:
    """Return what each column of a table holds, those that are observed first.

    Args:
        table: what it declares.
        frame: all rows that are read, truth among them.
    """
    return [_summarise(table.name, column, frame[column.name]) for column in in_order(table)]


def in_order(table: Table) -> list[Column]:
    """Return the columns of a table: its key, then what is observed, then truth."""
    return sorted(
        table.columns, key=lambda c: (c.tier == "truth", c.name not in table.key, c.name == "region")
    )


def _summarise(table: str, column: Column, values: pl.Series) -> ColumnSummary:
    counted = _count_values(column, values)
    drawing = _bars(f"{table}.{column.name}", counted) if counted.bars else None
    return ColumnSummary(column, _type(column), _missing(values), counted.text, drawing)


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


def _count_values(column: Column, values: pl.Series) -> ValueCounts:
    known = values.drop_nulls()
    if known.is_empty():
        return ValueCounts("no value")
    if isinstance(column.dtype, pl.List):
        return _count_lists(column, known)
    if known.dtype == pl.Boolean:
        return _words(known.replace_strict({True: "yes", False: "no"}, return_dtype=pl.String))
    if known.dtype == pl.String:
        return _texts(known)
    distinct = known.n_unique()
    if is_id(column) or (not column.unit and distinct > FEWEST):
        return ValueCounts(f"{distinct:,} different {'ids' if is_id(column) else 'numbers'}")
    return _words(known) if distinct <= FEWEST else _numbers(known)


def _texts(known: pl.Series) -> ValueCounts:
    distinct = known.n_unique()
    if distinct <= FEW:
        return _words(known)
    lengths = known.str.len_chars()
    if int(lengths.max()) > FEW:  # type: ignore[arg-type]
        return _numbers(lengths.cast(pl.Int64), "letters")
    return ValueCounts(f"{distinct:,} different words")


def _count_lists(column: Column, known: pl.Series) -> ValueCounts:
    """Count how many rows have each value of a list, or how many values lists have where those are ids."""
    if column.inner != pl.String:
        return _numbers(known.list.len().cast(pl.Int64), "in a list")
    said = known.list.explode(keep_nulls=False, empty_as_null=False)
    return _words(said, known.len()) if said.len() else ValueCounts("empty lists")


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
    """Count numbers by ranges as wide as each other; what lies above 99% of them is in the last."""
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


@dataclass(frozen=True)
class ShownRows:
    """Rows of a page. ``body``: them as HTML; ``count`` of ``total`` rows are shown."""

    body: Markup
    count: int
    total: int
    filters: Sequence[Filter]


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


def show_rows(table: Table, columns: Sequence[ColumnSummary], frame: pl.DataFrame, most: int) -> ShownRows:
    """Return rows of a table with the columns in the order given."""
    kept = sample(frame, table.name, most)
    languages = kept["language"].to_list() if table.name == OF_THEIR_LANGUAGE else [None] * kept.height
    cells = [_cells(held, kept[held.column.name], languages, at == 0) for at, held in enumerate(columns)]
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in zip(*cells, strict=True))
    return ShownRows(Markup(body), kept.height, frame.height, _filters(columns, kept))  # nosec B704 # escaped one by one


def _cells(held: ColumnSummary, values: pl.Series, languages: Sequence[str | None], first: bool) -> list[str]:
    """Return the cells of a column, each escaped."""
    classes = [*(["n"] if held.is_number else []), *(["t"] if held.column.tier == "truth" else [])]
    named = f' class="{" ".join(classes)}"' if classes else ""
    if first:
        return [f'<th scope="row"{named}>{_safe(text)}</th>' for text in texts(values)]
    long = f' class="{" ".join([*classes, "long"])}"'
    return [
        f"<td{named}>{_safe(text)}</td>"
        if len(text) <= LONG
        else f"<td{long}{script(language)}>{_long(text)}</td>"
        for text, language in zip(texts(values), languages, strict=True)
    ]


def _long(text: str) -> str:
    """Return a text, in a box of its own where it would make its row too tall."""
    return _safe(text) if len(text) <= TALL else f'<div class="tall">{_safe(text)}</div>'


def script(language: str | None) -> Markup:
    """Return the attributes of an element with text of a language, from right to left where it is written so.

    None: of a language that is not known, whose first letter says which way it runs.
    """
    if language is None:
        return Markup(' dir="auto"')
    return Markup(' lang="{}" dir="{}"').format(language, "rtl" if language in RIGHT_TO_LEFT else "ltr")


def _safe(text: str) -> str:
    return str(escape(visible(text)))


def texts(values: pl.Series) -> list[str]:
    """Return values as they are shown: numbers as they are, yes and no, lists with commas."""
    if values.dtype == pl.Boolean:
        return [NOTHING if value is None else "yes" if value else "no" for value in values.to_list()]
    if isinstance(values.dtype, pl.List):
        return [NOTHING if not value else ", ".join(map(str, value)) for value in values.to_list()]
    return [NOTHING if value is None else str(value) for value in values.to_list()]


def _filters(columns: Sequence[ColumnSummary], kept: pl.DataFrame) -> list[Filter]:
    """Return choices by the first columns of few values, observed ones and truth apart."""
    found: dict[bool, list[Filter]] = {False: [], True: []}
    for at, held in enumerate(columns):
        column, truth = held.column, held.column.tier == "truth"
        if at and len(found[truth]) < FILTERS and (options := _options(column, kept[column.name])):
            found[truth].append(Filter(column.name, at, options, covered=truth))
    return [*found[False], *found[True]]


def _options(column: Column, values: pl.Series) -> list[tuple[str, str]]:
    """Return the values that a column can be chosen by; none where it holds ids, measures or too many."""
    if is_id(column) or column.unit:
        return []
    if isinstance(column.dtype, pl.List):
        return []
    there = values.drop_nulls().unique().sort()
    if not 2 <= there.len() <= OPTIONS:
        return []
    return [(text, text) for text in texts(there)]


@dataclass(frozen=True)
class TableEntry:
    """A table as the list of all shows it. ``seen``: the tiers of its columns."""

    name: str
    note: str
    rows: int
    columns: int
    seen: str


def table_page(site: Site, table: Table, most: int) -> tuple[Page, TableEntry]:
    """Return the page of a table with ``most`` rows, and what the list of all tables says of it."""
    frame = site.source.scan(table.name, truth=True).collect()
    columns = summarise_columns(table, frame)
    rows = show_rows(table, columns, frame, most)
    tiers = [tier for tier in (*TIERS, "label") if table.names(tier)]
    known = parameters(site.source.version)
    html = site.fill(
        "table.html", "../", table.name, table=table, columns=columns, rows=rows, said=_row_count(rows),
        truths=len(table.names("truth")), hidden=table.hidden_only,
        possible={column.name: column.possible(known) for column in table.columns},
        facts=[
            ("Rows", f"{frame.height:,} in {site.about.read}"),
            ("Key", ", ".join(table.key)),
            ("Access", _tiers(table, tiers)),
            ("Refers to", ", ".join(_references(table)) or "no other table"),
        ],
    )  # fmt: skip
    listed = TableEntry(table.name, table.note, frame.height, len(table.columns), ", ".join(tiers))
    return Page(f"tables/{table.name}.html", html), listed


def _row_count(rows: ShownRows) -> str:
    """Return how many rows of how many are shown."""
    if rows.count == rows.total:
        return f"All {rows.total:,} rows that were read."
    return (
        f"{rows.count:,} of {rows.total:,} rows, drawn at random, the same for everybody. Search, filters and sorting "
        "work on these."
    )


def _tiers(table: Table, tiers: list[str]) -> str:
    column, values, tier = table.private_rows
    said = ", ".join(f"{tier} ({len(table.names(tier))})" for tier in tiers)
    return f"{said}; rows with {column} {' or '.join(values)}: {tier}" if column else f"{said} columns"


def _references(table: Table) -> list[str]:
    return list(dict.fromkeys(c.id_of for c in table.columns if c.id_of and c.id_of != table.name))
