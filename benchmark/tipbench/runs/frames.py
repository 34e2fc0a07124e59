"""Results as one polars frame, a row each, and as one parquet file: the same values as the records, in both ways.

A field of the record is a column of its name: text, whole numbers, floats and truth values as they are, a part of the
record as a struct, and a mapping as a list of structs with its key as ``name``. What has no fixed keys (``config``,
``curves``, ``environment``) is text of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import polars as pl
from pydantic import BaseModel, ValidationError
from tipcore.errors import UsageError
from tipcore.table_files import read_parquet
from tipcore.validation import requirement

from tipbench.runs.results import Result, parquet_bytes

RESULTS = "results.parquet"
PLAIN = {str: pl.String(), int: pl.Int64(), float: pl.Float64(), bool: pl.Boolean()}


def frame_of(results: Iterable[Result], columns: Iterable[str] | None = None) -> pl.DataFrame:
    """Return a row per result, in their order, with these columns of :data:`SCHEMA` or all."""
    names = list(SCHEMA if columns is None else columns)
    kinds = {name: Result.model_fields[name].annotation for name in names}
    found = [{name: _to_row(getattr(one, name), kinds[name]) for name in names} for one in results]
    return pl.DataFrame(found, schema={name: SCHEMA[name] for name in names})


def results_of(frame: pl.DataFrame) -> list[Result]:
    """Return the records of a frame's rows. Raises pydantic's ValidationError for a row that is not a result."""
    return [Result.model_validate(_from_row(row, Result)) for row in frame.iter_rows(named=True)]


def to_parquet_bytes(results: Iterable[Result]) -> bytes:
    """Return results as a parquet file: the same bytes for the same results in the same order."""
    return parquet_bytes(frame_of(results))


def read_results(path: Path, task: str | None = None) -> list[Result]:
    """Return the results of a parquet file, of one task or all.

    Raises UsageError where it is missing, or not such a file.
    """
    try:
        frame = _with_later_columns(read_parquet(path))
        if frame.schema != SCHEMA:
            raise ValueError("its columns are not those of results")
        return results_of(frame if task is None else frame.filter(pl.col("task") == task))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        said = f"{'.'.join(map(str, first['loc'])) or 'a row'}: {requirement(first)}"
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        missing = isinstance(error, FileNotFoundError)
        said = "the file is missing" if missing else str(error).strip().splitlines()[0][:160].rstrip(".")
    raise UsageError(
        f"{path} holds no results ({said}): make them with `tipbench board add runs=RUNS`."
    ) from None


def _with_later_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame of an older version with the columns that came later and may be null."""
    later = [
        name
        for name, field in Result.model_fields.items()
        if name not in frame.columns and field.default is None
    ]
    if not later:
        return frame
    made = frame.with_columns(pl.lit(None, SCHEMA[name]).alias(name) for name in later)
    return made.select(name for name in SCHEMA if name in made.columns)


def _bare(kind: Any) -> Any:
    """Return a type without None, where that leaves one type; text for a choice of words."""
    if get_origin(kind) is Literal:
        return str
    kinds = [one for one in get_args(kind) if one is not NoneType]
    return _bare(kinds[0]) if len(kinds) == 1 and len(get_args(kind)) == 2 else kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _is_open(kind: Any) -> bool:
    """Return whether values of a mapping may be anything that JSON holds."""
    return not (_is_model(kind) or get_origin(kind) in (list, dict) or kind in PLAIN)


def _dtype(kind: Any) -> pl.DataType:
    kind = _bare(kind)
    if _is_model(kind):
        return pl.Struct({name: _dtype(field.annotation) for name, field in kind.model_fields.items()})
    if get_origin(kind) is list:
        return pl.List(_dtype(get_args(kind)[0]))
    if get_origin(kind) is dict:
        inner = _bare(get_args(kind)[1])
        if _is_open(inner):
            return pl.String()
        found = _dtype(inner)
        fields = found.to_schema() if isinstance(found, pl.Struct) else {"value": found}
        return pl.List(pl.Struct({"name": pl.String(), **fields}))
    return PLAIN[kind]


def _to_row(value: Any, kind: Any) -> Any:
    """Return a value of the record as its column holds it."""
    kind = _bare(kind)
    if value is None:
        return None
    if _is_model(kind):
        return {
            name: _to_row(getattr(value, name), one.annotation) for name, one in kind.model_fields.items()
        }
    if get_origin(kind) is dict:
        inner = _bare(get_args(kind)[1])
        if _is_open(inner):
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        rows = {name: _to_row(one, inner) for name, one in value.items()}
        return [{"name": name, **(one if _is_model(inner) else {"value": one})} for name, one in rows.items()]
    return float(value) if kind is float else value  # a copy of a record may hold a whole number


def _from_row(value: Any, kind: Any) -> Any:
    """Return a value of a column as the record takes it."""
    kind = _bare(kind)
    if value is None:
        return None
    if _is_model(kind):
        return {name: _from_row(value[name], one.annotation) for name, one in kind.model_fields.items()}
    if get_origin(kind) is dict:
        inner = _bare(get_args(kind)[1])
        if _is_open(inner):
            return json.loads(value)
        return {row["name"]: _from_row(row if _is_model(inner) else row["value"], inner) for row in value}
    return value


SCHEMA = pl.Schema({name: _dtype(field.annotation) for name, field in Result.model_fields.items()})
