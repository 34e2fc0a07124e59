"""A user's own data: the format of ``configs/data/<name>.yaml``.

    name: sms_spam
    task: advert_risk                 # the task whose units, inputs and labels it provides
    path: null                        # folder or file; on the command line data.path=PATH
    package: null                     # an installed package that holds the files, as package/folder; used
    without a path files: sms_spam.tsv               # a name, a list of names, or part -> name; relative to
    path format: tsv                       # parquet, csv, tsv, npz, hf (a dataset saved to disk)
    has_header: false                 # csv and tsv; without one columns are column_1, column_2, ...
    encoding: utf-8                   # csv and tsv
    quote: '"'                        # csv and tsv; null where nothing is quoted
    unit: null                        # each of these is a column or a polars SQL expression over the columns;
    label: "CASE WHEN column_1 = 'spam' THEN 1 ELSE 0 END"  # 0 or 1
    cluster: null                     # true cluster, kept on one side of a fold
    group: null                       # harm group
    time: null                        # minutes, or a date or time
    fold: null                        # train, valid or test, or the number of a fold
    tables: {adverts: {body: column_2}}   # input table -> column -> column or expression
    pairs: null                       # labelled pairs of records instead of units: {left, right, label}
    split: auto                       # kfold, all or given
    folds: 5

Where ``files`` maps parts to names, or is a list, the column ``file`` holds the part or name. Text columns
of CSV and TSV are trimmed and an empty one is null. A unit without a mapped id is a row number. With
``pairs`` the columns of ``tables`` are those of a record: ``text``, and for texts of the form ``COL name VAL
...`` every named field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from tipdata.errors import UsageError


class Pairs(BaseModel):
    """Labelled pairs of records: the columns or expressions of the two texts and of the 0/1 label."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: str
    right: str
    label: str | None = None


class OwnData(BaseModel):
    """One ``configs/data/<name>.yaml``; the module's docstring is the specification of its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    task: str
    summary: str = ""
    source: str = ""
    path: str | None = None
    package: str | None = None
    files: str | list[str] | dict[str, str] = "."
    format: Literal["parquet", "csv", "tsv", "npz", "hf"]
    has_header: bool = True
    encoding: str = "utf-8"
    quote: str | None = '"'
    unit: str | None = None
    label: str | None = None
    cluster: str | None = None
    group: str | None = None
    time: str | None = None
    fold: str | None = None
    tables: dict[str, dict[str, str]]
    pairs: Pairs | None = None
    split: Literal["auto", "kfold", "all", "given"] = "auto"
    folds: int = Field(default=5, ge=2)

    def mapping(self) -> dict[str, str]:
        """Every mapped field but those of pairs, by its place in the config -> its column or expression."""
        fields = {f: getattr(self, f) for f in ("unit", "label", "cluster", "group", "time", "fold")}
        mapped = {f"data.{field}": text for field, text in fields.items() if text is not None}
        for table, columns in self.tables.items():
            mapped |= {f"data.tables.{table}.{column}": text for column, text in columns.items()}
        return mapped

    @field_validator("tables")
    @classmethod
    def _some_columns(cls, tables: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if not any(tables.values()):
            raise ValueError("map at least one column of one table")
        return tables

    @model_validator(mode="after")
    def _pairs_or_units(self) -> OwnData:
        beside = [f for f in ("unit", "label", "cluster", "group", "time") if getattr(self, f) is not None]
        if self.pairs is not None and beside:
            raise ValueError(f"pairs excludes {', '.join(beside)}: map the label inside pairs")
        return self


def own_data(given: OwnData | Mapping[str, Any]) -> OwnData:
    """The checked model of a mapping. Raises UsageError that names the first wrong field."""
    if isinstance(given, OwnData):
        return given
    try:
        return OwnData.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(["data", *(str(part) for part in first["loc"])])
        wrong = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise UsageError(
            f"{where} of data={given.get('name', '?')} is wrong: {wrong}; correct its config."
        ) from None
