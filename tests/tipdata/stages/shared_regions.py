"""Regions of one independent world, as the tests of this folder share them."""

from dataclasses import dataclass

import polars as pl
from tipdata.core.world import Region, World
from tipdata.stages import Past, draw_stages, tables_of

Tables = dict[str, pl.DataFrame]
WORLD = World.of("0.5.0", 2)
REGIONS = 12


@dataclass(frozen=True)
class Drawn:
    """A region, the states of its stages, and its tables as a release has them."""

    region: Region
    past: Past
    tables: Tables


def draw(region: Region) -> Drawn:
    past, declared, tables = Past(), tables_of("0.5.0"), {}
    for _, made in draw_stages(region, past):
        for name, frame in made.items():
            schema = declared[name].schema
            tables[name] = frame.select(list(schema)).cast(pl.Schema(schema)).sort(declared[name].key)
    return Drawn(region, past, tables)
