"""Where what every test of a module begins with stays, once it is made."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the first test of a module makes and the others copy."""
    return tmp_path_factory.mktemp("once") / "place"
