"""Read every string of every table below a folder, and what its columns are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from tipcore.atomic import find_whole
from tipcore.errors import UsageError
from tipcore.table_files import read_doubtful

from tipdata.core.kinds import LANGUAGES
from tipdata.core.tables import Column
from tipdata.core.world import newest_released, parameters
from tipdata.documents.linting.rows import faults
from tipdata.documents.linting.strikes import Strike, excerpt
from tipdata.documents.linting.strings import ANY, CODES, NAMES, NOTE, UNKNOWN, strikes_of
from tipdata.release.categories import category_values
from tipdata.release.layout import TRUTH
from tipdata.stages import tables_of

TEXTS = {"adverts": ("title", "body")}
"""Columns in the language of their row."""
NOTES = {"contacts": ("narrative",)}
"""Columns in the language of their region, which no table says: their rows say other people's."""
NAMED = {"places": ("name",), "supplies": ("product",)}
"""Columns of made-up names."""
UNDECLARED = "value that no column declares"


@dataclass
class Report:
    """What was read and found.

    Attributes:
        files: how many files were read.
        rows: rows by table.
        strings: strings by table, each as often as it stands there.
        distinct: different strings by table, which are those that rules are asked of.
        strikes: findings, in the order of files; of equal strings of a file, the first.
        unknown: columns, as ``table.column``, that the schema does not know.
    """

    files: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    strings: Counter[str] = field(default_factory=Counter)
    distinct: Counter[str] = field(default_factory=Counter)
    strikes: list[Strike] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    @property
    def by_rule(self) -> dict[tuple[str, str], int]:
        """Return findings by table and rule."""
        return dict(sorted(Counter((s.table, s.rule) for s in self.strikes).items()))


def lint_folder(folder: Path, version: str = "") -> Report:
    """Read every parquet file below a folder.

    Args:
        folder: a release's, an export's, or any other.
        version: of the data, whose schema says what a column holds; '' for the newest released.

    Raises:
        UsageError: for a folder that is not there or has no parquet file, and for a file that cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder: name a release (release=tiny) or a folder of one.")
    paths = find_whole("*.parquet", folder)
    if not paths:
        raise UsageError(
            f"{folder} has no parquet file: name the folder of a release, such as an export of it."
        )
    reader = _Reader(folder, version or newest_released())
    for path in paths:
        reader.read(path)
    return reader.report


class _Reader:
    def __init__(self, folder: Path, version: str) -> None:
        self.report = Report()
        self._folder, self._tables = folder, tables_of(version)
        self._parameters = parameters(version)
        self._seen: dict[tuple[str, str, str], dict[str, str]] = {}

    def read(self, path: Path) -> None:
        """Read one file."""
        try:
            frame = read_doubtful(path)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{path} cannot be read ({said[:120]}): mend or delete it.") from None
        name = self._table_of(path, set(frame.columns))
        where = str(path.relative_to(self._folder))
        self.report.files += 1
        self.report.rows[name] += 0 if path.stem.endswith(TRUTH) else frame.height
        for column, rule, found, row in faults(name, frame, self._schema(name)):
            self.report.strikes.append(Strike(name, column, rule, found, f"{where}, row {row}", ""))
        for column in frame.columns:
            self._read_column(name, column, frame, where)

    def _table_of(self, path: Path, columns: set[str]) -> str:
        """Return the table whose rows a file holds: its name says it, or that of a folder above it; the parts of a task
        in an export are known by a table's key."""
        stem = path.stem.removesuffix(TRUTH)
        above = [one.name for one in path.relative_to(self._folder).parents if one.name]
        named = [name for name in (stem, *above) if name in self._tables]
        keyed = [name for name, table in self._tables.items() if table.key and columns.issuperset(table.key)]
        keyed.sort(key=lambda name: -len(columns.intersection(self._tables[name].schema)))
        return next(iter((*named, *keyed, stem)))

    def _read_column(self, table: str, name: str, frame: pl.DataFrame, where: str) -> None:
        declared = self._declared(table, name)
        if declared is None and f"{table}.{name}" not in self.report.unknown:
            self.report.unknown.add(f"{table}.{name}")
        texts = _strings(frame[name])
        if texts is None:
            return
        possible = category_values(declared, self._parameters) if declared is not None else ()
        for kind, rows in _kinds(table, name, declared, frame, texts):
            self._read_strings(table, name, kind, rows, where, possible)

    def _declared(self, table: str, name: str) -> Column | None:
        return self._tables[table][name] if name in self._schema(table) else None

    def _schema(self, table: str) -> Collection[str]:
        return self._tables[table].schema if table in self._tables else ()

    def _read_strings(
        self, table: str, name: str, kind: str, rows: pl.DataFrame, where: str, possible: tuple[str, ...]
    ) -> None:
        """Ask the rules of the strings of a column that nobody asked yet. ``rows``: ``[row, text]``."""
        report, seen = self.report, self._seen.setdefault((table, name, kind), {})
        report.strings[table] += rows.height
        firsts = rows.group_by("text", maintain_order=True).agg(pl.first("row"))
        for text, row in firsts.iter_rows():
            if text not in seen:
                seen[text] = ""
                report.distinct[table] += 1
                made = strikes_of(text, kind)
                if possible and text not in possible:
                    made[UNDECLARED] = text
                report.strikes += [
                    Strike(table, name, rule, part, f"{where}, row {row}", excerpt(text, part))
                    for rule, part in made.items()
                ]


def _kinds(
    table: str, name: str, declared: Column | None, frame: pl.DataFrame, texts: pl.DataFrame
) -> list[tuple[str, pl.DataFrame]]:
    """Return the strings of a column by the kind that they are of, each ``[row, text]``."""
    if declared is None or declared.inner != pl.String:
        return [(UNKNOWN, texts)]
    if name in NAMED.get(table, ()):
        return [(NAMES, texts)]
    if name in NOTES.get(table, ()):
        return [(NOTE, texts)]
    if name not in TEXTS.get(table, ()):
        return [(CODES, texts)]
    if "language" not in frame.columns:
        return [(ANY, texts)]
    languages = frame.select("language").with_row_index("row")
    made = texts.join(languages, on="row", how="left", maintain_order="left")
    return [
        (str(key) if key in LANGUAGES else ANY, part.select("row", "text"))
        for (key,), part in made.group_by("language", maintain_order=True)
    ]


def _strings(values: pl.Series) -> pl.DataFrame | None:
    """Return the strings of a column, one per row or item, as ``[row, text]``; None for a column without any."""
    frame = pl.DataFrame({"text": values}).with_row_index("row")
    while isinstance(frame.schema["text"], pl.List | pl.Array):
        frame = frame.explode("text")
    if isinstance(frame.schema["text"], pl.Struct):
        frame = frame.with_columns(pl.col("text").struct.json_encode())
    if frame.schema["text"] in (pl.Categorical, pl.Enum):
        frame = frame.with_columns(pl.col("text").cast(pl.String))
    return frame.drop_nulls("text") if frame.schema["text"] == pl.String else None
