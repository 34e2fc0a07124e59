"""What a table is: its columns, their types, units and access tiers. Every stage declares its tables in a file.

A file :file:`tables/<stage>.yaml` lists tables by name, each with ``key`` (the columns of the primary key), ``note``,
``columns`` and, where some rows are of a higher tier, ``private_rows``. A column has the fields of :class:`Column`:
``type`` (a key of :data:`DTYPES`, or ``list of`` one), ``tier``, and where needed ``unit``, ``note``, ``id_of``,
``since``, ``sealed`` (the way, then the kind) and ``values``: a list, the name of a vocabulary, or
``{world: path}`` if the world file lists the values, with ``part`` and ``more`` as of :class:`InWorld`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
import polars as pl
import yaml

from tipdata.core.draw import Ints
from tipdata.core.kinds import CATEGORIES, KINDS, LANGUAGES, STRATEGIES
from tipdata.core.yaml_lines import LOADER

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FILES = Path(__file__).parents[1] / "tables"

TIERS = ("public", "platform", "legal", "truth")
"""Access tiers, ascending. A method run at one tier sees the columns of that tier and of those before it."""

LABEL = "label"
"""The tier of annotations: read as supervision, never among a fold's tables."""

Rows = TypeVar("Rows", bound="DataclassInstance")
"""A dataclass whose fields are arrays of one length."""
Parameters = Mapping[str, Mapping[str, Any]]
"""Parameters of a world by dotted path, each with its value or range."""


@dataclass(frozen=True)
class Sealed:
    """What a copy with other ids has instead of a column's values (:mod:`tipbench.data.relabelling`).

    ``way``: ``label`` (keyed labels of ids, equal for equal ids of a ``kind``), ``code`` (codes of a ``kind``, such as
    towns, in keyed order), ``by_code`` (lists with one entry per code of a ``kind``, put into the new order), ``mask``
    (perceptual hashes under a keyed mask) or ``as_is`` (a number that counts or measures).
    """

    way: Literal["label", "code", "by_code", "mask", "as_is"]
    kind: str = ""

    def __post_init__(self) -> None:
        if (self.way in ("label", "code", "by_code")) != bool(self.kind):
            advice = "give a kind for label, code and by_code, and only for these"
            raise ValueError(f"sealed way {self.way}: {advice}")


class Listing(Protocol):
    """Something that lists the values of a category, given the parameters of a world."""

    def list_values(self, parameters: Parameters) -> tuple[str, ...]:
        """Return the values, each once."""
        ...


@dataclass(frozen=True)
class InWorld:
    """Category values that the world file lists at some paths.

    The values are the names of a mapping or of a group of parameters, or the items of a list; with ``part="values"``
    the values of a mapping. ``more``: values beside them.
    """

    paths: tuple[str, ...]
    part: Literal["names", "values"] = "names"
    more: tuple[str, ...] = ()

    def list_values(self, parameters: Parameters) -> tuple[str, ...]:
        """Return the values, each once, in the file's order. Raises ValueError for a path that lists nothing."""
        found: list[str] = []
        for path in self.paths:
            if path in parameters:
                listed = parameters[path]["value"]
                there = listed.values() if self.part == "values" and isinstance(listed, dict) else listed
            else:
                below = (p.removeprefix(f"{path}.") for p in parameters if p.startswith(f"{path}."))
                there = [one.split(".")[0] for one in below]
            if not there:
                advice = "name a mapping, a list or a group of the world file"
                raise ValueError(f"{path} lists no values: {advice}")
            found += there
        return tuple(dict.fromkeys((*found, *self.more)))


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: its name, which is data: a released name never changes.
        dtype: its polars dtype.
        tier: its access tier, or :data:`LABEL`.
        unit: what a number counts, '' where it has no unit.
        note: what the column says, where its name does not.
        id_of: the table whose key the column holds (alone or in lists), '' for none.
        values: every value that a category column may have beside null; empty for other columns.
        sealed: how a copy with other ids treats it. None means: as the key that it holds, and as it is where it holds
            none; a 64-bit column that holds no key has to say.
        since: the version of the data from which on the column exists, '' where it is as old as its table.
    """

    name: str
    dtype: pl.DataType
    tier: str
    unit: str = ""
    note: str = ""
    id_of: str = ""
    values: tuple[str, ...] | Listing = ()
    sealed: Sealed | None = None
    since: str = ""

    def possible(self, parameters: Parameters) -> tuple[str, ...]:
        """Return the category values in the world of these parameters; empty for other columns."""
        return self.values if isinstance(self.values, tuple) else self.values.list_values(parameters)

    @property
    def inner(self) -> pl.DataType:
        """The dtype of the values, or of the entries of lists."""
        return self.dtype.inner if isinstance(self.dtype, pl.List) else self.dtype  # type: ignore[return-value]


@dataclass(frozen=True)
class Table:
    """One table of the world. ``key`` is the primary key, by which the rows of a region are sorted.

    ``private_rows``: a column, some of its values, and the tier that rows with one of them are of, where it is
    higher than that of their columns; a column without a name where all rows are alike.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    note: str = ""
    private_rows: tuple[str, tuple[str, ...], str] = ("", (), "")

    def names(self, *tiers: str) -> tuple[str, ...]:
        """Return column names of the given tiers (all if none is given), in the table's order."""
        return tuple(c.name for c in self.columns if not tiers or c.tier in tiers)

    @property
    def observed(self) -> tuple[str, ...]:
        """Columns of the observed file: all except hidden truth. Empty for a table that is all truth."""
        return tuple(c.name for c in self.columns if c.tier != "truth")

    @property
    def hidden(self) -> tuple[str, ...]:
        """Columns of the truth file: the primary key and the hidden columns. Empty if nothing is hidden."""
        if not self.names("truth"):
            return ()
        return tuple(c.name for c in self.columns if c.tier == "truth" or c.name in self.key)

    @property
    def hidden_only(self) -> bool:
        """Whether every column is hidden truth."""
        return not self.observed

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a category column in the order of codes. Raises TypeError if a world file lists them."""
        values = self[name].values
        if not isinstance(values, tuple):
            raise TypeError(f"{self.name}.{name} has no fixed values: it takes them from {values}")
        return values

    def __getitem__(self, name: str) -> Column:
        """Return a column by its name. Raises KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column {name}")

    @property
    def schema(self) -> dict[str, pl.DataType]:
        return {c.name: c.dtype for c in self.columns}


def decode(names: Sequence[str | None], code: Ints) -> pl.Series:
    """Return the name of each code, null for one below 0."""
    at = np.where(code < 0, len(names), code).astype(np.uint32)
    return pl.Series([*names, None], dtype=pl.String)[at]


def with_nulls(values: np.ndarray, there: np.ndarray) -> pl.Series:
    """Return numbers, texts or truth values as a column, null where ``there`` is false."""
    import pyarrow as pa  # for making data only: reading them does not wait for it

    return pl.Series(pl.from_arrow(pa.array(values, mask=~there)))


def repeat_rows(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each position as often as its count says, and the place within it, from 0; two int64 arrays."""
    position = np.repeat(np.arange(len(counts)), counts)
    return position, np.arange(len(position)) - np.repeat(np.cumsum(counts) - counts, counts)


def begins_group(group: np.ndarray) -> np.ndarray:
    """Return bool: whether each row is the first of its group; rows of one group stand side by side."""
    return np.append(True, group[1:] != group[:-1])[: len(group)]


def place_in_group(group: np.ndarray) -> np.ndarray:
    """Return the place of each row within its group, from 0; groups in rising order."""
    return np.arange(len(group)) - np.searchsorted(group, group)


def take_rows(rows: Rows, at: np.ndarray) -> Rows:
    """Return the rows of a dataclass of arrays of one length, by a mask or by positions."""
    return type(rows)(*(getattr(rows, field.name)[at] for field in fields(rows)))


def join_rows(parts: Iterable[Rows]) -> Rows:
    """Return the rows of several dataclasses of arrays, one after the other."""
    first, *others = parts
    names = [field.name for field in fields(first)]
    return type(first)(*(np.concatenate([getattr(part, n) for part in (first, *others)]) for n in names))


def as_lists(values: np.ndarray, there: np.ndarray, names: Sequence[str] = ()) -> pl.Series:
    """Return a column that lists, of each row, the values that are there.

    Args:
        values: (rows, places), or (places,) where they are the same in every row.
        there: (rows, places) bool.
        names: what the values are the numbers of, where they are not what is listed.
    """
    import pyarrow as pa  # for making data only: reading them does not wait for it

    row, place = np.nonzero(there)
    offsets = np.searchsorted(row, np.arange(len(there) + 1))
    listed = pa.array(values).take(pa.array(place)) if values.ndim == 1 else pa.array(values[row, place])
    listed = pa.array(names).take(listed) if names else listed
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets, listed)))


DTYPES = {
    "int8": pl.Int8(),
    "int16": pl.Int16(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "string": pl.String(),
    "boolean": pl.Boolean(),
}
VOCABULARIES = {
    "languages": LANGUAGES,
    "kinds": KINDS,
    "categories": tuple(CATEGORIES),
    "strategies": STRATEGIES,
}
"""Values that several tables share, by the name used in the files of tables."""


@cache
def load_tables(stage: str) -> dict[str, dict[str, Any]]:
    """Return the file of a stage's tables, :file:`tables/<stage>.yaml`, as a plain document."""
    text = (FILES / f"{stage}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=LOADER)  # nosec B506 # LOADER is a safe loader


def read_tables(stage: str, vocabularies: Mapping[str, Listing] = MappingProxyType({})) -> dict[str, Table]:
    """Return the tables that :file:`tables/<stage>.yaml` declares, by name, in the order of the file.

    Args:
        stage: name of the stage.
        vocabularies: values that a column of the file may name, beside :data:`VOCABULARIES`.

    Raises:
        ValueError: with file, table and column, for an unknown key, type, way of sealing or vocabulary.
    """
    made = {}
    for name, entry in load_tables(stage).items():
        columns = []
        for column, given in entry["columns"].items():
            try:
                columns.append(_read_column(column, vocabularies, **given))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"tables/{stage}.yaml, {name}.{column}: {error}") from error
        rows = entry.get("private_rows", {"column": "", "values": (), "tier": ""})
        private = (rows["column"], tuple(rows["values"]), rows["tier"])
        made[name] = Table(name, tuple(entry["key"]), tuple(columns), entry["note"], private)
    return made


def _read_column(
    name: str,
    vocabularies: Mapping[str, Listing],
    *,
    type: str,
    tier: str,
    sealed: str = "",
    values: list[str] | dict[str, Any] | str = (),  # type: ignore[assignment]
    **more: str,
) -> Column:
    dtype = DTYPES[type.removeprefix("list of ")]
    way, _, kind = sealed.partition(" ")
    if isinstance(values, dict):
        paths = (values["world"],) if isinstance(values["world"], str) else tuple(values["world"])
        listed = InWorld(paths, values.get("part", "names"), tuple(values.get("more", ())))
    elif isinstance(values, str):
        listed = vocabularies[values] if values in vocabularies else VOCABULARIES[values]
    else:
        listed = tuple(values)
    return Column(
        name,
        pl.List(dtype) if type.startswith("list of ") else dtype,
        tier,
        values=listed,
        sealed=Sealed(way, kind) if way else None,  # type: ignore[arg-type]
        **more,
    )
