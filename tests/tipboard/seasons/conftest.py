"""Seasons of made-up scores (``made_season.py``), and one that was just opened."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from handed_in import OPENS
from made_season import MadeSeason, made_season
from tipboard.seasons.entries import SeasonOrder, open_season
from tipboard.seasons.record import Season, open_public


@pytest.fixture(scope="session")
def season() -> MadeSeason:
    """A season of 8 worlds with every task and shipped method: to read, not to change."""
    return made_season()


@pytest.fixture
def opened(tmp_path: Path) -> tuple[Path, Path]:
    """The secret and the public folder of a season of 6 worlds of ``tiny`` that takes both kinds of entry."""
    secret, public = tmp_path / "secret", tmp_path / "public"
    order = SeasonOrder(
        *("spring", "0.5.0", "tiny", secret, public, "2027-03-01", "2027-04-01"),
        tasks=("flag_aggregation", "prevalence"),
        worlds=6,
    )
    open_season(order, OPENS)
    return secret, public


@pytest.fixture
def terms(opened: tuple[Path, Path]) -> Season:
    """The terms of that season."""
    return open_public(opened[1])
