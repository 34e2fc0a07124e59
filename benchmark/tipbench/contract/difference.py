"""Say in one sentence how two runs of a method differ."""

import polars as pl

KEYS = ("query", "view", "candidate")
"""Columns that, with the unit, identify a row of predictions."""
ROUNDING = 1e-9
"""What the order of rows may change in a number: sums in another order round otherwise."""


def difference(first: pl.DataFrame, second: pl.DataFrame, keys: list[str], tolerance: float = 0.0) -> str:
    """Return how predictions differ, as "12 of 340 predictions differ (advert 17: ...)"; '' where they do not.

    Args:
        first, second: predictions in the columns of their kind, in any order.
        keys: the columns that name a row.
        tolerance: the most that two floats may differ by.
    """
    if first.schema != second.schema:
        return f"the columns are {_columns(first)} and {_columns(second)}"
    first, second = first.sort(keys), second.sort(keys)
    if not first.select(keys).equals(second.select(keys)):
        only = first.join(second, on=keys, how="anti").height
        return f"{only:,} of {first.height:,} rows have a {' and '.join(keys)} that the other {second.height:,} lack"
    differs = pl.DataFrame({name: _differ(first[name], second[name], tolerance) for name in first.columns})
    rows = differs.select(pl.any_horizontal(pl.all())).to_series()
    if not rows.any():
        return ""
    at = int(rows.arg_max() or 0)
    column = next(name for name in first.columns if differs[name][at])
    where = ", ".join(f"{key} {first[key][at]}" for key in keys)
    return (
        f"{rows.sum():,} of {first.height:,} predictions differ "
        f"(at {where}, {column} is {first[column][at]} and {second[column][at]})"
    )


def key_columns(unit: str, predictions: pl.DataFrame) -> list[str]:
    """Return the columns that identify a row of predictions."""
    return [name for name in (unit, *KEYS) if name in predictions.columns]


def _columns(frame: pl.DataFrame) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in frame.schema.items())


def _differ(first: pl.Series, second: pl.Series, tolerance: float) -> pl.Series:
    same = first.eq_missing(second)
    if first.dtype.is_float() and tolerance:
        same = same | ((first - second).abs() <= tolerance).fill_null(False)
    return ~same
