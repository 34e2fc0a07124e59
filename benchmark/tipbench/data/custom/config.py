"""A user's own data: the format of ``configs/data/<name>.yaml``.

    name: sms_spam
    task: advert_risk           # the task whose units, inputs and labels it provides
    path: null                  # folder or file; on the command line data.path=PATH
    package: null               # an installed package that holds the files, as package/folder, without a path
    files: sms_spam.tsv         # the units' file: a name, a list of names, or part -> name; relative to path
    format: tsv                 # parquet, csv, tsv, npz, hf (a dataset saved to disk)
    has_header: false           # csv and tsv; without one columns are column_1, column_2, ...
    encoding: utf-8             # csv and tsv
    quote: '"'                  # csv and tsv; null where nothing is quoted
    separator: null             # csv; a comma unless told otherwise
    unit: null                  # each of these is a column or a polars SQL expression over the columns
    label: "CASE WHEN column_1 = 'spam' THEN 1 WHEN column_1 = 'ham' THEN 0 END"  # 0 or 1, yes or no; empty: unknown
    labels: {}                  # in place of label where a unit may have several: name -> 0 or 1
    true_class: null            # in place of label where a crowd chooses among several: any text or number
    urgency: null               # beside labels: 0, 1 or 2, empty where it is not known
    truth: null                 # for tasks of estimates: the true value, empty where it is not known
    onset: null                 # beside label, for tasks of alarms: the step, from 1, at which it shows
    cluster: null               # true cluster, kept on one side of a fold
    group: null                 # harm group, of any name: each is compared with all units that are not positive
    time: null                  # minutes, or a date or time
    fold: null                  # train, valid or test, or the number of a fold
    prevalence: null            # share of positives that the main metrics are at; the data's own unless stated
    where: null                 # SQL condition: only rows of which it is true are read
    wide: null                  # columns that become rows: {columns: "19*", name: year, value: gdp}
    join: null                  # columns of another file: {files: truth.csv, by: item}
    distinct: false             # the units' file may repeat a unit, whose first row then counts
    tables: {adverts: {body: column_2}}   # input table -> column -> column or expression
    sources: {}                 # input table -> its own file, where its rows are not the units
    refers: {}                  # input table -> column -> the identifier that it holds under another name
    hidden: []                  # columns of the files that no input may be made of
    pairs: null                 # labelled pairs of records instead of units: {left, right, label}
    split: auto                 # kfold, all or given
    folds: 5
    known: null                 # sha256:... of the files that summary and source speak of, for example configs

Where ``files`` maps parts to names, or is a list, the column ``file`` holds the part or name. Text columns of
CSV and TSV are trimmed and an empty one is null. A unit without a mapped id is a row number, from 0. With
``pairs`` the columns of ``tables`` are those of a record: ``text``, and for texts of the form ``COL name VAL
...`` every named field.

**Several tables.** A table of ``tables`` is made from the units' file, one row per unit, unless ``sources`` names a
file of its own: as ``files`` does, or as ``{files: ..., format: ..., ...}`` where it is written in another way.
Its columns are then columns of that file, or expressions over them. A column named like the task's unit
(``advert``), or that ``refers`` says holds one (``refers: {ties: {source: account}}``, which is so unless told
otherwise), is looked up among the units, and an id that no unit has is refused. Other identifiers of one name are
numbered together in all tables.

**Many columns.** The column ``"*"`` of a table stands for any number of numeric ones: ``"*": "*"`` for all that
no other field of the config reads and ``hidden`` does not name, ``"*": "Mean_*"`` for those of a pattern, and
``"*": x`` for the columns x_0, x_1, ... of an array or column of vectors.

YES and NO (y, n, true, false) are 1 and 0.

**Rows.** ``wide``, ``join`` and ``where`` change the rows of the units' file, in this order, or of a file of
``sources`` where they are written there. ``wide`` makes a row of every cell of the ``columns`` (names or patterns),
which says in ``name`` what its column was called and in ``value`` what was in it. ``join`` puts the columns of
another file beside the rows with the same ``by``; rows without one stay, with nothing there, and a column that both
have is called ``<column>_joined``. A column that is mapped to ``COUNT(*)`` counts the rows that are alike in all
other columns of its table, and leaves one of them: one row per person becomes one row per pattern.

**Numbers and dates.** Where a release has whole numbers 25.0 is 25. Where it has days or minutes, dates and times as
2019-04-16 or 2019-04-16 12:30 are counted from 1970-01-01.

**npz.** Arrays of one dimension are columns and of two are columns of vectors, one row per vector. An array named
``edge_index`` has the shape (2, edges) and is read as the columns ``source`` and ``target``. The arrays that one
table reads have one length.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from tipcore.errors import UsageError
from tipcore.units import PARTS

Format = Literal["parquet", "csv", "tsv", "npz", "hf"]

ROWS = ("where", "wide", "join")
"""What is done to the rows of files."""

MAY_BE_NONE = ("quote", "separator")
"""What null says something of: nothing is quoted, the format's own separator."""


class Wide(BaseModel):
    """Columns whose cells become rows: their names or patterns, and what the two new columns are called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: str | list[str]
    name: str
    value: str


class TableSource(BaseModel):
    """The files of a table of ``sources``; how they are written is as for the units' file where it is left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str | list[str] | dict[str, str]
    format: Format | None = None
    has_header: bool | None = None
    encoding: str | None = None
    quote: str | None = None
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    where: str | None = None
    wide: Wide | None = None
    join: Join | None = None


class Join(TableSource):
    """Files whose columns are put beside the rows of another that have the same value in ``by``."""

    by: str | list[str]


class FileFormat(BaseModel):
    """The files of one table, how they are written, and what is done to their rows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: str | list[str] | dict[str, str] = "."
    format: Format
    has_header: bool = True
    encoding: str = "utf-8"
    quote: str | None = '"'
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    where: str | None = None
    wide: Wide | None = None
    join: Join | None = None

    def beside(self, other: TableSource) -> FileFormat:
        """Return other files, written as these are unless they say otherwise; their rows are their own."""
        said = {
            name: getattr(other, name) for name in other.model_fields_set if name in FileFormat.model_fields
        }
        told = {name: text for name, text in said.items() if text is not None or name in MAY_BE_NONE}
        return self.model_copy(update=dict.fromkeys(ROWS) | told)


UNIT_FIELDS = ("unit", "label", "true_class", "urgency", "truth", "onset", "cluster", "group", "time", "fold")
"""Fields that are a column or expression of the units' file."""

MANY = "*"
"""Column of a table that stands for any number of numeric ones."""

COUNT = "COUNT(*)"
"""What a column is mapped to that counts the rows that are alike."""


def is_count(text: str) -> bool:
    """Return whether a mapped text asks for the number of rows that are alike."""
    return text.replace(" ", "").upper() == COUNT


class Pairs(BaseModel):
    """Labelled pairs of records: the columns or expressions of the two texts and of the 0/1 label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: str
    right: str
    label: str | None = None


class OwnData(FileFormat):
    """One ``configs/data/<name>.yaml``; the module's docstring is the specification of its fields."""

    name: str
    task: str
    summary: str = ""
    source: str = ""
    path: str | None = None
    package: str | None = None
    unit: str | None = None
    label: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    true_class: str | None = None
    urgency: str | None = None
    truth: str | None = None
    onset: str | None = None
    cluster: str | None = None
    group: str | None = None
    time: str | None = None
    fold: str | None = None
    prevalence: float | None = Field(default=None, gt=0, lt=1)
    distinct: bool = False
    tables: dict[str, dict[str, str]]
    sources: dict[str, TableSource] = Field(default_factory=dict)
    refers: dict[str, dict[str, str]] = Field(default_factory=dict)
    hidden: list[str] = Field(default_factory=list)
    pairs: Pairs | None = None
    split: Literal["auto", "kfold", "all", "given"] = "auto"
    folds: int = Field(default=5, ge=2)
    known: str | None = None

    def written(self, table: str | None = None) -> FileFormat:
        """Return the files of a table of ``sources``, or the units' own."""
        units = FileFormat(**{field: getattr(self, field) for field in FileFormat.model_fields})
        return units if table is None else units.beside(self.sources[table])

    def mapping(self, table: str | None = None) -> dict[str, str]:
        """Return what is read of the units' file, or of that of a table of ``sources``, but for ``"*"``.

        The place of a field in the config -> its column or expression. Fields of pairs are left out.
        """
        if table is not None:
            return self._columns(table)
        mapped = self.of_units()
        for other in self.tables:
            mapped |= self._columns(other) if other not in self.sources else {}
        return mapped

    def of_units(self) -> dict[str, str]:
        """Return the fields that say what the units are and what is true of them, as :meth:`mapping` gives them."""
        fields = {f"data.{f}": text for f in UNIT_FIELDS if (text := getattr(self, f)) is not None}
        return fields | {f"data.labels.{name}": text for name, text in self.labels.items()}

    def _columns(self, table: str) -> dict[str, str]:
        columns = self.tables[table].items()
        return {
            f"data.tables.{table}.{column}": text
            for column, text in columns
            if column != MANY and not is_count(text)
        }

    def counted(self, table: str) -> str | None:
        """Return the column of a table that counts the rows that are alike."""
        return next((column for column, text in self.tables[table].items() if is_count(text)), None)

    @field_validator("tables")
    @classmethod
    def _some_columns(cls, tables: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if not any(tables.values()):
            raise ValueError("map at least one column of one table")
        return tables

    @field_validator("sources", mode="before")
    @classmethod
    def _names_alone(cls, sources: Any) -> Any:
        if not isinstance(sources, Mapping):
            return sources
        return {
            t: {"files": given} if isinstance(given, (str, list)) else given for t, given in sources.items()
        }

    @field_validator("labels")
    @classmethod
    def _plain_names(cls, labels: dict[str, str]) -> dict[str, str]:
        if odd := [name for name in labels if not name.isidentifier()]:
            raise ValueError(f"{odd[0]!r} is not a name of a label: use letters, digits and _")
        return labels

    @model_validator(mode="after")
    def _tables_of_sources(self) -> OwnData:
        for table in self.tables:
            if self.counted(table) and table not in self.sources:
                raise ValueError(
                    f"{COUNT} is for tables of sources, and {table} has one row per unit: name its file there"
                )
        for table in self.sources:
            if not self.tables.get(table):
                raise ValueError(f"sources names a file of {table}: map at least one column of it in tables")
        for table, columns in self.refers.items():
            if odd := [column for column in columns if column not in self.tables.get(table, {})]:
                raise ValueError(f"refers names {table}.{odd[0]}, which tables does not map")
        if sum(bool(one) for one in (self.label, self.labels, self.true_class)) > 1:
            raise ValueError("label, labels and true_class exclude each other: map one of them")
        if self.onset is not None and self.label is None:
            raise ValueError("onset is that of the units with a label of 1: map label too")
        if self.urgency is not None and not self.labels:
            raise ValueError("urgency goes with labels: map those too")
        if isinstance(self.files, dict) and (odd := [part for part in self.files if part not in PARTS]):
            raise ValueError(f"files has a part {odd[0]!r}: the parts are {', '.join(PARTS)}")
        if self.distinct and self.unit is None:
            raise ValueError("distinct needs unit: map the column that tells units apart")
        return self

    @model_validator(mode="after")
    def _pairs_or_units(self) -> OwnData:
        beside = [f for f in UNIT_FIELDS if f != "fold" and getattr(self, f) is not None]
        beside += [f for f in ("labels", "sources") if getattr(self, f)]
        if self.pairs is not None and beside:
            raise ValueError(f"pairs excludes {', '.join(beside)}: map the label inside pairs")
        return self


def own_data(given: OwnData | Mapping[str, Any]) -> OwnData:
    """Return the checked model of a mapping. Raises UsageError that names the first wrong field."""
    if isinstance(given, OwnData):
        return given
    try:
        return OwnData.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(["data", *(str(part) for part in first["loc"])])
        wrong = str(first.get("ctx", {}).get("error", first["msg"])).rstrip(".")
        raise UsageError(
            f"{where} of data={given.get('name', '?')} is wrong: {wrong}; correct its config."
        ) from None
