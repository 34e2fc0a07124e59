"""The mapping of a user's columns: expressions evaluated, types settled, errors named after the field."""

from __future__ import annotations

import numpy as np
import polars as pl
from tipcore.errors import UsageError

from tipbench.data.custom.config import OwnData
from tipbench.data.custom.reading import said


def mapped(own: OwnData, frame: pl.LazyFrame, fields: dict[str, str]) -> pl.DataFrame:
    """Return one column per field, each a column of the frame or a polars SQL expression over its columns.

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
        field, cause = _failing(frame, expressions) or ("a mapped expression", error)
        raise UsageError(f"{field} of data={own.name} fails on the data: {said(cause)}.") from None


def _unseparated(has: list[str]) -> str:
    """Return what to set where a file's columns were read as one."""
    sign = next((sign for sign in ";\t|" if len(has) == 1 and sign in has[0]), None)
    return (
        "" if sign is None else f" in one column; set data.separator={sign!r} if that is what separates them"
    )


def _failing(frame: pl.LazyFrame, expressions: dict[str, pl.Expr]) -> tuple[str, Exception] | None:
    """Return the first field whose expression fails by itself, and how."""
    for field, expression in expressions.items():
        try:
            frame.select(expression).collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            return field, error
    return None


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
        raise UsageError(
            f"{field} of data={own.name} is neither a column nor a polars SQL expression ({said(error)}): "
            f"its columns are {listed(has)}{_unseparated(has)}."
        ) from None
    missing = [name for name in roots(text, has) if name not in has]
    if missing:
        raise UsageError(
            f"{field} of data={own.name} maps {listed(missing)}, which the data lacks: it has "
            f"{listed(has)}{_unseparated(has)}."
        )
    return expression


def roots(text: str, has: list[str]) -> list[str]:
    """Return the columns that a mapped text reads: itself, or those in the expression; none where it is a pattern."""
    if text in has:
        return [text]
    try:
        return list(dict.fromkeys(pl.sql_expr(text).meta.root_names()))
    except pl.exceptions.PolarsError:
        return []


def listed(values: list) -> str:
    """Return values for a message, at most a dozen."""
    shown = ", ".join(str(v) for v in values[:12])
    return shown + (f" and {len(values) - 12} more" if len(values) > 12 else "")


def identifiers(values: pl.Series) -> pl.Series:
    """Return Int64 ids: integers as they are, anything else numbered from 0 in sorted order; nulls stay."""
    if values.dtype.is_integer():
        return values.cast(pl.Int64)
    distinct = values.drop_nulls().unique().sort()
    return values.replace_strict(
        distinct, np.arange(len(distinct)), default=None, return_dtype=pl.Int64
    ).alias(values.name)


def is_whole_text(values: pl.Series) -> bool:
    """Return whether text is whole numbers as they are written plainly (7, and not 007 or 7.0), nulls apart."""
    return bool(
        (values.cast(pl.Int64, strict=False).cast(pl.String) == values).fill_null(values.is_null()).all()
    )


def flat(values: pl.Series) -> pl.Series:
    """Return the values in lists one after the other; values that are in none as they are."""
    if not isinstance(values.dtype, pl.List):
        return values
    return values.drop_nulls().explode(empty_as_null=False, keep_nulls=False)


def in_lists(values: pl.Series, ids: pl.Series) -> pl.Series:
    """Return ids of :func:`flat` values in the lists that these came from, nulls left out; a null is an empty list."""
    if not isinstance(values.dtype, pl.List):
        return ids.alias(values.name)
    rows = np.repeat(np.arange(len(values)), values.list.len().fill_null(0).to_numpy())
    lists = pl.DataFrame({"row": rows, "id": ids}).drop_nulls().group_by("row", maintain_order=True).agg("id")
    every = pl.DataFrame({"row": np.arange(len(values))})
    joined = every.join(lists, on="row", how="left", maintain_order="left")["id"]
    return joined.fill_null([]).alias(values.name)
