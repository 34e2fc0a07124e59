"""What the command line writes: results to standard output, notices to standard error, tables never cut.

Control characters in text from a user's files are escaped here, so that a terminal does not act on them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

from tipcore.display import printable_lines
from tipcore.operating_system import is_utf8

WIDEST = 100_000


@dataclass(frozen=True)
class Column:
    """A column of a table, on a terminal, on a page and in a file.

    ``title``: its heading. ``number``: whether it holds numbers, which stand at the right. ``prose``: whether its
    cells may be broken between words. ``leave``: how soon it is left out of a table that is too wide for the terminal;
    0 never, else the highest first. ``name``: its name in files and links. ``about``: one sentence for a reader.
    ``unit``: of its numbers.

    Of columns that are declared once and read from rows of a table: ``text``: a row -> what a reader sees. ``values``:
    a row -> what a file holds, by column of the file; the first is what a table sorts by. ``note``: a row -> why it has
    nothing to read there. ``bold``: a row -> whether its cell is the best one. ``fewest``: how many different things
    it must say to be shown on a terminal. ``overall``: its place in the board's table of everything, None where it is
    not in it. ``on_page``: whether the Markdown page of reference methods has it. ``printed``: whether a printed page
    has room for it. ``at_first``: whether a page or a table of runs shows it before a reader chooses columns.
    """

    title: str
    number: bool = False
    prose: bool = False
    leave: int = 0
    name: str = ""
    about: str = ""
    unit: str = ""
    text: Callable[[Any], str] = lambda row: ""
    values: Callable[[Any], Mapping[str, Any]] = lambda row: {}
    note: Callable[[Any], str] = lambda row: ""
    bold: Callable[[Any], bool] = lambda row: False
    fewest: int = 1
    overall: int | None = None
    on_page: bool = True
    printed: bool = False
    at_first: bool = True


def emit(text: str) -> None:
    """A line or more of results."""
    sys.stdout.write(printable_lines(text.rstrip("\n")) + "\n")


def emit_json(value: Any) -> None:
    """Indented JSON; a number that is not finite is a mistake of the program and raises ValueError."""
    text = json.dumps(value, indent=1, ensure_ascii=not is_utf8(sys.stdout), allow_nan=False)
    unseen = {sign for sign in set(text) if sign != "\n" and not sign.isprintable()}
    for sign in unseen:  # escaped as in JSON, so that the value stays the same
        units = sign.encode("utf-16-be", "surrogatepass").hex("-", 2).split("-")
        text = text.replace(sign, "".join(f"\\u{unit}" for unit in units))
    emit(text)


def emit_result(value: dict[str, Any], text: str, options: argparse.Namespace) -> None:
    """Write ``value`` as JSON with ``--json``; otherwise the text, unless ``--quiet``."""
    if options.json or not options.quiet:
        emit_either(value, text, options.json)


def emit_either(value: Any, text: str, as_json: bool) -> None:
    """Write ``value`` as JSON or, without ``as_json``, the text."""
    if as_json:
        emit_json(value)
    else:
        emit(text)


def notice(text: str, quiet: bool = False) -> None:
    """A line about what is going on."""
    if not quiet:
        sys.stderr.write(printable_lines(text.rstrip("\n")) + "\n")


def fit_terminal(text: str) -> str:
    """Return a text whose lines are wrapped between words at the width of the terminal; unchanged in a pipe."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lines = (
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
        for line in text.splitlines()
    )
    return "\n".join(lines)


def emit_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None = None
) -> list[str]:
    """Write a table whose words are never broken, and return the headings of columns that were left out.

    On a terminal columns are left out until the others fit; prose is wrapped between words. In a pipe, all is shown.
    """
    from rich.console import Console

    rows = [[printable_lines(cell) for cell in row] for row in rows]
    on_terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if on_terminal else WIDEST, highlight=False, markup=False)
    shown, left_out = list(range(len(columns))), []
    while True:
        made = _table([columns[n] for n in shown], [[row[n] for n in shown] for row in rows], title)
        narrowest = console.measure(made, options=console.options.update(width=WIDEST)).minimum
        last = max(shown, key=lambda number: columns[number].leave)
        if not on_terminal or narrowest <= console.width or not columns[last].leave:
            break
        shown.remove(last)
        left_out.append(columns[last].title)
    console.width = max(narrowest, console.width)
    with console.capture() as captured:
        console.print(made)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    sys.stdout.write("\n".join(lines).strip("\n") + "\n")  # with rich's styles; the cells are escaped above
    return left_out[::-1]


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None) -> Table:
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        texts = [column.title, *(row[number] for row in rows)]
        words = [word for text in texts for word in (text.split() if column.prose else text.splitlines())]
        made.add_column(
            column.title,
            justify="right" if column.number else "left",
            overflow="fold",
            no_wrap=not column.prose,
            min_width=max(map(len, words), default=0),
        )
    for row in rows:
        made.add_row(*row)
    return made
