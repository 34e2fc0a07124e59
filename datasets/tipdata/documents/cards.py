"""Write dataset cards, one per table, from what the tables declare: ``python -m tipdata.documents.cards``.

With ``--check`` it names the cards that are not up to date and exits with 1.
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from tipdata.core.parameters import count_grounds
from tipdata.core.tables import Column, Table
from tipdata.core.world import FOLDER, is_draft, makeable_versions, newest_released, parameters, versions
from tipdata.documents.project_files import render_markdown, write_or_check
from tipdata.release.manifests import published_manifest
from tipdata.release.release import Release
from tipdata.stages import Stage, stages

CARDS = FOLDER.parent / "cards"
TEMPLATE = Path(__file__).parent / "templates" / "table.md.j2"
COUNTED = "small"
"""The size whose manifest says how many rows a region has."""
LISTED = 40
"""Values that a card names; of more it says how many."""


def card(stage: Stage, table: Table) -> str:
    """Return the Markdown card of one table: what it is, its columns, sources of its parameters, limits and uses."""
    module = import_module(stage.generate.__module__)
    return render_markdown(
        TEMPLATE,
        table=table,
        stage=stage.name,
        story=" ".join((module.__doc__ or "").split()),
        rows=_rows_per_region(table.name),
        about=_describe,
        grounds=list(_grounds(stage)),
    )


def _rows_per_region(table: str) -> str:
    """Return how many rows a table has per region: of the newest published release of :data:`COUNTED`."""
    manifest = published_manifest(Release.of(newest_released(), COUNTED))
    if manifest is None:
        return ""
    counts = sorted(region["rows"][table] for region in manifest["regions"].values())
    least, median, most = counts[0], counts[len(counts) // 2], counts[-1]
    text = f"{most:,}" if least == most else f"{least:,} to {most:,}, median {median:,}"
    return f" Rows per region of `{COUNTED}`: {text}."


def _grounds(stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield each world of a released version or a draft, and what the parameters of the stage rest on there."""
    worlds: dict[str, str] = {}
    for version in makeable_versions():
        worlds.setdefault(versions()[version]["world"], version)
    for file, version in worlds.items():
        own = count_grounds(entry for path, entry in parameters(version).items() if stage.owns(path))
        yield f"{file}, a draft" if is_draft(version) else file, own.summary()


def _describe(column: Column) -> str:
    """Return a column's unit, note, the table whose key it holds, and its category values."""
    values = column.possible(parameters(newest_released()))
    named = ", ".join(values) if len(values) <= LISTED else f"{len(values)} values"
    owner = f"identifies {column.id_of}" if column.id_of else ""
    since = f"from data version {column.since} on" if column.since else ""
    parts = (column.unit, column.note, owner, f"one of {named}" if values else "", since)
    return "; ".join(part for part in parts if part)


def cards() -> dict[str, str]:
    """Return the card of every table by name."""
    return {table.name: card(stage, table) for stage in stages() for table in stage.tables}


if __name__ == "__main__":
    sys.exit(write_or_check({f"{name}.md": text for name, text in cards().items()}, CARDS, sys.argv[1:]))
