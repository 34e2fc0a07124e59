"""What the command line writes: results to standard output, notices to standard error, tables never cut."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipdata.core.operating_system import is_utf8

WIDEST = 100_000


@dataclass(frozen=True)
class Column:
    """A table's column: its heading, and whether it holds numbers, which stand at the right."""

    heading: str
    number: bool = False


def emit(text: str) -> None:
    """A line or more of results."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def emit_json(value: Any) -> None:
    """Indented JSON; a number that is not finite is a mistake of the program and raises ValueError."""
    emit(json.dumps(value, indent=1, ensure_ascii=not is_utf8(sys.stdout), allow_nan=False))


def notice(text: str, quiet: bool = False) -> None:
    """A line about what is going on."""
    if not quiet:
        sys.stderr.write(text.rstrip("\n") + "\n")


def emit_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None = None) -> None:
    """A table as wide as it has to be; on a terminal that is narrower its cells are folded, never cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    on_terminal = sys.stdout.isatty()
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column.heading,
            justify="right" if column.number else "left",
            overflow="fold",
            no_wrap=not on_terminal,
        )
    for row in rows:
        table.add_row(*row)
    console = Console(file=sys.stdout, width=None if on_terminal else WIDEST, highlight=False, markup=False)
    with console.capture() as captured:
        console.print(table)
    lines = [line.rstrip() for line in captured.get().splitlines()]
    emit("\n".join(lines).strip("\n"))
