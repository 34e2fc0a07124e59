"""One region: every stage of the version in order, each table sorted by its key and held to its declared types."""

import numpy as np
import polars as pl

from tipdata.core.world import World
from tipdata.stages import Past, draw_stages, tables_of


def generate_region(world: World, index: int) -> dict[str, pl.DataFrame]:
    """Return all tables of one region, observed and hidden columns together, sorted by primary key.

    A pure function: the frames do not depend on the release's size, the number of workers or the machine.

    Raises:
        ValueError: if a stage makes other tables or columns than it declares, or a primary key that is not one.
    """
    declared, tables = tables_of(world.version), {}
    for stage, made in draw_stages(world.region(index), Past()):
        if set(made) != {t.name for t in stage.tables}:
            raise ValueError(f"stage {stage.name} made {sorted(made)}, not the tables it declares")
        for table in stage.tables:
            frame = made[table.name]
            known = declared[table.name]
            schema = known.schema
            # A stage makes the newest columns too, which an older version of the data has not.
            wrong = sorted((set(schema) - set(frame.columns)) | (set(frame.columns) - set(table.schema)))
            if wrong:
                raise ValueError(f"table {table.name}: columns made and declared differ in {wrong}")
            columns = (frame[name] for name in schema)
            cast = [c if c.dtype == schema[c.name] else c.cast(schema[c.name]) for c in columns]
            frame = pl.DataFrame(cast).sort(known.key)
            if _is_doubled(frame, known.key):
                raise ValueError(f"table {table.name}: {known.key} is not a key in region {index}")
            tables[table.name] = frame
    return tables


def _is_doubled(frame: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Return whether two rows of a sorted table have the same key."""
    columns = [frame[name] for name in key]
    if all(column.dtype.is_integer() and not column.null_count() for column in columns):
        numbers = [column.to_numpy() for column in columns]
        return bool(np.logical_and.reduce([n[1:] == n[:-1] for n in numbers]).any())
    same = (pl.col(name).eq_missing(pl.col(name).shift()) for name in key)
    return frame.select(pl.all_horizontal(same).any()).item()
