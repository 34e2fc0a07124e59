"""How the files of a table are written, and what is done to their rows, as a config says it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

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


class WrittenOtherwise(BaseModel):
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


class Join(WrittenOtherwise):
    """Files whose columns are put beside the rows of another that have the same value in ``on``."""

    on: str | list[str]


class Written(BaseModel):
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

    def beside(self, other: WrittenOtherwise) -> Written:
        """Return other files, written as these are unless they say otherwise; their rows are their own."""
        said = {name: getattr(other, name) for name in other.model_fields_set if name in Written.model_fields}
        told = {name: text for name, text in said.items() if text is not None or name in MAY_BE_NONE}
        return self.model_copy(update=dict.fromkeys(ROWS) | told)
