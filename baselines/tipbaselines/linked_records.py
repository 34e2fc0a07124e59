"""What is compared of adverts, or of plain records, where they are linked, and what blocks pairs of them."""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from tipbaselines.advert_text import all_normalised, texts
from tipbaselines.near_duplicates import shingles, signatures

ADVERT_STRINGS = frozenset(
    {"title", "body", "text", "platform", "language", "category", "price_basis", "account", "side"}
)
"""String columns of adverts; any other makes the data plain records."""
SKETCH = 16
"""Smallest shingle hashes of a text that stand for it in a comparison: their overlap estimates Jaccard similarity."""
BANDS, BAND_ROWS, RECORD_BAND_ROWS = 8, 4, 2
BLOCK_LIMIT = 400
"""A value that more records than this share does not block: a shared word of a whole market links nobody."""


def record_fields(frame: pl.DataFrame) -> list[str]:
    """Return fields of plain records: string columns that an advert does not have, with at least two values.

    Records with neither these nor contacts nor images are compared by title and body.
    """
    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    further = [name for name in strings if name not in ADVERT_STRINGS]
    if not further and not {"contacts", "images"} & set(frame.columns):
        further = [name for name in strings if name in ("title", "body")]
    return [name for name in further if frame[name].drop_nulls().n_unique() > 1]


def advert_records(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what is compared of an advert."""
    documents = texts(frame)
    has = _joined(frame, "town", ("region", "town")) + _joined(frame, "category", ("language", "category"))
    has += [pl.col("platform")] if "platform" in frame.columns else []
    has += [pl.col("price").cast(pl.Float64)] if "price" in frame.columns else []
    lists = [pl.col(n).fill_null([]).list.sort() for n in ("contacts", "images") if n in frame.columns]
    text = pl.Series("text", [d or None for d in all_normalised(documents)], dtype=pl.String)
    columns = frame.select(pl.int_range(pl.len()).alias("unique_id"), *has, *lists)
    return columns.with_columns(text, _sketches(documents), *_bands(documents, 3, BAND_ROWS))


def _joined(frame: pl.DataFrame, name: str, columns: tuple[str, ...]) -> list[pl.Expr]:
    """Return the values of those of the columns that the frame has, as one string; none where it has not the last."""
    if columns[-1] not in frame.columns:
        return []
    values = [pl.col(c).cast(pl.String) for c in columns if c in frame.columns]
    return [pl.concat_str(values, separator="/").alias(name)]


def reposts(records: pl.DataFrame) -> list[tuple[Any, ...]]:
    """Return a key of each advert: equal for adverts with one text and the same contacts, which are one record."""
    contacts = records["contacts"].to_list() if "contacts" in records.columns else [[]] * records.height
    text = records["text"].to_list()
    both = zip(text, contacts, strict=True)
    return [(words, *ids) if words else (row, None) for row, (words, ids) in enumerate(both)]


def plain_records(frame: pl.DataFrame, fields: list[str]) -> pl.DataFrame:
    """Return the fields of plain records, lower case and trimmed, empty ones null, with the bands of their joined
    text."""
    clean = [pl.col(n).str.to_lowercase().str.strip_chars().replace("", None) for n in fields]
    records = frame.select(pl.int_range(pl.len()).alias("unique_id"), *clean)
    joined = records.select(pl.concat_str(pl.col(fields).fill_null(""), separator=" ").alias("text"))["text"]
    return records.with_columns(*_bands(joined.to_list(), 1, RECORD_BAND_ROWS))


def _sketches(documents: list[str]) -> pl.Series:
    sets = shingles(documents, 3)
    smallest = [sets.values[a : min(a + SKETCH, b)].view(np.int64) for a, b in pairwise(sets.offsets)]
    return pl.Series("sketch", smallest, dtype=pl.List(pl.Int64))


def _bands(documents: list[str], width: int, rows: int) -> list[pl.Series]:
    """Return bands of the MinHash signatures as integers, null for an empty text."""
    sets = shingles(documents, width)
    signature = signatures(sets, BANDS * rows).astype(np.uint64)
    empty = np.diff(sets.offsets) == 0
    bands = []
    for band in range(BANDS):
        value = np.zeros(len(documents), dtype=np.uint64)
        for column in range(band * rows, (band + 1) * rows):
            value = value * np.uint64(0x100000001B3) + signature[:, column]
        bands.append(
            _common_as_null(pl.Series(f"band_{band}", value.view(np.int64)).set(pl.Series(empty), None))
        )
    return bands


def _common_as_null(values: pl.Series) -> pl.Series:
    frame = values.to_frame().with_columns(pl.len().over(values.name).alias("size"))
    return frame.select(pl.when(pl.col("size") <= BLOCK_LIMIT).then(pl.col(values.name)))[values.name]
