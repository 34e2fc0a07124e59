"""Labelled pairs of records, such as the sets of the Magellan project: two texts and a label a row.

A text of the form ``COL name VAL citrus COL city VAL ...`` (the serialisation of Ditto, Li et al., 2020) is
taken apart into its fields. Equal texts on one side are one record; the two sides are two sources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from tipcore.errors import UsageError
from tipcore.units import PARTS, connected_components

from tipbench.data.custom.columns import map_columns, read_binary
from tipbench.data.custom.config import OwnData, Pairs
from tipbench.data.custom.files import FILE
from tipbench.data.splits import PART

MARKER = r"COL (\w+) VAL ?"


@dataclass(frozen=True)
class RecordPairs:
    """Pairs ``[pair, left, right, left_text, right_text, label, part]`` and records ``[record, side, ...]``.

    ``left`` and ``right`` are Int64 keys of records; the further columns of records are the fields of their
    texts.
    """

    pairs: pl.DataFrame
    records: pl.DataFrame


def read_pairs(own: OwnData, spec: Pairs, frame: pl.LazyFrame) -> RecordPairs:
    """Return the pairs of a user's data, in the order of its rows, and the distinct records in them.

    Raises:
        UsageError: for columns that are missing, labels that are not 0 and 1, and parts other than the three.
    """
    fields = {"data.pairs.left": spec.left, "data.pairs.right": spec.right}
    if spec.label is not None:
        fields["data.pairs.label"] = spec.label
    part = own.fold or (FILE if isinstance(own.files, dict) else None)
    if part is not None:
        fields["data.fold"] = part
    raw = map_columns(own, frame, fields)
    pairs = raw.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("pair"),
        pl.col("data.pairs.left").cast(pl.String).fill_null("").alias("left_text"),
        pl.col("data.pairs.right").cast(pl.String).fill_null("").alias("right_text"),
    )
    label = (
        read_binary(own, "data.pairs.label", raw["data.pairs.label"])
        if spec.label is not None
        else pl.Series([None] * raw.height, dtype=pl.Int8)
    )
    pairs = pairs.with_columns(label.alias("label"), _parts(own, raw).alias("part"))
    records = _records(pairs)
    for side in ("left", "right"):
        keys = records.filter(pl.col("side") == side).select("record", pl.col("raw").alias(f"{side}_text"))
        pairs = pairs.join(keys, on=f"{side}_text", how="left", maintain_order="left").rename(
            {"record": side}
        )
    texts = [_without_markers(pl.col(f"{side}_text")).alias(f"{side}_text") for side in ("left", "right")]
    return RecordPairs(
        pairs.select("pair", "left", "right", *texts, "label", "part"), _fields(records).drop("raw")
    )


def _parts(own: OwnData, raw: pl.DataFrame) -> pl.Series:
    if "data.fold" not in raw.columns:
        return pl.Series(["test"] * raw.height, dtype=PART)
    parts = raw["data.fold"].cast(pl.String)
    other = parts.filter(~parts.is_in(list(PARTS)).fill_null(False))
    if len(other):
        raise UsageError(
            f"data.fold of data={own.name} holds {other.fill_null('nothing')[0]}: "
            f"pairs are of {', '.join(PARTS)}."
        )
    return parts.cast(PART)


def _records(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return ``[record, side, raw]``: distinct texts of each side, numbered by side and text."""
    sides = [
        pairs.select(pl.lit(side).alias("side"), pl.col(f"{side}_text").alias("raw")).unique().sort("raw")
        for side in ("left", "right")
    ]
    return pl.concat(sides).with_row_index("record").with_columns(pl.col("record").cast(pl.Int64))


def _without_markers(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(MARKER, "").str.replace_all(r"\s+", " ").str.strip_chars()


def _fields(records: pl.DataFrame) -> pl.DataFrame:
    """Return records with ``text`` (markers taken out) and a String column a named field, null where it is empty."""
    found = records["raw"].str.extract_all(MARKER).explode().drop_nulls().unique()
    names = found.str.extract(MARKER).unique().sort().to_list()
    values = [
        pl.col("raw").str.extract(rf"COL {name} VAL ?(.*?)\s*(?:COL \w+ VAL|$)").str.strip_chars().alias(name)
        for name in names
        if name not in records.columns and name != "text"
    ]
    parsed = records.with_columns(_without_markers(pl.col("raw")).alias("text"), *values)
    return parsed.with_columns(
        pl.when(pl.col(v.meta.output_name()) != "").then(v.meta.output_name()) for v in values
    )


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
