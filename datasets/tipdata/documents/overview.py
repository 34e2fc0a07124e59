"""Show a release in a terminal: its tables, columns and marginals, and some rows."""

import polars as pl
from tipcore.errors import UsageError
from tipcore.spelling import check_word

from tipdata.core.draw import Stream, effective_size
from tipdata.core.world import MINUTES_A_DAY, parameters, profile
from tipdata.documents.fidelity import AggregateResult, compare_release
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
    lines += _describe_weights(release)
    lines.append(f"{'aggregate':<58} {'published':>16} {'here':>8}   band")
    lines += [_format_aggregate(result) for result in compare_release(release)]
    return "\n".join(lines)


def _format_aggregate(result: AggregateResult) -> str:
    a = result.aggregate
    value = "-" if result.value is None else f"{result.value:.3f}"
    verdict = {"pass": "within", "fail": "outside", "too few rows": "too few rows for"}[result.verdict]
    return f"{a.name:<58} {a.published:>16} {value:>8}   {verdict} {a.low:g} to {a.high:g} ({a.source})"


def _describe_weights(release: Release) -> list[str]:
    """Return lines on the operations of a size with a profile, by count and by weight; none for other sizes."""
    if not profile(release.version, release.size):
        return []
    posting = pl.col("posts") & (pl.col("kind") != "spam")
    rows = release.scan("operations", truth=True).filter(posting).collect()
    every = [("all but spam", rows)]
    every += [(str(name), part) for (name,), part in rows.group_by("kind", maintain_order=True)]
    of_form = rows.filter(pl.col("form").is_not_null()).sort("form")
    every += [(f"  {name}", part) for (name,), part in of_form.group_by("form", maintain_order=True)]
    total = int(rows["weight"].sum())
    head = f"{'here':>8} {'share':>7} {'by weight':>10} {'effective (Kish)':>17}"
    lines = [f"{'operations that post':<24} {head}"]
    for name, part in every:
        share, weighed = part.height / rows.height, int(part["weight"].sum()) / total
        effective = effective_size(part["weight"].to_numpy())
        lines.append(f"{name:<24} {part.height:>8,} {share:>7.3f} {weighed:>10.3f} {effective:>17,.0f}")
    return [*lines, ""]


def preview(release: Release, table: str = "adverts", rows: int = 10, language: str | None = None) -> str:
    """Return random rows of a table's observed columns as text; the same rows each time.

    ``language``: of the rows. Raises UsageError for a table that does not exist, and for a language that it cannot
    have.
    """
    lazy = release.scan(table)
    if language is not None:
        known = tables_of(release.version)[table]
        if "language" not in known.observed:
            raise UsageError(f"table {table} has no column language: leave out language=.")
        possible = known["language"].possible(parameters(release.version))
        check_word(language, possible, f"language={language} does not exist")
        lazy = lazy.filter(pl.col("language") == language)
    frame = lazy.collect()
    if not frame.height:
        return f"no rows in {table}" + (f" with language {language}" if language else "")
    order = Stream(0, f"preview/{table}").shuffle(frame.with_row_index()["index"].to_numpy())
    frame = frame[order[:rows].tolist()]
    if table == "adverts":
        return "\n\n".join(_format_advert(row) for row in frame.to_dicts())
    return format_frame(frame)


def format_frame(frame: pl.DataFrame, letters: int = 200) -> str:
    """Return a frame as text with all its rows and columns. ``letters``: the most of each text."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=letters, tbl_width_chars=10_000):
        return str(frame)


def _format_advert(row: dict) -> str:
    day, minute = divmod(row["minute"], MINUTES_A_DAY)
    basis = f"per {row['price_basis']}".replace("_", " ").replace("per total", "in total")
    price = "" if row["price"] is None else f", {row['price'] / 100:.0f} XTS {basis}"
    when = f"day {day} {minute // 60:02d}:{minute % 60:02d}"
    head = f"{row['platform']} · {when} · {row['language']} · {row['category']}{price}"
    return f"{head}\n  {row['title']}\n  " + row["body"].replace("\n", "\n  ")
