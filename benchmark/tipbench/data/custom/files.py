"""Find and read a user's files, and run the SQL texts of a config over them."""

from __future__ import annotations

import gzip
import importlib.util
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import polars as pl
import polars.selectors as cs
from tipcore.errors import UsageError
from tipcore.locations import expand_home
from tipcore.operating_system import check_regular
from tipcore.table_files import UNREADABLE, check_own_parquet, error_line, scan_parquet

from tipbench.data.custom.columns import join_names, source_columns
from tipbench.data.custom.config import MANY, FileFormat, OwnData

FILE = "file"
"""Column that says which of several files a row is from."""
SUFFIXES = {kind: kind for kind in ("parquet", "csv", "tsv", "jsonl", "npz")} | {"ndjson": "jsonl"}
"""The format of a file by the end of its name, where the config states none."""
SEPARATORS = {"csv": ",", "tsv": "\t"}
EDGES, ENDS = "edge_index", ("source", "target")
"""Array of the ends of edges, of shape (2, edges), as graph libraries write it; and the columns it is read as."""
COMMENT, QUOTED = r"--[^\n]*|/\*.*?\*/", r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`"""
OPENS_FILE = r"\b(?:read|scan)_\w+(?=\s*\()|''(?=\s*\()"
"""Functions of SQL that may open a file, in code whose quoted parts are ''; a name in quotes may be one, too."""


class Located(NamedTuple):
    """One file of a config: its table in SQL, how it is written, its key in ``files``, and where it is."""

    table: str
    written: FileFormat
    key: str | None
    path: Path


def read_rows(own: OwnData, table: str | None = None) -> pl.LazyFrame:
    """Return all rows of the units, or of a table of ``sources``: those of its files, or the result of its SQL text.

    CSV and TSV columns are String, others as they are; NaN is null. Raises UsageError for a file that cannot be read or
    has no rows, files of other columns than the first, and SQL that is no SELECT, fails or gives no rows.
    """
    query = own.format_of(table).sql
    if query is not None:
        rows = _select(own, f"data.sources.{table}.sql" if table else "data.sql", query)
    else:
        rows = _stack(own, list(_locate(own, table)), _texts(own, table))
    return rows.with_columns(cs.float().fill_nan(None))


def all_files(own: OwnData) -> list[Path]:
    """Return every file or folder that the data is read from, once each: the units' own, then those of ``sources``."""
    tables = (None, *sorted(own.sources))
    return list(dict.fromkeys(file.path for table in tables for file in _locate(own, table)))


def _select(own: OwnData, place: str, query: str) -> pl.LazyFrame:
    """Return the result of one SELECT. Its order follows from the data alone: polars returns the rows of joins, unions
    and groups in any order, so these are sorted unless the query orders them."""

    def refuse(wrong: str) -> NoReturn:
        raise UsageError(f"{place} of data={own.name} {wrong}.")

    # Comments go and quoted parts become '' in one pass: either may hold the other's marks.
    code = re.sub(f"({COMMENT})|{QUOTED}", lambda found: " " if found[1] else "''", query, flags=re.DOTALL)
    code = code.strip().lower()
    if not re.match(r"(select|with)\b", code):
        refuse("is not a SELECT: write one SELECT over the files, each of which is a table of its name")
    if opens := re.search(OPENS_FILE, code):
        refuse(f"may open a file by {opens[0]}(): name it in data.files or data.sources, and it is a table")
    files: dict[str, Located] = {}
    for file in (file for table in (None, *own.sources) for file in _locate(own, table)):
        if files.setdefault(file.table, file).path != file.path:
            refuse(f"has two files for the table {file.table}: give data.files as {{table: file, ...}}")
    words = tuple(re.findall(r"\w+", query))
    used = [file for name, file in files.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", query)]
    tables = {file.table: _stack(own, [file._replace(key=None)], words) for file in used}
    try:
        rows = pl.SQLContext(tables).execute(query, eager=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        columns = [f"{name} ({join_names(t.collect_schema().names())})" for name, t in tables.items()]
        refuse(f"fails: {error_line(error)}; its tables are {'; '.join(columns) or join_names(list(files))}")
    if rows.is_empty():
        refuse("gives no rows: correct its conditions")
    outside = code
    while "(" in outside and (inner := re.sub(r"\([^()]*\)", " ", outside)) != outside:
        outside = inner
    mixes = len(tables) > 1 or re.search(r"\b(join|union|intersect|except|group|distinct)\b", code)
    plain = [name for name, dtype in rows.schema.items() if not dtype.is_nested()]
    if mixes and plain and not re.search(r"\border\s+by\b", outside):
        rows = rows.sort(plain)
    return rows.lazy()


def _stack(own: OwnData, files: list[Located], texts: tuple[str, ...]) -> pl.LazyFrame:
    """Return the rows of files of the same columns, one file below the other."""
    frames = []
    for file in files:
        frame = _read(own, file, texts)
        frames.append(frame if file.key is None else frame.with_columns(pl.lit(file.key).alias(FILE)))
    schema = frames[0].collect_schema()
    for frame, file in zip(frames[1:], files[1:], strict=True):
        _refuse_other_columns(own.name, schema, frame.collect_schema(), files[0].path, file.path)
    return pl.concat([frame.select(schema.names()) for frame in frames], how="vertical_relaxed")


def _refuse_other_columns(data: str, first: pl.Schema, other: pl.Schema, file: Path, path: Path) -> None:
    lacking = [name for name in first.names() if name not in other]
    more = [name for name in other.names() if name not in first]
    if lacking or more:
        differs = [f"lacks {join_names(lacking)}"] * bool(lacking) + [f"has {join_names(more)}"] * bool(more)
        raise UsageError(
            f"the files of data={data} do not have the same columns: {path.name} {' and '.join(differs)}, unlike "
            f"{file.name}; files are parts of one table: join them by data.sql, or name the other as the file of "
            "another table in data.sources."
        )
    for name, dtype in first.items():
        if dtype != other[name] and not (dtype.is_numeric() and other[name].is_numeric()):
            raise UsageError(
                f"the files of data={data} do not agree: {name} is {dtype} in {file.name} and {other[name]} in "
                f"{path.name}; write it the same way in both."
            )


def _texts(own: OwnData, table: str | None) -> tuple[str, ...]:
    """Return columns, patterns and expressions that are read of the units' rows, or of those of a table."""
    here = [t for t in own.tables if t == table or (table is None and t not in own.sources)]
    many = [own.tables[t][MANY] for t in here if MANY in own.tables[t]]
    pairs = list(own.pairs.model_dump(exclude_none=True).values()) if own.pairs and table is None else []
    return (*own.mapping(table).values(), *pairs, *many)


def _locate(own: OwnData, table: str | None) -> Iterator[Located]:
    """Yield the files of the units, or of a table of ``sources``; none where its SQL text names no file of its own.

    Where ``path`` is a file it stands for the units' one, and the others lie beside it.
    """
    if table is not None and "files" not in own.sources[table].model_fields_set:
        return
    written, base = own.format_of(table), _base(own)
    files, alone = written.files, base.is_file()
    listed = [files] if isinstance(files, str) else files
    named = list(files.items()) if isinstance(files, dict) else [(name, name) for name in listed]
    if alone and table is None and len(named) > 1:
        raise UsageError(
            f"data.path={base} is a file, and data={own.name} has {len(named)} files: give the folder they are in."
        )
    for key, name in named:
        path = base.parent / name if alone else base / name
        if alone and (name == own.files or (table is None and files == own.files)):
            path = base
        if not path.exists():
            raise UsageError(
                f"{path} of data={own.name} does not exist: give the folder that holds it as data.path=PATH."
            )
        inside = [file for file in path.rglob("*") if not file.is_dir()]
        try:
            check_regular(*(inside if path.is_dir() and written.format in (None, "hf") else [path]))
        except OSError as error:
            raise UsageError(
                f"{error.filename} of data={own.name} cannot be read: {error.strerror}."
            ) from None
        in_sql = key if isinstance(files, dict) else Path(name).name.partition(".")[0]
        yield Located(in_sql, written, None if isinstance(files, str) else key, path)


def _base(own: OwnData) -> Path:
    """Return the folder, or file, that the names of files are relative to."""
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


def _read(own: OwnData, file: Located, texts: tuple[str, ...]) -> pl.LazyFrame:
    """Return the rows of one file. ``texts``: what is read of them, which chooses among the arrays of npz."""
    path, kind = file.path, file.written.format
    if kind is None:
        end = path.name.lower().removesuffix(".gz").rpartition(".")[2]
        kind = "hf" if path.is_dir() else SUFFIXES.get(end)
        if kind is None:
            raise UsageError(
                f"data.format of data={own.name} is not set, and the name of {path} does not show it: give one of "
                f"{join_names([*dict.fromkeys(SUFFIXES.values()), 'hf'])}."
            )
    if path.is_file() and not path.stat().st_size:
        raise UsageError(f"{path} is empty: give a file with data.")
    if kind == "npz":
        return _read_npz(path, texts)
    if kind == "hf":
        frame = _read_saved_dataset(path)
    elif kind == "parquet":
        check_own_parquet(path)
        frame = scan_parquet(path)
    else:
        frame = _read_text(path, file.written, kind)
    if not frame.select(pl.len()).collect().item():
        what = "a header" if kind in SEPARATORS else "columns"
        raise UsageError(f"{path} has {what} and no rows: give a file with data.")
    return frame


def _read_text(path: Path, written: FileFormat, kind: str) -> pl.LazyFrame:
    """Return a file of CSV, TSV or JSON lines; of the first two all columns are text, trimmed, null where empty."""
    text, quote = _decode(path, written.encoding), written.quote
    separator = written.separator or SEPARATORS.get(kind, "")
    if separator and quote is not None and text.count(quote) % 2:
        raise UsageError(f"{path} has a quote that is never closed: it is truncated, or set data.quote=null.")
    buffer = io.BytesIO(text.encode())
    try:
        if not separator:
            return pl.read_ndjson(buffer).lazy()
        frame = pl.read_csv(
            buffer, separator=separator, has_header=written.has_header, quote_char=quote, infer_schema=False
        )
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{path} is not a well-formed {kind} file: {error_line(error)}.") from None
    last = text.rstrip("\r\n").rpartition("\n")[2]
    has = last.count(separator) + 1  # polars fills a last line that was cut short with nulls
    if has < frame.width and (quote is None or quote not in last):
        raise UsageError(f"{path} seems truncated: its last line has {has} of {frame.width} fields.")
    frame.columns = [
        name.strip() if written.has_header else f"column_{i}" for i, name in enumerate(frame.columns, start=1)
    ]
    trimmed = pl.all().str.strip_chars()
    return frame.lazy().with_columns(pl.when(trimmed != "").then(trimmed))


def _decode(path: Path, encoding: str) -> str:
    """Return a text file, decompressed where it is gzip, decoded strictly, without a byte order mark."""
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        text = content.decode(encoding).removeprefix("\ufeff")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise UsageError(
            f"{path} is truncated or damaged: its gzip stream does not end as it should."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    except LookupError:
        raise UsageError(
            f"data.encoding={encoding} does not exist: give one such as utf-8 or latin-1."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not {encoding} at byte {error.start:,}: give its encoding as data.encoding=NAME."
        ) from None
    if not text.strip():
        raise UsageError(f"{path} is empty: give a file with data.")
    return text


def _read_saved_dataset(path: Path) -> pl.LazyFrame:
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
        return pl.concat(frames).lazy()
    except (OSError, ValueError, *UNREADABLE) as error:
        raise UsageError(f"{path} is not a dataset saved to disk: {error_line(error)}.") from None


def _read_npz(path: Path, texts: tuple[str, ...]) -> pl.LazyFrame:
    """Return arrays of a value or vector per row, those that are as long as the ones that are mapped."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, MemoryError, zlib.error, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a complete npz file of plain arrays: {error_line(error)}.") from None
    if EDGES in arrays and any(set(source_columns(text, list(ENDS))) & set(ENDS) for text in texts):
        edges = arrays[EDGES]
        if edges.ndim != 2 or len(edges) != 2:
            how = "make it (2, edges), sources above targets"
            raise UsageError(f"{path} has {EDGES} of shape {edges.shape}: {how}.")
        if edges.dtype.kind not in "iu":
            how = "make it whole numbers, the rows of its ends"
            raise UsageError(f"{path} has {EDGES} of {edges.dtype}: {how}.")
        arrays = dict(zip(ENDS, edges, strict=True)) | arrays
    named = [name for text in texts for name in source_columns(text, list(arrays)) if name in arrays]
    alike = [name for text in texts for name in arrays if fnmatchcase(name, text)]
    read = list(dict.fromkeys(named)) or alike[:1]
    if not read:
        raise UsageError(f"{path} has none of the mapped arrays: it has {', '.join(arrays) or 'none'}.")
    if odd := [name for name in read if arrays[name].ndim not in (1, 2)]:
        shape = arrays[odd[0]].shape
        raise UsageError(f"{path} has {odd[0]} of shape {shape}: give a value or a vector a row.")
    length = len(arrays[read[0]])
    if odd := [name for name in read if len(arrays[name]) != length]:
        raise UsageError(
            f"{path} has {read[0]} of {length:,} rows and {odd[0]} of {len(arrays[odd[0]]):,}: "
            "the arrays of a table have one length."
        )
    if not length:
        raise UsageError(f"{path} has arrays and no rows: give a file with data.")
    of_rows = {n: array for n, array in arrays.items() if array.ndim in (1, 2) and len(array) == length}
    return pl.LazyFrame({name: pl.Series(name, array) for name, array in of_rows.items()})
