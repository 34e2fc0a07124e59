"""How host and fence talk: a line of JSON, then what it announces.

To the fence goes whatever the host likes: frames in Arrow's stream format. From the fence come plain numbers only: for
each column so many bytes of a dtype that is on a list, so that no reader of a file format meets what a stranger wrote.
Every length is checked before anything of it is read.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

LONGEST_LINE = 1 << 20
"""Bytes of a line of JSON."""
MOST_COLUMNS, MOST_ROWS, MOST_BYTES = 200, 100_000_000, 1 << 30
"""Of one answer."""
NUMBERS: dict[str, tuple[type[pl.DataType], str]] = {
    "Int8": (pl.Int8, "<i1"),
    "Int16": (pl.Int16, "<i2"),
    "Int32": (pl.Int32, "<i4"),
    "Int64": (pl.Int64, "<i8"),
    "UInt8": (pl.UInt8, "<u1"),
    "UInt16": (pl.UInt16, "<u2"),
    "UInt32": (pl.UInt32, "<u4"),
    "UInt64": (pl.UInt64, "<u8"),
    "Float32": (pl.Float32, "<f4"),
    "Float64": (pl.Float64, "<f8"),
    "Boolean": (pl.Boolean, "|b1"),
}
"""dtypes that come back from a fence, and their bytes in numpy's words; text comes as words and their numbers."""


class Garbled(Exception):
    """What came from a fence is not what was agreed. The message says in what way."""


@dataclass(frozen=True)
class Answer:
    """What a fence answered: ``said``, and where it announced one a frame."""

    said: dict[str, Any]
    frame: pl.DataFrame | None = field(default=None, repr=False)

    def names(self, key: str) -> list[str]:
        """Return a list of names that it says. Raises Garbled where it says anything else."""
        names = self.said.get(key)
        if not isinstance(names, list) or not all(isinstance(one, str) and _is_text(one) for one in names):
            raise Garbled(f"{names!r:.40} for {key}, which is a list of names")
        return names


@dataclass
class Pipe:
    """One end of two pipes: what is read from and what is written to."""

    source: io.BufferedReader
    sink: io.BufferedWriter
    left: int = 0
    """Bytes that the answer which is being read may still have."""

    @classmethod
    def of(cls, source: int, sink: int) -> Pipe:
        """Args: descriptors."""
        return cls(os.fdopen(source, "rb"), os.fdopen(sink, "wb"))

    def close(self) -> None:
        for end in (self.sink, self.source):
            with suppress(OSError):  # what was still to be written has no reader any more
                end.close()

    # From the host to the fence

    def ask(self, said: dict[str, Any], frame: pl.DataFrame | None = None) -> None:
        """Send a request, with a frame where it has one."""
        body = b""
        if frame is not None:
            buffer = io.BytesIO()
            frame.write_ipc_stream(buffer)
            body = buffer.getvalue()
        self._send({**said, "bytes": len(body)}, body)

    def asked(self) -> tuple[dict[str, Any], pl.DataFrame | None] | None:
        """Return the next request, None where the host has gone."""
        line = self.source.readline()
        if not line:
            return None
        said = json.loads(line)
        body = self.source.read(said["bytes"])
        return said, pl.read_ipc_stream(io.BytesIO(body)) if body else None

    # From the fence to the host

    def answer(self, said: dict[str, Any], frame: object = None) -> None:
        """Send an answer. A frame's columns go as plain numbers; of one that cannot, its dtype is told alone."""
        if frame is None:
            self._send(said)
        elif not isinstance(frame, pl.DataFrame):
            self._send({**said, "type": type(frame).__name__})
        else:
            columns, parts = [], []
            for column in frame.iter_columns():
                told, bodies = _packed(column)
                columns.append(told)
                parts += bodies
            self._send({**said, "rows": frame.height, "columns": columns}, *parts)

    def answered(self) -> Answer:
        """Return the next answer. Raises Garbled where it is not one, EOFError where the fence has ended."""
        line = self.source.readline(LONGEST_LINE)
        if not line:
            raise EOFError
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            raise Garbled("a line that is not JSON") from None
        if not line.endswith(b"\n") or not isinstance(said, dict):
            raise Garbled("a line that is too long or not an object")
        return Answer(said, self._frame(said) if "rows" in said else None)

    def _frame(self, said: dict[str, Any]) -> pl.DataFrame:
        rows, columns, self.left = said["rows"], said.get("columns"), MOST_BYTES
        if type(rows) is not int or not 0 <= rows <= MOST_ROWS:
            raise Garbled(f"{rows!r:.40} rows")
        if not isinstance(columns, list) or len(columns) > MOST_COLUMNS:
            raise Garbled("no list of columns, or more than there can be")
        series: dict[str, pl.Series] = {}
        for column in columns:
            name, dtype, nulls = (
                (column.get(key) for key in ("name", "dtype", "nulls"))
                if isinstance(column, dict)
                else (None, None, None)
            )
            if (
                not isinstance(name, str)
                or not _is_text(name)
                or name in series
                or not isinstance(dtype, str)
            ):
                raise Garbled("a column without a name and a dtype of its own")
            series[name] = self._column(name, dtype, rows, bool(nulls))
        return pl.DataFrame(series)

    def _column(self, name: str, dtype: str, rows: int, nulls: bool) -> pl.Series:
        if dtype == "String":
            return self._text(name, rows, nulls)
        if dtype not in NUMBERS:
            raise Garbled(
                f"the column {name:.60} as {dtype:.60}: predictions are numbers or clusters of text"
            )
        kind, form = NUMBERS[dtype]
        values = self._array(rows, form)
        if dtype == "Boolean":
            values = values != 0  # any other byte than 0 and 1 would be no Boolean
        column = pl.Series(name, values, dtype=kind)
        return column if not nulls else _without(column, self._array(rows, "|u1"))

    def _text(self, name: str, rows: int, nulls: bool) -> pl.Series:
        size = int(self._array(1, "<i8")[0])
        try:
            words = json.loads(self._read(size))
        except (ValueError, RecursionError):
            raise Garbled(f"the texts of {name:.60} are not JSON") from None
        if not isinstance(words, list) or not all(isinstance(w, str) and _is_text(w) for w in words):
            raise Garbled(f"the texts of {name:.60} are not a list of them")
        codes = self._array(rows, "<u4")
        if rows and (not words or int(codes.max()) >= len(words)):
            raise Garbled(f"the texts of {name:.60} lack one")
        column = pl.Series(name, words, dtype=pl.String).gather(codes).alias(name)
        return column if not nulls else _without(column, self._array(rows, "|u1"))

    def _array(self, rows: int, form: str) -> np.ndarray:
        return np.frombuffer(self._read(rows * np.dtype(form).itemsize), dtype=form)

    def _read(self, size: int) -> bytes:
        if not 0 <= size <= self.left:
            raise Garbled(f"more than {MOST_BYTES:,} bytes")
        self.left -= size
        body = self.source.read(size)
        if len(body) < size:
            raise EOFError
        return body

    def _send(self, said: dict[str, Any], *parts: bytes) -> None:
        self.sink.write(json.dumps(said).encode() + b"\n")
        for part in parts:
            self.sink.write(part)
        self.sink.flush()


def _packed(column: pl.Series) -> tuple[dict[str, Any], list[bytes]]:
    """Return what is told of a column, and its bytes."""
    dtype, nulls = str(column.dtype), column.null_count() > 0
    told = {"name": column.name, "dtype": dtype, "nulls": nulls}
    mask = [column.is_null().to_numpy().astype("|u1").tobytes()] if nulls else []
    if dtype in NUMBERS:
        kind, form = NUMBERS[dtype]
        filled = column.fill_null(False if kind == pl.Boolean else 0) if nulls else column
        return told, [filled.to_numpy().astype(form).tobytes(), *mask]
    if dtype == "String":
        filled = column.fill_null("")
        words = filled.unique().sort()
        codes = filled.replace_strict(words, np.arange(len(words), dtype=np.uint32), return_dtype=pl.UInt32)
        text = json.dumps(words.to_list()).encode()
        size = np.array([len(text)], dtype="<i8").tobytes()
        return told, [size, text, codes.to_numpy().astype("<u4").tobytes(), *mask]
    return told, []


def _is_text(word: str) -> bool:
    """Return whether a word of JSON can be written: half a pair of surrogates cannot."""
    return not any("\ud800" <= one <= "\udfff" for one in word)


def _without(column: pl.Series, mask: np.ndarray) -> pl.Series:
    """Return a column with nulls where the mask is not 0."""
    return column.to_frame().select(pl.when(pl.Series(mask == 0)).then(pl.col(column.name))).to_series()
