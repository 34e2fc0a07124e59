"""Values of a user's columns in the types of a release: yes and no, whole numbers, dates; what is none is refused."""

from __future__ import annotations

import polars as pl
from tipcore.errors import UsageError
from tipdata.stages import all_tables

from tipbench.data.custom.columns import flat, identifiers, in_lists, is_whole_text, listed
from tipbench.data.custom.config import OwnData
from tipbench.data.custom.reading import said

YES_NO = {"1": 1, "0": 0, "1.0": 1, "0.0": 0, "true": 1, "false": 0, "yes": 1, "no": 0, "y": 1, "n": 0}
"""What a value of two may be in text, whatever the case."""

MINUTES_A_DAY = 1440
DATE = r"^\d{4}-\d\d-\d\d([T ](\d\d):(\d\d).*)?$"
"""A date in text, and a time of day."""


def yes_or_no(values: pl.Series) -> pl.Series:
    """Return Int8 1 for yes and 0 for no, in any of the ways of :data:`YES_NO`; null for anything else."""
    text = values.cast(pl.String).str.to_lowercase().str.strip_chars()
    return text.replace_strict(list(YES_NO), list(YES_NO.values()), default=None, return_dtype=pl.Int8)


def binary(own: OwnData, field: str, labels: pl.Series) -> pl.Series:
    """Return labels as Int8 0 or 1, null where unknown. Raises UsageError, with the values found, for any other."""
    coded = yes_or_no(labels)
    if coded.null_count() > labels.null_count():
        found = labels.cast(pl.String).str.to_lowercase().drop_nulls().unique().sort().to_list()
        raise UsageError(
            f"{field} of data={own.name} is not binary: it holds {listed(found)}; map it to 0 and 1, "
            "for instance by \"CASE WHEN column = 'bad' THEN 1 WHEN column = 'good' THEN 0 END\"."
        )
    return coded


def settled(own: OwnData, table: str, column: str, values: pl.Series, notes: list[str]) -> pl.Series:
    """Return a mapped column in the type that the table of a release has; one that no release has stays as it is.

    Identifiers may be text, and a list of them a single one: both are numbered. Days and minutes may be dates and
    times. ``notes`` is told of numbers that were cut to whole ones. Raises UsageError where a quantity is not a number.
    """
    known = all_tables()[table].schema if table in all_tables() else {}
    unit = {c.name: c.unit for c in all_tables()[table].columns} if table in all_tables() else {}
    wanted = known.get(column)
    if wanted is None or values.dtype == wanted:
        return values
    field = f"data.tables.{table}.{column} of data={own.name}"
    if wanted == pl.List(pl.Int64):
        return _lists(values)
    if wanted == pl.Boolean and values.dtype == pl.String:
        return binary(own, f"data.tables.{table}.{column}", values).cast(pl.Boolean)
    if wanted.is_integer() and not unit[column] and not values.dtype.is_numeric():
        if values.dtype == pl.String and is_whole_text(values):
            return values.cast(wanted)
        return identifiers(values).cast(wanted)
    if wanted.is_integer():
        values = _whole(field, unit[column], values, notes)
    try:
        return values.cast(wanted)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{field} cannot be read as {wanted}: {said(error)}.") from None


def _whole(field: str, unit: str, values: pl.Series, notes: list[str]) -> pl.Series:
    """Return whole numbers of any numbers, of text that writes them (25 and 25.0), and of dates where days are
    wanted."""
    dated = _since_1970(unit, values)
    if dated is not None:
        return dated
    if values.dtype == pl.String:
        number = values.cast(pl.Float64, strict=False)
        wrong = values.filter((number.is_null() | (number != number.floor())) & values.is_not_null())
        if len(wrong):
            how = (
                "map it to whole numbers or to dates as 2019-04-16, for instance by \"STRPTIME(column, '%d/%m/%Y')\"."
                if _per_day(unit)
                else 'map it to whole numbers, for instance by "ROUND(CAST(column AS DOUBLE))".'
            )
            some = f"{len(wrong):,} of {len(values):,} rows (first: {wrong[0][:40]})"
            raise UsageError(f"{field} is not a whole number in {some}: {how}")
        return number
    if values.dtype.is_float():
        cut = values.filter((values != values.floor()).fill_null(False))
        if len(cut):
            notes.append(
                f"{field} is not a whole number in {len(cut):,} of {len(values):,} rows and was cut to one "
                f"(first: {cut[0]} to {int(cut[0])}); map ROUND(100 * column) to keep hundredths."
            )
    return values


def _per_day(unit: str) -> int | None:
    """Return how many units of time a day has, of columns that hold days or minutes of a calendar; else None."""
    if unit == "day":
        return 1
    return MINUTES_A_DAY if unit.startswith("minute") else None


def _since_1970(unit: str, values: pl.Series) -> pl.Series | None:
    """Return days or minutes since 1970-01-01 of dates and times, in text as 2019-04-16 or 2019-04-16 12:30.

    None where the unit is not a time, or any value is not a date.
    """
    per_day = _per_day(unit)
    if per_day is None:
        return None
    if values.dtype == pl.String:
        if not values.drop_nulls().str.contains(DATE).all() or values.null_count() == len(values):
            return None
        day = values.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        hour, minute = (values.str.extract(DATE, group).cast(pl.Int64).fill_null(0) for group in (2, 3))
    elif values.dtype in (pl.Date, pl.Datetime):
        moment = values.cast(pl.Datetime("us"))
        day, hour, minute = (
            moment.dt.date(),
            moment.dt.hour().cast(pl.Int64),
            moment.dt.minute().cast(pl.Int64),
        )
    else:
        return None
    if day.null_count() > values.null_count():
        return None
    days = day.cast(pl.Int32).cast(pl.Int64)
    return days if per_day == 1 else days * per_day + hour * 60 + minute


def _lists(values: pl.Series) -> pl.Series:
    """Return lists of numbered ids; a single value is a list of one, a null an empty list."""
    if not isinstance(values.dtype, pl.List):
        values = pl.select(
            pl.when(values.is_not_null()).then(values.reshape((-1, 1)).arr.to_list())
        ).to_series()
    return in_lists(values, identifiers(flat(values)))
