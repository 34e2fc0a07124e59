"""A release of two regions, which stands in for a real one."""

import shutil
from pathlib import Path

import pytest
from tipdata.core import world as world_module
from tipdata.core.world import newest_released
from tipdata.release import Release, make_release
from tipdata.release import release as release_module

NEWEST = newest_released()


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release of two regions in a folder whose name has spaces, `=`, parentheses and Arabic letters."""
    home = tmp_path / "a b=(c) بيت"
    monkeypatch.setenv("TIPBENCH_HOME", str(home))
    monkeypatch.setattr(release_module, "sizes", lambda: {"pair": 2, **world_module.sizes()})
    return Release.of(NEWEST, "pair")


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the two regions stay once they are made."""
    return tmp_path_factory.mktemp("kept") / "two"


@pytest.fixture
def made(two: Release, kept: Path) -> Release:
    """The release of two regions, a copy of one that was made once."""
    if not kept.exists():
        make_release(two, engine="sequential")
        shutil.copytree(two.folder, kept)
    else:
        shutil.copytree(kept, two.folder)
    return two
