"""What is in a release: its tables and columns, and its marginals beside the published aggregates."""

import polars as pl

from tipdata.core.counts import effective_size
from tipdata.core.world import profile
from tipdata.documents.fidelity import Held, hold
from tipdata.release import Release
from tipdata.stages import tables_of


def describe(release: Release) -> str:
    """Return tables, columns (type, tier, nulls, unit and note) and marginals of a release, as text for a terminal."""
    lines = [f"release {release.name}: {release.regions} regions in {release.place}", ""]
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
    lines += _weighed(release)
    lines.append(f"{'aggregate':<58} {'published':>16} {'here':>8}   band")
    lines += [_line(held) for held in hold(release)]
    return "\n".join(lines)


def _line(held: Held) -> str:
    a = held.aggregate
    value = "-" if held.value is None else f"{held.value:.3f}"
    verdict = {"pass": "within", "fail": "outside", "too few rows": "too few rows for"}[held.verdict]
    return f"{a.name:<58} {a.published:>16} {value:>8}   {verdict} {a.low:g} to {a.high:g} ({a.source})"


def _weighed(release: Release) -> list[str]:
    """Return lines on what a size draws at shares of its own, and what weights leave of it; none for other sizes."""
    if not profile(release.size):
        return []
    posting = pl.col("posts") & (pl.col("kind") != "spam")
    rows = release.scan("operations", truth=True).filter(posting).collect()
    every = [
        ("all but spam", rows),
        *((str(name[0]), part) for name, part in rows.group_by("kind", maintain_order=True)),
    ]
    of_form = rows.filter(pl.col("form").is_not_null()).sort("form")
    every += [(f"  {name[0]}", part) for name, part in of_form.group_by("form", maintain_order=True)]
    total = int(rows["weight"].sum())
    lines = [
        f"{'operations that post':<24} {'here':>8} {'share':>7} {'by weight':>10} {'effective (Kish)':>17}"
    ]
    for name, part in every:
        share, weighed = part.height / rows.height, int(part["weight"].sum()) / total
        effective = effective_size(part["weight"].to_numpy())
        lines.append(f"{name:<24} {part.height:>8,} {share:>7.3f} {weighed:>10.3f} {effective:>17,.0f}")
    return [*lines, ""]
