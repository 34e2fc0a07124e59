"""Twelve regions of world 2, drawn once a session; and the place of what these tests share with ``research``."""

import sys
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shared_regions import REGIONS, WORLD, Drawn, Tables, draw  # pyright: ignore[reportMissingImports]


@pytest.fixture(scope="session")
def regions() -> list[Drawn]:
    return [draw(WORLD.region(index)) for index in range(REGIONS)]


@pytest.fixture(scope="session")
def world(regions: list[Drawn]) -> Tables:
    """All tables of these regions."""
    return {name: pl.concat([one.tables[name] for one in regions]) for name in regions[0].tables}


@pytest.fixture(scope="session")
def stops(world: Tables) -> pl.DataFrame:
    """Stops with the town and the day of the next one."""
    frame = world["stops"].sort("circuit", "sequence")
    return frame.with_columns(
        next=pl.col("town").shift(-1).over("circuit"), until=pl.col("day").shift(-1).over("circuit")
    )


@pytest.fixture(scope="session")
def callers(world: Tables) -> pl.DataFrame:
    """Contacts of those exploited, with their spell and the category of their operation."""
    spells = world["people"].select("person", "from_day", "to_day", "exit", "means_of_control")
    trade = world["operations"].select("operation", "category")
    return world["contacts"].join(spells, on="person").join(trade, on="operation")
