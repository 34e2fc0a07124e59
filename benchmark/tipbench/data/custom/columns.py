"""The mapping of a user's columns: expressions evaluated, types settled, errors named after the field."""

from __future__ import annotations

import numpy as np
import polars as pl
from tipdata.core.errors import UsageError
from tipdata.stages import TABLES

from tipbench.data.custom.config import OwnData

FEW = 5
"""Examples in an error."""


def mapped(own: OwnData, frame: pl.LazyFrame, fields: dict[str, str]) -> pl.DataFrame:
    """One column a field, each a column of the frame or a polars SQL expression over its columns.

    Args:
        fields: name of the field as the config has it (``data.label``) -> column or expression.

    Raises:
        UsageError: for a column that the data does not have, and an expression that cannot be read or
        evaluated.
    """
    has = frame.collect_schema().names()
    expressions = {field: _expression(own, field, text, has) for field, text in fields.items()}
    out = frame.with_columns(e.alias(field) for field, e in expressions.items()).select(list(expressions))
    try:
        return out.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        said = str(error).strip().splitlines()[0][:160]
        raise UsageError(f"data={own.name}: a mapped expression fails on the data: {said}.") from None


def _expression(own: OwnData, field: str, text: str, has: list[str]) -> pl.Expr:
    shown = [name for name in roots(text, has) if name in own.hidden]
    if shown and field.startswith("data.tables."):
        raise UsageError(
            f"{field} of data={own.name} maps {listed(shown)}, which data.hidden keeps from inputs: leave it out."
        )
    if text in has:
        return pl.col(text)
    try:
        expression = pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        said = str(error).strip().splitlines()[0][:120]
        raise UsageError(
            f"{field} of data={own.name} is neither a column nor a polars SQL expression ({said}): "
            f"its columns are {listed(has)}."
        ) from None
    missing = [name for name in roots(text, has) if name not in has]
    if missing:
        raise UsageError(
            f"{field} of data={own.name} maps {listed(missing)}, which the data lacks: it has {listed(has)}."
        )
    return expression


def roots(text: str, has: list[str]) -> list[str]:
    """The columns that a mapped text reads: itself, or those in the expression; none where it is a pattern."""
    if text in has:
        return [text]
    try:
        return list(dict.fromkeys(pl.sql_expr(text).meta.root_names()))
    except pl.exceptions.PolarsError:
        return []


def listed(values: list) -> str:
    """Values for a message, at most a dozen."""
    shown = ", ".join(str(v) for v in values[:12])
    return shown + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def binary(own: OwnData, field: str, labels: pl.Series) -> pl.Series:
    """Labels as Int8 0 or 1, null where unknown. Raises UsageError, with the values found, for any other."""
    text = labels.cast(pl.String).str.to_lowercase().str.strip_chars()
    coded = text.replace_strict(
        ["0", "1", "0.0", "1.0", "false", "true"], [0, 1, 0, 1, 0, 1], default=None, return_dtype=pl.Int8
    )
    wrong = text.filter(coded.is_null() & text.is_not_null())
    if len(wrong):
        found = text.drop_nulls().unique().sort().to_list()
        raise UsageError(
            f"{field} of data={own.name} is not binary: it holds {listed(found)}; map it to 0 and 1, "
            "for instance by \"CASE WHEN column = 'yes' THEN 1 ELSE 0 END\"."
        )
    return coded


def identifiers(values: pl.Series) -> pl.Series:
    """Int64 ids: integers as they are, anything else numbered from 0 in sorted order; nulls stay."""
    if values.dtype.is_integer():
        return values.cast(pl.Int64)
    distinct = values.drop_nulls().unique().sort()
    return values.replace_strict(
        distinct, np.arange(len(distinct)), default=None, return_dtype=pl.Int64
    ).alias(values.name)


def is_whole_text(values: pl.Series) -> bool:
    """Whether text is whole numbers as they are written plainly (7, and not 007 or 7.0), nulls apart."""
    return bool(
        (values.cast(pl.Int64, strict=False).cast(pl.String) == values).fill_null(values.is_null()).all()
    )


def settled(own: OwnData, table: str, column: str, values: pl.Series) -> pl.Series:
    """A mapped column in the type that the table of a release has; one that no release has stays as it is.

    Identifiers may be text, and a list of them a single one: both are numbered. Raises UsageError where a
    quantity is no number.
    """
    known = TABLES[table].schema if table in TABLES else {}
    unit = {c.name: c.unit for c in TABLES[table].columns} if table in TABLES else {}
    wanted = known.get(column)
    if wanted is None or values.dtype == wanted:
        return values
    if wanted == pl.List(pl.Int64):
        return _lists(values)
    if wanted.is_integer() and not unit[column] and not values.dtype.is_numeric():
        if values.dtype == pl.String and is_whole_text(values):
            return values.cast(wanted)
        return identifiers(values).cast(wanted)
    try:
        return values.cast(wanted)
    except pl.exceptions.PolarsError as error:
        said = str(error).strip().splitlines()[0][:120]
        raise UsageError(f"data.tables.{table}.{column} of data={own.name} is no {wanted}: {said}.") from None


def _lists(values: pl.Series) -> pl.Series:
    """Lists of numbered ids; a single value is a list of one, a null an empty list."""
    if not isinstance(values.dtype, pl.List):
        values = pl.select(
            pl.when(values.is_not_null()).then(values.reshape((-1, 1)).arr.to_list())
        ).to_series()
    return in_lists(values, identifiers(flat(values)))


def flat(values: pl.Series) -> pl.Series:
    """The values in lists one after the other; values that are in none as they are."""
    if not isinstance(values.dtype, pl.List):
        return values
    return values.drop_nulls().explode(empty_as_null=False, keep_nulls=False)


def in_lists(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Ids of :func:`flat` values in the lists that these came from, nulls left out; a null is an empty list."""
    if not isinstance(values.dtype, pl.List):
        return ids.alias(values.name)
    rows = np.repeat(np.arange(len(values)), values.list.len().fill_null(0).to_numpy())
    lists = pl.DataFrame({"row": rows, "id": ids}).drop_nulls().group_by("row", maintain_order=True).agg("id")
    every = pl.DataFrame({"row": np.arange(len(values))})
    joined = every.join(lists, on="row", how="left", maintain_order="left")["id"]
    return joined.fill_null([]).alias(values.name)
