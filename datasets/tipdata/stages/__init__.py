"""The stages of the world, a module or package each, found by name and run in the order of their dependencies.

A new stage is a new module here, or a package with a module ``stage``, that has a ``STAGE``, and its parameters in the
draft's world file.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import polars as pl

from tipdata.core.tables import Table
from tipdata.core.world import Region, includes

Past = dict[str, Any]
"""States of the earlier stages of the same region, by stage name."""
Columns = Mapping[str, Any]
"""Columns of one table by name: arrays, lists or series of one length, of any type that casts to the declared one."""
Tables = dict[str, Columns | pl.DataFrame]
"""The tables of a stage by name, without the number of the region."""


@dataclass(frozen=True)
class Stage:
    """One stage: the stages it reads, the tables it makes, and how.

    ``generate(region, past)`` returns the stage's state, handed to later stages, and its tables, each with all columns
    but ``region``, which :func:`draw_stages` adds. ``since``: the first version of the data that has the stage, '' for
    all. ``parameters``: its groups of the world file beside the one of its name.
    """

    name: str
    after: tuple[str, ...]
    tables: tuple[Table, ...]
    generate: Callable[[Region, Past], tuple[Any, Tables]]
    since: str = ""
    parameters: tuple[str, ...] = ()

    def owns(self, path: str) -> bool:
        """Return whether a parameter of the world belongs to this stage."""
        return any(f"{path}.".startswith(f"{group}.") for group in (self.name, *self.parameters))


@cache
def stages() -> tuple[Stage, ...]:
    """Return all stages, each after those it reads, otherwise in alphabetical order."""
    found: dict[str, Stage] = {}
    for module in sorted(f"{m.name}.stage" if m.ispkg else m.name for m in pkgutil.iter_modules(__path__)):
        stage = importlib.import_module(f"{__name__}.{module}").STAGE
        if stage.name in found:
            raise ValueError(f"two modules define a stage named {stage.name}")
        found[stage.name] = stage
    order: list[Stage] = []
    while len(order) < len(found):
        done = {s.name for s in order}
        free = [s for n, s in found.items() if n not in done and set(s.after) <= done]
        if not free:
            raise ValueError(
                f"stages wait for each other or for one that is missing: {sorted(set(found) - done)}"
            )
        order.append(free[0])
    return tuple(order)


def stages_of(version: str) -> tuple[Stage, ...]:
    """Return the stages of a version of the data; a released version does not change when stages are added later."""
    return tuple(s for s in stages() if includes(version, s.since))


def draw_stages(
    region: Region, past: Past, names: Collection[str] | None = None
) -> Iterator[tuple[Stage, dict[str, pl.DataFrame]]]:
    """Draw the stages of the region's version in order, and yield each with its tables as it made them.

    Args:
        past: to which the state of each is added.
        names: of those wanted; what they read must be among them. None for all.
    """
    for stage in stages_of(region.world.version):
        if names is None or stage.name in names:
            past[stage.name], columns = stage.generate(region, past)
            made = {name: pl.DataFrame(one) for name, one in columns.items()}
            number = pl.Series("region", [region.index], dtype=pl.Int32)
            for table in stage.tables:
                if table.name in made and "region" in table.schema:
                    frame = made[table.name]
                    frame.insert_column(frame.width, number.new_from_index(0, frame.height))
            yield stage, made


def draw_tables(region: Region, names: Collection[str]) -> tuple[Past, dict[str, pl.DataFrame]]:
    """Draw some stages of a region; return their state, and their tables as they made them."""
    past, tables = Past(), {}
    for _, made in draw_stages(region, past, names):
        tables.update(made)
    return past, tables


@cache
def all_tables() -> dict[str, Table]:
    """Return every table by name, in the order of the stages."""
    found: dict[str, Table] = {}
    for stage in stages():
        for table in stage.tables:
            if table.name in found:
                raise ValueError(f"two stages declare a table named {table.name}")
            found[table.name] = table
    keys = {table.name: [table[name].dtype for name in table.key] for table in found.values()}
    for table in found.values():
        for column in table.columns:
            if column.id_of and keys.get(column.id_of) != [column.inner]:
                raise ValueError(
                    f"{table.name}.{column.name}: id_of={column.id_of} is not a table with one {column.inner} key"
                )
    return found


def tables_of(version: str) -> dict[str, Table]:
    """Return the tables of a version of the data by name, in the order of the stages, with the columns it has."""
    return {table.name: as_of(version, table) for stage in stages_of(version) for table in stage.tables}


def as_of(version: str, table: Table) -> Table:
    """Return a table with the columns that it has in a version of the data."""
    return replace(table, columns=tuple(c for c in table.columns if includes(version, c.since)))
