"""The modules that mutate submissions are beside the tests, and one submission that is fine."""

import shutil
import sys
from pathlib import Path

import pytest
from tipdata.release import Release

sys.path.insert(0, str(Path(__file__).parent))

from mutated_case import Mutant, base


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory, tiny: Release) -> Path:
    """A submission on tiny that is accepted; not to be changed."""
    return base(tmp_path_factory.mktemp("submission") / "acme--mine")


@pytest.fixture
def case(honest: Path, tmp_path: Path) -> Mutant:
    """A copy of it that may be changed."""
    return Mutant(Path(shutil.copytree(honest, tmp_path / "submission")), tmp_path)
