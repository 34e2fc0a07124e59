"""The protocol between host and fence: a line of JSON, then the bytes that it announces; and the files of a fold.

Each end trusts nothing of the other: an answer is read within bounds, as plain numbers and texts.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np
import polars as pl

from tipbench.data.fold import Fold, detach
from tipbench.fence import FILE_BYTES

LONGEST_LINE, LONGEST = 1 << 20, 20_000
"""Bytes of a line of JSON, and characters of a note or an error that are shown."""
DEEPEST, MOST_NESTED = 4, 1_000
"""How deep lists and objects of a line may be nested, and how many a line may have. In memory each is 25 times as
large as its text."""
MOST_COLUMNS, LONGEST_NAME = 256, 200
"""Columns of an answer, and bytes of a column's name."""
VIEW, TEXTS_AT_ONCE = 16, 1 << 13
"""Bytes that polars adds to the bytes of each text, and how many texts are decoded at once."""
_NESTING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[][{}]')
"""A string, or a bracket outside a string."""
_SIZED = ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64")
NUMBERS = {**{name: np.dtype(name.lower()) for name in _SIZED}, "Boolean": np.dtype(bool)}
"""dtypes that a fence may return: polars' name -> numpy's dtype of the bytes. Text is a dtype of its own."""


class Garbled(Exception):
    """An answer of a fence breaks the protocol. The message says how."""


@dataclass(frozen=True)
class Bounds:
    """The most that one answer may hold: rows, bytes of all its columns, and bytes of one text."""

    rows: int = 1_000_000
    size: int = FILE_BYTES["small"]
    text: int = 200


SMALL = Bounds()
"""The bounds of answers on a release of the size small."""


class Answer(NamedTuple):
    """An answer of a fence: ``said``, the line of JSON, and the frame that it announced, if any."""

    said: dict[str, Any]
    frame: pl.DataFrame | None = None

    def names(self, key: str) -> list[str]:
        """Return the list of names under a key. Raises Garbled for anything else."""
        names = self.said.get(key)
        if not isinstance(names, list) or not all(map(_is_text, names)):
            raise Garbled(f"{names!r:.40} for {key}, which is a list of names")
        return names


@dataclass
class Pipe:
    """One end of two pipes: what is read from and what is written to."""

    source: io.BufferedReader
    sink: io.BufferedWriter
    bounds: Bounds = SMALL
    spent: int = 0
    """The bounds of the answer that is being read, and how many bytes it has used so far."""

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
        body = b"" if frame is None else frame.write_ipc_stream(None).getvalue()
        self._send({**said, "bytes": len(body)}, [body])

    def read_request(self) -> tuple[dict[str, Any], pl.DataFrame | None] | None:
        """Return the next request, None where the host has gone."""
        line = self.source.readline()
        if not line:
            return None
        said = json.loads(line)
        body = self.source.read(said["bytes"])
        return said, pl.read_ipc_stream(io.BytesIO(body)) if body else None

    # From the fence to the host

    def answer(self, said: dict[str, Any], frame: object = None) -> None:
        """Send an answer. A column of a dtype that is not in :data:`NUMBERS` or text is sent as its dtype alone."""
        if frame is None:
            self._send(said)
        elif not isinstance(frame, pl.DataFrame):
            self._send({**said, "type": type(frame).__name__})
        else:
            packed = [_pack_column(column) for column in frame.iter_columns()]
            columns = [about for about, _ in packed]
            parts = chain.from_iterable(bodies for _, bodies in packed)
            self._send({**said, "rows": frame.height, "columns": columns}, parts)

    def read_answer(self, bounds: Bounds = SMALL) -> Answer:
        """Return the next answer; EOFError where the fence has ended.

        Raises Garbled for an answer that breaks the protocol or exceeds the bounds.
        """
        self.bounds, self.spent = bounds, 0
        line = self.source.readline(LONGEST_LINE + 1)
        _check_at_most(LONGEST_LINE, len(line), "or more bytes of words, such as notes")
        if not line.endswith(b"\n"):
            raise EOFError
        _check_nesting(line)
        try:
            said = json.loads(line.decode("ascii"))  # of bytes, JSON may be UTF-16, whose brackets go unseen
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise Garbled("a line that is not JSON")
        return Answer(said, self._frame(said) if "rows" in said else None)

    def _frame(self, said: dict[str, Any]) -> pl.DataFrame:
        rows, columns = said["rows"], said.get("columns")
        if type(rows) is not int or rows < 0 or not isinstance(columns, list):
            raise Garbled(f"{rows!r:.40} rows, or no list of columns")
        _check_at_most(self.bounds.rows, rows, "rows")
        _check_at_most(MOST_COLUMNS, len(columns), "columns")
        series: dict[str, pl.Series] = {}
        for column in columns:
            about = column if isinstance(column, dict) else {}
            name, dtype = about.get("name"), about.get("dtype")
            if not _is_text(name) or not isinstance(dtype, str) or name in series:
                raise Garbled("a column without a name and a dtype of its own")
            _check_at_most(LONGEST_NAME, len(name.encode()), "bytes in the name of a column")
            series[name] = self._texts(name, rows) if dtype == "String" else self._numbers(name, dtype, rows)
            if about.get("nulls"):
                there = pl.Series(self._array(rows, NUMBERS["UInt8"]) == 0)
                series[name] = pl.select(pl.when(there).then(series[name]).alias(name)).to_series()
        return pl.DataFrame(series)

    def _numbers(self, name: str, dtype: str, rows: int) -> pl.Series:
        if dtype not in NUMBERS:
            raise Garbled(
                f"the column {name:.60} as {dtype:.60}: predictions are numbers or clusters of text"
            )
        values = self._array(rows, NUMBERS[dtype])
        if dtype == "Boolean":
            values = values != 0  # any other byte than 0 and 1 would be no Boolean
        return pl.Series(name, values)

    def _texts(self, name: str, rows: int) -> pl.Series:
        sizes = self._array(rows, NUMBERS["UInt32"])
        _check_at_most(self.bounds.text, int(sizes.max(initial=0)), f"bytes in a text of {name:.60}")
        self._spend(VIEW * rows)
        parts = [pl.Series(name, [], dtype=pl.String)]
        for start in range(0, rows, TEXTS_AT_ONCE):
            ends = np.cumsum(sizes[start : start + TEXTS_AT_ONCE], dtype=np.int64).tolist()
            body = self._read(ends[-1])
            try:
                texts = [body[begin:end].decode() for begin, end in pairwise([0, *ends])]
            except UnicodeDecodeError:
                raise Garbled(f"texts in {name:.60} that are not UTF-8") from None
            parts.append(pl.Series(name, texts, dtype=pl.String))
        return pl.concat(parts)

    def _array(self, rows: int, dtype: np.dtype) -> np.ndarray:
        return np.frombuffer(self._read(rows * dtype.itemsize), dtype)

    def _spend(self, size: int) -> None:
        self.spent += size
        _check_at_most(self.bounds.size, self.spent, "bytes or more in all columns")

    def _read(self, size: int) -> bytes:
        self._spend(size)
        body = self.source.read(size)
        if len(body) < size:
            raise EOFError
        return body

    def _send(self, said: dict[str, Any], parts: Iterable[bytes] = ()) -> None:
        self.sink.write(json.dumps(said).encode() + b"\n")
        for part in parts:
            self.sink.write(part)
        self.sink.flush()


def _pack_column(column: pl.Series) -> tuple[dict[str, Any], Iterable[bytes]]:
    """Return the description of a column (name, dtype, whether it has nulls), and its bytes."""
    dtype, nulls = str(column.dtype), column.null_count() > 0
    told = {"name": column.name, "dtype": dtype, "nulls": nulls}
    mask = [column.is_null().to_numpy().tobytes()] if nulls else []
    if dtype in NUMBERS:
        filled = column.fill_null(False if dtype == "Boolean" else 0) if nulls else column
        return told, [filled.to_numpy().tobytes(), *mask]
    if dtype == "String":
        filled = column.fill_null("")
        sizes = filled.str.len_bytes().to_numpy().tobytes()  # UInt32
        slices = (filled.slice(start, TEXTS_AT_ONCE) for start in range(0, len(filled), TEXTS_AT_ONCE))
        return told, chain([sizes], ("".join(texts).encode() for texts in slices), mask)
    return told, []


def _check_nesting(line: bytes) -> None:
    """Raise Garbled for a line of JSON that would take much more memory than its bytes. The line is not parsed."""
    depth = count = 0
    for match in _NESTING.finditer(line):
        count += match[0] in b"[{"
        depth += (match[0] in b"[{") - (match[0] in b"]}")
        _check_at_most(DEEPEST, depth, "lists and objects within each other")
        _check_at_most(MOST_NESTED, count, "lists and objects in a line")


def _check_at_most(most: int, found: int, what: str) -> None:
    """Raise Garbled if more than ``most`` of something was found."""
    if found > most:
        raise Garbled(f"{found:,} {what}: return at most {most:,}")


def _is_text(word: object) -> TypeGuard[str]:
    """Return whether a value of JSON is a string that can be encoded: half a surrogate pair cannot."""
    return isinstance(word, str) and not any("\ud800" <= one <= "\udfff" for one in word)


FACTS, TABLES, NAMES, WORLDS = "fold.pickle", "tables", "names", "worlds"
FRAMES = ("parts", "supervision", "pair_supervision")
READABLE = 0o755


def write_fold(fold: Fold, folder: Path) -> None:
    """Write the tables and facts of a fold to an empty folder of the host's, for the fence's user to read."""
    folder.chmod(READABLE)
    for below, tables in ((TABLES, fold.tables), (NAMES, fold.names)):
        (folder / below).mkdir()
        (folder / below).chmod(READABLE)
        for name, table in tables.items():
            _write(table.lazy().collect(), folder / below / f"{name}.arrow")
    for name in FRAMES:
        if (frame := getattr(fold, name)) is not None:
            _write(frame, folder / f"{name}.arrow")
    for number, world in enumerate(fold.worlds):
        below = folder / f"{WORLDS}{number}"
        below.mkdir()
        write_fold(world, below)
    # Read behind the fence alone, and written by the host alone.
    facts = folder / FACTS
    facts.write_bytes(
        pickle.dumps((fold.task, list(fold.tables), fold.independent_regions, len(fold.worlds)))
    )
    facts.chmod(0o644)


def read_fold(folder: Path) -> Fold:
    """Return the fold that a folder holds; its tables are read when they are used."""
    task, tables, apart, worlds = pickle.loads((folder / FACTS).read_bytes())  # nosec B301 # the host wrote it
    return Fold(
        task=task,
        tables={name: pl.scan_ipc(folder / TABLES / f"{name}.arrow", glob=False) for name in tables},
        independent_regions=apart,
        worlds=tuple(read_fold(folder / f"{WORLDS}{number}") for number in range(worlds)),
        names={path.stem: _read(path) for path in sorted((folder / NAMES).iterdir())},
        **{path.stem: _read(path) for path in folder.glob("*.arrow")},  # type: ignore[arg-type] # of FRAMES
    )


def _read(path: Path) -> pl.DataFrame:
    return pl.read_ipc(io.BytesIO(path.read_bytes()))


def _write(frame: pl.DataFrame, path: Path) -> None:
    detach(frame).write_ipc(path, compression="uncompressed")
    path.chmod(0o644)
