"""Find and read a user's files."""

from __future__ import annotations

import gzip
import importlib.util
import io
import zipfile
import zlib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import polars.selectors as cs
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.operating_system import check_regular
from tipcore.table_files import UNREADABLE, check_own_parquet, scan_parquet

from tipbench.data.custom.columns import Reading, first_line, join_names, refuse_empty, source_columns
from tipbench.data.custom.config import MANY, FileFormat, Join, OwnData, Wide

JOINED = "_joined"
"""After the name of a joined column that the other file has too."""


class Rows(NamedTuple):
    """The rows of a table's files, and a sentence for each thing that a reader of the scores must know of them."""

    frame: pl.LazyFrame
    notes: tuple[str, ...] = ()


Read = Callable[[FileFormat], pl.LazyFrame]
"""The rows of files as they are written there."""


def shape_rows(place: str, written: FileFormat, read: Read) -> Rows:
    """Return the rows of files after ``wide``, ``join`` and ``where``, in this order.

    Args:
        place: how messages name the config's entry of these files, as in ``data.sources.ties of data=mine``.
        written: what is read, and what is done to it.
        read: reads it.

    Raises:
        UsageError: for columns that are not there or there twice, keys that repeat or meet nothing, and a condition
            that is none or is true of no row.
    """
    rows = Rows(read(written))
    if written.wide is not None:
        rows = _to_long(place, written.wide, rows)
    if written.join is not None:
        rows = _join_files(place, written, written.join, rows, read)
    return rows if written.where is None else _filter_rows(place, written.where, rows)


def _to_long(place: str, wide: Wide, rows: Rows) -> Rows:
    has = rows.frame.collect_schema().names()
    asked = [wide.columns] if isinstance(wide.columns, str) else wide.columns
    cells = [name for name in has if any(name == text or fnmatchcase(name, text) for text in asked)]
    kept = [name for name in has if name not in cells]
    if lacking := [
        text for text in asked if not any(name == text or fnmatchcase(name, text) for name in has)
    ]:
        raise UsageError(
            f"{place}: wide.columns={join_names(lacking)} are none of the columns {join_names(has)}."
        )
    if taken := [name for name in (wide.name, wide.value) if name in kept] or (
        [wide.name] if wide.name == wide.value else []
    ):
        raise UsageError(f"{place}: wide would make a second column {taken[0]}: give it another name.")
    try:
        # Not lazily: that returns rows in another order every time.
        frame = rows.frame.collect().unpivot(
            cells, index=kept, variable_name=wide.name, value_name=wide.value
        )
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{place}: wide.columns hold values of several types ({first_line(error)})."
        ) from None
    return Rows(frame.lazy(), rows.notes)


def _join_files(place: str, written: FileFormat, join: Join, rows: Rows, read: Read) -> Rows:
    """Left join: every row stays, once."""
    other = shape_rows(f"{place} (join)", written.beside(join), read)
    left, right = rows.frame.collect(), other.frame.collect()
    keys = [join.by] if isinstance(join.by, str) else join.by
    for frame, files in ((left, written.files), (right, join.files)):
        if lacking := [key for key in keys if key not in frame.columns]:
            raise UsageError(
                f"{place}: join.by={join_names(keys)}, and {_file_names(files)} has no column {lacking[0]}: "
                f"it has {join_names(frame.columns)}."
            )
    text = [pl.col(key).cast(pl.String) for key in keys]
    left, right = left.with_columns(text), right.with_columns(text)
    repeated = right.filter(pl.struct(keys).is_duplicated())
    if repeated.height:
        raise UsageError(
            f"{place}: {repeated.height:,} of {right.height:,} rows of {_file_names(join.files)} repeat their "
            f"{join_names(keys)} (first: {join_names(list(repeated.select(keys).row(0)))}): "
            "a joined file has each once."
        )
    strange = right.join(left, on=keys, how="anti").height
    if strange == right.height:
        raise UsageError(
            f"{place}: no row of {_file_names(join.files)} has a {join_names(keys)} of {_file_names(written.files)}: "
            "give the column that both have as join.by."
        )
    met = left.join(right, on=keys, how="left", suffix=JOINED, maintain_order="left")
    notes = (*rows.notes, *other.notes)
    if strange:
        notes += (
            f"{place}: {strange:,} of {right.height:,} rows of {_file_names(join.files)} have no row in "
            f"{_file_names(written.files)} and are left out.",
        )
    return Rows(met.lazy(), notes)


def _filter_rows(place: str, where: str, rows: Rows) -> Rows:
    has = rows.frame.collect_schema().names()
    try:
        condition = pl.sql_expr(where)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{place}: where={where} is not an SQL condition ({first_line(error)}).") from None
    if missing := [name for name in source_columns(where, has) if name not in has]:
        raise UsageError(
            f"{place}: where names {join_names(missing)}, and the columns are {join_names(has)}."
        )
    frame = rows.frame.collect()
    try:
        true = frame.select(condition.alias("true")).to_series()
    except pl.exceptions.PolarsError as error:
        raise UsageError(
            f"{place}: where={where} fails on the data: {first_line(error)}; "
            "text is made a number by CAST(column AS DOUBLE)."
        ) from None
    if true.dtype != pl.Boolean:
        raise UsageError(
            f"{place}: where={where} is {true.dtype} and no condition: write one such as year = '1999'."
        )
    if len(true) == 1 < frame.height:
        true = pl.repeat(true[0], frame.height, eager=True)
    kept = frame.filter(true.fill_null(False))
    if kept.is_empty():
        raise UsageError(f"{place}: where={where} is true of none of {frame.height:,} rows: correct it.")
    note = f"{place}: where={where} keeps {kept.height:,} of {frame.height:,} rows."
    return Rows(kept.lazy(), (*rows.notes, note))


def _file_names(files: str | list[str] | dict[str, str]) -> str:
    return (
        files
        if isinstance(files, str)
        else join_names(list(files.values() if isinstance(files, dict) else files))
    )


EDGES = "edge_index"
"""Array of the ends of edges, of shape (2, edges), as the libraries on graphs write it."""

ENDS = ("source", "target")
"""Columns that its two rows are read as."""


def read_npz(reading: Reading, path: Path) -> pl.LazyFrame:
    """Return arrays of a value or vector a row, those that are as long as the ones that are mapped.

    Raises:
        UsageError: for a file that is damaged, empty or has none of the mapped arrays; for mapped arrays of
        three dimensions or more, or of different lengths; for ``edge_index`` of another shape than
        (2, edges).
    """
    arrays = _arrays(path)
    if EDGES in arrays and any(set(source_columns(text, list(ENDS))) & set(ENDS) for text in reading.texts):
        arrays = dict(zip(ENDS, _ends(path, arrays[EDGES]), strict=True)) | arrays
    read = _read_of(reading, list(arrays))
    if not read:
        raise UsageError(f"{path} has none of the mapped arrays: it has {', '.join(arrays) or 'none'}.")
    for name in read:
        if arrays[name].ndim not in (1, 2):
            raise UsageError(
                f"{path} has {name} of shape {arrays[name].shape}: give a value or a vector a row."
            )
    length = len(arrays[read[0]])
    for name in read:
        if len(arrays[name]) != length:
            raise UsageError(
                f"{path} has {read[0]} of {length:,} rows and {name} of {len(arrays[name]):,}: "
                "the arrays of a table have one length."
            )
    if not length:
        raise UsageError(f"{path} has arrays and no rows: give a file with data.")
    of_rows = {n: array for n, array in arrays.items() if array.ndim in (1, 2) and len(array) == length}
    return pl.LazyFrame({name: pl.Series(name, array) for name, array in of_rows.items()})


def _arrays(path: Path) -> dict[str, np.ndarray]:
    refuse_empty(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a complete npz file of plain arrays: {first_line(error)}.") from None


def _read_of(reading: Reading, has: list[str]) -> list[str]:
    """Return the arrays that are mapped by name or in an expression; where none is, the first of a pattern."""
    named = [name for text in reading.texts for name in source_columns(text, has) if name in has]
    alike = [name for text in reading.texts for name in has if fnmatchcase(name, text)]
    return list(dict.fromkeys(named)) or alike[:1]


def _ends(path: Path, edges: np.ndarray) -> np.ndarray:
    if edges.ndim != 2 or len(edges) != 2:
        raise UsageError(
            f"{path} has {EDGES} of shape {edges.shape}: make it (2, edges), sources above targets."
        )
    if edges.dtype.kind not in "iu":
        raise UsageError(f"{path} has {EDGES} of {edges.dtype}: make it whole numbers, the rows of its ends.")
    return edges


FILE = "file"
"""Column that says which of several files a row is from."""

Reader = Callable[[Reading, Path], pl.LazyFrame]


def read_files(own: OwnData, table: str | None = None) -> Rows:
    """Return all rows of the units' files, or of those of a table of ``sources``, and notes on what was left out.

    CSV and TSV columns are String, others as they are; NaN is null, as a missing value is.

    Raises:
        UsageError: for a file that is absent, empty, truncated, of another encoding or format, or without
        rows; for files of other columns than the first; and as :func:`tipbench.data.custom.files.shape_rows` does.
    """

    def read(written: FileFormat) -> pl.LazyFrame:
        texts = (*_texts(own, table), *([written.where] if written.where else []))
        rows = _stacked(Reading(own.name, written, texts), _paths(own, written, table))
        return rows.with_columns(cs.float().fill_nan(None))

    place = f"data.sources.{table} of data={own.name}" if table else f"data={own.name}"
    return shape_rows(place, own.written(table), read)


def _stacked(reading: Reading, paths: dict[str | None, Path]) -> pl.LazyFrame:
    """Return the rows of files of the same columns, one file below the other."""
    frames = []
    for key, path in paths.items():
        frame = READERS[reading.written.format](reading, path)
        frames.append(frame if key is None else frame.with_columns(pl.lit(key).alias(FILE)))
    if len(frames) == 1:
        return frames[0]
    first, *names = paths.values()
    schema = frames[0].collect_schema()
    for frame, path in zip(frames[1:], names, strict=True):
        _refuse_other_columns(reading.data, schema, frame.collect_schema(), first, path)
    return pl.concat([frame.select(schema.names()) for frame in frames], how="vertical_relaxed")


def _refuse_other_columns(data: str, first: pl.Schema, other: pl.Schema, file: Path, path: Path) -> None:
    """Refuse a file whose columns are not those of the first: its rows are of something else."""
    lacking = [name for name in first.names() if name not in other]
    more = [name for name in other.names() if name not in first]
    if lacking or more:
        differs = [f"lacks {join_names(lacking)}"] if lacking else []
        differs += [f"has {join_names(more)}"] if more else []
        raise UsageError(
            f"the files of data={data} do not have the same columns: {path.name} {' and '.join(differs)}, unlike "
            f"{file.name}; files are parts of one table: name one there, and the other as data.join={{files, by}} or "
            "as the file of another table in data.sources."
        )
    for name, dtype in first.items():
        if dtype != other[name] and not (dtype.is_numeric() and other[name].is_numeric()):
            raise UsageError(
                f"the files of data={data} do not agree: {name} is {dtype} in {file.name} and {other[name]} in "
                f"{path.name}; write it the same way in both."
            )


def _texts(own: OwnData, table: str | None) -> tuple[str, ...]:
    """Return columns, patterns and expressions that are read of the units' files, or of those of a table."""
    here = [t for t in own.tables if t == table or (table is None and t not in own.sources)]
    many = [own.tables[t][MANY] for t in here if MANY in own.tables[t]]
    pairs = list(own.pairs.model_dump(exclude_none=True).values()) if own.pairs and table is None else []
    return (*own.mapping(table).values(), *pairs, *many)


def all_files(own: OwnData) -> list[Path]:
    """Return every file or folder that the data is read from, once each: the units' own, then those of ``sources``."""
    found: dict[Path, None] = {}
    for table in (None, *sorted(own.sources)):
        written: FileFormat | None = own.written(table)
        while written is not None:
            found |= dict.fromkeys(_paths(own, written, table).values())
            written = None if written.join is None else written.beside(written.join)
    return list(found)


def _paths(own: OwnData, written: FileFormat, table: str | None) -> dict[str | None, Path]:
    """Return files by the value of their column ``file``, which is None where there is only one.

    Where ``path`` is a file it stands for the units' one, and the others lie beside it.
    """
    base, files = _base(own), written.files
    named: dict[str | None, str] = {}
    if isinstance(files, str):
        named[None] = files
    else:
        named |= files if isinstance(files, dict) else {name: name for name in files}
    if base.is_file() and table is None and files == own.files:
        if len(named) > 1:
            raise UsageError(
                f"data.path={base} is a file, and data={own.name} has {len(named)} files: "
                "give the folder they are in."
            )
        return {key: base for key in named}
    if base.is_file():
        found = {key: base if name == own.files else base.parent / name for key, name in named.items()}
    else:
        found = {key: base / name for key, name in named.items()}
    for path in found.values():
        if not path.exists():
            raise UsageError(
                f"{path} of data={own.name} does not exist: give the folder that holds it as data.path=PATH."
            )
        is_folder = written.format == "hf"
        files = [file for file in path.rglob("*") if not file.is_dir()] if is_folder else [path]
        try:
            check_regular(*files)
        except OSError as error:
            raise UsageError(
                f"{error.filename} of data={own.name} cannot be read: {error.strerror}."
            ) from None
    return found


def _base(own: OwnData) -> Path:
    if own.path is not None:
        base = expand_home(own.path)
        if not base.exists():
            raise UsageError(
                f"data.path={own.path} of data={own.name} does not exist: give its folder or file."
            )
        return base
    if own.package is None:
        raise UsageError(f"data={own.name} has no path: say where its folder or file is with data.path=PATH.")
    package, _, inside = own.package.partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UsageError(
            f"data={own.name} comes with the package {package}, which is not installed: "
            f"pip install {package}, or say where its files are with data.path=PATH."
        )
    return Path(next(iter(spec.submodule_search_locations))) / inside


def _delimited(usual: str) -> Reader:
    def read(reading: Reading, path: Path) -> pl.LazyFrame:
        separator = reading.written.separator or usual
        text = _text(reading, path)
        if reading.written.quote is not None and text.count(reading.written.quote) % 2:
            raise UsageError(
                f"{path} has a quote that is never closed: it is truncated, or set data.quote=null."
            )
        try:
            frame = pl.read_csv(
                io.BytesIO(text.encode()),
                separator=separator,
                has_header=reading.written.has_header,
                quote_char=reading.written.quote,
                infer_schema=False,
            )
        except pl.exceptions.PolarsError as error:
            raise UsageError(
                f"{path} is not a well-formed {reading.written.format} file: {first_line(error)}."
            ) from None
        _refuse_short_last_line(reading, path, text, separator, frame.width)
        if frame.is_empty():
            raise UsageError(f"{path} has a header and no rows: give a file with data.")
        names = [
            n.strip() if reading.written.has_header else f"column_{i}"
            for i, n in enumerate(frame.columns, start=1)
        ]
        frame.columns = names
        trimmed = pl.all().str.strip_chars()
        return frame.lazy().with_columns(pl.when(trimmed != "").then(trimmed))

    return read


def _text(reading: Reading, path: Path) -> str:
    """Return a text file, decompressed where it is gzip, decoded strictly, without a byte order mark."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(
            f"{path} is truncated or damaged: its gzip stream does not end as it should."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        text = content.decode(reading.written.encoding).removeprefix("\ufeff")
    except LookupError:
        raise UsageError(
            f"data.encoding={reading.written.encoding} does not exist: give one such as utf-8 or latin-1."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not {reading.written.encoding} at byte {error.start:,}: "
            "give its encoding as data.encoding=NAME."
        ) from None
    if not text.strip():
        raise UsageError(f"{path} is empty: give a file with data.")
    return text


def _refuse_short_last_line(reading: Reading, path: Path, text: str, separator: str, wants: int) -> None:
    """A file cut short shows in a last line with fewer fields than the first; the reader fills them up."""
    last = text.rstrip("\r\n").rpartition("\n")[2]
    has = last.count(separator) + 1
    if has < wants and (reading.written.quote is None or reading.written.quote not in last):
        raise UsageError(f"{path} seems truncated: its last line has {has} of {wants} fields.")


def _parquet(reading: Reading, path: Path) -> pl.LazyFrame:
    refuse_empty(path)
    check_own_parquet(path)
    frame = scan_parquet(path)
    if not frame.select(pl.len()).collect().item():
        raise UsageError(f"{path} has columns and no rows: give a file with data.")
    return frame


def _hf(reading: Reading, path: Path) -> pl.LazyFrame:
    """Return a dataset or a dict of splits saved to disk; the splits' names are in the column ``file``."""
    import datasets

    try:
        saved = datasets.load_from_disk(str(path))
        splits = saved if isinstance(saved, datasets.DatasetDict) else {None: saved}
        frames = []
        for key, split in splits.items():
            table: Any = split.with_format("arrow")[:]
            table.validate(full=True)
            frame = pl.DataFrame(table)
            frames.append(frame if key is None else frame.with_columns(pl.lit(str(key)).alias(FILE)))
        rows = pl.concat(frames)
    except (OSError, ValueError, *UNREADABLE) as error:
        raise UsageError(f"{path} is not a dataset saved to disk: {first_line(error)}.") from None
    if rows.is_empty():
        raise UsageError(f"{path} has columns and no rows: give a dataset with data.")
    return rows.lazy()


READERS: dict[str, Reader] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "parquet": _parquet,
    "npz": read_npz,
    "hf": _hf,
}
