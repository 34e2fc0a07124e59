"""Seasons of made-up scores: see ``made_season.py``."""

import pytest
from made_season import MadeSeason, made_season


@pytest.fixture(scope="session")
def season() -> MadeSeason:
    """A season of 8 worlds with every task and shipped method: to read, not to change."""
    return made_season()
