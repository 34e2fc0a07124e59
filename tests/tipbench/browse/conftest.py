"""Pages of ``tiny``, and of a release whose every text is an attack; a browser that opens them."""

import sys
from pathlib import Path

import pytest
from tipbench.browse.build import browse
from tipdata.release import Release

sys.path.insert(0, str(Path(__file__).parents[2]))

from in_chromium import chromium, opened  # noqa: F401 # fixtures

ROWS = 120
"""Rows of a page: more than a script keeps in the page at once."""


@pytest.fixture(scope="session")
def folder(tiny: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of tiny; of large tables a part of the rows."""
    return browse(tiny, tmp_path_factory.mktemp("browse") / "a b=(c), ملف", ROWS, quiet=True).folder
