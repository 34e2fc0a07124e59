"""Labelled pairs of records, such as the sets of the Magellan project: two texts and a label per row.

A text of the form ``COL name VAL citrus COL city VAL ...`` (the serialisation of Ditto, Li et al., 2020) is
taken apart into its fields. Equal texts on one side are one record; the two sides are two sources.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipcore.units import PARTS, connected_components

from tipbench.data.custom.columns import map_columns, read_binary
from tipbench.data.custom.config import OwnData, Pairs
from tipbench.data.custom.files import FILE
from tipbench.data.splits import PART

MARKER = r"COL (\w+) VAL ?"
SIDES = ("left", "right")


def read_pairs(own: OwnData, spec: Pairs, frame: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the pairs of a user's data, in the order of its rows, and the distinct records in them.

    Pairs are ``[pair, left, right, left_text, right_text, label, part]``, with the Int64 keys of their records; records
    are ``[record, side, text, ...]`` with the fields of their texts. Raises UsageError for columns that are missing,
    labels that are not 0 and 1, and parts other than the three.
    """
    fields = {f"data.pairs.{name}": text for name, text in spec.model_dump(exclude_none=True).items()}
    if part := own.fold or (FILE if own.files_are_parts else None):
        fields["data.fold"] = part
    raw = map_columns(own, frame, fields)
    if spec.label is None:
        label = pl.Series([None] * raw.height, dtype=pl.Int8)
    else:
        label = read_binary(own, "data.pairs.label", raw["data.pairs.label"])
    pairs = raw.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("pair"),
        *(pl.col(f"data.pairs.{side}").cast(pl.String).fill_null("").alias(side) for side in SIDES),
        label=label,
        part=_parts(own, raw),
    )
    sides = [pairs.select(side=pl.lit(side), raw=pl.col(side)).unique().sort("raw") for side in SIDES]
    records = pl.concat(sides).with_row_index("record").with_columns(pl.col("record").cast(pl.Int64))
    for side in SIDES:
        keys = records.filter(side=side).select(
            pl.col("record").alias(f"{side}_key"), pl.col("raw").alias(side)
        )
        pairs = pairs.join(keys, on=side, how="left", maintain_order="left")
    keys = [pl.col(f"{side}_key").alias(side) for side in SIDES]
    texts = [_plain(pl.col(side)).alias(f"{side}_text") for side in SIDES]
    return pairs.select("pair", *keys, *texts, "label", "part"), _with_fields(records)


def _parts(own: OwnData, raw: pl.DataFrame) -> pl.Series:
    if "data.fold" not in raw.columns:
        return pl.Series(["test"] * raw.height, dtype=PART)
    parts = raw["data.fold"].cast(pl.String)
    other = parts.filter(~parts.is_in(list(PARTS)).fill_null(False))
    if len(other):
        raise UsageError(
            f"data.fold of data={own.name} holds {other.fill_null('nothing')[0]}: pairs are of {', '.join(PARTS)}."
        )
    return parts.cast(PART)


def _plain(text: pl.Expr) -> pl.Expr:
    """Return a text without its markers."""
    return text.str.replace_all(MARKER, "").str.replace_all(r"\s+", " ").str.strip_chars()


def _with_fields(records: pl.DataFrame) -> pl.DataFrame:
    """Return records with ``text`` in place of ``raw`` and a String column per named field, null where it is empty."""
    raw = pl.col("raw")
    found = records["raw"].str.extract_all(MARKER).explode().drop_nulls().unique()
    names = found.str.extract(MARKER).unique().sort().to_list()
    fields = {
        name: raw.str.extract(rf"COL {name} VAL ?(.*?)\s*(?:COL \w+ VAL|$)").str.strip_chars()
        for name in names
        if name not in (*records.columns, "text")
    }
    return records.with_columns(
        _plain(raw).alias("text"),
        **{name: pl.when(value != "").then(value) for name, value in fields.items()},
    ).drop("raw")


def matched_clusters(pairs: pl.DataFrame, records: int) -> pl.DataFrame:
    """Return ``[record, cluster, part]``: records of each part's pairs, clustered by that part's positive pairs.

    Clusters are named by their smallest record.
    """
    found = []
    for part in PARTS:
        here = pairs.filter(pl.col("part") == part)
        matched = here.filter(pl.col("label") == 1)
        root = connected_components(matched["left"].to_numpy(), matched["right"].to_numpy(), records)
        ids = np.unique(np.concatenate([here["left"].to_numpy(), here["right"].to_numpy()]))
        found.append(
            pl.DataFrame({"record": ids, "cluster": root[ids]}).with_columns(part=pl.lit(part, dtype=PART))
        )
    return pl.concat(found)
