"""The modules that make hostile submissions are beside the tests, and one submission that is fine."""

import sys
from pathlib import Path

import pytest
from tipdata.release import Release

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """A submission on tiny that is accepted; not to be changed."""
    from hostile import base

    return base(tmp_path_factory.mktemp("submission") / "base")
