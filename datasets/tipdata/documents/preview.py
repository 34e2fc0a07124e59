"""A few rows of a table to read: adverts as cards, other tables as a frame that is never cut."""

import polars as pl

from tipdata.core.draw import Stream
from tipdata.core.world import MINUTES_A_DAY
from tipdata.release import Release


def preview(release: Release, table: str = "adverts", rows: int = 10, language: str | None = None) -> str:
    """Return ``rows`` keyed-random rows of a table's observed columns as text; adverts by ``language`` where one is
    given."""
    lazy = release.scan(table)
    if language is not None:
        lazy = lazy.filter(pl.col("language") == language)
    frame = lazy.collect()
    if not frame.height:
        return f"no rows in {table}" + (f" with language {language}" if language else "")
    order = Stream(0, f"preview/{table}").shuffled(frame.with_row_index()["index"].to_numpy())
    frame = frame[order[:rows].tolist()]
    if table == "adverts":
        return "\n\n".join(_card(row) for row in frame.to_dicts())
    return uncut(frame)


def uncut(frame: pl.DataFrame, letters: int = 200) -> str:
    """Return a frame as text with all its rows and columns, and so many letters of each text."""
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=letters, tbl_width_chars=10_000):
        return str(frame)


def _card(row: dict) -> str:
    day, minute = divmod(row["minute"], MINUTES_A_DAY)
    basis = f"per {row['price_basis']}".replace("_", " ").replace("per total", "in total")
    price = "" if row["price"] is None else f", {row['price'] / 100:.0f} XTS {basis}"
    when = f"day {day} {minute // 60:02d}:{minute % 60:02d}"
    head = f"{row['platform']} · {when} · {row['language']} · {row['category']}{price}"
    return f"{head}\n  {row['title']}\n  " + row["body"].replace("\n", "\n  ")
