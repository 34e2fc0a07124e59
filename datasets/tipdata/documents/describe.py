"""What is in a release: its tables and columns, and its marginals beside the published aggregates."""

import polars as pl

from tipdata.documents.marginals import marginals
from tipdata.release import Release
from tipdata.stages import tables_of


def describe(release: Release) -> str:
    """Return tables, columns (type, tier, nulls, unit and note) and marginals of a release, as text for a terminal."""
    lines = [f"release {release.name}: {release.regions} regions in {release.folder}", ""]
    for name, table in tables_of(release.version).items():
        frame = release.scan(name, truth=True)
        nulls = frame.select(pl.len().alias("rows of it"), pl.all().null_count()).collect().row(0, named=True)
        rows = nulls.pop("rows of it")
        lines.append(f"{name}: {rows:,} rows, key {', '.join(table.key)}. {table.note}")
        for column in table.columns:
            empty = f"{nulls[column.name] / rows:.0%} null" if rows and nulls[column.name] else ""
            about = "; ".join(x for x in (column.unit, column.note, empty) if x)
            lines.append(f"  {column.name:<22} {column.dtype!s:<14} {column.tier:<9} {about}".rstrip())
        lines.append("")
    lines.append(f"{'aggregate':<36} {'published':>10} {'here':>8}   band")
    for m in marginals(release):
        value = "-" if m.measured is None else f"{m.measured:.3f}"
        verdict = "too few" if m.measured is None else "within" if m.passes else "outside"
        lines.append(
            f"{m.name:<36} {m.target:>10} {value:>8}   {verdict} {m.low:g} to {m.high:g} ({m.source})"
        )
    return "\n".join(lines)
