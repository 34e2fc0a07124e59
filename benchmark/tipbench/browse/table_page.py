"""The page of a table: its columns with what they hold, and rows to filter and sort."""

from __future__ import annotations

from dataclasses import dataclass

from tipdata.core.tables import TIERS, Table
from tipdata.core.world import parameters

from tipbench.browse.columns import held
from tipbench.browse.page import Page, Site
from tipbench.browse.rows import Shown, shown


@dataclass(frozen=True)
class Listed:
    """A table as the list of all shows it. ``seen``: the tiers of its columns."""

    name: str
    note: str
    rows: int
    columns: int
    seen: str


def table_page(site: Site, table: Table, most: int) -> tuple[Page, Listed]:
    """Return the page of a table with ``most`` rows, and what the list of all tables says of it."""
    frame = site.source.scan(table.name, truth=True).collect()
    columns = held(table, frame)
    rows = shown(table, columns, frame, most)
    tiers = [tier for tier in (*TIERS, "label") if table.names(tier)]
    known = parameters(site.source.version)
    html = site.fill(
        "table.html", "../", table.name, table=table, columns=columns, rows=rows, said=_said(rows),
        truths=len(table.names("truth")), hidden=table.hidden_only,
        possible={column.name: column.possible(known) for column in table.columns},
        facts=[
            ("Rows", f"{frame.height:,} in {site.about.read}"),
            ("Key", ", ".join(table.key)),
            ("Access", _seen(table, tiers)),
            ("Refers to", ", ".join(_referred(table)) or "no other table"),
        ],
    )  # fmt: skip
    listed = Listed(table.name, table.note, frame.height, len(table.columns), ", ".join(tiers))
    return Page(f"tables/{table.name}.html", html), listed


def _said(rows: Shown) -> str:
    """Return how many rows of how many are shown."""
    if rows.count == rows.total:
        return f"All {rows.total:,} rows that were read."
    return (
        f"{rows.count:,} of {rows.total:,} rows, drawn at random, the same for everybody. Search, filters and sorting "
        "work on these."
    )


def _seen(table: Table, tiers: list[str]) -> str:
    column, values, tier = table.private_rows
    said = ", ".join(f"{tier} ({len(table.names(tier))})" for tier in tiers)
    return f"{said}; rows with {column} {' or '.join(values)}: {tier}" if column else f"{said} columns"


def _referred(table: Table) -> list[str]:
    return list(dict.fromkeys(c.id_of for c in table.columns if c.id_of and c.id_of != table.name))
