"""What scripts about adverts share: their options, and a world whose first tables are drawn into memory."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl
from tipdata.core.world import World, newest_released, profile, release_name, sizes
from tipdata.stages import Past, as_of, draw_stages, tables_of

NEEDED = ("places", "operations", "accounts", "adverts")
"""The stages that adverts need."""


def asking(doc: str | None, worlds: list[int] | None = None) -> argparse.ArgumentParser:
    """Return a parser of a script's options: ``--regions``, and ``--world`` or, for a script of several, ``--worlds``.

    ``doc``: its help. ``worlds``: those that a script of several takes where none is given.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=64)
    if worlds is None:
        parser.add_argument("--world", type=int, default=1)
    else:
        parser.add_argument("--worlds", type=int, nargs="+", default=worlds)
    return parser


def asking_tables(doc: str | None, tables: Iterable[str], worlds: list[int]) -> argparse.ArgumentParser:
    """Return a parser of a script that prints tables of releases: those that are named, all where none is.

    ``doc``: its help. ``worlds``: those that it takes where none is given.
    """
    listed = list(tables)
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", default=listed, help=", ".join(listed))
    parser.add_argument("--size", default="small")
    parser.add_argument("--worlds", type=int, nargs="+", default=worlds)
    return parser


@dataclass(frozen=True)
class Drawn:
    """A :class:`tipbench.task.Source` of the stages that adverts need.

    Attributes:
        world: whose regions.
        regions: how many, from 0 on.
        number: of the world, for its name.
        needed: the stages drawn.
    """

    world: World
    regions: int
    number: int
    needed: tuple[str, ...] = NEEDED
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, number: int, regions: int, needed: tuple[str, ...] = NEEDED) -> Drawn:
        """Draw the regions of a world of the released data."""
        return cls.within(World.of(newest_released(), number), number, regions, needed)

    @classmethod
    def within(cls, world: World, number: int, regions: int, needed: tuple[str, ...] = NEEDED) -> Drawn:
        """Draw the regions of a world, which may be none of its version's own."""
        parts: dict[str, list[pl.DataFrame]] = {}
        for index in range(regions):
            for stage, made in draw_stages(world.region(index), Past(), needed):
                for table in stage.tables:
                    known = as_of(world.version, table)
                    schema = known.schema
                    frame = made[table.name].select(list(schema)).cast(pl.Schema(schema)).sort(known.key)
                    parts.setdefault(table.name, []).append(frame)
        return cls(
            world, regions, number, needed, {name: pl.concat(frames) for name, frames in parts.items()}
        )

    @property
    def version(self) -> str:
        """The version of the data."""
        return self.world.version

    @property
    def name(self) -> str:
        """As the release of these regions is called, or the number of regions where there is none."""

        def applied(size: str) -> str:
            return size if profile(self.version, size) else ""

        size = next(
            (name for name in sizes() if (sizes()[name], applied(name)) == (self.regions, self.world.size)),
            f"{self.regions} regions",
        )
        return release_name(self.version, size, self.number)

    def scan(self, table: str, truth: bool = False) -> pl.LazyFrame:
        """Return a table, without its hidden columns unless asked for."""
        frame = self.tables[table]
        return frame.lazy() if truth else frame.lazy().select(tables_of(self.version)[table].observed)
