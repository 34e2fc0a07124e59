"""A user's files, found and read as frames; whatever is wrong with one is said in a sentence."""

from __future__ import annotations

import gzip
import importlib.util
import io
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
from tipdata.errors import UsageError

from tipbench.own import OwnData

FILE = "file"
"""Column that says which of several files a row is from."""


def read_files(own: OwnData) -> pl.LazyFrame:
    """All rows of the data's files; CSV and TSV columns are String, others as they are.

    Raises:
        UsageError: for a file that is absent, empty, truncated, of another encoding or format, or without
        rows.
    """
    frames = []
    for key, path in source_files(own).items():
        frame = READERS[own.format](own, path)
        frames.append(frame if key is None else frame.with_columns(pl.lit(key).alias(FILE)))
    try:
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="vertical")
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise UsageError(
            f"the files of data={own.name} do not have the same columns: {_said(error)}."
        ) from None


def source_files(own: OwnData) -> dict[str | None, Path]:
    """Files by the value of their column ``file``; that is None where there is only one."""
    base = _base(own)
    named: dict[str | None, str] = {}
    if isinstance(own.files, str):
        named[None] = own.files
    else:
        named |= own.files if isinstance(own.files, dict) else {name: name for name in own.files}
    if base.is_file():
        if len(named) > 1:
            raise UsageError(
                f"data.path={base} is a file, and data={own.name} has {len(named)} files: "
                "give the folder they are in."
            )
        return {key: base for key in named}
    found = {key: base / name for key, name in named.items()}
    for path in found.values():
        if not path.exists():
            raise UsageError(
                f"{path} of data={own.name} does not exist: give the folder that holds it as data.path=PATH."
            )
    return found


def _base(own: OwnData) -> Path:
    if own.path is not None:
        base = Path(own.path).expanduser()
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


def _delimited(separator: str) -> Callable[[OwnData, Path], pl.LazyFrame]:
    def read(own: OwnData, path: Path) -> pl.LazyFrame:
        text = _text(own, path)
        if own.quote is not None and text.count(own.quote) % 2:
            raise UsageError(
                f"{path} has a quote that is never closed: it is truncated, or set data.quote=null."
            )
        try:
            frame = pl.read_csv(
                io.BytesIO(text.encode()),
                separator=separator,
                has_header=own.has_header,
                quote_char=own.quote,
                infer_schema=False,
            )
        except pl.exceptions.PolarsError as error:
            raise UsageError(f"{path} is not a well-formed {own.format} file: {_said(error)}.") from None
        _refuse_short_last_line(own, path, text, separator, frame.width)
        if frame.is_empty():
            raise UsageError(f"{path} has a header and no rows: give a file with data.")
        names = [n.strip() if own.has_header else f"column_{i}" for i, n in enumerate(frame.columns, start=1)]
        frame.columns = names
        trimmed = pl.all().str.strip_chars()
        return frame.lazy().with_columns(pl.when(trimmed != "").then(trimmed))

    return read


def _text(own: OwnData, path: Path) -> str:
    """A text file, decompressed where it is gzip, decoded strictly, without a byte order mark."""
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
        text = content.decode(own.encoding).removeprefix("\ufeff")
    except LookupError:
        raise UsageError(
            f"data.encoding={own.encoding} does not exist: give one such as utf-8 or latin-1."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not {own.encoding} at byte {error.start:,}: give its encoding as data.encoding=NAME."
        ) from None
    if not text.strip():
        raise UsageError(f"{path} is empty: give a file with data.")
    return text


def _refuse_short_last_line(own: OwnData, path: Path, text: str, separator: str, wants: int) -> None:
    """A file cut short shows in a last line with fewer fields than the first; the reader fills them up."""
    last = text.rstrip("\r\n").rpartition("\n")[2]
    has = last.count(separator) + 1
    if has < wants and (own.quote is None or own.quote not in last):
        raise UsageError(f"{path} seems truncated: its last line has {has} of {wants} fields.")


def _parquet(own: OwnData, path: Path) -> pl.LazyFrame:
    _refuse_empty(path)
    try:
        frame = pl.scan_parquet(path)
        rows = frame.select(pl.len()).collect().item()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"{path} is not a complete parquet file: {_said(error)}.") from None
    if not rows:
        raise UsageError(f"{path} has columns and no rows: give a file with data.")
    return frame


def _npz(own: OwnData, path: Path) -> pl.LazyFrame:
    """Arrays of one value or vector a row; of several lengths, those as long as the first mapped one."""
    import re
    import zipfile

    import numpy as np

    _refuse_empty(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is not a complete npz file of plain arrays: {_said(error)}.") from None
    of_rows = {name: array for name, array in arrays.items() if array.ndim in (1, 2)}
    words = set(re.findall(r"\w+", " ".join(own.mapping().values())))
    mapped = [name for name in of_rows if name in words]
    if not mapped:
        raise UsageError(f"{path} has none of the mapped arrays: it has {', '.join(arrays) or 'none'}.")
    length = len(of_rows[mapped[0]])
    if not length:
        raise UsageError(f"{path} has arrays and no rows: give a file with data.")
    columns = {name: pl.Series(name, array) for name, array in of_rows.items() if len(array) == length}
    return pl.LazyFrame(columns)


def _hf(own: OwnData, path: Path) -> pl.LazyFrame:
    """A dataset or a dict of splits saved to disk; the splits' names are in the column ``file``."""
    import datasets

    try:
        saved = datasets.load_from_disk(str(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a dataset saved to disk: {_said(error)}.") from None
    splits = saved if isinstance(saved, datasets.DatasetDict) else {None: saved}
    frames = []
    for key, split in splits.items():
        frame = pl.DataFrame(split.with_format("arrow")[:])
        frames.append(frame if key is None else frame.with_columns(pl.lit(str(key)).alias(FILE)))
    rows = pl.concat(frames)
    if rows.is_empty():
        raise UsageError(f"{path} has columns and no rows: give a dataset with data.")
    return rows.lazy()


def _refuse_empty(path: Path) -> None:
    if path.is_file() and not path.stat().st_size:
        raise UsageError(f"{path} is empty: give a file with data.")


def _said(error: Exception) -> str:
    """The first line of a library's message, without a final stop."""
    lines = str(error).strip().splitlines()
    return (lines[0][:160] if lines else type(error).__name__).rstrip(".")


READERS: dict[str, Callable[[OwnData, Path], pl.LazyFrame]] = {
    "csv": _delimited(","),
    "tsv": _delimited("\t"),
    "parquet": _parquet,
    "npz": _npz,
    "hf": _hf,
}
