"""The format of a user's own data, ``configs/data/<name>.yaml``; ``docs/own-data.md`` describes every field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from tipcore.errors import UsageError
from tipcore.spelling import nearest
from tipcore.units import PARTS
from tipcore.validation import requirement

UNIT_FIELDS = ("unit", "label", "true_class", "urgency", "truth", "onset", "cluster", "group", "time", "fold")
"""Fields that are a column or expression of the units' rows."""

MANY = "*"
"""Column of a table that stands for any number of numeric ones."""

PAGE = "docs/own-data.md"
REMOVED = {
    "where": "SELECT * FROM rows WHERE ...",
    "join": "SELECT * FROM rows LEFT JOIN others USING (id)",
    "wide": "SELECT id, 'a' AS name, a AS value FROM rows UNION ALL SELECT id, 'b', b FROM rows",
    "refers": "SELECT sender AS account FROM messages, for a column that holds accounts under another name",
}
"""Former keys, and the SQL that does the same."""
COUNT = "COUNT(*) counts rows and is no column: by sql, as in SELECT a, COUNT(*) AS n FROM rows GROUP BY a"

Files = str | list[str] | dict[str, str]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pairs(Strict):
    """Labelled pairs of records: the columns or expressions of the two texts and of the 0/1 label."""

    left: str
    right: str
    label: str | None = None


class FileFormat(Strict):
    """The files of one table and how they are written, or the SQL text that its rows come from."""

    files: Files = "."
    format: Literal["parquet", "csv", "tsv", "jsonl", "npz", "hf"] | None = None
    has_header: bool = True
    encoding: str = "utf-8"
    quote: str | None = '"'
    separator: str | None = Field(default=None, min_length=1, max_length=1)
    sql: str | None = None


class OwnData(FileFormat):
    """One ``configs/data/<name>.yaml``; ``docs/own-data.md`` describes every field."""

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
    sources: dict[str, FileFormat] = Field(default_factory=dict)
    hidden: list[str] = Field(default_factory=list)
    pairs: Pairs | None = None
    split: Literal["auto", "kfold", "all", "given"] = "auto"
    folds: int = Field(default=5, ge=2)
    known: str | None = None

    def format_of(self, table: str | None = None) -> FileFormat:
        """Return the files or SQL text of the units, or of a table of ``sources``, which are written as the units' are
        unless they say otherwise."""
        written: dict[str, Any] = {field: getattr(self, field) for field in FileFormat.model_fields}
        if table is not None:
            source = self.sources[table]
            written |= {"sql": None} | {field: getattr(source, field) for field in source.model_fields_set}
        return FileFormat(**written)

    @property
    def files_are_parts(self) -> bool:
        """Whether ``files`` says of each file which part it is."""
        return isinstance(self.files, dict) and self.sql is None

    def mapping(self, table: str | None = None) -> dict[str, str]:
        """Return what is read of the units' rows, or of those of a table of ``sources``, but for ``"*"``: the place of
        a field in the config -> its column or expression. Fields of pairs are left out."""
        mapped = self.of_units() if table is None else {}
        for name, columns in self.tables.items():
            if name == table or (table is None and name not in self.sources):
                mapped |= {f"data.tables.{name}.{c}": text for c, text in columns.items() if c != MANY}
        return mapped

    def of_units(self) -> dict[str, str]:
        """Return the fields that say what the units are and what is true of them, as :meth:`mapping` gives them."""
        fields = {f"data.{f}": text for f in UNIT_FIELDS if (text := getattr(self, f)) is not None}
        return fields | {f"data.labels.{name}": text for name, text in self.labels.items()}

    @field_validator("tables")
    @classmethod
    def _check_columns(cls, tables: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if not any(tables.values()):
            raise ValueError("map at least one column of one table")
        texts = [text for columns in tables.values() for text in columns.values()]
        if any(text.replace(" ", "").upper() == "COUNT(*)" for text in texts):
            raise ValueError(f"{COUNT}; see {PAGE}")
        return tables

    @field_validator("sources", mode="before")
    @classmethod
    def _complete(cls, sources: Any) -> Any:
        """Read a name or list of names as files, and a null as left out where it means nothing else."""
        if not isinstance(sources, Mapping):
            return sources
        found = {t: {"files": one} if isinstance(one, (str, list)) else one for t, one in sources.items()}
        for table, one in found.items():
            if isinstance(one, Mapping):
                said = {k: v for k, v in one.items() if v is not None or k in ("quote", "separator")}
                found[table] = said
        return found

    @field_validator("labels")
    @classmethod
    def _check_label_names(cls, labels: dict[str, str]) -> dict[str, str]:
        if odd := [name for name in labels if not name.isidentifier()]:
            raise ValueError(f"{odd[0]!r} is not a name of a label: use letters, digits and _")
        return labels

    @model_validator(mode="after")
    def _check_fields(self) -> OwnData:
        beside = [f for f in UNIT_FIELDS if f != "fold" and getattr(self, f) is not None]
        beside += [f for f in ("labels", "sources") if getattr(self, f)]
        unmapped = [table for table in self.sources if not self.tables.get(table)]
        without = [t for t, one in self.sources.items() if not {"files", "sql"} & one.model_fields_set]
        odd = [part for part in self.files if part not in PARTS] if self.files_are_parts else []
        several = sum(bool(one) for one in (self.label, self.labels, self.true_class)) > 1
        onset_alone = self.onset is not None and self.label is None
        keyless, paired = self.distinct and self.unit is None, self.pairs is not None and bool(beside)
        for wrong, message in (
            (unmapped, "sources names a file of {}: map at least one column of it in tables"),
            (without, "sources.{} names no file: give files or sql"),
            (several, "label, labels and true_class exclude each other: map one of them"),
            (onset_alone, "onset is that of the units with a label of 1: map label too"),
            (self.urgency is not None and not self.labels, "urgency goes with labels: map those too"),
            (odd, f"files has a part {{!r}}: the parts are {', '.join(PARTS)}"),
            (keyless, "distinct needs unit: map the column that tells units apart"),
            (paired, f"pairs excludes {', '.join(beside)}: map the label inside pairs"),
        ):
            if wrong:
                raise ValueError(message.format(*wrong[:1]) if isinstance(wrong, list) else message)
        return self


def own_data(given: OwnData | Mapping[str, Any]) -> OwnData:
    """Return the checked model of a mapping. Raises UsageError that names the first wrong field."""
    if isinstance(given, OwnData):
        return given
    try:
        return OwnData.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    places = [str(part) for part in first["loc"]]
    own_words = first.get("ctx", {}).get("error")
    wrong = requirement(first, OwnData, show=True) if own_words is None else str(own_words).rstrip(".")
    if first["type"] == "extra_forbidden":
        *above, key = places
        known = (FileFormat if above[:1] == ["sources"] else Pairs if above else OwnData).model_fields
        near = nearest(key, known, most=1)
        wrong = f"no such key{f', did you mean {near[0]}' if near else ''}"
        if key in REMOVED:
            wrong = f"SQL does this now, as {'sources.TABLE.sql' if above else 'sql'}: {REMOVED[key]}"
        wrong += f"; see {PAGE}"
    raise UsageError(
        f"{'.'.join(['data', *places])} of data={given.get('name', '?')} is wrong: {wrong}; correct its config."
    )
