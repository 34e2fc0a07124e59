"""Write dataset cards, one per table, from what the tables declare: ``python -m tipdata.documents.cards``; with
``--check`` it says which are not up to date, and ends with 1."""

import sys
from importlib import import_module
from pathlib import Path

from tipdata.core.grounds import grounds_of
from tipdata.core.tables import Column, Table
from tipdata.core.world import FOLDER, is_draft, made_here, newest_released, parameters, versions
from tipdata.release.manifests import published_manifest
from tipdata.release.release import Release
from tipdata.stages import Stage, stages

CARDS = FOLDER.parent / "cards"
COUNTED = "small"
"""The size whose manifest says how many rows a region has."""
LISTED = 40
"""Values that a card names; of more it says how many."""

_USES = """## Uses
Intended: comparing methods, teaching, testing software. Prohibited: deciding about people without review,
calling anyone a victim or an offender, targeting lawful groups, evading detection, claiming field performance.
Retired when a review finds that it misleads or harms, or when a better public resource replaces it. A concern: open an
issue in the repository of tipbench. See docs/ethics.md."""


def card(stage: Stage, table: Table) -> str:
    """Return the Markdown card of one table: what it is, its columns, where its parameters come from, limits and
    uses."""
    module = import_module(f"tipdata.stages.{stage.name}.stage")
    story = " ".join((module.__doc__ or "").split())
    rows = "\n".join(f"| {c.name} | {c.dtype} | {c.tier} | {_about(c)} |" for c in table.columns)
    return f"""# {table.name}

{table.note}{_rows(table.name)}

Fully synthetic; nobody and nothing real is in it. Licence CC BY 4.0.

**Primary key** {", ".join(table.key)}. **Drawn by** `tipdata.stages.{stage.name}`: {story}

| column | type | access | unit, note, table identified, values |
|---|---|---|---|
{rows}

`truth` columns are in a file of their own and never among a method's inputs; `label` columns are supervision.

{_grounds(stage)}

{_USES}
"""


def _rows(table: str) -> str:
    """Return how many rows a table has per region: of the newest published release of :data:`COUNTED`."""
    manifest = published_manifest(Release.of(newest_released(), COUNTED))
    if manifest is None:
        return ""
    counts = sorted(region["rows"][table] for region in manifest["regions"].values())
    least, median, most = counts[0], counts[len(counts) // 2], counts[-1]
    said = f"{most:,}" if least == most else f"{least:,} to {most:,}, median {median:,}"
    return f" Rows per region of `{COUNTED}`: {said}."


def _grounds(stage: Stage) -> str:
    """Return what the parameters of a stage rest on, in each world of a released version or a draft."""
    worlds: dict[str, str] = {}
    for version in made_here():
        worlds.setdefault(versions()[version]["world"], version)
    told = []
    for file, version in worlds.items():
        own = grounds_of(entry for path, entry in parameters(version).items() if stage.owns(path))
        place = f"{file}, a draft" if is_draft(version) else file
        told.append(f"**Parameters** of `{stage.name}` in {place}: {own.told()}.")
    return "\n\n".join(told)


def _about(column: Column) -> str:
    """Return a column's unit, note, the table whose key it holds, and its category values."""
    values = column.possible(parameters(newest_released()))
    parts = (
        column.unit,
        column.note,
        f"identifies {column.id_of}" if column.id_of else "",
        f"one of {', '.join(values) if len(values) <= LISTED else f'{len(values)} values'}" if values else "",
        f"from data version {column.since} on" if column.since else "",
    )
    return "; ".join(part for part in parts if part)


def cards() -> dict[str, str]:
    """Return the card of every table by name."""
    return {table.name: card(stage, table) for stage in stages() for table in stage.tables}


def main(words: list[str], folder: Path = CARDS) -> int:
    """Write every card to ``folder``, or with ``--check`` say which are not up to date; returns the exit code."""
    if words == ["--check"]:
        old = [name for name, text in cards().items() if not _is(folder / f"{name}.md", text)]
        sys.stdout.writelines(f"not up to date: {folder / name}.md\n" for name in old)
        return 1 if old else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in cards().items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
